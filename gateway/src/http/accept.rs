use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time;

/// Who serves the connections of a listener.
pub(crate) trait Host: Send + Sync + 'static {
    /// A connection's place, if there is one left.
    fn connection(&self) -> Option<OwnedSemaphorePermit>;

    /// The operating system could not hand a connection over.
    fn accept_failed(&self);

    /// Serves one connection until its peer goes or, after `stop`, its request in work is answered.
    fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = Result<(), hyper::Error>> + Send;
}

/// How long a listener rests when the operating system has no more descriptors for it.
const REST: Duration = Duration::from_millis(100);

/// Said to a connection above the bound, without reading anything of it.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Accepts until `stop`, and hands each connection to a task of its own.
pub(crate) async fn accept<H: Host>(
    listener: TcpListener,
    host: &Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(&mut stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer, host, &stop),
            Err(error) => rest(&error, host.as_ref(), &mut stop).await,
        }
    }
}

/// Until `stop` says so, or nobody is left to say it.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means the sender is gone: that is a stop too.
    drop(stop.wait_for(|stop| *stop).await);
}

/// A connection that broke before it was accepted concerns nobody else; anything else (no more
/// descriptors, no memory) would come back at once.
async fn rest<H: Host>(error: &io::Error, host: &H, stop: &mut watch::Receiver<bool>) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    host.accept_failed();
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "a connection could not be accepted");
    drop(time::timeout(REST, stopped(stop)).await);
}

fn admit<H: Host>(
    stream: TcpStream,
    peer: SocketAddr,
    host: &Arc<H>,
    stop: &watch::Receiver<bool>,
) {
    let Some(seat) = host.connection() else {
        // As much as the socket's buffer takes; a caller that cannot read it sees a closed one.
        drop(stream.try_write(BUSY));
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let (host, stop) = (Arc::clone(host), stop.clone());
    tokio::spawn(async move {
        if let Err(error) = host.serve(stream, peer, stop).await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(seat);
    });
}
