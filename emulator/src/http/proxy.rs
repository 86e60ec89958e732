//! A CONNECT proxy that leads to this emulator alone, for tools that take no host: they resolve
//! `ACCOUNT.snowflakecomputing.com`, and meet the emulator there, with a certificate of the private authority.
//!
//! Nothing is ever forwarded: a tunnel to any other host is refused, and so is what is asked for without a tunnel
//! (the revocation lists that some drivers look for).

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::serve::{handshake, speak, until_stopped};
use super::tls::{Authority, TlsError};

/// How many hosts' certificates are kept.
const KEPT: usize = 256;

/// What every tunnel needs.
#[derive(Debug)]
pub(super) struct Proxy {
    authority: Authority,
    /// By host.
    configs: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Proxy {
    pub(super) fn new(authority: &Authority) -> Result<Self, TlsError> {
        let authority = Authority::from_pem(authority.certificate_pem(), &authority.key_pem())?;
        Ok(Self { authority, configs: Mutex::default() })
    }

    fn config(&self, host: &str) -> Result<Arc<ServerConfig>, TlsError> {
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = configs.get(host) {
            return Ok(Arc::clone(config));
        }
        if configs.len() >= KEPT {
            configs.clear();
        }
        let config = Arc::new(self.authority.server(&[host])?);
        configs.insert(host.to_owned(), Arc::clone(&config));
        Ok(config)
    }
}

/// A stream whose bytes are acknowledged at once.
///
/// Python's urllib3 turns Nagle's algorithm on for connections through a proxy, and sends head and body of a request
/// apart: without this the body waits for the delayed acknowledgement of the head, 40 ms each time.
struct Prompt(TcpStream);

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The kernel forgets it again; where it is not known, things are slower and right.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&self.0).set_tcp_quickack(true);
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// One client's connection: it asks for a tunnel, and what comes through it is served.
pub(super) async fn connection(
    stream: TcpStream,
    proxy: Arc<Proxy>,
    router: Router,
    stop: CancellationToken,
) {
    let tunnels = tokio_util::task::TaskTracker::new();
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let (status, reason) = match admitted(&request) {
            Ok(host) => {
                let (proxy, router, stop) = (Arc::clone(&proxy), router.clone(), stop.clone());
                tunnels.spawn(tunnel(request, host, proxy, router, stop));
                (StatusCode::OK, None)
            }
            Err((status, reason)) => (status, Some(reason)),
        };
        let mut response = Response::new(reason.map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(Prompt(stream)), service);
    if let Err(error) = until_stopped(connection, stop.clone()).await {
        tracing::debug!(%error, "a connection of the proxy ended early");
    }
    tunnels.close();
    tunnels.wait().await;
}

/// The host that a tunnel may lead to.
fn admitted<B>(request: &Request<B>) -> Result<String, (StatusCode, &'static str)> {
    if request.method() != Method::CONNECT {
        return Err((
            StatusCode::FORBIDDEN,
            "This proxy opens tunnels to Snowflake accounts, and nothing else.\n",
        ));
    }
    let Some(authority) = request.uri().authority() else {
        return Err((StatusCode::BAD_REQUEST, "CONNECT HOST:443 is expected.\n"));
    };
    let host = authority.host().to_ascii_lowercase();
    let snowflake = [".snowflakecomputing.com", ".snowflakecomputing.cn"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|account| !account.is_empty()));
    let plain = host.len() <= 253 && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if snowflake && plain && matches!(authority.port_u16(), None | Some(443)) {
        Ok(host)
    } else {
        Err((StatusCode::FORBIDDEN, "This proxy leads to *.snowflakecomputing.com:443 alone.\n"))
    }
}

async fn tunnel(
    request: Request<hyper::body::Incoming>,
    host: String,
    proxy: Arc<Proxy>,
    router: Router,
    stop: CancellationToken,
) {
    let upgraded = match hyper::upgrade::on(request).await {
        Ok(upgraded) => upgraded,
        Err(error) => return tracing::debug!(%error, host, "the tunnel was not used"),
    };
    let config = match proxy.config(&host) {
        Ok(config) => config,
        Err(error) => return tracing::warn!(%error, host, "no certificate"),
    };
    if let Some(stream) = handshake(&TlsAcceptor::from(config), TokioIo::new(upgraded)).await {
        speak(stream, router, stop).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, uri: &str) -> Result<String, StatusCode> {
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        admitted(&request).map_err(|(status, _)| status)
    }

    #[test]
    fn tunnels_lead_to_snowflake_alone() {
        assert_eq!(
            ask("CONNECT", "Org-Acc.SnowflakeComputing.com:443").unwrap(),
            "org-acc.snowflakecomputing.com"
        );
        assert!(ask("CONNECT", "x1.eu-west-1.aws.snowflakecomputing.com:443").is_ok());
        for other in [
            "example.org:443",
            "snowflakecomputing.com:443",
            ".snowflakecomputing.com:443",
            "a.snowflakecomputing.com:22",
            "a.snowflakecomputing.com.evil.org:443",
            "127.0.0.1:443",
        ] {
            assert_eq!(ask("CONNECT", other), Err(StatusCode::FORBIDDEN), "{other}");
        }
        assert_eq!(ask("GET", "http://a.snowflakecomputing.com/"), Err(StatusCode::FORBIDDEN));
    }
}
