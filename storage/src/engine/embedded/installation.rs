//! The data directory: whose it is, and for what size of installation it was made.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use model::place::Place;

use crate::engine::OpenError;

/// A data directory that is this process's alone as long as this is kept.
pub(super) struct Installation {
    data: PathBuf,
    _lock: File,
}

/// What the directory was made for, one `name = number` a line.
struct Facts {
    format: u64,
    shards: u64,
    lanes: u64,
}

/// The format of everything in the directory.
const FORMAT: u64 = 1;
const LOCK: &str = "lock";
/// The file that says what the directory was made for.
pub(super) const FACTS: &str = "installation";

impl Installation {
    /// Takes the directory at `data`, made if it is not there, for an installation of the size
    /// `place`.
    pub(super) fn take(data: &Path, place: Place) -> Result<Self, OpenError> {
        make(data)?;
        let lock = lock(data)?;
        let installation = Self { data: data.to_owned(), _lock: lock };
        installation.compare(place)?;
        Ok(installation)
    }

    /// Where it is.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// A directory within it, made if it is not there.
    pub(super) fn room(&self, name: &str) -> Result<PathBuf, OpenError> {
        let path = self.data.join(name);
        make(&path)?;
        Ok(path)
    }

    fn compare(&self, place: Place) -> Result<(), OpenError> {
        let path = self.data.join(FACTS);
        let wanted = Facts::of(place);
        let found = match std::fs::read_to_string(&path) {
            Ok(text) => Facts::read(&text).ok_or_else(|| {
                io_error("cannot understand", &path, io::ErrorKind::InvalidData.into())
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self
                    .record(&wanted)
                    .map_err(|source| io_error("cannot write", &path, source));
            }
            Err(source) => return Err(io_error("cannot read", &path, source)),
        };
        if found.format != FORMAT {
            let data = self.data.clone();
            return Err(OpenError::Format { data, recorded: found.format, supported: FORMAT });
        }
        self.same("shards", found.shards, wanted.shards)?;
        self.same("lanes", found.lanes, wanted.lanes)
    }

    fn same(&self, what: &'static str, recorded: u64, configured: u64) -> Result<(), OpenError> {
        if recorded == configured {
            return Ok(());
        }
        Err(OpenError::Place { data: self.data.clone(), what, recorded, configured })
    }

    /// Whole or not at all: written beside, synced, renamed.
    fn record(&self, facts: &Facts) -> io::Result<()> {
        let beside = self.data.join("installation.new");
        let mut file = create(&beside)?;
        file.write_all(facts.text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, self.data.join(FACTS))?;
        sync(&self.data)
    }
}

impl Facts {
    fn of(place: Place) -> Self {
        let (shards, lanes) = (u64::from(place.shards()), u64::from(place.lanes()));
        Self { format: FORMAT, shards, lanes }
    }

    fn text(&self) -> String {
        let Self { format, shards, lanes } = self;
        format!("format = {format}\nshards = {shards}\nlanes = {lanes}\n")
    }

    fn read(text: &str) -> Option<Self> {
        let number = |name| {
            let (_, value) = text
                .lines()
                .find_map(|line| line.split_once('=').filter(|(found, _)| found.trim() == name))?;
            value.trim().parse().ok()
        };
        Some(Self { format: number("format")?, shards: number("shards")?, lanes: number("lanes")? })
    }
}

/// Makes a directory that only its owner may enter, durable with its name.
fn make(path: &Path) -> Result<(), OpenError> {
    if path.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| {
        sync(path.parent().filter(|up| *up != Path::new("")).unwrap_or(Path::new(".")))
    })
    .map_err(|source| io_error("cannot make", path, source))
}

/// Holds the directory of an installation that is there, so that no process begins to use it.
pub(super) fn hold(data: &Path) -> Result<File, OpenError> {
    let path = data.join(LOCK);
    let file = File::open(&path).map_err(|source| io_error("cannot open", &path, source))?;
    locked(file, data)
}

fn lock(data: &Path) -> Result<File, OpenError> {
    let path = data.join(LOCK);
    let file = create(&path).map_err(|source| io_error("cannot open", &path, source))?;
    locked(file, data)
}

fn locked(file: File, data: &Path) -> Result<File, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Busy { data: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io_error("cannot lock", data, source)),
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { what, path: path.to_owned(), source }
}
