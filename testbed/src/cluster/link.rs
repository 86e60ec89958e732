//! A connection to the API server that can be cut for one client alone.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::error::{Context as _, Result};

/// A way to the API server that carries bytes, until it is cut.
///
/// While it is cut nothing passes, in either direction, and nothing is refused: as where a network
/// is partitioned. Connections opened meanwhile wait. What was held back arrives once it is mended.
/// Made by [`Cluster::link`](crate::Cluster::link); lives on the runtime that made it, and closes
/// its connections when it is dropped.
#[derive(Debug)]
pub struct Link {
    kubeconfig: PathBuf,
    wire: Wire,
}

impl Link {
    pub(super) fn new(wire: Wire, kubeconfig: PathBuf) -> Self {
        Self { kubeconfig, wire }
    }

    /// A kubeconfig that leads over this link.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// From now on nothing passes.
    pub fn cut(&self) {
        self.wire.cut.send_replace(true);
    }

    /// From now on everything passes again.
    pub fn mend(&self) {
        self.wire.cut.send_replace(false);
    }
}

/// Listens and carries.
#[derive(Debug)]
pub(super) struct Wire {
    port: u16,
    cut: watch::Sender<bool>,
    task: AbortHandle,
}

impl Wire {
    /// Listens on a free port of 127.0.0.1 and carries to `target` there.
    pub(super) async fn open(target: u16) -> Result<Self> {
        let what = || "listening on 127.0.0.1".to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context(what)?;
        let port = listener.local_addr().context(what)?.port();
        let (cut, watch) = watch::channel(false);
        let task = tokio::spawn(async move {
            // Ends its connections when it is aborted.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(connect(client, target, watch.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, cut, task: task.abort_handle() })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(client: TcpStream, target: u16, mut cut: watch::Receiver<bool>) {
    if cut.wait_for(|cut| !cut).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
    for stream in [&client, &server] {
        // Small requests must not wait for each other.
        let _ = stream.set_nodelay(true);
    }
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::join!(
        carry(&mut from_client, &mut to_server, cut.clone()),
        carry(&mut from_server, &mut to_client, cut.clone()),
    );
}

/// Carries one direction to its end.
async fn carry(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut cut: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 32 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if cut.wait_for(|cut| !cut).await.is_err() || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    // Also the end of a stream does not pass while the link is cut.
    let _ = cut.wait_for(|cut| !cut).await;
    let _ = to.shutdown().await;
}
