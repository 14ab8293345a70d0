//! Configuration: one TOML file, variables over it, and errors that say where and what was meant.
//!
//! Each crate owns the settings of its rooms; this module composes them. The commented default
//! file is compiled in and is also the table of known keys ([`keys`]), so the two cannot part.

pub mod keys;

mod check;
mod environment;
mod hint;
mod section;
mod source;

use std::path::{Path, PathBuf};

use model::id::{LaneId, ShardId};
use model::place::Place;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use environment::PREFIX;
pub use section::{Admin, Bootstrap, Installation, LogFormat, LogOutput};
pub use source::{Fault, Source, Unreadable};

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The shape of the installation, fixed for its life.
    pub installation: Installation,
    /// The webhook listener.
    pub ingest: gateway::http::IngestConfig,
    /// The desk: API, WebSocket and console.
    pub desk: gateway::api::DeskConfig,
    /// Health and metrics.
    pub admin: Admin,
    /// The storage engine.
    pub storage: storage::engine::EngineConfig,
    /// The distributor.
    pub distributor: distributor::Config,
    /// Sending to providers.
    pub dispatch: gateway::dispatch::DispatchConfig,
    /// What an empty installation begins with.
    pub bootstrap: Bootstrap,
    /// The server's own log.
    pub log: LogOutput,
}

/// A configuration, and where its parts were written.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    source: Source,
    variables: Vec<String>,
}

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The file, a variable or an argument has a mistake.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Loaded {
    /// Reads `file` (without one, the defaults), puts `variables` over it and checks the whole.
    pub fn read(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let source = match file {
            Some(path) => Source::read(path)?,
            None => Source::new("default configuration", ""),
        };
        Ok(Self::parse(source, variables)?)
    }

    /// As [`Self::read`], from a text.
    pub fn parse(
        source: Source,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Fault> {
        let fault = |error| located(&source, &error);
        toml::from_str::<Config>(source.text()).map_err(fault)?;
        let table = toml::from_str::<toml::Table>(source.text()).map_err(fault)?;
        let (config, variables) = environment::overlay(table, variables)?;
        let loaded = Self { config, source, variables };
        loaded.check()?;
        Ok(loaded)
    }

    /// What is wrong with the value of one key, shown where that value was written.
    pub fn fault(&self, section: &str, key: &str, message: impl Into<String>) -> Fault {
        if self.variables.contains(&format!("{section}.{key}")) {
            return Fault::named(environment::variable_of(section, key), message);
        }
        match span_of(&self.source, section, key) {
            Some(span) => self.source.fault(span, message),
            None => Fault::named(format!("{section}.{key} (default)"), message),
        }
    }

    /// The installation's shape.
    pub fn place(&self) -> Result<Place, Fault> {
        let Installation { shards, lanes } = self.config.installation;
        let wrong = |key, value: u64, most: u64| {
            let message = format!("{key} = {value} is outside 1..={most}");
            self.fault("installation", key, message)
        };
        Place::new(shards, 1).map_err(|_| wrong("shards", shards.into(), SHARDS_MOST))?;
        Place::new(shards, lanes).map_err(|_| wrong("lanes", lanes.into(), LANES_MOST))
    }

    /// The settings file to bootstrap from, if one is named; beside the configuration file, when
    /// it was named there.
    pub fn bootstrap_file(&self) -> Result<Option<PathBuf>, Fault> {
        let Some(named) = &self.config.bootstrap.settings else { return Ok(None) };
        let by_variable = self.variables.iter().any(|set| set == "bootstrap.settings");
        let path = if by_variable { named.clone() } else { self.source.folder().join(named) };
        if !path.is_file() {
            let message = format!("there is no file {}", path.display());
            return Err(self.fault("bootstrap", "settings", message));
        }
        Ok(Some(path))
    }

    /// Whether somebody wrote the key, in the file or as a variable.
    fn is_set(&self, section: &str, key: &str) -> bool {
        self.variables.contains(&format!("{section}.{key}"))
            || span_of(&self.source, section, key).is_some()
    }
}

/// The most shards of an installation, and the most lanes of a shard: what [`Place::new`] takes.
const SHARDS_MOST: u64 = ShardId::MAX as u64 + 1;
const LANES_MOST: u64 = LaneId::MAX as u64 + 1;

/// A parser's mistake, in the words of the key it is about.
fn located(source: &Source, error: &toml::de::Error) -> Fault {
    let span = error.span().unwrap_or(0..0);
    let written = source.text().get(span.clone()).unwrap_or("").trim_matches('"');
    let at = |key: &keys::Key| span_of(source, &key.section, &key.name) == Some(span.clone());
    match keys::known().iter().find(|key| at(key)) {
        Some(key) => source.fault(span, hint::explain_value(error.message(), written, &key.value)),
        None => source.toml_fault(error),
    }
}

/// Where the value of a key stands in the text.
fn span_of(source: &Source, section: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let table: Spanned<DeTable<'_>> = DeTable::parse(source.text()).ok()?;
    let section: &Spanned<DeValue<'_>> = table.get_ref().get(section)?;
    section.get_ref().get(key).map(Spanned::span)
}

#[cfg(test)]
mod tests;
