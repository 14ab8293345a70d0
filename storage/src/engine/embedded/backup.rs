//! A copy of an installation that is in use, and an installation from such a copy.
//!
//! The order makes the copy consistent. First no segment may be removed any more; then the store is
//! copied as it is at one moment; then the flowing log up to its durable end, and then the kept one.
//! So the log holds everything that the store's positions count on, and what the flowing log refers
//! to in the kept one is there. Rows that history lacks are written again from the log.
//!
//! Full segments never change, so on the same file system they are linked and not copied. The
//! file that says whose the directory is comes last: without it a copy is not whole, and
//! [`restore`] refuses it.
//!
//! A restore reads the logs of the backup before it copies anything, and those of the copy after.
//! There too the file comes last: what a crash left of a restore is not taken for an installation.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable};

use super::installation::{self, FACTS};
use super::log::check::Report;
use super::log::{EmbeddedLog, Holding};
use super::{FLOWING, KEPT, STORE, check_logs, store};
use crate::engine::OpenError;

/// Rows of the store copied in one batch.
const ROWS: usize = 1_000;

/// Copies the installation in `data`, whose engines are these, into the new directory `to`.
pub(super) fn backup(
    (log, database): (&EmbeddedLog, &Database),
    data: &Path,
    to: &Path,
) -> Result<(), OpenError> {
    let _held = log.hold();
    make(to)?;
    copy_store(database, &to.join(STORE))?;
    // Asked for one after the other, and only now: see above.
    for (name, holding) in [(FLOWING, EmbeddedLog::flowing as Side), (KEPT, EmbeddedLog::kept)] {
        copy_log(&data.join(name), &to.join(name), &holding(log))?;
    }
    place_file(&data.join(FACTS), &to.join(FACTS))?;
    sync(to)?;
    sync_name(to)
}

type Side = fn(&EmbeddedLog) -> Holding;

/// Makes the new installation `data` of the backup `from`, and reads its logs. What it made is
/// removed again when that fails.
pub(super) fn restore(from: &Path, data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    installation::place_of(from)?;
    whole(check_logs(from)?)?;
    let is_new = take_empty(data)?;
    let restored = fill(from, data);
    if restored.is_err() {
        empty(data, is_new);
    }
    restored
}

fn fill(from: &Path, data: &Path) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    let _lock = installation::lock(data)?;
    for name in [STORE, FLOWING, KEPT] {
        copy_tree(&from.join(name), &data.join(name))?;
    }
    store::open(&data.join(STORE))?;
    let reports = whole(check_logs(data)?)?;
    sync(data)?;
    copy(&from.join(FACTS), &data.join(FACTS))?;
    sync(data)?;
    sync_name(data)?;
    Ok(reports)
}

/// The reports of logs without a finding. A backup ends where what was durable ended: what would be
/// a torn tail elsewhere was cut off or damaged later.
fn whole(reports: Vec<(PathBuf, Report)>) -> Result<Vec<(PathBuf, Report)>, OpenError> {
    match reports.iter().find(|(_, report)| !report.findings.is_empty()) {
        None => Ok(reports),
        Some((path, _)) => Err(OpenError::Unsound { path: path.clone(), reports }),
    }
}

/// Makes the directory, or finds it empty; whether it was made.
fn take_empty(data: &Path) -> Result<bool, OpenError> {
    match fs::read_dir(data) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => {
                Err(failed("cannot restore into", data)(io::ErrorKind::DirectoryNotEmpty.into()))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data).map(|()| true),
        Err(source) => Err(failed("cannot read", data)(source)),
    }
}

/// Removes what a restore that failed had made. What cannot be removed stays, and is no
/// installation.
fn empty(data: &Path, is_new: bool) {
    for name in [STORE, FLOWING, KEPT] {
        drop(fs::remove_dir_all(data.join(name)));
    }
    drop(fs::remove_file(data.join(installation::LOCK)));
    if is_new {
        drop(fs::remove_dir(data));
    }
}

fn copy_store(database: &Database, to: &Path) -> Result<(), OpenError> {
    let failed =
        |source: fjall::Error| OpenError::Store { path: to.to_owned(), source: Box::new(source) };
    make(to)?;
    let moment = database.snapshot();
    let copy = Database::builder(to).open().map_err(failed)?;
    for name in database.list_keyspace_names() {
        let rows = database.keyspace(&name, KeyspaceCreateOptions::default).map_err(failed)?;
        let into = copy.keyspace(&name, KeyspaceCreateOptions::default).map_err(failed)?;
        copy_rows(&moment, &rows, (&copy, &into)).map_err(failed)?;
    }
    copy.persist(PersistMode::SyncAll).map_err(failed)
}

fn copy_rows(
    moment: &impl Readable,
    rows: &Keyspace,
    (copy, into): (&Database, &Keyspace),
) -> fjall::Result<()> {
    let mut batch = copy.batch();
    let mut count = 0;
    for row in moment.iter(rows) {
        let (key, value) = row.into_inner()?;
        batch.insert(into, key, value);
        count += 1;
        if count % ROWS == 0 {
            std::mem::replace(&mut batch, copy.batch()).commit()?;
        }
    }
    batch.commit()
}

fn copy_log(from: &Path, to: &Path, holding: &Holding) -> Result<(), OpenError> {
    make(to)?;
    for name in &holding.full {
        place_file(&from.join(name), &to.join(name))?;
    }
    let (newest, bytes) = &holding.newest;
    copy_part(&from.join(newest), &to.join(newest), *bytes)?;
    if let Some((name, bytes)) = &holding.origin {
        write(&to.join(name), |file| file.write_all(bytes))?;
    }
    sync(to)
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), OpenError> {
    make(to)?;
    for entry in fs::read_dir(from).map_err(failed("cannot read", from))? {
        let path = entry.map_err(failed("cannot read", from))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_tree(&path, &to.join(name))?;
        } else {
            copy(&path, &to.join(name))?;
        }
    }
    sync(to)
}

/// A file that never changes: linked where that can be, else copied.
fn place_file(from: &Path, to: &Path) -> Result<(), OpenError> {
    if fs::hard_link(from, to).is_ok() { Ok(()) } else { copy(from, to) }
}

fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    copy_part(from, to, u64::MAX)
}

fn copy_part(from: &Path, to: &Path, bytes: u64) -> Result<(), OpenError> {
    let file = File::open(from).map_err(failed("cannot open", from))?;
    write(to, |into| io::copy(&mut file.take(bytes), into).map(drop))
}

/// A new file, durable.
fn write(to: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), OpenError> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(to);
    let filled = made.and_then(|mut file| fill(&mut file).and_then(|()| file.sync_all()));
    filled.map_err(failed("cannot write", to))
}

/// A new directory that only its owner may enter.
fn make(path: &Path) -> Result<(), OpenError> {
    DirBuilder::new().mode(0o700).create(path).map_err(failed("cannot make", path))
}

fn sync(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed("cannot sync", path))
}

/// Makes the name of `path` durable.
fn sync_name(path: &Path) -> Result<(), OpenError> {
    sync(path.parent().filter(|up| *up != Path::new("")).unwrap_or(Path::new(".")))
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> OpenError {
    let path: PathBuf = path.to_owned();
    move |source| OpenError::Io { what, path: path.clone(), source }
}
