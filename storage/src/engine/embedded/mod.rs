//! The embedded engines: files of our own in one data directory, no server needed.
//!
//! | in the data directory | what |
//! |---|---|
//! | `lock` | held by the one process that has the directory |
//! | `installation` | format, shards, lanes: fixed for its life |
//! | `log`, `log-kept` | the two logs ([`log`]) |
//! | `store` | history, directory and snapshots, in a fjall database |
//! | `socket` | while a server runs: by it the commands for this directory meet it (`server`'s) |

mod backup;
mod directory;
mod history;
mod installation;
pub mod log;
mod snapshot;
pub mod space;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fjall::Database;
use model::place::Place;
use model::time::Clock;

use super::{EngineConfig, Engines, OpenError};
use directory::EmbeddedDirectory;
use history::EmbeddedHistory;
use installation::Installation;
use log::check::Report;
use log::disk::{Disk, RealDisk};
use log::{Drive, EmbeddedLog, Home, LogOptions};
use snapshot::EmbeddedSnapshot;
use space::{FreeSpace, Space};

/// What [`Engines::close`] ends.
pub(super) struct Running {
    log: Arc<EmbeddedLog>,
    database: Database,
    path: PathBuf,
    installation: Installation,
}

/// The directories of the two logs.
const FLOWING: &str = "log";
const KEPT: &str = "log-kept";
/// The directory of history, directory and snapshots.
const STORE: &str = "store";
/// Everything that a directory without the file of an installation must not hold.
const ROOMS: [&str; 3] = [FLOWING, KEPT, STORE];
/// The newest records of a log that are kept in memory.
const MEMORY_BYTES: usize = 32 * 1024 * 1024;

/// Opens everything in the data directory of `config`.
pub(super) fn open(
    config: &EngineConfig,
    place: Place,
    clock: Arc<dyn Clock>,
) -> Result<Engines, OpenError> {
    let options = options(config)?;
    let installation = Installation::take(&config.data, place)?;
    let homes = (home(installation.room(FLOWING)?), home(installation.room(KEPT)?));
    let path = installation.room(STORE)?;
    let database = store::open(&path)?;
    let history = EmbeddedHistory::open(&database, &path, Arc::clone(&clock))?;
    let directory = EmbeddedDirectory::open(&database, &path)?;
    let snapshot = EmbeddedSnapshot::open(&database, &path)?;
    let log = Arc::new(EmbeddedLog::open(homes, place, clock, options)?);
    Ok(Engines {
        log: Arc::<EmbeddedLog>::clone(&log),
        history: Arc::new(history),
        directory: Arc::new(directory),
        snapshot: Arc::new(snapshot),
        running: Some(Arc::new(Running { log, database, path, installation })),
    })
}

/// Reads both logs of the installation in `data`, which nobody uses, and changes nothing.
pub(super) fn check(data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    let _lock = installation::hold(data)?;
    check_logs(data)
}

/// The same, whoever uses the directory or none.
fn check_logs(data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    let check = |name: &str| {
        let path = data.join(name);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only(path.clone()));
        match log::check::check(&disk) {
            Ok(report) => Ok((path, report)),
            Err(source) => Err(OpenError::Io { what: "cannot read", path, source }),
        }
    };
    [FLOWING, KEPT].into_iter().map(check).collect()
}

/// As [`crate::engine::restore`].
pub(super) fn restore(from: &Path, data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    backup::restore(from, data)
}

/// As [`crate::engine::place_of`].
pub(super) fn place_of(data: &Path) -> Result<Place, OpenError> {
    installation::place_of(data)
}

impl Running {
    /// As [`Engines::backup`].
    pub(super) fn backup(&self, to: &Path) -> Result<(), OpenError> {
        backup::backup((&self.log, &self.database), self.installation.data(), to)
    }

    /// Ends the log's writers, then syncs the store.
    pub(super) fn close(&self) -> Result<(), OpenError> {
        self.log.close();
        store::sync(&self.database, &self.path)
    }
}

impl Drop for Running {
    /// The directory is let go only when nobody writes to it any more.
    fn drop(&mut self) {
        self.log.close();
    }
}

fn options(config: &EngineConfig) -> Result<LogOptions, OpenError> {
    let (segment, linger) = (config.segment_bytes, config.linger);
    if segment < EngineConfig::SEGMENT_LEAST {
        let what = format!("{segment} is less than {}", EngineConfig::SEGMENT_LEAST);
        return Err(OpenError::Config { key: "segment_bytes", what });
    }
    if linger > EngineConfig::LINGER_MOST {
        let what = format!("{linger} is more than {}", EngineConfig::LINGER_MOST);
        return Err(OpenError::Config { key: "linger", what });
    }
    Ok(LogOptions {
        segment_bytes: segment.0,
        linger: linger.0,
        memory_bytes: MEMORY_BYTES,
        drive: Drive::Threads,
    })
}

fn home(path: PathBuf) -> Home {
    Home { space: free_space(path.clone()), disk: Arc::new(RealDisk::new(path)) }
}

fn free_space(path: PathBuf) -> FreeSpace {
    Box::new(move || room(&path))
}

fn room(path: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Space {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
    })
}
