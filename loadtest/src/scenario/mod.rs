//! The whole system under load: customers write, the product works, agents answer, the provider
//! acknowledges; then everybody comes to rest, and what was seen is handed over for the audit.

pub mod routing;
mod observation;
mod running;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::service::Secret;
use model::time::Clock;

pub use observation::{Observations, Progress};
pub use running::{Running, ScenarioError};

use crate::agent::{AgentPlan, Habits};
use crate::customer::Load;
use crate::provider::whatsapp::Simulator;

/// Everything a run needs to know of the product: addresses and secrets, no more.
#[derive(Clone)]
pub struct SystemPlan {
    /// The ingest listener.
    pub ingest: SocketAddr,
    /// The desk's listener.
    pub desk: SocketAddr,
    /// The name of the endpoint the channels are behind.
    pub endpoint: String,
    /// What webhooks are signed with.
    pub app_secret: Secret,
    /// The phone number ids of the channels.
    pub accounts: Vec<String>,
    /// Who works.
    pub agents: Vec<AgentPlan>,
    /// How they work.
    pub habits: Habits,
    /// How much load.
    pub load: Load,
    /// The provider the product sends to. Its receipts are aimed at `ingest` by the run.
    pub provider: Simulator,
    /// How long the agents may take to come in.
    pub come_in: Duration,
    /// How long, after the load has ended, everything may take to come to rest.
    pub settle: Duration,
    /// The time that webhooks carry.
    pub clock: Arc<dyn Clock>,
}

impl SystemPlan {
    /// The part of all seats that conversations take, so that single agents are often full and
    /// the queue is used, yet the agents keep up.
    const SEATS_USED: f64 = 0.6;
    /// How long agents may take to come in: hashing fifty passwords takes its time.
    pub const COME_IN: Duration = Duration::from_secs(60);
    /// How long everything may take to come to rest.
    pub const SETTLE: Duration = Duration::from_secs(60);

    /// How many conversations go on at a time with these agents and so many contacts.
    pub fn conversations(agents: &[AgentPlan], contacts: u32) -> u32 {
        let seats: u32 = agents.iter().map(|agent| u32::from(agent.cap)).sum();
        let used = (f64::from(seats) * Self::SEATS_USED) as u32;
        used.clamp(1, contacts.max(1))
    }
}

/// Runs a plan from start to rest. `progress` is called about once a second.
pub async fn run(
    plan: SystemPlan,
    progress: impl FnMut(&Progress),
) -> Result<Observations, ScenarioError> {
    let running = Running::start(plan).await?;
    Ok(running.finish(progress).await)
}
