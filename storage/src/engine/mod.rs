//! The engines behind the ports: siblings, none knows another, and [`open`] picks.

mod admit;
mod budget;
pub mod embedded;
pub mod memory;
mod released;
mod watchers;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model::place::Place;
use model::time::Clock;
use model::unit::{ByteSize, Period};
use serde::{Deserialize, Serialize};

use self::embedded::log::check::Report;
use crate::port::{Directory, History, Log, LogError, Snapshot};

/// Which engine, and where it keeps its data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Which engine runs.
    pub engine: EngineKind,
    /// The data directory; made when it is not there, readable by its owner only.
    pub data: PathBuf,
    /// How large a segment of the log grows before the next one is begun.
    pub segment_bytes: ByteSize,
    /// How long an append may wait for company, at most [`EngineConfig::LINGER_MOST`]. The time
    /// the last sync took counts as waited.
    pub linger: Period,
}

/// An engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Nothing outlives the process.
    Memory,
    /// Files of our own in the data directory; no server needed.
    #[default]
    Embedded,
}

/// The four stores, open. Keep it until everything that uses them has ended, then
/// [`close`](Engines::close) it: when it goes, the log takes no more appends, whoever else still
/// holds it.
pub struct Engines {
    /// The log.
    pub log: Arc<dyn Log>,
    /// History.
    pub history: Arc<dyn History>,
    /// The directory.
    pub directory: Arc<dyn Directory>,
    /// Snapshots.
    pub snapshot: Arc<dyn Snapshot>,
    running: Option<Arc<embedded::Running>>,
}

/// Takes backups of engines in use. As long as one is kept, no other process has the data
/// directory: a backup that goes on when the engines are closed reads what nobody changes.
#[derive(Clone)]
pub struct Backups(Option<Arc<embedded::Running>>);

/// Why the engines were not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data directory.
    #[error("{} is in use by another process", data.display())]
    Busy {
        /// The data directory.
        data: PathBuf,
    },
    /// The data directory was made for an installation of another size; sizes never change.
    #[error(
        "{} was made with {recorded} {what}, the configuration says {configured}: \
         the number of {what} is fixed for an installation's life",
        data.display()
    )]
    Place {
        /// The data directory.
        data: PathBuf,
        /// `shards` or `lanes`.
        what: &'static str,
        /// What the directory was made with.
        recorded: u64,
        /// What is asked for now.
        configured: u64,
    },
    /// The data directory is of a format this version does not read.
    #[error("{} is of format {recorded}, this version reads format {supported}", data.display())]
    Format {
        /// The data directory.
        data: PathBuf,
        /// The format found.
        recorded: u64,
        /// The format this version reads and writes.
        supported: u64,
    },
    /// There is no installation to work with.
    #[error("{} is not the data directory of an installation", data.display())]
    NoInstallation {
        /// The directory.
        data: PathBuf,
    },
    /// A directory with a log or a store that does not say what it was made for.
    #[error(
        "{} holds what was copied or restored and not brought to an end: its file \
         `installation` is missing; empty it, and restore anew",
        data.display()
    )]
    Headless {
        /// The data directory.
        data: PathBuf,
    },
    /// What was durable is not all there.
    #[error("{}: something that was durable is damaged or missing", path.display())]
    Unsound {
        /// The first directory in which it shows.
        path: PathBuf,
        /// Everything that was found, as [`check_log`] tells it.
        reports: Vec<(PathBuf, Report)>,
    },
    /// The configuration asks for what the engine cannot do.
    #[error("storage.{key}: {what}")]
    Config {
        /// Which key.
        key: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A file could not be used.
    #[error("{what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The log could not be opened.
    #[error("the log could not be opened")]
    Log(#[from] LogError),
    /// History, directory or snapshots could not be opened.
    #[error("the store in {} could not be opened", path.display())]
    Store {
        /// Where it is.
        path: PathBuf,
        /// What the store said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Opens the engine that `config` names, for an installation of the size `place`.
pub fn open(
    config: &EngineConfig,
    place: Place,
    clock: Arc<dyn Clock>,
) -> Result<Engines, OpenError> {
    match config.engine {
        EngineKind::Memory => Ok(in_memory(place, clock)),
        EngineKind::Embedded => embedded::open(config, place, clock),
    }
}

/// For what size of installation the data directory, or the backup, at `data` was made.
pub fn place_of(data: &Path) -> Result<Place, OpenError> {
    embedded::place_of(data)
}

/// Reads the logs of the embedded installation in `data` from end to end, which no process has in
/// use, or of a backup, and changes nothing: each log's directory and what is found there.
pub fn check_log(data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    embedded::check(data)
}

fn in_memory(place: Place, clock: Arc<dyn Clock>) -> Engines {
    Engines {
        log: Arc::new(memory::MemoryLog::new(place, clock)),
        history: Arc::new(memory::MemoryHistory::default()),
        directory: Arc::new(memory::MemoryDirectory::default()),
        snapshot: Arc::new(memory::MemorySnapshot::default()),
        running: None,
    }
}

/// Makes the new installation `data`, which is empty or not there, of a backup; what its logs hold.
/// The logs are read from end to end before and after, as [`check_log`] does, and must be without a
/// finding: a backup has no torn tail. An error leaves `data` as it was.
pub fn restore(backup: &Path, data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    embedded::restore(backup, data)
}

impl Engines {
    /// Copies all that is durable into the new directory `to`, while the engines are in use: appends
    /// go on, but no segment of the log is removed meanwhile. History in the copy may be behind its
    /// log, never ahead. An error leaves a directory that [`restore`] refuses.
    pub fn backup(&self, to: &Path) -> Result<(), OpenError> {
        self.backups().take(to)
    }

    /// Who takes backups while others have the engines.
    pub fn backups(&self) -> Backups {
        Backups(self.running.clone())
    }

    /// Ends the engines: what was appended becomes durable, later appends are refused, threads are
    /// joined, files are synced.
    pub fn close(self) -> Result<(), OpenError> {
        self.running.map_or(Ok(()), |running| running.close())
    }
}

impl Backups {
    /// As [`Engines::backup`].
    pub fn take(&self, to: &Path) -> Result<(), OpenError> {
        let what = || "this engine keeps nothing on a disk".to_owned();
        let running = self.0.as_ref();
        running.ok_or_else(|| OpenError::Config { key: "engine", what: what() })?.backup(to)
    }
}

impl EngineConfig {
    /// The longest linger.
    pub const LINGER_MOST: Period = Period(Duration::from_millis(2));
    /// The smallest segment.
    pub const SEGMENT_LEAST: ByteSize = ByteSize(64 * 1024);
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            engine: EngineKind::default(),
            data: PathBuf::from("chasqui-data"),
            segment_bytes: ByteSize(64 * 1024 * 1024),
            linger: Period(Duration::ZERO),
        }
    }
}
