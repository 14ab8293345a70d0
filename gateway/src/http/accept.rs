use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::limit;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time;

use super::service::Service;

/// How long the listener rests when the operating system has no more descriptors for it.
const REST: Duration = Duration::from_millis(100);

/// Said to a connection above the bound, without reading anything of it.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// One thread's life: accept until `stop`, then drain.
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    mut stop: watch::Receiver<bool>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the webhook listener cannot be polled"),
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => admit(stream, &service, &stop),
            Err(error) => rest(&error, &service, &mut stop).await,
        }
    }
    drop(listener);
    if time::timeout(limit::DRAIN, service.idle()).await.is_err() {
        tracing::warn!("webhooks were still in work when the drain's time was over");
    }
}

/// Until `stop` says so, or nobody is left to say it.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means the sender is gone: that is a stop too.
    drop(stop.wait_for(|stop| *stop).await);
}

/// A connection that broke before it was accepted concerns nobody else; anything else (no more
/// descriptors, no memory) would come back at once.
async fn rest(error: &io::Error, service: &Service, stop: &mut watch::Receiver<bool>) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    service.meter.accept_errors.increment(1);
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "a connection could not be accepted");
    drop(time::timeout(REST, stopped(stop)).await);
}

fn admit(stream: TcpStream, service: &Arc<Service>, stop: &watch::Receiver<bool>) {
    let Some(seat) = service.connection() else {
        // As much as the socket's buffer takes; a caller that cannot read it sees a closed one.
        drop(stream.try_write(BUSY));
        return;
    };
    let (service, stop) = (Arc::clone(service), stop.clone());
    tokio::spawn(async move {
        service.meter.connections.increment(1.0);
        if let Err(error) = connection(stream, &service, stop).await {
            tracing::debug!(%error, "a webhook connection ended early");
        }
        service.meter.connections.decrement(1.0);
        drop(seat);
    });
}

async fn connection(
    stream: TcpStream,
    service: &Arc<Service>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), hyper::Error> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let answer = service_fn(|request| Arc::clone(service).answer(request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.config.head_wait.0)
        // At most 100 headers is hyper's default; said again it would cost an allocation each.
        .max_header_size(limit::INGEST_HEAD_BYTES)
        .max_buf_size(2 * limit::INGEST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stopped(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
