//! The wiring, on one page: who is started in which order, and who ends in which.
//!
//! Listeners are bound first and served last: callers of a starting process wait in the backlog
//! instead of being refused. At the end it is the other way round: ingest takes no more, then the
//! desk, then the shards finish what is in hand, and those who follow the log come to its end
//! before it closes. Whoever depends on a peer outside has a part of the time and no more: an
//! agent, a provider or a caller who does not answer takes nothing from those who keep what was
//! acknowledged.

mod begin;
mod desk;
mod error;
mod listen;
mod room;
mod stage;

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use distributor::assign::Sizes;
use distributor::shard::{Handle, ShardPlan};
use gateway::Ports;
use gateway::dispatch::Dispatch;
use gateway::follow::SettingsFollower;
use gateway::view::View;
use model::limit;
use model::place::Place;
use model::time::{Clock, SteadyClock};
use storage::engine::{EngineConfig, EngineKind, Engines};
use storage::recorder::Recorder;
use tokio::sync::watch;

use crate::admin::task::{self, Tasks};
use crate::admin::{Health, Phase};
use crate::config::Config;
use crate::sabotage::Faults;

pub use begin::{Begin, Begun};
use desk::DeskRoom;
pub use error::{DrainError, StartError};
pub use listen::{Addresses, Listeners};
use room::{Watched, within};
use stage::Stages;

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The configuration.
    pub config: Config,
    /// The installation's shape.
    pub place: Place,
    /// What an empty installation begins with.
    pub begin: Begin,
    /// What the shards' generators are seeded with.
    pub seed: u64,
}

/// A running installation on one node.
pub struct App {
    addresses: Addresses,
    begun: Begun,
    ports: Ports,
    health: Arc<Health>,
    stages: Stages,
    rooms: Rooms,
    engines: Engines,
}

/// Everything with threads of its own, in the order of starting.
struct Rooms {
    admin: std::thread::JoinHandle<()>,
    settings: Arc<SettingsFollower>,
    shards: Vec<Handle>,
    recorder: Watched<Recorder>,
    view: Arc<View>,
    dispatch: Watched<Dispatch>,
    ingest: gateway::http::Serving,
    desk: DeskRoom,
    tasks: Option<std::thread::JoinHandle<()>>,
}

impl App {
    /// Binds, opens the engines, puts `faults` around their log and starts everything; returns when
    /// all is served.
    pub fn start(plan: Plan, faults: &Faults) -> Result<Self, StartError> {
        let listeners = Listeners::bind(&plan.config)?;
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
        let mut engines =
            storage::engine::open(&plan.config.storage, plan.place, Arc::clone(&clock))?;
        engines.log = faults.around(engines.log);
        Self::start_on(plan, listeners, engines, clock)
    }

    /// As [`Self::start`], on listeners already bound and engines already open.
    pub fn start_on(
        plan: Plan,
        listeners: Listeners,
        engines: Engines,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let addresses = listeners.addresses;
        let (stages, health) = (Stages::default(), Arc::new(Health::default()));
        let ports = Ports {
            log: Arc::clone(&engines.log),
            history: Arc::clone(&engines.history),
            directory: Arc::clone(&engines.directory),
            clock,
            place: plan.place,
        };
        let Listeners { ingest, desk, admin, .. } = listeners;
        let admin = admin.serve(Arc::clone(&health), stages.last())?;
        let begun = begin::begin(&ports, &plan.begin, addresses.ingest, stages.followers())?;
        let settings = SettingsFollower::start(Arc::clone(&ports.log), stages.followers())?;
        let shards = start_shards(&ports, &plan, &stages)?;
        let recorder = Recorder::start(
            Arc::clone(&ports.log),
            Arc::clone(&ports.history),
            plan.place,
            stages.followers(),
        );
        let view = View::start(&ports, Arc::clone(&settings), stages.followers())?;
        let dispatch = Dispatch::start(
            ports.clone(),
            Arc::clone(&settings),
            plan.config.dispatch,
            stages.followers(),
        )?;
        let tasks =
            start_tasks(&plan.config.storage, &ports, &settings, (&engines, stages.ingest()));
        let ingest = ingest.serve(ports.clone(), Arc::clone(&settings), stages.ingest())?;
        let desk = DeskRoom::open(desk, &ports, &settings, &view, stages.desk())?;
        let (recorder, dispatch) = (Watched::new(recorder), Watched::new(dispatch));
        let rooms =
            Rooms { admin, settings, shards, recorder, view, dispatch, ingest, desk, tasks };
        room::watch(&health, &ports.log, &rooms);
        health.enter(Phase::Serving);
        Ok(Self { addresses, begun, ports, health, stages, rooms, engines })
    }

    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What the installation began with.
    pub const fn begun(&self) -> &Begun {
        &self.begun
    }

    /// The ports it runs on.
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Ends everything in order, under [`limit::DRAIN`]: what was acknowledged is kept, what is
    /// in hand is finished, followers come to the end of the log.
    pub fn drain(self) -> Result<(), DrainError> {
        let (done, finished) = mpsc::channel();
        let drain = move || drop(done.send(self.drain_in_order()));
        std::thread::Builder::new().name("drain".to_owned()).spawn(drain)?;
        finished.recv_timeout(limit::DRAIN).unwrap_or(Err(DrainError::TooLong))
    }

    /// Ends at once, as a crash would: for when the log has failed and nothing can be kept.
    pub fn give_up(self) {
        self.health.enter(Phase::Draining);
        let _ = within("process", GIVE_UP, move || drop(self));
    }

    fn drain_in_order(self) -> Result<(), DrainError> {
        let Self { health, stages, rooms, engines, ports, begun, .. } = self;
        health.enter(Phase::Draining);
        // Each of the next four may be abandoned; that loses nothing that was acknowledged.
        stages.stop_ingest();
        drop(rooms.tasks.map(std::thread::JoinHandle::join));
        let _ = within("ingest", limit::DRAIN_LISTENER + MARGIN, move || rooms.ingest.join());
        stages.stop_desk();
        let _ = within("desk", limit::DRAIN_LISTENER + MARGIN, move || rooms.desk.join());
        stages.stop_shards();
        let shards = rooms.shards;
        let ended = within("shards", limit::DRAIN_SHARDS, move || {
            shards.into_iter().for_each(Handle::join);
        });
        stages.stop_followers();
        let dispatch = rooms.dispatch.take();
        let _ = within("dispatch", limit::DRAIN_DISPATCH, move || dispatch.map(Dispatch::join));
        rooms.view.join();
        rooms.settings.join();
        let _ = within("simulator", MARGIN, move || begun.join());
        let recorded = rooms.recorder.take().map_or(Ok(()), Recorder::join);
        drop(ports);
        let closed = engines.close();
        stages.stop_last();
        drop(rooms.admin.join());
        recorded?;
        closed?;
        ended.ok_or(DrainError::TooLong)
    }
}

/// Beyond a room's own bound, for it to keep that bound by itself.
const MARGIN: Duration = Duration::from_millis(500);

/// How long giving up may take.
const GIVE_UP: Duration = Duration::from_secs(2);

/// Commands that cannot reach this server are no reason not to serve.
fn start_tasks(
    storage: &EngineConfig,
    ports: &Ports,
    settings: &Arc<SettingsFollower>,
    (engines, stop): (&Engines, watch::Receiver<bool>),
) -> Option<std::thread::JoinHandle<()>> {
    if storage.engine != EngineKind::Embedded {
        return None;
    }
    let tasks = Tasks::new(&storage.data, ports, settings, engines.backups());
    let serving = task::serve(&storage.data, tasks, stop);
    let warn = |error: &std::io::Error| {
        tracing::warn!(%error, "no socket in the data directory: no backup while this server runs");
    };
    serving.inspect_err(warn).ok()
}

fn start_shards(ports: &Ports, plan: &Plan, stages: &Stages) -> Result<Vec<Handle>, StartError> {
    let start = |shard| {
        let plan = ShardPlan {
            log: Arc::clone(&ports.log),
            clock: Arc::clone(&ports.clock),
            place: plan.place,
            shard,
            seed: plan.seed,
            config: plan.config.distributor,
            sizes: Sizes::default(),
        };
        Handle::start(plan, stages.shards())
    };
    Ok(plan.place.each_shard().map(start).collect::<Result<_, _>>()?)
}
