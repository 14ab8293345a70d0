use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The shape of the installation, fixed for its life: a start with another is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Installation {
    /// Shards, 1 to 1024.
    pub shards: u16,
    /// Lanes of each shard, 1 to 64: one worker thread each.
    pub lanes: u8,
}

impl Default for Installation {
    fn default() -> Self {
        Self { shards: 4, lanes: 2 }
    }
}

/// The admin listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Where it listens. It has no login: keep it off public networks.
    pub listen: SocketAddr,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9464)) }
    }
}

/// What an empty installation begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bootstrap {
    /// A file of operations, groups, users, endpoints and channels; without one, the starter.
    pub settings: Option<PathBuf>,
    /// Where the starter's simulated provider listens.
    pub simulator: SocketAddr,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { settings: None, simulator: SocketAddr::from(([127, 0, 0, 1], 8082)) }
    }
}

/// The server's own log, on standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogOutput {
    /// How a line looks.
    pub format: LogFormat,
    /// What is logged: directives of `tracing-subscriber`'s `EnvFilter`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for LogOutput {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}
