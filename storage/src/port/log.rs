//! The log: ordered, durable partitions.

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use model::time::Timestamp;
use parking::{Parker, Unparker};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A place in a partition, dense from 0.
pub type Offset = u64;

/// The topics of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Customer messages; shards × lanes partitions, written by any gateway.
    Inbound,
    /// Commands of users, provider answers, receipts; shards × lanes partitions.
    Commands,
    /// Presence; one partition per shard.
    Control,
    /// Everything that happened; one partition per shard, written by its owner only.
    Events,
    /// Whole settings entities; one partition, kept for ever.
    Settings,
    /// What could not be handled; one partition, kept without limit.
    Dead,
}

/// One partition of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// The topic.
    pub topic: Topic,
    /// Its number within the topic.
    pub index: u32,
}

/// A record to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Where to.
    pub partition: Partition,
    /// The encoded [`model::desk::Stamped`]; at most [`model::limit::RECORD_BYTES`].
    pub bytes: Bytes,
}

/// A record as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its place in its partition.
    pub offset: Offset,
    /// When it was appended, by the appending node's clock.
    pub at: Timestamp,
    /// The bytes appended.
    pub bytes: Bytes,
}

/// Who reads the log and goes on, after a crash, where it stood: nothing is removed that one of
/// them may still ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// The lanes of a shard: what a record of `events` says they need no more of their inputs.
    Lanes,
    /// Recovery: it folds `events` from the oldest snapshot that may be loaded.
    Snapshots,
    /// The recorder: what is durable in history.
    Recorder,
    /// The dispatcher: what needs no send any more.
    Dispatch,
}

/// Ordered, durable partitions. A record is durable when its append is answered; readers see
/// only durable records.
pub trait Log: Send + Sync {
    /// Appends `records`. Two rules hold:
    ///
    /// - **All, none, or a prefix.** The answer `Ok` says that all of them are durable. The errors
    ///   [`LogError::Full`], [`LogError::TooLarge`] and [`LogError::NoPartition`] say that none
    ///   was nor will be written; they are there when this call returns, never later. After any
    ///   other error, and after a crash, a prefix of them is durable, perhaps all: one prefix of
    ///   those to `settings` and `dead`, and one of the others.
    /// - **In order.** In each partition they stand in the order given, and behind every record
    ///   that the same caller appended before.
    ///
    /// Never blocks: without room for them they are refused.
    fn append(&self, records: Vec<NewRecord>) -> Appending;

    /// Reads durable records from `from` on: whole ones, at least one if there is any, then no
    /// more than `max_bytes` of them, added to `out`. Adds none at the end. Does not wait.
    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError>;

    /// The offsets kept: from the first readable to the next that will be written (durable end).
    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError>;

    /// Says that `reader` asks for nothing of `partition` below `offset` any more, whatever
    /// happens: what it knows of those records is durable elsewhere. What it says last counts.
    ///
    /// A record may be removed once every reader of its topic ([`Topic::readers`]) has released it
    /// since the log was opened; nothing else is removed. Records are removed oldest first, when
    /// and as far as it suits the log: [`Log::bounds`] tells. Does not wait. A log that keeps
    /// everything need not listen.
    fn release(&self, reader: Reader, partition: Partition, offset: Offset) {
        let _ = (reader, partition, offset);
    }

    /// Rings `bell` whenever `partition` grows, until the bell is dropped.
    fn watch(&self, partition: Partition, bell: &Arc<Bell>);

    /// Whether the log can still take records at all. Once this is an error it stays one: no later
    /// append of this process succeeds, and only a new process can find out what became durable.
    /// Being [`LogError::Full`] is not among the errors: it passes by itself. Does not wait.
    fn health(&self) -> Result<(), LogError>;
}

/// Why the log could not do as asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// The bytes in flight are at their bound, or the disk is at its watermark: refuse upstream.
    #[error("the log takes no more now: {what}")]
    Full {
        /// Which bound.
        what: &'static str,
    },
    /// The record is larger than the log takes.
    #[error("a record of {bytes} bytes is larger than the {max} the log takes")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// The partition does not exist.
    #[error("there is no partition {0}")]
    NoPartition(Partition),
    /// The offset was removed by retention.
    #[error("offset {offset} of {partition} is gone; the first kept is {first}")]
    Gone {
        /// Which partition.
        partition: Partition,
        /// The offset asked for.
        offset: Offset,
        /// The first kept.
        first: Offset,
    },
    /// What is stored cannot be read: the start is refused, a person must look.
    #[error("the log is damaged: {what}")]
    Damaged {
        /// Where and how.
        what: String,
    },
    /// The engine failed; whether the append became durable is unknown.
    #[error("the log failed")]
    Failed {
        /// What the engine said.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The log is closing.
    #[error("the log is closing")]
    Closing,
}

/// The answer to an append: the offset of each record, in order. Await it, or block on
/// [`Appending::wait`] outside a runtime.
#[derive(Debug)]
pub struct Appending {
    answer: oneshot::Receiver<Result<Vec<Offset>, LogError>>,
}

/// The engine's end of an [`Appending`].
pub type AppendAnswer = oneshot::Sender<Result<Vec<Offset>, LogError>>;

impl Appending {
    /// An append in flight, and the end that answers it.
    pub fn new() -> (AppendAnswer, Self) {
        let (sender, answer) = oneshot::channel();
        (sender, Self { answer })
    }

    /// An append that was answered at once.
    pub fn answered(result: Result<Vec<Offset>, LogError>) -> Self {
        let (sender, appending) = Self::new();
        drop(sender.send(result));
        appending
    }

    /// Blocks this thread until the append is answered. Not inside an async runtime.
    pub fn wait(self) -> Result<Vec<Offset>, LogError> {
        self.answer.blocking_recv().unwrap_or(Err(LogError::Closing))
    }

    /// The answer, if it is there.
    pub fn try_answer(&mut self) -> Option<Result<Vec<Offset>, LogError>> {
        match self.answer.try_recv() {
            Ok(result) => Some(result),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(LogError::Closing)),
        }
    }
}

impl Future for Appending {
    type Output = Result<Vec<Offset>, LogError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx).map(|got| got.unwrap_or(Err(LogError::Closing)))
    }
}

/// Wakes one worker thread that sleeps between batches. A ring while it works is not lost: the
/// next wait returns at once.
///
/// Ringing takes no lock while the thread is awake: one swap. A thread asleep, or about to be, is
/// woken under a short one.
#[derive(Debug)]
pub struct Bell {
    /// Held by the thread that waits.
    parker: Mutex<Parker>,
    unparker: Unparker,
}

impl Bell {
    /// A silent bell.
    pub fn new() -> Arc<Self> {
        let (parker, unparker) = parking::pair();
        Arc::new(Self { parker: Mutex::new(parker), unparker })
    }

    /// Wakes the waiter, now or at its next wait.
    pub fn ring(&self) {
        self.unparker.unpark();
    }

    /// Waits for a ring, at most for `most`; whether it rang. A second thread that waits has its
    /// turn after the first, if that comes in time.
    pub fn wait(&self, most: Duration) -> bool {
        self.parker.try_lock_for(most).is_some_and(|parker| parker.park_timeout(most))
    }
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] =
        [Self::Inbound, Self::Commands, Self::Control, Self::Events, Self::Settings, Self::Dead];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Commands => "commands",
            Self::Control => "control",
            Self::Events => "events",
            Self::Settings => "settings",
            Self::Dead => "dead",
        }
    }

    /// Who must have released a record of it before it may go; without any it is kept for ever.
    pub const fn readers(self) -> &'static [Reader] {
        match self {
            Self::Inbound | Self::Commands | Self::Control => &[Reader::Lanes],
            Self::Events => &[Reader::Snapshots, Reader::Recorder, Reader::Dispatch],
            Self::Settings | Self::Dead => &[],
        }
    }

    /// How many partitions it has in an installation of this size.
    pub fn partitions(self, place: model::place::Place) -> u32 {
        let shards = u32::from(place.shards());
        match self {
            Self::Inbound | Self::Commands => shards * u32::from(place.lanes()),
            Self::Control | Self::Events => shards,
            Self::Settings | Self::Dead => 1,
        }
    }
}

impl Partition {
    /// The only partition of `settings`.
    pub const SETTINGS: Self = Self { topic: Topic::Settings, index: 0 };
    /// The only partition of `dead`.
    pub const DEAD: Self = Self { topic: Topic::Dead, index: 0 };

    /// Partition `index` of `topic`.
    pub const fn new(topic: Topic, index: u32) -> Self {
        Self { topic, index }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic.name(), self.index)
    }
}
