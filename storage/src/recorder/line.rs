use std::sync::Arc;

use model::id::ShardId;

use super::Health;
use super::projection::Projection;
use crate::port::{Bell, History, Log, LogError, Offset, Partition, Reader, StoreError, Topic};
use crate::tail::{Applied, EventTail, TailError};

/// One shard on its way into history.
pub(super) struct Line {
    shard: ShardId,
    log: Arc<dyn Log>,
    history: Arc<dyn History>,
    bell: Arc<Bell>,
    following: Option<Following>,
    failed: Option<String>,
}

/// What came of a step, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// There was nothing to do, or the shard has failed for good.
    Idle,
    /// Something was recorded.
    Moved,
    /// Not now; try again later.
    Failing,
}

struct Following {
    tail: EventTail,
    projection: Projection,
    applied: Vec<Applied>,
    /// Before this the shard's `events` were released.
    released: Offset,
}

/// So many records are recorded between two releases of the log: each costs a sync of history.
const RELEASED_RECORDS: u64 = 16_384;

/// Why a step came to nothing.
enum Trouble {
    /// It may pass: start again at history's position.
    Passing(String),
    /// A person must look.
    Lasting(String),
}

impl Line {
    pub(super) fn new(
        shard: ShardId,
        log: Arc<dyn Log>,
        history: Arc<dyn History>,
        bell: &Arc<Bell>,
    ) -> Self {
        Self { shard, log, history, bell: Arc::clone(bell), following: None, failed: None }
    }

    pub(super) const fn shard(&self) -> ShardId {
        self.shard
    }

    pub(super) fn health(&self) -> Health {
        let behind = match &self.following {
            Some(following) => following.tail.behind().unwrap_or(u64::MAX),
            None => u64::from(self.failed.is_none()),
        };
        Health { behind, failed: self.failed.clone() }
    }

    /// One step, bounded by what one poll of the tail reads.
    pub(super) async fn advance(&mut self) -> Progress {
        if self.failed.is_some() {
            return Progress::Idle;
        }
        match self.step().await {
            Ok(progress) => progress,
            Err(trouble) => self.give_up(trouble),
        }
    }

    async fn step(&mut self) -> Result<Progress, Trouble> {
        if self.following.is_none() {
            self.following = Some(self.follow().await?);
        }
        let Some(following) = &mut self.following else { return Ok(Progress::Idle) };
        let progress = following.step(self.shard, self.history.as_ref()).await?;
        let next = following.tail.position().next;
        if next >= following.released + RELEASED_RECORDS {
            following.released = next;
            self.release(next).await?;
        }
        Ok(progress)
    }

    /// The log need not keep what is in history, once it is durable there.
    async fn release(&self, next: Offset) -> Result<(), Trouble> {
        self.history.sync().await?;
        let events = Partition::new(Topic::Events, u32::from(self.shard.get()));
        self.log.release(Reader::Recorder, events, next);
        Ok(())
    }

    async fn follow(&self) -> Result<Following, Trouble> {
        let from = self.history.position(self.shard.get()).await?;
        self.release(from.next).await?;
        let (log, bell) = (Arc::clone(&self.log), Arc::clone(&self.bell));
        let tail = EventTail::with_bell(log, self.shard, from, bell);
        let (projection, applied) = (Projection::default(), Vec::new());
        Ok(Following { tail, projection, applied, released: from.next })
    }

    /// Forgets everything since history's position: the next step begins there again.
    fn give_up(&mut self, trouble: Trouble) -> Progress {
        self.following = None;
        let shard = self.shard.get();
        match trouble {
            Trouble::Passing(what) => {
                tracing::warn!(
                    shard,
                    what,
                    "a step of the recorder failed; it will be tried again"
                );
                Progress::Failing
            }
            Trouble::Lasting(what) => {
                tracing::error!(shard, what, "the shard is recorded no further");
                self.failed = Some(what);
                Progress::Idle
            }
        }
    }
}

impl Following {
    async fn step(&mut self, shard: ShardId, history: &dyn History) -> Result<Progress, Trouble> {
        self.applied.clear();
        let before = self.tail.position();
        let polled = self.tail.poll(&mut self.applied);
        // What counted before a bad record is recorded before the bad record is complained about.
        if self.tail.position() != before {
            let position = self.tail.position();
            let write = self.projection.project(history, &self.applied, (shard, position)).await?;
            history.write(write).await?;
            self.projection.trim();
        }
        Ok(if polled? == 0 { Progress::Idle } else { Progress::Moved })
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Passing(describe(&error)),
            StoreError::Damaged { .. } => Self::Lasting(describe(&error)),
        }
    }
}

impl From<TailError> for Trouble {
    fn from(error: TailError) -> Self {
        let lasting = match &error {
            TailError::Undecodable { .. } => true,
            TailError::Log { source, .. } => {
                matches!(source, LogError::Damaged { .. } | LogError::Gone { .. })
            }
        };
        if lasting { Self::Lasting(describe(&error)) } else { Self::Passing(describe(&error)) }
    }
}

/// The error with what caused it, on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
