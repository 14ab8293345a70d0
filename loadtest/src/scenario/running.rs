use std::time::Duration;

use model::time::Clock;
use tokio::time::Instant;

use super::{Observations, Progress, SystemPlan};
use crate::agent::{AgentProgress, Agents, DeskPlan};
use crate::customer::{CustomerPlan, CustomerProgress, Customers, Load};
use crate::provider::whatsapp::{ProviderProgress, ReceiptTarget, Simulator};

/// How often things are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often progress is told.
const TELL: Duration = Duration::from_secs(1);
/// At rest nothing may have changed for so long.
const REST: Duration = Duration::from_secs(1);
/// Not at rest, and nothing changes for so long: it will not come to rest any more.
const STUCK: Duration = Duration::from_secs(10);
/// How long customers and agents may take to go home.
const GO_HOME: Duration = Duration::from_secs(5);

/// Why a run could not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Not all agents came in.
    #[error("only {available} of {wanted} agents came in within {waited:?}")]
    AgentsAbsent {
        /// How many did.
        available: usize,
        /// How many should have.
        wanted: usize,
        /// How long they had.
        waited: Duration,
    },
    /// There is nobody to answer, or nothing to write to.
    #[error("a run needs at least one agent and one account")]
    Empty,
}

/// A run under load.
pub struct Running {
    customers: Customers,
    agents: Agents,
    provider: Simulator,
    load: Load,
    run: u64,
    begun: Instant,
    settle: Duration,
    crashes: u64,
    drains: u64,
}

/// What is looked at to see whether anything still moves.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sight {
    customers: CustomerProgress,
    agents: AgentProgress,
    provider: ProviderProgress,
}

impl Running {
    /// Sends the agents in, waits until all are available, then lets the customers write.
    pub async fn start(plan: SystemPlan) -> Result<Self, ScenarioError> {
        if plan.agents.is_empty() || plan.accounts.is_empty() {
            return Err(ScenarioError::Empty);
        }
        let origin = Instant::now();
        let run = run_number(plan.clock.as_ref());
        plan.provider.deliver_to(ReceiptTarget {
            ingest: plan.ingest,
            endpoint: plan.endpoint.clone(),
            app_secret: plan.app_secret.clone(),
        });
        let agents = Agents::start(DeskPlan {
            desk: plan.desk,
            agents: plan.agents.clone(),
            habits: plan.habits,
            run,
            origin,
            seed: plan.load.seed,
        });
        wait_for_agents(&agents, plan.agents.len(), plan.come_in).await?;
        let customers = Customers::start(CustomerPlan {
            ingest: plan.ingest,
            endpoint: plan.endpoint,
            app_secret: plan.app_secret,
            accounts: plan.accounts,
            load: plan.load.clone(),
            run,
            origin,
            clock: plan.clock,
        });
        Ok(Self {
            customers,
            agents,
            provider: plan.provider,
            load: plan.load,
            run,
            begun: Instant::now(),
            settle: plan.settle,
            crashes: 0,
            drains: 0,
        })
    }

    /// Webhooks on their way right now: sent and not yet answered.
    pub fn in_flight(&self) -> u64 {
        self.customers.in_flight()
    }

    /// Customers at work, to be watched from beside the run.
    pub fn customers(&self) -> Customers {
        self.customers.clone()
    }

    /// Ends the load before its time: customers write what they began and no more.
    pub fn write_no_more(&self) {
        self.customers.write_no_more();
    }

    /// Says that the product was killed: the sends in its window then may be repeated.
    pub const fn note_crash(&mut self) {
        self.crashes += 1;
    }

    /// Says that the product was stopped in good order: sockets are opened again, and that is all.
    pub const fn note_drain(&mut self) {
        self.drains += 1;
    }

    /// How far the run is.
    pub fn progress(&self) -> Progress {
        self.told(&self.look(), false)
    }

    /// Waits for the end of the load, then until everything rests or will not come to rest.
    pub async fn finish(self, mut progress: impl FnMut(&Progress)) -> Observations {
        let mut told = Instant::now();
        let mut tell = |sight: &Sight, settling: bool| {
            if told.elapsed() >= TELL {
                told += TELL;
                progress(&self.told(sight, settling));
            }
        };
        while self.begun.elapsed() < self.load.duration && !self.customers.all_planned() {
            tell(&self.look(), false);
            tokio::time::sleep(LOOK).await;
        }
        let settled = self.come_to_rest(|sight| tell(sight, true)).await;
        self.end(settled).await
    }

    async fn come_to_rest(&self, mut tell: impl FnMut(&Sight)) -> bool {
        let until = Instant::now() + self.settle;
        let mut last = self.look();
        let mut moved = Instant::now();
        while Instant::now() < until {
            let sight = self.look();
            tell(&sight);
            if sight != last {
                (last, moved) = (sight, Instant::now());
            }
            if sight.customers.finished {
                self.agents.wind_down();
            }
            let still = moved.elapsed();
            if self.rests(&sight) && still >= REST {
                return true;
            }
            if still >= STUCK {
                return false;
            }
            tokio::time::sleep(LOOK).await;
        }
        false
    }

    /// All written and taken, all shown, nothing in hand, all that was shown as sent is out and
    /// acknowledged.
    fn rests(&self, sight: &Sight) -> bool {
        let Sight { customers, agents, provider } = *sight;
        // While a socket is away, a conversation may come and go unseen.
        let unseen = self.crashes + self.drains > 0 || agents.reconnects > 0;
        let shown = unseen || agents.shown >= customers.taken;
        let idle = agents.held == 0 && agents.working == 0;
        let out = provider.distinct >= agents.outbound && provider.receipts_due == 0;
        customers.finished && shown && idle && out
    }

    async fn end(self, settled: bool) -> Observations {
        self.customers.give_up();
        self.agents.stop();
        let until = Instant::now() + GO_HOME;
        let gone = || self.agents.gone() && self.customers.progress().finished;
        while !gone() && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        Observations {
            rate: self.load.rate,
            duration: self.load.duration,
            took: self.begun.elapsed(),
            seed: self.load.seed,
            run: self.run,
            crashes: self.crashes,
            drains: self.drains,
            settled,
            customers: self.customers.record(),
            agents: self.agents.record(),
            provider: self.provider.record(),
        }
    }

    fn look(&self) -> Sight {
        let (customers, agents) = (self.customers.progress(), self.agents.progress());
        Sight { customers, agents, provider: self.provider.progress() }
    }

    fn told(&self, sight: &Sight, settling: bool) -> Progress {
        Progress {
            elapsed: self.begun.elapsed(),
            planned: sight.customers.planned,
            taken: sight.customers.taken,
            repeated: sight.customers.repeated,
            in_flight: sight.customers.in_flight,
            retries: sight.customers.retries,
            shown: sight.agents.shown,
            replies: sight.agents.accepted,
            sends: sight.provider.accepted,
            receipts_due: sight.provider.receipts_due,
            held: sight.agents.held as u64,
            available: sight.agents.available as u64,
            shown_p99: Duration::from_micros(sight.agents.shown_p99_us),
            settling,
        }
    }
}

async fn wait_for_agents(
    agents: &Agents,
    wanted: usize,
    most: Duration,
) -> Result<(), ScenarioError> {
    let until = Instant::now() + most;
    loop {
        let available = agents.progress().available;
        if available >= wanted {
            return Ok(());
        }
        if Instant::now() >= until {
            agents.stop();
            return Err(ScenarioError::AgentsAbsent { available, wanted, waited: most });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Milliseconds since the epoch: no two runs against one installation have the same.
fn run_number(clock: &dyn Clock) -> u64 {
    clock.now().as_millis().unsigned_abs()
}
