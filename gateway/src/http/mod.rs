//! The webhook listener: one current-thread runtime per configured thread, all on one port.
//!
//! Everything a stranger may send is bounded before it is believed: connections, requests in
//! work, the head, the body while it streams, and the time each of them takes.

mod listen;
pub(crate) mod accept;
mod connection;
mod service;
mod body;
mod reply;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use model::limit;
use model::unit::Period;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Ports;
use crate::follow::SettingsFollower;
use service::Service;

/// The webhook listener's part of the configuration.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    /// Where providers reach us.
    pub listen: SocketAddr,
    /// Threads that serve, each with its own share of the connections.
    pub threads: NonZeroUsize,
    /// Connections open at once; a further one is answered 503.
    pub connections: NonZeroU32,
    /// Requests in work at once; a further one is answered 503.
    pub in_flight: NonZeroU32,
    /// How long a request's head may take, and how long a connection may be idle.
    pub head_wait: Period,
    /// How long a body may pause.
    pub body_idle: Period,
    /// How long a body may take as a whole.
    pub body_wait: Period,
}

/// The listener, bound and not yet serving: callers wait in the backlog.
#[derive(Debug)]
pub struct IngestServer {
    config: IngestConfig,
    listeners: Vec<TcpListener>,
    address: SocketAddr,
}

/// The address could not be had.
#[derive(Debug, thiserror::Error)]
#[error("the webhook listener cannot bind {address}")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// The threads that serve.
#[derive(Debug)]
pub struct Serving {
    threads: Vec<JoinHandle<()>>,
}

impl IngestServer {
    /// Binds the configured address; port 0 takes a free one.
    pub fn bind(config: &IngestConfig) -> Result<Self, BindError> {
        let address = config.listen;
        let listeners = listen::open(address, config.threads.get());
        let (address, listeners) = listeners.map_err(|source| BindError { address, source })?;
        Ok(Self { config: config.clone(), listeners, address })
    }

    /// The address bound.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then ends what is in work under [`limit::DRAIN_LISTENER`]. Fails only
    /// when the operating system gives no thread or no runtime.
    pub fn serve(
        self,
        ports: Ports,
        settings: Arc<SettingsFollower>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Serving> {
        let service = Arc::new(Service::new(self.config, ports, settings));
        let mut threads = Vec::with_capacity(self.listeners.len());
        for (n, listener) in self.listeners.into_iter().enumerate() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let (service, stop) = (Arc::clone(&service), stop.clone());
            let serve = move || runtime.block_on(connection::serve(listener, service, stop));
            threads.push(std::thread::Builder::new().name(format!("ingest-{n}")).spawn(serve)?);
        }
        Ok(Serving { threads })
    }
}

impl Serving {
    /// Waits until every thread has drained and ended.
    pub fn join(self) {
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("an ingest thread panicked");
            }
        }
    }
}

impl Default for IngestConfig {
    fn default() -> Self {
        let bound = |most: usize| {
            u32::try_from(most).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
        };
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            threads: NonZeroUsize::MIN.saturating_add(1),
            connections: bound(limit::INGEST_CONNECTIONS),
            in_flight: bound(limit::INGEST_IN_FLIGHT),
            head_wait: Period(Duration::from_secs(10)),
            body_idle: Period(Duration::from_secs(10)),
            body_wait: Period(Duration::from_secs(30)),
        }
    }
}
