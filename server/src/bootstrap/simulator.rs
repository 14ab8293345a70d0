use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use gateway::Ports;
use loadtest::provider::whatsapp::{ReceiptTarget, Simulator, SimulatorPlan};
use model::id::EndpointName;
use storage::port::{LogError, StoreError};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::seed::standing;
use super::{ACCOUNT, CHANNEL, ENDPOINT};

/// Why the starter's provider was not started.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The directory could not be read.
    #[error("the directory could not be read")]
    Store(#[from] StoreError),
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// The starter's channel or its secrets are gone.
    #[error("the starter's {what} is gone")]
    Gone {
        /// What.
        what: &'static str,
    },
    /// The address the starter's channel sends to could not be listened on.
    #[error("the simulated provider cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No thread from the operating system.
    #[error("no thread from the operating system")]
    Thread(#[from] std::io::Error),
}

/// Starts the starter's provider on a thread of its own: a Graph API that prints what it is sent
/// and answers with receipts. It listens where the channel says the provider is.
pub fn simulate(
    ports: &Ports,
    runtime: Runtime,
    ingest: SocketAddr,
    stop: watch::Receiver<bool>,
) -> Result<(SocketAddr, JoinHandle<()>), SimulateError> {
    let simulator = runtime.block_on(start(ports, ingest))?;
    let address = simulator.local_addr();
    let thread = std::thread::Builder::new().name("simulator".to_owned()).spawn(move || {
        runtime.block_on(until(stop));
        simulator.stop();
    })?;
    Ok((address, thread))
}

async fn start(ports: &Ports, ingest: SocketAddr) -> Result<Simulator, SimulateError> {
    let gone = |what| SimulateError::Gone { what };
    let name: EndpointName = ENDPOINT.parse().map_err(|_| gone("endpoint"))?;
    let directory = ports.directory.as_ref();
    let endpoint = gateway::secret::endpoint(directory, &name).await?;
    let channel = gateway::secret::channel(directory, CHANNEL).await?;
    let token = channel.ok_or(gone("token"))?.token;
    let app_secret = endpoint.and_then(|e| e.app_secrets.into_iter().next());
    let app_secret = app_secret.ok_or(gone("app secret"))?;
    let tokens = BTreeMap::from([(ACCOUNT.to_owned(), token)]);
    let address = address_of(ports)?;
    let plan = SimulatorPlan::well_behaved(address, tokens);
    let clock = Arc::clone(&ports.clock);
    let simulator = Simulator::start(plan, clock, Some(Box::new(std::io::stdout())))
        .await
        .map_err(|source| SimulateError::Listen { address, source })?;
    let endpoint = ENDPOINT.to_owned();
    simulator.deliver_to(ReceiptTarget { ingest, endpoint, app_secret });
    Ok(simulator)
}

/// Where the starter's channel sends to.
fn address_of(ports: &Ports) -> Result<SocketAddr, SimulateError> {
    let settings = standing(ports.log.as_ref())?;
    let channel = settings.channels.get(&CHANNEL);
    let address = channel.and_then(|c| c.provider_url.strip_prefix("http://")?.parse().ok());
    address.ok_or(SimulateError::Gone { what: "channel" })
}

async fn until(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    drop(stop.wait_for(|stop| *stop).await);
}
