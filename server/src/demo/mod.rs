//! `chasqui demo`: everything in one process on a temporary directory, under load from simulated
//! providers, customers and agents, with an audit of what came of it.
//!
//! The server runs as it always does; only its listeners take free ports. The audit reads history
//! after the stop and believes nothing the server says of itself.

mod interrupt;
mod world;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use loadtest::agent::Habits;
use loadtest::auditor::{Archive, ArchiveError, audit};
use loadtest::customer::Load;
use loadtest::provider::whatsapp::{Simulator, SimulatorPlan};
use loadtest::report::{Goals, Report};
use loadtest::scenario::{self, Observations, Progress, ScenarioError, SystemPlan};
use model::place::Place;
use model::time::{Clock, SteadyClock};
use model::unit::Period;
use storage::engine::{Engines, OpenError};
use tokio::runtime::Runtime;

use crate::app::{App, Begin, DrainError, Listeners, Plan, StartError};
use crate::bootstrap::{Planted, Seed};
use crate::cli::say;
use crate::config::Config;
use crate::sabotage::{Sabotage, Sabotaged};

use interrupt::Interrupt;
pub use world::World;

/// What `chasqui demo` takes.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// How long customers write.
    #[arg(long = "for", value_name = "TIME", default_value = "60s")]
    pub period: Period,
    /// Customer messages a second.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Agents at the desk.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(5..=5_000))]
    pub agents: u32,
    /// Customers who may write.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub contacts: u32,
    /// A fault put into the server on purpose: the audit must find it.
    #[arg(long, value_enum)]
    pub sabotage: Option<Sabotage>,
    /// The storage engine.
    #[arg(long, value_enum, default_value = "embedded")]
    pub engine: DemoEngine,
    /// What every choice of the customers, agents and providers follows from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// The engines the demo runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DemoEngine {
    /// Files in a temporary directory.
    Embedded,
}

/// Why the demo gave no verdict.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The system gave no directory, socket, thread or terminal.
    #[error("the demo could not be set up")]
    System(#[from] io::Error),
    /// The world could not be made.
    #[error("the demo's world could not be made")]
    World(#[from] world::WorldError),
    /// The engines did not open.
    #[error("the storage engine did not open")]
    Engine(#[from] OpenError),
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The load could not begin.
    #[error("the load could not begin")]
    Scenario(#[from] ScenarioError),
    /// The server did not stop cleanly.
    #[error(transparent)]
    Drain(#[from] DrainError),
    /// History could not be read.
    #[error("the history could not be read for the audit")]
    Archive(#[from] ArchiveError),
}

/// Shards and lanes of the demo: the defaults of an installation.
const SHAPE: (u16, u8) = (4, 2);
/// How long the agents may take to come in.
const COME_IN: Duration = Duration::from_secs(60);
/// How long everything may take to come to rest.
const SETTLE: Duration = Duration::from_secs(120);
/// Sends a second on each channel: the demo measures the product, not a provider's quota.
const SENDS_PER_SECOND: u32 = 5_000;
/// Threads of customers, agents and providers.
const THREADS: usize = 2;

/// The exit code after SIGINT, as shells have it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// Runs the demo; the exit code is 0 when every promise was kept, 1 when one was broken and 130
/// when it was interrupted.
pub fn run(args: &DemoArgs) -> Result<u8, DemoError> {
    let folder = tempfile::Builder::new().prefix("chasqui-demo-").tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("outside")
        .enable_all()
        .build()?;
    let interrupt = Interrupt::listen(&runtime)?;
    let stage = Stage { args, folder: folder.path(), clock: Arc::new(SteadyClock::start()) };
    let Some(observed) = stage.play(&runtime, interrupt)? else {
        drop(runtime);
        folder.close()?;
        say("interrupted: no verdict; the temporary directory is removed")?;
        return Ok(INTERRUPTED);
    };
    let archive = runtime.block_on(stage.archive())?;
    let audit = audit(&observed, &archive);
    let report = Report::new(observed, audit, &Goals::default());
    report.table(&mut io::stdout().lock())?;
    Ok(u8::from(!report.passed()))
}

struct Stage<'a> {
    args: &'a DemoArgs,
    folder: &'a Path,
    clock: Arc<dyn Clock>,
}

impl Stage<'_> {
    /// Starts everything, lets it run, stops the server; what was seen from outside, or
    /// `None` when it was interrupted.
    fn play(
        &self,
        runtime: &Runtime,
        interrupt: Interrupt,
    ) -> Result<Option<Observations>, DemoError> {
        let world = World::new(self.place()?, self.args.agents)?;
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let plan = SimulatorPlan::new(listen, world.tokens());
        let clock = Arc::clone(&self.clock);
        let provider = runtime.block_on(Simulator::start(plan, clock, None))?;
        let app = self.start(world.seed(&provider.url())?)?;
        self.announce(&app, &world)?;
        let plan = self.system(&world, &app, provider.clone());
        let observed = runtime.block_on(interrupt.or(scenario::run(plan, tell)));
        let drained = app.drain();
        provider.stop();
        drained?;
        Ok(observed.transpose()?)
    }

    fn start(&self, seed: Seed) -> Result<App, DemoError> {
        let config = self.config();
        let listeners = Listeners::bind(&config)?;
        let mut engines = self.engines()?;
        let begin = Begin::Seed(seed, Planted::Demo);
        let plan = Plan { config, place: self.place()?, begin, seed: self.args.seed };
        if let Some(kind) = self.args.sabotage {
            engines.log = Arc::new(Sabotaged::new(Arc::clone(&engines.log), kind));
        }
        Ok(App::start_on(plan, listeners, engines, Arc::clone(&self.clock))?)
    }

    fn announce(&self, app: &App, world: &World) -> io::Result<()> {
        let DemoArgs { period, rate, agents, contacts, .. } = self.args;
        say(format!("console    http://{}/", app.addresses().desk))?;
        if let Some(agent) = world.agents().first() {
            let password = agent.password.expose();
            say(format!("log in     {} / {password}, an agent already at work", agent.login))?;
        }
        say(format!("metrics    http://{}/metrics", app.addresses().admin))?;
        say(format!(
            "{rate} messages a second for {period}, {agents} agents, {contacts} contacts"
        ))?;
        if let Some(kind) = self.args.sabotage {
            let name = kind.to_possible_value().map(|value| value.get_name().to_owned());
            say(format!("SABOTAGED on purpose: {}", name.unwrap_or_default()))?;
        }
        say(Progress::HEADING)
    }

    fn system(&self, world: &World, app: &App, provider: Simulator) -> SystemPlan {
        let agents = world.agents();
        let conversations = SystemPlan::conversations(&agents, self.args.contacts);
        let rate = f64::from(self.args.rate);
        let mut load = Load::new(rate, self.args.period.0, self.args.contacts, conversations);
        load.seed = self.args.seed;
        SystemPlan {
            ingest: app.addresses().ingest,
            desk: app.addresses().desk,
            endpoint: World::ENDPOINT.to_owned(),
            app_secret: world.app_secret(),
            accounts: world.accounts(),
            agents,
            habits: Habits::default(),
            load,
            provider,
            come_in: COME_IN,
            settle: SETTLE,
            clock: Arc::clone(&self.clock),
        }
    }

    /// What history holds, opened anew after the server has stopped.
    async fn archive(&self) -> Result<Archive, DemoError> {
        let engines = self.engines()?;
        let archive = Archive::read(engines.history.as_ref()).await;
        engines.close()?;
        Ok(archive?)
    }

    fn engines(&self) -> Result<Engines, DemoError> {
        let (config, place) = (self.config().storage, self.place()?);
        Ok(storage::engine::open(&config, place, Arc::clone(&self.clock))?)
    }

    fn place(&self) -> Result<Place, DemoError> {
        let (shards, lanes) = SHAPE;
        Ok(Place::new(shards, lanes).map_err(world::WorldError::from)?)
    }

    fn config(&self) -> Config {
        let DemoEngine::Embedded = self.args.engine;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config::default();
        config.ingest.listen = any;
        config.desk.listen = any;
        config.admin.listen = any;
        config.storage.data = self.folder.join("data");
        if let Some(rate) = std::num::NonZeroU32::new(SENDS_PER_SECOND) {
            config.dispatch.rate_per_second = rate;
        }
        config
    }
}

fn tell(progress: &Progress) {
    // A closed terminal does not stop the demo: its exit code is still wanted.
    drop(say(progress.to_string()));
}
