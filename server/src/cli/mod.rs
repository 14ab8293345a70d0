//! The command line.

mod dead;
pub mod exit;
mod keep;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use storage::engine::OpenError;
use storage::engine::embedded::log::check::Report;
use storage::port::LogError;

use crate::admin::task::{TaskError, code_of};
use crate::app::{self, StartError};
use crate::config::{ConfigError, Fault, Loaded, keys};
use crate::demo::{self, DemoArgs, DemoError};
use crate::run;
use crate::sabotage::Faults;

#[derive(Debug, Parser)]
#[command(
    name = "chasqui",
    version,
    about = "Message gateway and queue distributor for customer service",
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server; what `chasqui` alone does.
    Run(RunArgs),
    /// Start everything on a temporary directory against simulated providers, customers and
    /// agents, and audit what came of it.
    Demo(DemoArgs),
    /// Read the configuration and the settings file it names, and say what is wrong with them.
    Check(RunArgs),
    /// Show the configuration there is to write.
    Config {
        #[command(subcommand)]
        show: Show,
    },
    /// Look at the log of a server that does not run.
    Log {
        #[command(subcommand)]
        look: Look,
    },
    /// Copy an installation into the new directory DIR: also while its server runs.
    Backup {
        /// The directory to be made.
        #[arg(value_name = "DIR")]
        to: PathBuf,
        #[command(flatten)]
        of: RunArgs,
    },
    /// Make an installation of the backup in DIR, in a data directory that is empty or not there.
    Restore {
        /// The backup's directory.
        #[arg(value_name = "DIR")]
        from: PathBuf,
        #[command(flatten)]
        into: RunArgs,
    },
    /// What could not be handled: list it, look at it, have it handled again.
    Dead {
        #[command(subcommand)]
        what: dead::What,
    },
    /// Print the version.
    Version,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Show {
    /// The default file, with every key explained.
    Default,
    /// The JSON schema of the file, for editors.
    Schema,
}

#[derive(Clone, Debug, Subcommand)]
enum Look {
    /// Read the log from end to end and say what is damaged and which records are lost by it.
    /// Nothing is changed. The exit code is 65 when anything is lost.
    Check {
        /// The data directory.
        #[arg(value_name = "DIR")]
        data: PathBuf,
    },
}

/// What commands for one installation take.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The configuration file; without one, the defaults.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data directory, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Only in tests.
    #[command(flatten)]
    pub faults: Faults,
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The server could not be stopped cleanly.
    #[error(transparent)]
    Drain(#[from] app::DrainError),
    /// The log failed for good: nothing can be kept by this process any more.
    #[error("the process ends, because it can keep nothing any more")]
    Log(#[from] LogError),
    /// The demo could not be run.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The log could not be read, or a backup not restored.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// What was asked of an installation was not done.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Standard output is gone.
    #[error("standard output cannot be written")]
    Output(#[from] std::io::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Config(fault.into())
    }
}

/// Does what the command line asks; the exit code is one of `sysexits.h`, or 1 for an audit that
/// found a broken contract.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // A closed terminal is not ours to report.
            drop(error.print());
            return if wrong { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match cli.command.unwrap_or(Command::Run(cli.run)).execute() {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Writes a line to standard output.
pub fn say(line: impl AsRef<str>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", line.as_ref())?;
    out.flush()
}

/// Reads the configuration file, the variables of this process over it and `data` over both.
pub fn load(args: &RunArgs) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded::read(args.config.as_deref(), variables())?;
    if let Some(data) = &args.data {
        loaded.config.storage.data.clone_from(data);
    }
    Ok(loaded)
}

impl Command {
    fn execute(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Run(args) => run::run(&load(&args)?, &args.faults)?,
            Self::Demo(args) => return Ok(ExitCode::from(demo::run(&args)?)),
            Self::Check(args) => check(&args)?,
            Self::Config { show: Show::Default } => say(keys::DEFAULT.trim_end())?,
            Self::Config { show: Show::Schema } => say(format!("{:#}", keys::schema()))?,
            Self::Log { look: Look::Check { data } } => return check_log(&data),
            Self::Backup { to, of } => keep::backup(&to, &of)?,
            Self::Restore { from, into } => return keep::restore(&from, &into),
            Self::Dead { what } => what.execute()?,
            Self::Version => say(concat!("chasqui ", env!("CARGO_PKG_VERSION")))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn check(args: &RunArgs) -> Result<(), Failure> {
    let loaded = load(args)?;
    if let Some(file) = loaded.bootstrap_file()? {
        crate::bootstrap::read(&file, loaded.place()?)?;
    }
    let name = args.config.as_deref().map_or("the default configuration", |p| shown(p));
    Ok(say(format!("{name} is valid"))?)
}

fn check_log(data: &Path) -> Result<ExitCode, Failure> {
    tell_reports(&storage::engine::check_log(data)?)
}

fn tell_findings(reports: &[(PathBuf, Report)]) -> Result<(), Failure> {
    for (path, report) in reports {
        let Report { segments, bytes, records, findings } = report;
        let path = path.display();
        say(format!("{path}: {segments} segments, {bytes} bytes, {records} records"))?;
        findings.iter().try_for_each(|finding| say(format!("  {finding}")))?;
    }
    Ok(())
}

/// Says what was found in logs, and whether it is all there, as the exit code does too.
fn tell_reports(reports: &[(PathBuf, Report)]) -> Result<ExitCode, Failure> {
    tell_findings(reports)?;
    let is_whole = reports.iter().all(|(_, report)| report.is_whole());
    let lost: u64 = reports.iter().map(|(_, report)| report.lost()).sum();
    say(match (is_whole, lost) {
        (true, _) => "all that was durable is there".to_owned(),
        (false, lost) => format!("{lost} records are known to be lost; nothing was changed"),
    })?;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(exit::DATAERR) })
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap_or("the configuration")
}

/// This process's variables; those that are not Unicode cannot be ours.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Failure {
    fn report(&self) -> ExitCode {
        eprintln!("chasqui: {self}");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Config(_) => exit::CONFIG,
            Self::Start(error) if error.is_configuration() => exit::CONFIG,
            Self::Store(error) => code_of(error),
            Self::Task(error) => error.code(),
            Self::Start(_) | Self::Demo(_) => exit::UNAVAILABLE,
            Self::Log(_) => exit::IOERR,
            Self::Drain(_) | Self::Output(_) => exit::SOFTWARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn run_is_what_chasqui_alone_does() {
        let cli = Cli::try_parse_from(["chasqui", "--data", "d"]).unwrap();
        assert!(cli.command.is_none() && cli.run.data == Some("d".into()));
        let cli = Cli::try_parse_from(["chasqui", "run", "--config", "c"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Run(args)) if args.config == Some("c".into())));
    }
}
