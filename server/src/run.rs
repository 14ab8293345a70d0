//! `chasqui run`: start, say where, wait for the signal, drain. A log that failed for good ends
//! the process too: only a new one can find out what became durable.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use model::id::UserId;
use storage::port::{Log, LogError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::admin::telemetry;
use crate::app::{App, Begin, Plan, StartError};
use crate::bootstrap::{self, AGENT, ENDPOINT, Planted, SimulateError, Starter, StarterError};
use crate::cli::{Failure, say};
use crate::config::{Config, Fault, Loaded};
use crate::sabotage::Faults;

/// How long the login link of a starter is good for.
const LINK_LIFE: Duration = Duration::from_secs(3_600);

/// Between two looks at the log's health.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until a signal says to stop, with these faults.
pub fn run(loaded: &Loaded, faults: &Faults) -> Result<(), Failure> {
    let config = &loaded.config;
    telemetry::start(&config.log, faults)
        .map_err(|error| loaded.fault("log", "filter", error.to_string()))?;
    let place = loaded.place()?;
    let begin = match loaded.bootstrap_file()? {
        Some(file) => Begin::Seed(bootstrap::read(&file, place)?, Planted::File),
        None => Begin::Starter(config.bootstrap.simulator),
    };
    let signals = Signals::listen()?;
    let plan = Plan { config: config.clone(), place, begin, seed: seed() };
    let app = App::start(plan, faults).map_err(|error| located(loaded, error))?;
    announce(&app, config)?;
    if let Some(error) = signals.wait(app.ports().log.as_ref()) {
        app.give_up();
        return Err(error.into());
    }
    say("stopping: a second signal ends at once")?;
    app.drain()?;
    Ok(say("stopped")?)
}

/// An address that cannot be listened on, shown where the configuration names it.
fn located(loaded: &Loaded, error: StartError) -> Failure {
    let fault: Fault = match &error {
        StartError::Listen { section, source } => {
            let address = listen_of(&loaded.config, section);
            loaded.fault(section, "listen", taken(address, source))
        }
        StartError::Starter(StarterError::Listen { address, source }) => {
            loaded.fault("bootstrap", "simulator", taken(*address, source))
        }
        StartError::Simulator(SimulateError::Listen { address, source }) => {
            let kept = "this installation keeps the simulator's address of its first start";
            let message = format!("{} ({kept})", taken(*address, source));
            loaded.fault("bootstrap", "simulator", message)
        }
        StartError::Engine(source @ storage::engine::OpenError::Config { key, .. }) => {
            loaded.fault("storage", key, source.to_string())
        }
        StartError::Engine(source @ storage::engine::OpenError::Place { what, .. }) => {
            loaded.fault("installation", what, source.to_string())
        }
        _ => return error.into(),
    };
    fault.into()
}

fn listen_of(config: &Config, section: &str) -> SocketAddr {
    match section {
        "ingest" => config.ingest.listen,
        "desk" => config.desk.listen,
        _ => config.admin.listen,
    }
}

/// Why an address cannot be listened on, and who probably has it.
fn taken(address: SocketAddr, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => "; another chasqui may be running",
        _ => "",
    };
    format!("cannot listen on {address}: {error}{hint}")
}

/// The generators' seed: from the system, else a constant; nothing secret follows from it.
fn seed() -> u64 {
    getrandom::u64().unwrap_or(1)
}

fn announce(app: &App, config: &Config) -> Result<(), Failure> {
    let at = app.addresses();
    say(concat!("chasqui ", env!("CARGO_PKG_VERSION"), " is ready"))?;
    say(format!("  console    http://{}/", at.desk))?;
    let begun = app.begun();
    let endpoint = if begun.planted == Planted::Starter { ENDPOINT } else { "ENDPOINT" };
    say(format!("  webhooks   http://{}/webhooks/{endpoint}", at.ingest))?;
    say(format!("  metrics    http://{}/metrics", at.admin))?;
    if begun.planted != Planted::Starter {
        return Ok(());
    }
    if let Some(starter) = &begun.starter {
        announce_secrets(starter)?;
    }
    if let Some(simulator) = begun.simulator {
        say(format!("  simulator  http://{simulator}/sent (the starter's provider)"))?;
        if let Some(notice) = kept(simulator, config.bootstrap.simulator) {
            say(notice)?;
        }
    }
    match link(app, AGENT) {
        Ok(token) => {
            let minutes = LINK_LIFE.as_secs() / 60;
            let life = format!("(once, within {minutes} minutes)");
            Ok(say(format!("  log in     http://{}/#link={token} {life}", at.desk))?)
        }
        Err(error) => {
            tracing::error!(%error, "no login link");
            Ok(())
        }
    }
}

/// What is said when the configuration asks for another simulator's address than is kept.
fn kept(simulator: SocketAddr, asked: SocketAddr) -> Option<String> {
    let other = asked.port() != 0 && asked != simulator;
    other.then(|| {
        format!(
            "  notice     bootstrap.simulator = {asked} is not followed: this installation keeps \
             {simulator} from its first start"
        )
    })
}

fn announce_secrets(starter: &Starter) -> Result<(), Failure> {
    say("This installation was empty and got a starter. Its secrets are shown this once:")?;
    say(format!("  app secret {}", starter.app_secret.expose()))?;
    say(format!("  verify token {}", starter.verify_token.expose()))?;
    say(format!("  login      {}", starter.login))?;
    Ok(say(format!("  password   {}", starter.password.expose()))?)
}

fn link(app: &App, user: UserId) -> Result<String, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ports = app.ports();
    let link = gateway::auth::create_login_link(
        ports.directory.as_ref(),
        user,
        ports.clock.as_ref(),
        LINK_LIFE,
    );
    Ok(runtime.block_on(link)?.expose().to_owned())
}

/// SIGTERM and SIGINT, listened for from the start on.
struct Signals {
    runtime: tokio::runtime::Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        drop(entered);
        Ok(Self { runtime, terminate, interrupt })
    }

    /// Waits for the first signal; from then on a second one ends the process at once. Or for the
    /// log to fail for good; then why.
    fn wait(mut self, log: &dyn Log) -> Option<LogError> {
        let failed = self.runtime.block_on(async {
            tokio::select! {
                () = either(&mut self.terminate, &mut self.interrupt) => None,
                error = failure(log) => Some(error),
            }
        });
        if failed.is_some() {
            return failed;
        }
        std::thread::spawn(move || {
            self.runtime.block_on(either(&mut self.terminate, &mut self.interrupt));
            std::process::exit(1);
        });
        None
    }
}

/// Resolves when the log has failed for good. A full one has not.
async fn failure(log: &dyn Log) -> LogError {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        if let Err(error) = log.health() {
            return error;
        }
    }
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! {
        _ = a.recv() => {}
        _ = b.recv() => {}
    }
}
