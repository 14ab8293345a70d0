//! Segments: the files of a log, and what is made of them at the start.
//!
//! A segment is a header and then frames to its end. The writer writes a group of frames at once,
//! then syncs; only after that is anything of the group answered or read. So after a power cut the
//! last segment may end in a group of which any part reached the disk, in any order. That is a
//! **torn tail**, and it is cut off at its first bad frame: nobody was ever told of it. A valid
//! frame further on that was written with a *later* group proves the opposite: the bad frame had
//! been synced, and then was damaged. That refuses the start, because something that was promised
//! is gone and a person must look.
//!
//! Only the last segment is read at a start. What the others hold is told by their [`outline`]s;
//! one without its outline is read, and any bad frame in it refuses the start. Damage inside a
//! segment that was not read is found when somebody reads the record, and told as loudly.

pub(super) mod frame;
pub(super) mod outline;
pub(super) mod reader;

use std::io;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::disk::{self, Disk, DiskFile};
use super::{damaged, failed};
use crate::port::LogError;
use frame::{Frame, Spot};
use outline::Outline;
use reader::Reader;

/// Bytes before the first frame: magic, version, number, and a checksum of the three.
pub(super) const HEADER_BYTES: u64 = 24;
const MAGIC: [u8; 8] = *b"chasqui\0";
const VERSION: u32 = 1;
const LOG: &str = ".log";
const OUTLINE: &str = ".outline";
/// The number of a log's first segment.
pub(super) const FIRST: u64 = 1;

/// One file of the log.
pub(super) struct Segment {
    /// Its number: one more than that of the segment before it.
    pub(super) number: u64,
    disk: Arc<dyn Disk>,
    /// Its file, as long as somebody uses it: there may be more segments than a process may
    /// have files open.
    open: Mutex<Option<Weak<dyn DiskFile>>>,
}

impl Segment {
    /// Makes segment `number`, durable with its name.
    pub(super) fn create(
        disk: &Arc<dyn Disk>,
        number: u64,
    ) -> io::Result<(Arc<Self>, Arc<dyn DiskFile>)> {
        let file = disk.create(&name_of(number))?;
        file.write_at(0, &header(number))?;
        file.sync()?;
        disk.sync_names()?;
        let segment = Self::named(disk, number);
        *segment.open.lock() = Some(Arc::downgrade(&file));
        Ok((segment, file))
    }

    /// Every segment of the disk from number `first` on, in order.
    pub(super) fn all(disk: &Arc<dyn Disk>, first: u64) -> Result<Vec<Arc<Self>>, LogError> {
        let names = disk.names().map_err(failed)?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| log_number(name)).collect();
        numbers.sort_unstable();
        if numbers.is_empty() && first > FIRST {
            return Err(damaged(&name_of(first), 0, "the segment is missing"));
        }
        for (due, number) in (first..).zip(&numbers) {
            if due != *number {
                return Err(damaged(&name_of(due), 0, "the segment is missing"));
            }
        }
        Ok(numbers.into_iter().map(|number| Self::named(disk, number)).collect())
    }

    /// Its file.
    pub(super) fn file(&self) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock();
        if let Some(file) = open.as_ref().and_then(Weak::upgrade) {
            return Ok(file);
        }
        let file = self.disk.open(&name_of(self.number))?;
        *open = Some(Arc::downgrade(&file));
        Ok(file)
    }

    /// Segment `number`, which is there.
    pub(super) fn named(disk: &Arc<dyn Disk>, number: u64) -> Arc<Self> {
        Arc::new(Self { number, disk: Arc::clone(disk), open: Mutex::new(None) })
    }

    /// Its file's name.
    pub(super) fn name(&self) -> String {
        name_of(self.number)
    }

    /// A reader that stands at the frame at byte `at`.
    pub(super) fn reader(&self, at: u64) -> io::Result<Reader> {
        Ok(Reader::new(self.file()?, Spot { segment: self.number, at }))
    }

    /// What it holds, as its outline says; an error without its own header.
    pub(super) fn outline(&self) -> Result<Option<Outline>, LogError> {
        self.check_header()?;
        self.outline_found().map_err(failed)
    }

    /// Its outline, which is not believed if it is not of exactly this segment.
    pub(super) fn outline_found(&self) -> io::Result<Option<Outline>> {
        let bytes = match self.disk.open(&outline_of(self.number)) {
            Ok(file) => disk::read_all(file.as_ref())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_own = (self.number, self.size()?);
        Ok(Outline::decode(&bytes).filter(|outline| (outline.segment, outline.length) == is_own))
    }

    /// Keeps its outline beside it. It is of use and no more: without it, the segment is read.
    pub(super) fn keep_outline(&self, outline: &Outline) {
        let kept = disk::replace(self.disk.as_ref(), &outline_of(self.number), &outline.encode());
        if let Err(error) = kept {
            tracing::warn!(%error, segment = self.name(), "the outline could not be written");
        }
    }

    /// Its length in bytes.
    pub(super) fn size(&self) -> io::Result<u64> {
        self.file()?.size()
    }

    /// Verifies header and frames and shows each frame to `each`; the segment's length. If it is
    /// the `last` one, a torn tail is cut off first and what is left is synced: a process that was
    /// killed leaves frames that are whole but not yet durable.
    pub(super) fn recover(
        &self,
        last: bool,
        mut each: impl FnMut(u64, &Frame<'_>) -> Result<(), String>,
    ) -> Result<u64, LogError> {
        let file = self.file().map_err(failed)?;
        let size = file.size().map_err(failed)?;
        if last && size <= HEADER_BYTES {
            begin_again(file.as_ref(), self.number).map_err(failed)?;
            return Ok(HEADER_BYTES);
        }
        self.check_header()?;
        let end = self.walk(&mut each)?;
        if end < size {
            self.cut(last, end, size)?;
        }
        if last {
            file.sync().map_err(failed)?;
        }
        Ok(end)
    }

    /// Shows each frame to `each` until there is no valid one; where that is.
    fn walk(
        &self,
        each: &mut impl FnMut(u64, &Frame<'_>) -> Result<(), String>,
    ) -> Result<u64, LogError> {
        let mut reader = self.reader(HEADER_BYTES).map_err(failed)?;
        loop {
            let at = reader.spot().at;
            let Ok((frame, bytes)) = reader.frame().map_err(failed)? else { return Ok(at) };
            each(at, &frame).map_err(|what| damaged(&self.name(), at, &what))?;
            reader.skip(bytes);
        }
    }

    /// Cuts the tail that begins with the bad frame at `end`, if it is a torn one.
    fn cut(&self, last: bool, end: u64, size: u64) -> Result<(), LogError> {
        if !last {
            return Err(damaged(&self.name(), end, "a bad frame, and there are later segments"));
        }
        if let Some(later) = self.later_group(end, size).map_err(failed)? {
            let what = format!("a bad frame, and at byte {later} one that was written after it");
            return Err(damaged(&self.name(), end, &what));
        }
        let bytes = size - end;
        tracing::warn!(segment = self.name(), at = end, bytes, "a torn tail is cut off");
        self.file().and_then(|file| file.truncate(end)).map_err(failed)
    }

    /// Where a valid frame stands that was written after byte `bad` had been synced.
    fn later_group(&self, bad: u64, size: u64) -> io::Result<Option<u64>> {
        let rest = disk::read(self.file()?.as_ref(), bad..size)?;
        let later = (bad..size).zip(0..).skip(1).find(|&(at, skipped)| {
            let ahead = rest.get(skipped..).unwrap_or_default();
            frame::decode(ahead, Spot { segment: self.number, at })
                .is_ok_and(|frame| at.saturating_sub(u64::from(frame.head.unsynced)) > bad)
        });
        Ok(later.map(|(at, _)| at))
    }

    /// Whether its header is there, and its own.
    pub(super) fn has_header(&self) -> io::Result<bool> {
        Ok(disk::read(self.file()?.as_ref(), 0..HEADER_BYTES)? == header(self.number))
    }

    fn check_header(&self) -> Result<(), LogError> {
        if !self.has_header().map_err(failed)? {
            return Err(damaged(&self.name(), 0, "the header is not one of this segment"));
        }
        Ok(())
    }
}

/// The header was not synced before the power went: there is nothing in the segment yet.
fn begin_again(file: &dyn DiskFile, number: u64) -> io::Result<()> {
    file.truncate(0)?;
    file.write_at(0, &header(number))?;
    file.sync()
}

fn header(number: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// The file of segment `number`.
pub(super) fn name_of(number: u64) -> String {
    format!("{number:016}{LOG}")
}

fn outline_of(number: u64) -> String {
    format!("{number:016}{OUTLINE}")
}

/// The segment that the file `name` is.
pub(super) fn log_number(name: &str) -> Option<u64> {
    name.strip_suffix(LOG)?.parse().ok()
}

/// The segment that the file `name` is, or is the outline of.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(LOG).or_else(|| name.strip_suffix(OUTLINE))?.parse().ok()
}
