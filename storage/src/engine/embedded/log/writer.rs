use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use model::time::{Clock, Timestamp};
use parking_lot::Mutex;

use super::disk::{Disk, DiskFile};
use super::index::Index;
use super::intake::{Done, Intake, Request};
use super::segment::frame::{self, Head, Spot};
use super::segment::{HEADER_BYTES, Segment};
use crate::port::{LogError, Logged, NewRecord, Offset, Partition};

/// The one thread that writes. It takes all that waits as a group, writes it with one call, syncs
/// it with one call, and only then shows it to readers and answers the callers.
pub(super) struct Writer {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) intake: Arc<Intake>,
    pub(super) index: Arc<Mutex<Index>>,
    pub(super) segment_bytes: u64,
    pub(super) linger: Duration,
    pub(super) tip: Tip,
    /// The bytes of the group in hand; kept between groups for its room.
    pub(super) buffer: Vec<u8>,
    /// Whether a segment was filled since the last look for what may be removed.
    pub(super) has_rotated: bool,
    /// What the disk said when it failed. Whatever it says later is not believed.
    pub(super) failed: Option<Arc<dyn Error + Send + Sync>>,
}

/// Where the next group goes.
pub(super) struct Tip {
    /// The segment being written, and its file.
    pub(super) segment: Arc<Segment>,
    pub(super) file: Arc<dyn DiskFile>,
    /// Its length.
    pub(super) at: u64,
    /// The next offset of every partition.
    pub(super) ends: HashMap<Partition, Offset>,
}

/// What is made known of a group once it is durable.
#[derive(Default)]
struct Group {
    written: Vec<Written>,
    answers: Vec<(Done, Vec<Offset>)>,
}

/// One record of a group.
struct Written {
    at: u64,
    head: Head,
    bytes: Bytes,
}

/// What a caller is told.
type Answer = (Done, Result<Vec<Offset>, LogError>);

/// Segments removed between two groups, at most: who appends waits for it.
const SEGMENTS_REMOVED: usize = 8;
/// A buffer that grew beyond this is given back after the group.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;

impl Writer {
    /// Writes until the intake is closed and empty.
    pub(super) fn run(mut self) {
        let mut synced_in = Duration::ZERO;
        while let Some(requests) = self.intake.group(self.linger.saturating_sub(synced_in)) {
            let begun = self.clock.now();
            self.write(requests, begun);
            synced_in = self.clock.now().since(begun);
        }
    }

    /// Writes the group that waits; whether there was one.
    pub(super) fn turn(&mut self) -> bool {
        let Some(requests) = self.intake.waiting_group() else { return false };
        self.write(requests, self.clock.now());
        true
    }

    /// Writes a group, tells who waits for it, and then clears away.
    fn write(&mut self, requests: Vec<Request>, now: Timestamp) {
        let bytes = requests.iter().map(Request::bytes).sum();
        let answers = match &self.failed {
            None => self.commit(requests, now),
            Some(source) => refuse(requests, &LogError::Failed { source: Arc::clone(source) }),
        };
        self.intake.release(bytes);
        for (done, result) in answers {
            done.tell(result);
        }
        let is_due = std::mem::take(&mut self.has_rotated) | self.intake.take_nudge();
        if is_due
            && self.failed.is_none()
            && let Err(error) = self.clear_away()
        {
            tracing::warn!(%error, "segments that nobody needs stay for now");
        }
    }

    /// Removes the oldest segments that nobody needs, a few at a time, after the origin that says
    /// so is durable.
    fn clear_away(&self) -> io::Result<()> {
        let Some(origin) = self.index.lock().origin_without(SEGMENTS_REMOVED) else {
            return Ok(());
        };
        origin.keep(self.disk.as_ref())?;
        {
            let mut index = self.index.lock();
            if !index.begin_at(&origin) {
                return Ok(());
            }
            if index.can_remove() {
                self.intake.nudge();
            }
        }
        let names = self.disk.names()?;
        names.iter().filter(|name| origin.is_past(name)).try_for_each(|name| self.disk.remove(name))
    }

    fn commit(&mut self, requests: Vec<Request>, now: Timestamp) -> Vec<Answer> {
        if requests.is_empty() {
            return Vec::new();
        }
        if let Err(error) = self.rotate() {
            return refuse(requests, &self.fail(error));
        }
        let Group { written, answers } = self.lay_out(requests, now);
        match self.store().and_then(|()| self.publish(written)) {
            Ok(()) => answers.into_iter().map(|(done, offsets)| (done, Ok(offsets))).collect(),
            Err(error) => {
                let error = self.fail(error);
                answers.into_iter().map(|(done, _)| (done, Err(error.clone()))).collect()
            }
        }
    }

    /// Begins the next segment when this one is full. All of this one is durable: what a sync
    /// did not confirm has ended the writer.
    fn rotate(&mut self) -> io::Result<()> {
        if self.tip.at < self.segment_bytes {
            return Ok(());
        }
        let number = self.tip.segment.number + 1;
        let (segment, file) = Segment::create(&self.disk, number)?;
        let full = std::mem::replace(&mut self.tip.segment, segment);
        let outline = {
            let mut index = self.index.lock();
            index.close(&full);
            index.reach(&self.tip.segment, HEADER_BYTES);
            index.outline(&full, self.tip.at)
        };
        full.keep_outline(&outline);
        (self.tip.file, self.tip.at) = (file, HEADER_BYTES);
        self.has_rotated = true;
        Ok(())
    }

    /// Gives every record its place, and puts the frames of the group into the buffer.
    fn lay_out(&mut self, requests: Vec<Request>, now: Timestamp) -> Group {
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES);
        let mut group = Group::default();
        for Request { records, done, .. } in requests {
            let offsets = records.into_iter().map(|record| {
                let written = self.frame(record, now);
                let offset = written.head.offset;
                group.written.push(written);
                offset
            });
            let offsets = offsets.collect();
            group.answers.push((done, offsets));
        }
        group
    }

    fn frame(&mut self, record: NewRecord, now: Timestamp) -> Written {
        let NewRecord { partition, bytes } = record;
        let end = self.tip.ends.entry(partition).or_default();
        let offset = *end;
        *end += 1;
        let unsynced = self.buffer.len();
        let at = self.tip.at + unsynced as u64;
        // A group is a single append or a few MiB: its length fits in 32 bits.
        let head = Head { partition, offset, at: now, unsynced: unsynced as u32 };
        let spot = Spot { segment: self.tip.segment.number, at };
        frame::encode(&head, &bytes, spot, &mut self.buffer);
        Written { at, head, bytes }
    }

    fn store(&mut self) -> io::Result<()> {
        self.tip.file.write_at(self.tip.at, &self.buffer)?;
        self.tip.file.sync()?;
        self.tip.at += self.buffer.len() as u64;
        Ok(())
    }

    /// Shows the group to readers and wakes them.
    fn publish(&self, written: Vec<Written>) -> io::Result<()> {
        let mut index = self.index.lock();
        index.reach(&self.tip.segment, self.tip.at);
        let mut grown: Vec<Partition> = Vec::new();
        for Written { at, head, bytes } in written {
            index.add(&self.tip.segment, at, &head).map_err(io::Error::other)?;
            let Head { partition, offset, at, .. } = head;
            index.remember(partition, Logged { offset, at, bytes });
            grown.push(partition);
        }
        grown.sort_unstable();
        grown.dedup();
        for partition in grown {
            index.ring(partition);
        }
        Ok(())
    }

    /// The log is over for this process: whether the group is durable is not known, and a later
    /// sync that succeeds would not tell.
    fn fail(&mut self, error: io::Error) -> LogError {
        tracing::error!(%error, segment = self.tip.segment.number, "the log failed");
        let source: Arc<dyn Error + Send + Sync> = Arc::new(error);
        self.intake.fail(Arc::clone(&source));
        self.failed = Some(Arc::clone(&source));
        LogError::Failed { source }
    }
}

impl Drop for Writer {
    /// Also when it panicked: nobody waits for a writer that is gone.
    fn drop(&mut self) {
        self.intake.abandon();
    }
}

fn refuse(requests: Vec<Request>, error: &LogError) -> Vec<Answer> {
    requests.into_iter().map(|request| (request.done, Err(error.clone()))).collect()
}
