//! How requests reach Snowflake.
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use std::{fmt, time::Duration};
use tower::{BoxError, Service, ServiceExt, util::BoxCloneSyncService};

/// No answer is larger: a partition has some ten megabytes.
const MAX_BODY: usize = 256 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Carries requests and their answers. A clone shares its connections.
#[derive(Clone)]
pub struct Transport {
    service: BoxCloneSyncService<Request<Bytes>, Response<Bytes>, TransportError>,
}

/// No whole answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// Whether the other side may have received the request.
    pub sent: bool,
    pub reason: String,
}

/// The transport could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTransport {
    #[error("the bundle of certificate authorities is not PEM: {0}")]
    CaBundle(String),
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

impl Transport {
    /// Over the network: TLS with the system's certificate authorities and those of the bundle (PEM).
    /// Redirects are not followed: they would carry tokens to another host. `HTTPS_PROXY` (or `ALL_PROXY`) and
    /// `NO_PROXY` are heeded, but what goes to this machine never takes a proxy.
    pub fn reqwest(ca_bundle: Option<&[u8]>) -> Result<Self, BadTransport> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_gzip()
            .no_proxy()
            .tcp_nodelay(true);
        if let Some(proxy) = variable(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]) {
            let except = variable(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
            let except = reqwest::NoProxy::from_string(&format!("{except},localhost,127.0.0.0/8,::1"));
            // An address that is none is not repeated: it can hold a password.
            let bad =
                |_| BadTransport::Client("the proxy's address in the environment is not one".to_owned());
            builder = builder.proxy(reqwest::Proxy::https(proxy).map_err(bad)?.no_proxy(except));
        }
        if let Some(pem) = ca_bundle {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| BadTransport::CaBundle(error.to_string()))?;
            if certificates.is_empty() {
                return Err(BadTransport::CaBundle("it holds no certificate".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|error| BadTransport::Client(error.to_string()))?;
        Ok(Self::from_fn(move |request: Request<Bytes>| {
            let client = client.clone();
            async move {
                let request = reqwest::Request::try_from(request).map_err(|e| broken(e, false))?;
                let (host, port) = (request.url().host_str(), request.url().port());
                let at =
                    host.unwrap_or_default().to_owned() + &port.map_or_else(String::new, |p| format!(":{p}"));
                let answer = client.execute(request).await.map_err(|error| {
                    let sent = !(error.is_connect() || error.is_builder());
                    let error = broken(error.without_url(), sent);
                    TransportError { reason: format!("{at}: {}", error.reason), ..error }
                })?;
                collect(Response::from(answer)).await
            }
        }))
    }

    /// Into a service of this process, such as a router of axum.
    pub fn from_service<S, B>(service: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::from_fn(move |request: Request<Bytes>| {
            let service = service.clone();
            async move {
                let answer = service.oneshot(request.map(Full::new)).await.map_err(|error| {
                    let error: BoxError = error.into();
                    match error.downcast::<TransportError>() {
                        Ok(error) => *error,
                        Err(error) => broken(error, true),
                    }
                })?;
                collect(answer).await
            }
        })
    }

    fn from_fn<F, A>(call: F) -> Self
    where
        F: FnMut(Request<Bytes>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'static,
    {
        Self { service: BoxCloneSyncService::new(tower::service_fn(call)) }
    }

    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.service.clone().oneshot(request).await
    }
}

impl TransportError {
    /// The request never left: it may be sent again without a thought.
    pub fn not_sent(reason: impl Into<String>) -> Self {
        Self { sent: false, reason: reason.into() }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

/// The first environment variable that is set and not empty.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty())
}

async fn collect<B>(answer: Response<B>) -> Result<Response<Bytes>, TransportError>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| broken(error, true))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// The whole chain of causes: the last one is what helps ("connection refused", "unknown issuer").
fn broken(error: impl Into<BoxError>, sent: bool) -> TransportError {
    let error: BoxError = error.into();
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !reason.contains(&text) {
            reason.push_str(": ");
            reason.push_str(&text);
        }
        cause = error.source();
    }
    TransportError { sent, reason }
}
