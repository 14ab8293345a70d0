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
/// The file that the one process holds.
pub(super) const LOCK: &str = "lock";
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
        let wanted = Facts::of(place);
        let Some(found) = facts(&self.data)? else {
            if super::ROOMS.iter().any(|name| self.data.join(name).exists()) {
                return Err(OpenError::Headless { data: self.data.clone() });
            }
            let path = self.data.join(FACTS);
            return self.record(&wanted).map_err(|source| io_error("cannot write", &path, source));
        };
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

/// For what size of installation the directory at `data` was made.
pub(super) fn place_of(data: &Path) -> Result<Place, OpenError> {
    let path = data.join(FACTS);
    let unlawful = || io_error("cannot understand", &path, io::ErrorKind::InvalidData.into());
    let Some(Facts { shards, lanes, .. }) = facts(data)? else {
        return Err(OpenError::NoInstallation { data: data.to_owned() });
    };
    let (shards, lanes) = (u16::try_from(shards), u8::try_from(lanes));
    let (Ok(shards), Ok(lanes)) = (shards, lanes) else { return Err(unlawful()) };
    Place::new(shards, lanes).map_err(|_| unlawful())
}

/// What the directory says it was made for, if it says so.
fn facts(data: &Path) -> Result<Option<Facts>, OpenError> {
    let path = data.join(FACTS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error("cannot read", &path, source)),
    };
    let unlawful = || io_error("cannot understand", &path, io::ErrorKind::InvalidData.into());
    let found = Facts::read(&text).ok_or_else(unlawful)?;
    if found.format != FORMAT {
        let data = data.to_owned();
        return Err(OpenError::Format { data, recorded: found.format, supported: FORMAT });
    }
    Ok(Some(found))
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

/// Holds the directory of an installation that is there, so that no process begins to use it. A
/// backup has nothing to hold: nobody uses it as it is.
pub(super) fn hold(data: &Path) -> Result<Option<File>, OpenError> {
    let path = data.join(LOCK);
    match File::open(&path) {
        Ok(file) => locked(file, data).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound && facts(data)?.is_some() => Ok(None),
        Err(source) => Err(io_error("cannot open", &path, source)),
    }
}

/// Takes the directory, which is there, for this process.
pub(super) fn lock(data: &Path) -> Result<File, OpenError> {
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
