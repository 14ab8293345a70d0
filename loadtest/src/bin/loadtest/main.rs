//! The load tester's command line: `loadtest system …` drives an installation that runs elsewhere,
//! `loadtest core …` the routing core in this process.

mod system;
mod routing;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

/// A command line that cannot be understood, as in sysexits.
const USAGE: u8 = 64;

/// Load for Chasqui.
#[derive(Parser)]
#[command(version)]
enum Cli {
    /// Drives a whole installation over HTTP, waits for its stop, and audits its history.
    System(system::SystemArgs),
    /// Drives the routing core in process, and counts what it got wrong.
    #[command(name = "core")]
    Routing(routing::RoutingArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; a closed terminal does not matter.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    match cli {
        Cli::System(args) => ended(system::run(&args).map_err(|e| (e.exit_code(), e))),
        Cli::Routing(args) => ended(routing::command(&args).map_err(|e| (e.exit_code(), e))),
    }
}

/// The exit code of a run: whether it passed, or why there was none.
fn ended<E: Error>(run: Result<bool, (u8, E)>) -> ExitCode {
    let (code, error) = match run {
        Ok(passed) => return ExitCode::from(u8::from(!passed)),
        Err(failed) => failed,
    };
    let mut text = format!("loadtest: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    eprintln!("{text}");
    ExitCode::from(code)
}
