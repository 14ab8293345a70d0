use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use model::time::Clock;
use parking_lot::Mutex;

use super::disk::Disk;
use super::index::{Found, Index};
use super::intake::Intake;
use super::origin::Origin;
use super::segment::frame::{Frame, Head, NoFrame};
use super::segment::{self, HEADER_BYTES, Segment};
use super::writer::{Tip, Writer};
use super::{Drive, Holding, LogOptions, damaged, failed};
use crate::engine::budget::Budget;
use crate::engine::embedded::space::{FreeSpace, Watermark};
use crate::port::{Bell, LogError, Logged, Offset, Partition, Reader};

/// One write-ahead log: segments shared by all its partitions, and the thread that writes them.
pub(super) struct Wal {
    intake: Arc<Intake>,
    index: Arc<Mutex<Index>>,
    drive: Mutex<Driven>,
}

/// Who has the writer.
enum Driven {
    Thread(JoinHandle<()>),
    Turns(Box<Writer>),
    Ended,
}

/// What a log is made of.
pub(super) struct Parts {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) partitions: Vec<Partition>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) space: FreeSpace,
    pub(super) options: LogOptions,
}

/// A read in the making.
struct Reading<'a> {
    partition: Partition,
    from: Offset,
    budget: Budget,
    out: &'a mut Vec<Logged>,
}

impl Wal {
    /// Recovers what the disk holds and starts the writer.
    pub(super) fn open(parts: Parts) -> Result<Self, LogError> {
        let Parts { disk, partitions, clock, space, options } = parts;
        let origin = Origin::recover(&disk)?;
        let mut index = Index::new(&partitions, &origin, options.memory_bytes);
        let tip = recover(&disk, &origin, &mut index)?;
        index.reach(&tip.segment, tip.at);
        let watermark = Watermark::new(space, Arc::clone(&clock));
        let intake = Arc::new(Intake::new(watermark));
        let index = Arc::new(Mutex::new(index));
        let writer = Writer {
            disk,
            clock,
            intake: Arc::clone(&intake),
            index: Arc::clone(&index),
            segment_bytes: options.segment_bytes,
            linger: options.linger,
            tip,
            buffer: Vec::new(),
            has_rotated: true,
            failed: None,
        };
        let driven = match options.drive {
            Drive::Turns => Driven::Turns(Box::new(writer)),
            Drive::Threads => {
                let thread = std::thread::Builder::new().name("log-writer".into());
                Driven::Thread(thread.spawn(|| writer.run()).map_err(failed)?)
            }
        };
        Ok(Self { intake, index, drive: Mutex::new(driven) })
    }

    /// As [`super::EmbeddedLog::turn`].
    pub(super) fn turn(&self) -> bool {
        match &mut *self.drive.lock() {
            Driven::Turns(writer) => writer.turn(),
            Driven::Thread(_) | Driven::Ended => false,
        }
    }

    /// Where appends are handed in.
    pub(super) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// As [`crate::port::Log::read`].
    pub(super) fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        let mut reading = Reading { partition, from, budget: Budget::new(max_bytes), out };
        while !reading.budget.is_spent() {
            let stored = match self.index.lock().find(partition, reading.from) {
                Ok(Found::Stored(stored)) => stored,
                Ok(Found::Memory(mut records)) => {
                    records.all(|logged| reading.take(logged.clone()));
                    return Ok(());
                }
                Ok(Found::End) => return Ok(()),
                Err(LogError::Gone { .. }) if reading.from > from => return Ok(()),
                Err(error) => return Err(error),
            };
            match reading.scan(&stored.segment, stored.at, stored.until) {
                // It was removed meanwhile; the index knows.
                Err(LogError::Failed { .. }) if self.is_gone(partition, reading.from)? => {}
                // What stands before the damage is given; the next read begins at it.
                Err(LogError::Damaged { .. }) if reading.from > from => return Ok(()),
                scanned => scanned?,
            }
        }
        Ok(())
    }

    /// As [`crate::port::Log::bounds`].
    pub(super) fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.index.lock().bounds(partition)
    }

    /// As [`crate::port::Log::release`].
    pub(super) fn release(&self, reader: Reader, partition: Partition, offset: Offset) {
        if self.index.lock().release(reader, partition, offset) {
            self.intake.nudge();
        }
    }

    /// The files that hold what is durable.
    pub(super) fn holding(&self) -> Holding {
        self.index.lock().holding().unwrap_or_default()
    }

    /// From now on no segment is removed.
    pub(super) fn hold(&self) {
        self.index.lock().hold();
    }

    /// Segments may be removed again.
    pub(super) fn let_go(&self) {
        let mut index = self.index.lock();
        index.let_go();
        if index.can_remove() {
            self.intake.nudge();
        }
    }

    fn is_gone(&self, partition: Partition, offset: Offset) -> Result<bool, LogError> {
        Ok(offset < self.bounds(partition)?.start)
    }

    /// As [`crate::port::Log::watch`].
    pub(super) fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.index.lock().watch(partition, bell);
    }

    /// Writes what waits, refuses what comes, and ends the writer.
    pub(super) fn close(&self) {
        self.intake.close();
        let driven = std::mem::replace(&mut *self.drive.lock(), Driven::Ended);
        match driven {
            Driven::Turns(writer) => writer.run(),
            Driven::Thread(thread) => {
                if thread.join().is_err() {
                    tracing::error!("the log's writer had panicked");
                }
            }
            Driven::Ended => {}
        }
    }
}

impl Reading<'_> {
    /// Takes a record if it still fits.
    fn take(&mut self, logged: Logged) -> bool {
        let takes = self.budget.takes(&logged);
        if takes {
            self.from = logged.offset + 1;
            self.out.push(logged);
        }
        takes
    }

    /// Takes the partition's records before `until` from `segment`, in which byte `at` is the
    /// beginning of a frame at or before the next one.
    fn scan(&mut self, segment: &Segment, at: u64, until: Offset) -> Result<(), LogError> {
        let mut reader = segment.reader(at).map_err(failed)?;
        let bad = |at| damaged(&segment.name(), at, "a frame that was durable cannot be read");
        while self.from < until && !self.budget.is_spent() {
            let at = reader.spot().at;
            let (head, bytes) = reader.peek().map_err(failed)?.map_err(|_| bad(at))?;
            if head.partition == self.partition && head.offset >= self.from {
                if head.offset > self.from {
                    return Err(bad(at));
                }
                let (frame, _) = reader.frame().map_err(failed)?.map_err(|_: NoFrame| bad(at))?;
                if !self.take(logged(&frame)) {
                    return Ok(());
                }
            }
            reader.skip(bytes);
        }
        Ok(())
    }
}

fn logged(frame: &Frame<'_>) -> Logged {
    let Head { offset, at, .. } = frame.head;
    Logged { offset, at, bytes: Bytes::copy_from_slice(frame.payload) }
}

/// Takes every segment into `index`; where the writer goes on.
fn recover(disk: &Arc<dyn Disk>, origin: &Origin, index: &mut Index) -> Result<Tip, LogError> {
    let segments = Segment::all(disk, origin.segment)?;
    let Some((last, full)) = segments.split_last() else {
        let (segment, file) = Segment::create(disk, segment::FIRST).map_err(failed)?;
        return Ok(Tip { segment, file, at: HEADER_BYTES, ends: index.ends() });
    };
    for segment in full {
        recover_full(segment, index)?;
        index.close(segment);
    }
    let at = last.recover(true, |at, frame| index.add(last, at, &frame.head))?;
    let file = last.file().map_err(failed)?;
    Ok(Tip { segment: Arc::clone(last), file, at, ends: index.ends() })
}

/// Takes a segment that is not the last as its outline says; without one, reads it.
fn recover_full(segment: &Arc<Segment>, index: &mut Index) -> Result<(), LogError> {
    if let Some(outline) = segment.outline()? {
        let adopted = index.adopt(segment, outline);
        return adopted.map_err(|what| damaged(&segment.name(), 0, &what));
    }
    let length = segment.recover(false, |at, frame| index.add(segment, at, &frame.head))?;
    segment.keep_outline(&index.outline(segment, length));
    Ok(())
}
