//! The few things the log asks of a disk, so that a test can put a worse one in its place.

use std::fs::{DirEntry, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

/// One directory of files. Nothing done to a file or to the set of names outlives a power cut
/// before its sync was answered; after it everything does.
pub trait Disk: Send + Sync {
    /// The names of its files, in no order.
    fn names(&self) -> io::Result<Vec<String>>;

    /// A new, empty file; an error when there is one of this name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// A file that is there.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Takes a name away; who has the file open reads on.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the set of names durable.
    fn sync_names(&self) -> io::Result<()>;
}

/// One file, read and written at given places.
pub trait DiskFile: Send + Sync {
    /// Its length in bytes.
    fn size(&self) -> io::Result<u64>;

    /// Reads at byte `at` into `into`; how much, 0 at the end of the file.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at byte `at`.
    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts it to `size` bytes.
    fn truncate(&self, size: u64) -> io::Result<()>;

    /// Makes its bytes and its length durable. After an error nothing is known of what was written
    /// since the last sync, and asking again proves nothing: the kernel may have dropped the pages.
    fn sync(&self) -> io::Result<()>;
}

/// The bytes of `file` in `range`, as far as it has them.
pub(super) fn read(file: &dyn DiskFile, range: Range<u64>) -> io::Result<Vec<u8>> {
    let length = range.end.saturating_sub(range.start);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    let mut got = 0;
    while let Some(into) = bytes.get_mut(got..).filter(|into| !into.is_empty()) {
        match file.read_at(range.start + got as u64, into)? {
            0 => break,
            more => got += more,
        }
    }
    bytes.truncate(got);
    Ok(bytes)
}

/// All bytes of `file`.
pub(super) fn read_all(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    read(file, 0..file.size()?)
}

/// Gives the file `name` these bytes instead of what it had, if it was there. Not synced: after a
/// power cut it may hold anything.
pub(super) fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<Arc<dyn DiskFile>> {
    let file = match disk.open(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => disk.create(name)?,
        opened => opened?,
    };
    file.truncate(0)?;
    file.write_at(0, bytes)?;
    Ok(file)
}

/// A directory of the file system.
pub struct RealDisk {
    directory: PathBuf,
    is_read_only: bool,
}

impl RealDisk {
    /// The directory at `directory`, which is there.
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory, is_read_only: false }
    }

    /// The same, and nothing in it is changed: whatever would is an error.
    pub const fn read_only(directory: PathBuf) -> Self {
        Self { directory, is_read_only: true }
    }

    fn writes(&self) -> io::Result<()> {
        if self.is_read_only { Err(io::ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
    }
}

impl Disk for RealDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        let name = |entry: DirEntry| entry.file_name().to_string_lossy().into_owned();
        std::fs::read_dir(&self.directory)?.map(|entry| entry.map(name)).collect()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.writes()?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true).mode(0o600);
        Ok(Arc::new(RealFile(options.open(self.directory.join(name))?)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(!self.is_read_only);
        let file = options.open(self.directory.join(name))?;
        Ok(Arc::new(RealFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.writes()?;
        std::fs::remove_file(self.directory.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        self.0.metadata().map(|metadata| metadata.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read_at(into, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
