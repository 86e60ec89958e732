//! The router on a socket, until it is stopped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::body::Vanished;
use super::proxy::{self, Proxy};
use super::tls::{Authority, NAMES, TlsError};
use crate::emulator::Emulator;

/// How long open connections may take to finish when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a client may take for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Why the emulator does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// How connections are met.
#[derive(Clone)]
enum Manner {
    Plain,
    Tls(TlsAcceptor),
    Proxy(Arc<Proxy>),
}

/// An emulator on a socket. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    stop: CancellationToken,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start(
        emulator: &Emulator,
        address: impl ToSocketAddrs,
        authority: Option<&Authority>,
    ) -> Result<Self, ListenError> {
        let tls = authority.map(|authority| authority.server(&NAMES)).transpose()?;
        let (scheme, manner) = match tls {
            Some(config) => ("https", Manner::Tls(TlsAcceptor::from(Arc::new(config)))),
            None => ("http", Manner::Plain),
        };
        Self::begin(emulator, address, scheme, manner).await
    }

    pub(crate) async fn start_proxy(
        emulator: &Emulator,
        address: impl ToSocketAddrs,
        authority: &Authority,
    ) -> Result<Self, ListenError> {
        let manner = Manner::Proxy(Arc::new(Proxy::new(authority)?));
        Self::begin(emulator, address, "http", manner).await
    }

    async fn begin(
        emulator: &Emulator,
        address: impl ToSocketAddrs,
        scheme: &'static str,
        manner: Manner,
    ) -> Result<Self, ListenError> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(listener, emulator.router(), manner, stop.clone()));
        Ok(Self { address, scheme, stop, accepting: Some(accepting) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, or `https` with TLS.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Accepts nothing new, and waits until what is in flight has been answered, ten seconds at most.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, router: Router, manner: Manner, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file handles, most likely; it passes.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        connections.spawn(connection(stream, router.clone(), manner.clone(), stop.clone()));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(FAREWELL, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were still open and are broken off");
    }
}

async fn connection(stream: TcpStream, router: Router, manner: Manner, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    match manner {
        Manner::Plain => speak(stream, router, stop).await,
        Manner::Tls(acceptor) => {
            if let Some(stream) = handshake(&acceptor, stream).await {
                speak(stream, router, stop).await;
            }
        }
        Manner::Proxy(proxy) => proxy::connection(stream, proxy, router, stop).await,
    }
}

pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    acceptor: &TlsAcceptor,
    stream: S,
) -> Option<TlsStream<S>> {
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake"),
        Err(_) => tracing::debug!("TLS handshake: too slow"),
    }
    None
}

pub(super) async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    stop: CancellationToken,
) {
    let builder = auto::Builder::new(TokioExecutor::new());
    let service = tower::service_fn(move |request: Request<Incoming>| answer(router.clone(), request));
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = until_stopped(connection.into_owned(), stop).await {
        tracing::debug!(error, "a connection ended early");
    }
}

/// Serves a connection until its end; told to stop, it answers what is in flight and nothing more.
pub(super) async fn until_stopped<C: GracefulConnection>(
    connection: C,
    stop: CancellationToken,
) -> Result<(), C::Error> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

/// The router's answer, or none at all: then the connection is closed.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, io::Error> {
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    if response.extensions().get::<Vanished>().is_some() {
        return Err(io::Error::new(io::ErrorKind::ConnectionReset, "the answer was lost on purpose"));
    }
    Ok(response)
}
