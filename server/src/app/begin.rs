use std::net::SocketAddr;
use std::thread::JoinHandle;

use gateway::Ports;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::StartError;
use crate::bootstrap::{self, Planted, Seed, Starter};

/// What an empty installation begins with.
#[derive(Clone, Debug)]
pub enum Begin {
    /// Entities and secrets from elsewhere.
    Seed(Seed, Planted),
    /// The compiled-in starter, its provider simulated at this address.
    Starter(SocketAddr),
}

/// What an installation began with, now or at its first start.
#[derive(Debug)]
pub struct Begun {
    /// From where.
    pub planted: Planted,
    /// The starter's secrets, at its first start only.
    pub starter: Option<Starter>,
    /// The starter's simulated provider.
    pub simulator: Option<SocketAddr>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Plants `begin` if the installation is empty, and starts the provider of a starter.
pub(super) fn begin(
    ports: &Ports,
    begin: &Begin,
    ingest: SocketAddr,
    stop: watch::Receiver<bool>,
) -> Result<Begun, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (planted, starter) = runtime.block_on(plant(ports, begin))?;
    let mut begun = Begun { planted, starter, simulator: None, thread: Mutex::default() };
    if planted == Planted::Starter {
        let (address, thread) = bootstrap::simulate(ports, runtime, ingest, stop)?;
        begun.simulator = Some(address);
        begun.thread = Mutex::new(Some(thread));
    }
    Ok(begun)
}

async fn plant(ports: &Ports, begin: &Begin) -> Result<(Planted, Option<Starter>), StartError> {
    let directory = ports.directory.as_ref();
    if let Some(planted) = bootstrap::origin(directory).await? {
        return Ok((planted, None));
    }
    let (planted, seed, starter) = match begin {
        Begin::Seed(seed, planted) => (*planted, seed.clone(), None),
        Begin::Starter(simulator) => {
            let starter = bootstrap::starter(settled(*simulator)?)?;
            (Planted::Starter, starter.seed.clone(), Some(starter))
        }
    };
    seed.plant(&ports.log, directory, ports.clock.as_ref(), planted).await?;
    Ok((planted, starter))
}

impl Begun {
    /// Waits for the simulated provider, if there is one, to end.
    pub(super) fn join(&self) {
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the simulated provider panicked");
        }
    }
}

/// The address with a port: a free one for port 0, since the channel's entity names it for good.
fn settled(address: SocketAddr) -> std::io::Result<SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    std::net::TcpListener::bind(address)?.local_addr()
}
