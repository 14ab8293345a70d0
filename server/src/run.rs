//! `chasqui run`: start, say where, wait for the signal, drain.

use std::time::Duration;

use model::id::UserId;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::admin::telemetry;
use crate::app::{App, Begin, Plan, StartError};
use crate::bootstrap::{self, AGENT, ENDPOINT, Planted, Starter};
use crate::cli::{Failure, say};
use crate::config::{Fault, Loaded};

/// How long the login link of a starter is good for.
const LINK_LIFE: Duration = Duration::from_secs(3_600);

/// Runs until a signal says to stop.
pub fn run(loaded: &Loaded) -> Result<(), Failure> {
    let config = &loaded.config;
    telemetry::start(&config.log)
        .map_err(|error| loaded.fault("log", "filter", error.to_string()))?;
    let place = loaded.place()?;
    let begin = match loaded.bootstrap_file()? {
        Some(file) => Begin::Seed(bootstrap::read(&file, place)?, Planted::File),
        None => Begin::Starter(config.bootstrap.simulator),
    };
    let signals = Signals::listen()?;
    let plan = Plan { config: config.clone(), place, begin, seed: seed() };
    let app = App::start(plan).map_err(|error| located(loaded, error))?;
    announce(&app)?;
    signals.wait();
    say("stopping: a second signal ends at once")?;
    app.drain()?;
    Ok(say("stopped")?)
}

/// An address that cannot be listened on, shown where the configuration names it.
fn located(loaded: &Loaded, error: StartError) -> Failure {
    let fault: Fault = match &error {
        StartError::Listen { section, source } => {
            loaded.fault(section, "listen", source.to_string())
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

/// The generators' seed: from the system, else a constant; nothing secret follows from it.
fn seed() -> u64 {
    getrandom::u64().unwrap_or(1)
}

fn announce(app: &App) -> Result<(), Failure> {
    let at = app.addresses();
    say(concat!("chasqui ", env!("CARGO_PKG_VERSION"), " is ready"))?;
    say(format!("  console    http://{}/", at.desk))?;
    say(format!("  webhooks   http://{}/webhooks/ENDPOINT", at.ingest))?;
    say(format!("  metrics    http://{}/metrics", at.admin))?;
    let begun = app.begun();
    if begun.planted != Planted::Starter {
        return Ok(());
    }
    if let Some(starter) = &begun.starter {
        announce_secrets(starter)?;
    }
    if let Some(simulator) = begun.simulator {
        say(format!("  simulator  http://{simulator}/sent (the starter's provider)"))?;
    }
    match link(app, AGENT) {
        Ok(token) => Ok(say(format!("  log in     http://{}/#link={token} (once)", at.desk))?),
        Err(error) => {
            tracing::error!(%error, "no login link");
            Ok(())
        }
    }
}

fn announce_secrets(starter: &Starter) -> Result<(), Failure> {
    say("This installation was empty and got a starter. Its secrets are shown this once:")?;
    say(format!("  endpoint   {ENDPOINT}"))?;
    say(format!("  app secret {}", starter.app_secret.expose()))?;
    say(format!("  verify     {}", starter.verify_token.expose()))?;
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

    /// Waits for the first signal; from then on a second one ends the process at once.
    fn wait(mut self) {
        self.runtime.block_on(either(&mut self.terminate, &mut self.interrupt));
        std::thread::spawn(move || {
            self.runtime.block_on(either(&mut self.terminate, &mut self.interrupt));
            std::process::exit(1);
        });
    }
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! {
        _ = a.recv() => {}
        _ = b.recv() => {}
    }
}
