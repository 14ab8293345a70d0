//! The load tester's command line: `loadtest system …` drives an installation that runs elsewhere.

mod system;

use std::process::ExitCode;

use clap::Parser;

/// Load for Chasqui.
#[derive(Parser)]
#[command(version)]
enum Cli {
    /// Drives a whole installation over HTTP, waits for its stop, and audits its history.
    System(system::SystemArgs),
}

fn main() -> ExitCode {
    let Cli::System(args) = Cli::parse();
    match system::run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let mut text = format!("loadtest: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                text.push_str(&format!(": {error}"));
                source = error.source();
            }
            eprintln!("{text}");
            ExitCode::from(error.exit_code())
        }
    }
}
