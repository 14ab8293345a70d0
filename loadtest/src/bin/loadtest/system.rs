//! `loadtest system`: the plan from flags and one JSON file, the run, the audit, the report.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use loadtest::agent::{AgentPlan, Habits};
use loadtest::auditor::{Archive, ArchiveError, audit};
use loadtest::customer::Load;
use loadtest::provider::whatsapp::{Simulator, SimulatorPlan};
use loadtest::report::{Goals, Report};
use loadtest::scenario::{self, Progress, ScenarioError, SystemPlan};
use model::id::IdError;
use model::place::Place;
use model::service::Secret;
use model::time::{Clock, SteadyClock};
use model::unit::Period;
use serde::Deserialize;
use storage::engine::{self, EngineConfig, EngineKind, Engines, OpenError};

/// What to drive, and how hard.
#[derive(clap::Args)]
pub(crate) struct SystemArgs {
    /// The product's ingest listener.
    #[arg(long, default_value = "127.0.0.1:8080")]
    ingest: SocketAddr,
    /// The product's desk listener.
    #[arg(long, default_value = "127.0.0.1:8081")]
    desk: SocketAddr,
    /// Where the simulated provider listens: the channels' provider URL.
    #[arg(long, default_value = "127.0.0.1:8090")]
    provider: SocketAddr,
    /// JSON: {"endpoint","app_secret","accounts":{"ID":"TOKEN"},"agents":[{"login","password","cap"}]}
    #[arg(long, value_name = "FILE")]
    people: PathBuf,
    /// The product's data directory: audited after the product was stopped.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Shards of the installation.
    #[arg(long, default_value_t = 4)]
    shards: u16,
    /// Lanes of each shard.
    #[arg(long, default_value_t = 2)]
    lanes: u8,
    /// Customer messages a second.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// How long customers write.
    #[arg(long = "for", default_value = "20s", value_name = "PERIOD")]
    duration: Period,
    /// How many contacts there are.
    #[arg(long, default_value_t = 5_000)]
    contacts: u32,
    /// What all choices follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to wait for the product to be stopped after the load.
    #[arg(long, default_value = "10m", value_name = "PERIOD")]
    stop_within: Period,
    /// Also writes the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    endpoint: String,
    app_secret: Secret,
    accounts: BTreeMap<String, Secret>,
    agents: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    login: String,
    password: Secret,
    cap: u8,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("{} cannot be read", path.display())]
    People { path: PathBuf, source: std::io::Error },
    #[error("{} is not as described by --help", path.display())]
    Shape { path: PathBuf, source: serde_json::Error },
    #[error("the size of the installation")]
    Place(#[from] IdError),
    #[error("input or output failed")]
    Io(#[from] std::io::Error),
    #[error("the run did not begin")]
    Scenario(#[from] ScenarioError),
    #[error("the data directory cannot be opened")]
    Open(#[from] OpenError),
    #[error("history cannot be audited")]
    Archive(#[from] ArchiveError),
}

impl CommandError {
    /// As in sysexits: 78 configuration, 69 unavailable.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::People { .. } | Self::Shape { .. } | Self::Place(_) => 78,
            _ => 69,
        }
    }
}

/// Runs it all; whether the run passed.
pub(crate) fn run(args: &SystemArgs) -> Result<bool, CommandError> {
    let place = Place::new(args.shards, args.lanes)?;
    let people = people(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
    runtime.block_on(drive(args, people, place, clock))
}

async fn drive(
    args: &SystemArgs,
    people: People,
    place: Place,
    clock: Arc<dyn Clock>,
) -> Result<bool, CommandError> {
    let mut out = std::io::stdout();
    let plan = plan(args, people, Arc::clone(&clock)).await?;
    writeln!(out, "{}", Progress::HEADING)?;
    // A closed terminal does not end the run.
    let tell = |progress: &Progress| drop(writeln!(std::io::stdout(), "{progress}"));
    let observed = scenario::run(plan, tell).await?;
    writeln!(out, "stop the product now: its history is audited when it has ended")?;
    let engines = opened(args, place, clock).await?;
    let archive = Archive::read(engines.history.as_ref()).await?;
    engines.close()?;
    let audit = audit(&observed, &archive);
    let report = Report::new(observed, audit, &Goals::default());
    report.table(&mut out)?;
    if let Some(path) = &args.json {
        std::fs::write(path, report.json().to_string())?;
    }
    Ok(report.passed())
}

fn people(args: &SystemArgs) -> Result<People, CommandError> {
    let path = || args.people.clone();
    let bytes = std::fs::read(&args.people)
        .map_err(|source| CommandError::People { path: path(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| CommandError::Shape { path: path(), source })
}

async fn plan(
    args: &SystemArgs,
    people: People,
    clock: Arc<dyn Clock>,
) -> Result<SystemPlan, CommandError> {
    let accounts = people.accounts.keys().cloned().collect();
    let simulator = SimulatorPlan::new(args.provider, people.accounts);
    let simulator = SimulatorPlan { seed: args.seed, ..simulator };
    let provider = Simulator::start(simulator, Arc::clone(&clock), None).await?;
    let agent = |Person { login, password, cap }| AgentPlan { login, password, cap };
    let agents: Vec<AgentPlan> = people.agents.into_iter().map(agent).collect();
    let conversations = SystemPlan::conversations(&agents, args.contacts);
    let load = Load::new(args.rate, args.duration.0, args.contacts, conversations);
    Ok(SystemPlan {
        ingest: args.ingest,
        desk: args.desk,
        endpoint: people.endpoint,
        app_secret: people.app_secret,
        accounts,
        agents,
        habits: Habits::default(),
        load: Load { seed: args.seed, ..load },
        provider,
        come_in: SystemPlan::COME_IN,
        settle: SystemPlan::SETTLE,
        clock,
    })
}

/// Opens the data directory as soon as the product has left it.
async fn opened(
    args: &SystemArgs,
    place: Place,
    clock: Arc<dyn Clock>,
) -> Result<Engines, CommandError> {
    let data = args.data.clone();
    let config = EngineConfig { engine: EngineKind::Embedded, data, ..EngineConfig::default() };
    let until = tokio::time::Instant::now() + args.stop_within.0;
    loop {
        match engine::open(&config, place, Arc::clone(&clock)) {
            Err(OpenError::Busy { .. }) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            opened => return Ok(opened?),
        }
    }
}
