use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle, Scope};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use model::id::ShardId;
use model::limit;
use model::place::Place;
use model::time::Clock;
use storage::port::{Bell, Log};
use tokio::sync::watch;
use xxhash_rust::xxh3::xxh3_128;

use crate::assign::Sizes;
use crate::config::Config;
use crate::lane::{LaneError, Suspects, Worker};
use crate::metric;

use super::auditor::Auditor;
use super::{Appender, Omen, Tenure, TenureError};

/// What a shard needs to run.
#[derive(Clone)]
pub struct ShardPlan {
    /// The log: inputs and `events`.
    pub log: Arc<dyn Log>,
    /// The node's clock.
    pub clock: Arc<dyn Clock>,
    /// The size of the installation.
    pub place: Place,
    /// Which shard.
    pub shard: ShardId,
    /// Seed of claims and of random choices; another one on every node.
    pub seed: u64,
    /// What an operator chose.
    pub config: Config,
    /// How large its routing core may become; a lane opens no more conversations than it has slots.
    pub sizes: Sizes,
}

/// A shard that runs on this node, until it is told to stop.
#[derive(Debug)]
pub struct Handle {
    thread: JoinHandle<()>,
    stage: watch::Receiver<Stage>,
}

/// Where a shard stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is being claimed and rebuilt from its log.
    Recovering,
    /// Its lanes run.
    Running {
        /// The epoch in office.
        epoch: u32,
    },
    /// It ended and will be claimed again.
    Waiting {
        /// How often in a row it failed.
        failures: u32,
    },
    /// It was told to stop and did.
    Stopped,
}

/// Why a shard could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The installation has no such shard.
    #[error("there is no shard {0} in an installation of {1} shards")]
    NoShard(u16, u16),
    /// Its thread could not be started.
    #[error("the thread of a shard could not be started")]
    Thread(#[source] std::io::Error),
}

/// How a lane's thread ended.
type Exit = Result<(), TenureError>;

impl Handle {
    /// Starts a shard on a thread of its own, which claims it and runs its lanes until `stop`.
    /// What ends it otherwise is logged, counted and tried again.
    ///
    /// # Errors
    /// When the plan names no shard of its place, or no thread can be started.
    pub fn start(plan: ShardPlan, stop: watch::Receiver<bool>) -> Result<Self, ShardError> {
        let (shard, shards) = (plan.shard.get(), plan.place.shards());
        if shard >= shards {
            return Err(ShardError::NoShard(shard, shards));
        }
        let (say, stage) = watch::channel(Stage::Recovering);
        let thread = Builder::new()
            .name(format!("shard-{shard}"))
            .spawn(move || Owner { plan, stop, say, suspects: Arc::default() }.run())
            .map_err(ShardError::Thread)?;
        Ok(Self { thread, stage })
    }

    /// Where the shard stands.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Tells of every change of [`Self::stage`].
    pub fn stages(&self) -> watch::Receiver<Stage> {
        self.stage.clone()
    }

    /// Waits until the shard has stopped: its lanes finished their batch and everything they
    /// handed over is durable.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the thread of a shard panicked");
        }
    }
}

struct Owner {
    plan: ShardPlan,
    stop: watch::Receiver<bool>,
    say: watch::Sender<Stage>,
    suspects: Arc<Suspects>,
}

impl Owner {
    /// How often the owner looks at its own events, and whether it is to stop.
    const LOOK: Duration = Duration::from_millis(100);

    fn run(self) {
        let (mut failures, mut tries) = (0_u32, 0_u64);
        while !self.stopping() {
            self.say.send_replace(Stage::Recovering);
            let began = self.plan.clock.now();
            let attempt = self.attempt(tries);
            tries += 1;
            match caught(|| self.hold_office(attempt)) {
                Ok(()) => break,
                Err(error) => {
                    let lasted = self.plan.clock.now().since(began);
                    let before = if lasted > limit::RESTART_WAIT_MOST { 0 } else { failures };
                    failures = before.saturating_add(1);
                    self.report(&error, failures);
                    self.wait(failures);
                }
            }
        }
        self.say.send_replace(Stage::Stopped);
    }

    fn hold_office(&self, attempt: u128) -> Result<(), TenureError> {
        let mut tenure = Tenure::begin_after(&self.plan, attempt, self.suspects.clone())?;
        let (end, ending) = watch::channel(false);
        let (exit, exits) = crossbeam_channel::bounded(tenure.workers.len());
        let workers = std::mem::take(&mut tenure.workers);
        let (appender, bells) = (tenure.appender.clone(), tenure.bells.clone());
        self.say.send_replace(Stage::Running { epoch: tenure.epoch });
        std::thread::scope(|scope| {
            let threads = Threads { scope, exit, ending, appender: &appender };
            let mut outcome = workers.into_iter().try_for_each(|worker| threads.spawn(worker));
            drop(threads);
            if outcome.is_ok() {
                outcome = caught(|| self.look_on(&mut tenure, &exits));
            }
            end.send_replace(true);
            if outcome.is_err() {
                appender.close();
            }
            bells.iter().for_each(|bell| bell.ring());
            drain(outcome, &exits, &appender)
        })
    }

    /// Until it is to stop, or a lane ended, or somebody else is the owner.
    fn look_on(&self, tenure: &mut Tenure, exits: &Receiver<Exit>) -> Exit {
        let mut auditor = Auditor::new(tenure.core.clone(), self.plan.clock.now());
        while !self.stopping() {
            match exits.recv_timeout(Self::LOOK) {
                Ok(exit) => return exit,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            auditor.turn(self.plan.clock.now());
            match tenure.watch.look()? {
                None => {}
                Some(Omen::Claimed { epoch }) => return Err(TenureError::Lost { epoch }),
                Some(Omen::Gap) => return Err(TenureError::Gap),
            }
        }
        Ok(())
    }

    fn attempt(&self, tries: u64) -> u128 {
        let now = self.plan.clock.now().as_micros();
        let shard = u64::from(self.plan.shard.get());
        let words = [self.plan.seed, shard, tries, now.cast_unsigned()];
        xxh3_128(&words.map(u64::to_be_bytes).concat())
    }

    fn report(&self, error: &TenureError, failures: u32) {
        metric::count_restart();
        let shard = self.plan.shard.get();
        let why = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(shard, failures, %error, why, "a shard ended and is claimed again");
        self.say.send_replace(Stage::Waiting { failures });
    }

    /// Waits before the next claim, longer after each failure in a row.
    fn wait(&self, failures: u32) {
        let doubled =
            limit::RESTART_WAIT_LEAST.saturating_mul(1 << failures.min(16).saturating_sub(1));
        let mut left = doubled.min(limit::RESTART_WAIT_MOST);
        let silence = Bell::new();
        while !left.is_zero() && !self.stopping() {
            let step = left.min(Self::LOOK);
            silence.wait(step);
            left -= step;
        }
    }

    fn stopping(&self) -> bool {
        *self.stop.borrow()
    }
}

/// How a tenure's lanes get their threads.
struct Threads<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    exit: Sender<Exit>,
    ending: watch::Receiver<bool>,
    appender: &'scope Arc<Appender>,
}

impl<'scope> Threads<'scope, '_> {
    /// A thread for one lane. If it cannot go on nothing more of this tenure is appended.
    fn spawn(&self, mut worker: Worker) -> Exit {
        let (exit, ending, appender) = (self.exit.clone(), self.ending.clone(), self.appender);
        let (shard, lane) = (worker.lane().home().shard.get(), worker.lane().id().get());
        let run = move || {
            let ended =
                caught(|| worker.run(&ending).map_err(|source| TenureError::Lane { lane, source }));
            if ended.is_err() {
                appender.close();
            }
            drop(exit.send(ended));
        };
        let name = format!("lane-{shard}-{lane}");
        let thread = Builder::new().name(name).spawn_scoped(self.scope, run);
        thread.map(drop).map_err(TenureError::Thread)
    }
}

/// Waits for every lane to end; the most telling of what ended them. Lanes that wait for room in
/// the log are given half of [`limit::DRAIN_SHARDS`]: the rest is for what they then hand over.
fn drain(outcome: Exit, exits: &Receiver<Exit>, appender: &Appender) -> Exit {
    let mut ends = vec![outcome];
    loop {
        match exits.recv_timeout(limit::DRAIN_SHARDS / 2) {
            Ok(exit) => ends.push(exit),
            Err(RecvTimeoutError::Timeout) => appender.close(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let followed =
        |end: &Exit| matches!(end, Err(TenureError::Lane { source: LaneError::Ended, .. }));
    ends.sort_by_key(|end| (end.is_ok(), followed(end)));
    ends.into_iter().next().unwrap_or(Ok(()))
}

/// Runs `work`; a panic ends it with an error, counted under the contract it names.
fn caught<T>(work: impl FnOnce() -> Result<T, TenureError>) -> Result<T, TenureError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let message = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        let message = message.unwrap_or_default();
        metric::count_panic(&message);
        Err(TenureError::Panic { message })
    })
}
