//! The embedded log: write-ahead logs of segments, one writer thread each.
//!
//! Two logs stand side by side, the same code in two directories. The first takes what flows
//! (`inbound`, `commands`, `control`, `events`) and will be cut at its old end; the second takes
//! what is kept for ever (`settings`, `dead`), so that a few small records never hold back the
//! deletion of large segments.
//!
//! An append goes to the writer through the [`intake`], which bounds the bytes in flight. The
//! [`writer`] takes all that waits as one group: one write, one sync, then the [`index`] shows the
//! records to readers and the callers are answered. Between groups it removes the segments that
//! nobody needs any more, oldest first; [`origin`] tells where the log begins then. How a record stands in a file is told in
//! [`segment::frame`], what a start makes of the files in [`segment`].
//!
//! Non-goals: no compression, no checksums of whole segments, no weaker mode than a sync per group.

mod both;
pub mod check;
pub mod disk;
mod index;
mod intake;
mod origin;
mod segment;
mod wal;
mod writer;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use model::place::Place;
use model::time::Clock;

use crate::engine::admit;
use crate::engine::embedded::space::FreeSpace;
use crate::port::{
    AppendAnswer, Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Reader,
    Topic,
};
use both::Both;
use disk::Disk;
use intake::{Done, Request};
use wal::{Parts, Wal};

/// The log of an embedded installation.
pub struct EmbeddedLog {
    place: Place,
    flowing: Arc<Wal>,
    kept: Arc<Wal>,
}

/// One of the log's two homes.
pub struct Home {
    /// Where its segments are.
    pub disk: Arc<dyn Disk>,
    /// How much room there is.
    pub space: FreeSpace,
}

/// How the log writes and what it keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// A segment this long is followed by the next one.
    pub segment_bytes: u64,
    /// How long a group waits for company, less the time the last sync took.
    pub linger: Duration,
    /// How many bytes of the newest records are kept in memory, so that readers who keep up never
    /// ask the disk.
    pub memory_bytes: usize,
    /// Who makes it write.
    pub drive: Drive,
}

/// Who makes a log write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drive {
    /// A thread for each of the two logs.
    #[default]
    Threads,
    /// Whoever calls [`EmbeddedLog::turn`]: the same calls give the same writes, so that a
    /// simulation can be repeated.
    Turns,
}

/// The files of one log that hold what is durable.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// Segments that are full and never change.
    pub(super) full: Vec<String>,
    /// The segment being written, and how many of its bytes are durable.
    pub(super) newest: (String, u64),
    /// The name and the bytes of the file that says where the log begins, if it needs one.
    pub(super) origin: Option<(String, Vec<u8>)>,
}

/// As long as it is kept, no segment is removed.
pub(super) struct Held<'a>(&'a EmbeddedLog);

/// One of the two logs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Flowing,
    Kept,
}

impl EmbeddedLog {
    /// Recovers what both homes hold and starts their writers.
    pub fn open(
        (flowing, kept): (Home, Home),
        place: Place,
        clock: Arc<dyn Clock>,
        options: LogOptions,
    ) -> Result<Self, LogError> {
        let open = |home: Home, side, clock| {
            let Home { disk, space } = home;
            let partitions = partitions(side, place);
            Wal::open(Parts { disk, partitions, clock, space, options }).map(Arc::new)
        };
        let flowing = open(flowing, Side::Flowing, Arc::clone(&clock))?;
        let kept = open(kept, Side::Kept, clock).inspect_err(|_| flowing.close())?;
        Ok(Self { place, flowing, kept })
    }

    /// Under [`Drive::Turns`]: each of the two logs writes the group that waits for it; whether
    /// either had one.
    pub fn turn(&self) -> bool {
        let flowing = self.flowing.turn();
        self.kept.turn() || flowing
    }

    /// Writes what was appended, refuses what comes, and ends the writers.
    pub fn close(&self) {
        self.flowing.close();
        self.kept.close();
    }

    /// Keeps every segment as long as the answer is kept.
    pub(super) fn hold(&self) -> Held<'_> {
        self.flowing.hold();
        self.kept.hold();
        Held(self)
    }

    /// The files of what flows.
    pub(super) fn flowing(&self) -> Holding {
        self.flowing.holding()
    }

    /// The files of what is kept for ever.
    pub(super) fn kept(&self) -> Holding {
        self.kept.holding()
    }

    fn wal(&self, topic: Topic) -> &Arc<Wal> {
        match side(topic) {
            Side::Flowing => &self.flowing,
            Side::Kept => &self.kept,
        }
    }

    /// An append that goes to both logs: both have room for their part or neither takes it; then
    /// each takes it at once, so that appends of one caller keep their order in each.
    fn append_to_both(&self, records: Vec<NewRecord>, answer: AppendAnswer) {
        let sides = records.iter().map(|record| side(record.partition.topic)).collect();
        let (flowing, kept) =
            records.into_iter().partition(|record| side(record.partition.topic) == Side::Flowing);
        let both = Both::new(sides, answer);
        let flowing = Request::new(flowing, Done::Part(Arc::clone(&both), Side::Flowing));
        let kept = Request::new(kept, Done::Part(both, Side::Kept));
        if let Err(error) = self.reserve_both(flowing.bytes(), kept.bytes()) {
            return flowing.done.tell(Err(error));
        }
        self.flowing.intake().offer_reserved(flowing);
        self.kept.intake().offer_reserved(kept);
    }

    fn reserve_both(&self, flowing: usize, kept: usize) -> Result<(), LogError> {
        self.flowing.intake().reserve(flowing)?;
        let reserved = self.kept.intake().reserve(kept);
        reserved.inspect_err(|_| self.flowing.intake().release(flowing))
    }
}

impl Log for EmbeddedLog {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        if let Err(error) = admit::records(&records, self.place) {
            return Appending::answered(Err(error));
        }
        let Some(topic) = records.first().map(|record| record.partition.topic) else {
            return Appending::answered(Ok(Vec::new()));
        };
        let (answer, appending) = Appending::new();
        if records.iter().all(|record| side(record.partition.topic) == side(topic)) {
            let request = Request::new(records, Done::Answer(answer));
            self.wal(topic).intake().offer(request);
        } else {
            self.append_to_both(records, answer);
        }
        appending
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        self.wal(partition.topic).read(partition, from, max_bytes, out)
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.wal(partition.topic).bounds(partition)
    }

    fn release(&self, reader: Reader, partition: Partition, offset: Offset) {
        self.wal(partition.topic).release(reader, partition, offset);
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.wal(partition.topic).watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        self.flowing.intake().health()?;
        self.kept.intake().health()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.flowing.let_go();
        self.0.kept.let_go();
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.close();
    }
}

const fn side(topic: Topic) -> Side {
    match topic {
        Topic::Inbound | Topic::Commands | Topic::Control | Topic::Events => Side::Flowing,
        Topic::Settings | Topic::Dead => Side::Kept,
    }
}

fn partitions(wanted: Side, place: Place) -> Vec<Partition> {
    let topics = Topic::ALL.into_iter().filter(|topic| side(*topic) == wanted);
    topics
        .flat_map(|topic| (0..topic.partitions(place)).map(move |n| Partition::new(topic, n)))
        .collect()
}

fn failed(error: io::Error) -> LogError {
    LogError::Failed { source: Arc::new(error) }
}

fn damaged(file: &str, at: u64, what: &str) -> LogError {
    LogError::Damaged { what: format!("{file}, byte {at}: {what}") }
}
