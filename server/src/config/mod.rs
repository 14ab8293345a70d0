//! Configuration: one TOML file, variables over it, and errors that say where and what was meant.
//!
//! Each crate owns the settings of its rooms; this module composes them. The commented default
//! file is compiled in and is also the table of known keys ([`keys`]), so the two cannot part.

pub mod keys;

mod environment;
mod hint;
mod section;
mod source;

use std::path::{Path, PathBuf};

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
        let fault = |error| source.toml_fault(&error);
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
        Place::new(shards, 1)
            .map_err(|error| self.fault("installation", "shards", error.to_string()))?;
        Place::new(shards, lanes)
            .map_err(|error| self.fault("installation", "lanes", error.to_string()))
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

    fn check(&self) -> Result<(), Fault> {
        self.place()?;
        self.bootstrap_file()?;
        Ok(())
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
