//! Health and metrics, on a thread of their own: they answer also when everything else is busy. And
//! the tasks that commands give to a server that runs ([`task`]).

mod health;
mod metric;
pub mod task;
pub mod telemetry;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

pub use health::{Health, Phase};

/// Between two rounds of upkeep: gauges are read, and the exporter keeps every raw sample of a
/// histogram until one.
const UPKEEP: Duration = Duration::from_millis(500);

/// The admin listener, bound and not yet served.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl AdminServer {
    /// Binds `address`.
    pub fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it is bound.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is true, on a thread of its own.
    pub fn serve(
        self,
        health: Arc<Health>,
        stop: watch::Receiver<bool>,
    ) -> std::io::Result<JoinHandle<()>> {
        let metrics = metric::install();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("admin".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(serve(self.listener, health, metrics, stop)) {
                tracing::error!(%error, "the admin listener ended");
            }
        })
    }
}

#[derive(Clone)]
struct Shown {
    health: Arc<Health>,
    metrics: PrometheusHandle,
}

async fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    metrics: PrometheusHandle,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let upkeep = tokio::spawn(upkeep(metrics.clone(), Arc::clone(&health)));
    let router = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(exposition))
        .with_state(Shown { health, metrics });
    // An error means that the sender is gone, which is a stop as well.
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        () = stopped => {}
    }
    upkeep.abort();
    Ok(())
}

async fn upkeep(metrics: PrometheusHandle, health: Arc<Health>) {
    let lag = metric::history_lag();
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        if let Some(behind) = health.lag() {
            // Exact below 2^53 records.
            lag.set(behind as f64);
        }
        metrics.run_upkeep();
    }
}

async fn readyz(State(shown): State<Shown>) -> Response {
    let report = shown.health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn exposition(State(shown): State<Shown>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, shown.metrics.render()).into_response()
}
