//! Where a test has the process wait, to be killed there. In no build without debug assertions.
//!
//! From its n-th append to one topic on, the log either passes none of them on, or passes them on and
//! never answers. Either is lawful for a log, so the code that meets it has no switch; and whoever
//! waits for the answer stands exactly before, or after, the moment at which it became durable.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::Mutex;
use storage::port::{
    AppendAnswer, Appending, Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Reader,
    Topic,
};

use crate::cli::say;

/// A point at which appends are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HoldAt {
    /// Appends to which topic.
    topic: Topic,
    /// Before they are passed on, or after they are durable.
    side: Side,
    /// The first that is held, counted from 1.
    nth: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// What is no point.
#[derive(Clone, Debug, thiserror::Error)]
#[error("write TOPIC:before:N or TOPIC:after:N")]
pub(super) struct NoPoint;

/// A log that holds appends.
pub(super) struct Holding {
    inner: Arc<dyn Log>,
    at: HoldAt,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    appends: u64,
    /// Never answered.
    held: Vec<AppendAnswer>,
}

impl Holding {
    /// `inner`, held at `at`.
    pub(super) fn new(inner: Arc<dyn Log>, at: HoldAt) -> Self {
        Self { inner, at, state: Mutex::default() }
    }

    /// Whether this append is held, and whether it is the first.
    fn holds(&self, records: &[NewRecord]) -> Option<bool> {
        if records.iter().all(|record| record.partition.topic != self.at.topic) {
            return None;
        }
        let mut state = self.state.lock();
        state.appends += 1;
        (state.appends >= self.at.nth).then_some(state.appends == self.at.nth)
    }

    fn hold(&self) -> Appending {
        let (answer, appending) = Appending::new();
        self.state.lock().held.push(answer);
        appending
    }
}

impl Log for Holding {
    fn append(&self, records: Vec<NewRecord>) -> Appending {
        let Some(is_first) = self.holds(&records) else { return self.inner.append(records) };
        let at = self.at;
        match at.side {
            Side::Before if is_first => announce(at),
            Side::Before => {}
            Side::After => {
                let durable = self.inner.append(records);
                let wait = move || {
                    drop(durable.wait());
                    announce(at);
                };
                if is_first {
                    drop(std::thread::spawn(wait));
                }
            }
        }
        self.hold()
    }

    fn read(
        &self,
        partition: Partition,
        from: Offset,
        max_bytes: usize,
        out: &mut Vec<Logged>,
    ) -> Result<(), LogError> {
        self.inner.read(partition, from, max_bytes, out)
    }

    fn bounds(&self, partition: Partition) -> Result<Range<Offset>, LogError> {
        self.inner.bounds(partition)
    }

    fn release(&self, reader: Reader, partition: Partition, offset: Offset) {
        self.inner.release(reader, partition, offset);
    }

    fn watch(&self, partition: Partition, bell: &Arc<Bell>) {
        self.inner.watch(partition, bell);
    }

    fn health(&self) -> Result<(), LogError> {
        self.inner.health()
    }
}

/// Tells the test that the process stands there.
fn announce(at: HoldAt) {
    drop(say(format!("held at {at}")));
}

impl FromStr for HoldAt {
    type Err = NoPoint;

    fn from_str(text: &str) -> Result<Self, NoPoint> {
        let mut parts = text.split(':');
        let (topic, side) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let topic = Topic::ALL.into_iter().find(|known| known.name() == topic).ok_or(NoPoint)?;
        let side = match side {
            "before" => Side::Before,
            "after" => Side::After,
            _ => return Err(NoPoint),
        };
        let nth = parts.next().and_then(|nth| nth.parse().ok()).ok_or(NoPoint)?;
        Ok(Self { topic, side, nth })
    }
}

impl fmt::Display for HoldAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::Before { "before" } else { "after" };
        write!(f, "{}:{side}:{}", self.topic.name(), self.nth)
    }
}
