//! The server's own log: structured lines on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogOutput};
use crate::sabotage::Faults;

/// Starts the log as configured, with a listener that `faults` may ask for. A second start in one
/// process changes nothing.
pub fn start(output: &LogOutput, faults: &Faults) -> Result<(), ParseError> {
    let filter: EnvFilter = output.filter.parse()?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match output.format {
        LogFormat::Text => {
            builder.with_ansi(is_terminal()).finish().with(faults.listener()).try_init()
        }
        LogFormat::Json => {
            builder.json().with_ansi(false).finish().with(faults.listener()).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("a log is already there");
    }
    Ok(())
}

/// Whether colours help: a terminal, and nobody asked for none (<https://no-color.org>).
fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none()
}
