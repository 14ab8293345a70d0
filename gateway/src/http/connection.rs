use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use model::limit;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time;

use super::accept::{Host, accept, stopped};
use super::service::Service;

/// One thread's life: accept until `stop`, then drain.
pub(super) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    stop: watch::Receiver<bool>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the webhook listener cannot be polled"),
    };
    accept(listener, &service, stop).await;
    if time::timeout(limit::DRAIN_LISTENER, service.idle()).await.is_err() {
        tracing::warn!("webhooks still in work are abandoned: their part of the drain is over");
    }
}

impl Host for Service {
    fn connection(&self) -> Option<OwnedSemaphorePermit> {
        Self::connection(self)
    }

    fn accept_failed(&self) {
        self.meter.accept_errors.increment(1);
    }

    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        _: SocketAddr,
        stop: watch::Receiver<bool>,
    ) -> Result<(), hyper::Error> {
        self.meter.connections.increment(1.0);
        let ended = connection(stream, &self, stop).await;
        self.meter.connections.decrement(1.0);
        ended
    }
}

async fn connection(
    stream: TcpStream,
    service: &Arc<Service>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), hyper::Error> {
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
