use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use model::desk::{Body, wire};
use model::id::{ChannelId, LaneId, ShardId};
use model::limit;
use storage::port::{LogError, Partition, Position, Topic};
use storage::tail::{Applied, EventTail, TailError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::channel::ChannelDispatch;
use super::held::Held;
use super::send::Sender;
use super::verdict::{code, failed};
use super::work::{Job, Work};

const NAP: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 1024 * 1024;
const INBOX: usize = 1_024;

/// One shard's dispatcher: a thread that follows the shard's `events`.
pub(super) struct ShardDispatch {
    shard: ShardId,
    tail: EventTail,
    work: Work,
    sender: Arc<Sender>,
    runtime: Handle,
    stop: watch::Receiver<bool>,
    channels: HashMap<ChannelId, mpsc::Sender<Job>>,
    held: Held,
    tasks: JoinSet<()>,
    read: Vec<Applied>,
}

impl ShardDispatch {
    pub(super) fn new(
        shard: ShardId,
        sender: Arc<Sender>,
        runtime: Handle,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, LogError> {
        let log = &sender.ports().log;
        let events = Partition::new(Topic::Events, u32::from(shard.get()));
        let next = log.bounds(events)?.start;
        let from = Position { next, ..Position::default() };
        let tail = EventTail::new(Arc::clone(log), shard, from);
        let (work, channels) = (Work::default(), HashMap::new());
        let (held, tasks, read) = (Held::default(), JoinSet::new(), Vec::new());
        Ok(Self { shard, tail, work, sender, runtime, stop, channels, held, tasks, read })
    }

    /// The thread's life.
    pub(super) fn run(mut self) {
        if self.catch_up() {
            let mut jobs = self.work.take();
            let unanswered = jobs.len();
            jobs.iter_mut().for_each(|job| job.again = true);
            if unanswered > 0 {
                let shard = self.shard.get();
                tracing::info!(shard, unanswered, "messages to send; some may have been taken");
            }
            self.hand_out(jobs);
            self.follow();
        }
        let runtime = self.runtime.clone();
        runtime.block_on(async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a channel's dispatcher panicked");
                }
            }
        });
    }

    /// Folds everything there is, and the answers that are durable but not folded by their lane
    /// yet. False when the stop came first.
    fn catch_up(&mut self) -> bool {
        while !self.stopped() {
            match self.poll() {
                Ok(0) => match self.answers_on_the_way() {
                    Ok(()) => return true,
                    Err(error) => self.complain(&error),
                },
                Ok(_) => {}
                Err(error) => self.complain(&error),
            }
        }
        false
    }

    fn follow(&mut self) {
        while !self.stopped() {
            self.give_held();
            if self.held.count() >= limit::DISPATCH_HELD {
                self.tail.wait(NAP);
                continue;
            }
            match self.poll() {
                Ok(0) => self.tail.wait(NAP),
                Ok(_) => {
                    let jobs = self.work.take();
                    self.hand_out(jobs);
                }
                Err(error) => self.complain(&error),
            }
        }
    }

    /// Folds the next records; how many were read.
    fn poll(&mut self) -> Result<usize, TailError> {
        self.read.clear();
        let polled = self.tail.poll(&mut self.read);
        self.read.iter().for_each(|applied| self.work.fold(&applied.stamped));
        polled
    }

    /// Between a provider's answer and its event lies the lane: after a crash the answer may stand
    /// in `commands` only. Such a message is not sent again.
    fn answers_on_the_way(&mut self) -> Result<(), LogError> {
        let place = self.sender.ports().place;
        place.each_lane().try_for_each(|lane| self.answers_of(lane))
    }

    fn answers_of(&mut self, lane: LaneId) -> Result<(), LogError> {
        let ports = self.sender.ports();
        let index = ports.place.of_lane(self.shard, lane).index();
        let partition = Partition::new(Topic::Commands, index);
        let bounds = ports.log.bounds(partition)?;
        let mut next = bounds.start.max(self.work.commands_from(lane));
        let mut read = Vec::new();
        while next < bounds.end {
            read.clear();
            ports.log.read(partition, next, READ_BYTES, &mut read)?;
            let Some(last) = read.last() else { break };
            next = last.offset + 1;
            for logged in &read {
                if let Ok(Body::Outcome(outcome)) = wire::decode(&logged.bytes).map(|s| s.body) {
                    self.work.answered(outcome.message);
                }
            }
        }
        Ok(())
    }

    fn hand_out(&mut self, jobs: Vec<Job>) {
        for message in self.work.take_lost() {
            let result = failed(code::LOST, "its conversation began before the log does");
            let record = self.sender.record(message, result, 0);
            let recorded =
                self.runtime.block_on(async { timeout(limit::DRAIN_DISPATCH, record).await });
            tracing::error!(%message, recorded = recorded.is_ok(), "a message is lost");
        }
        jobs.into_iter().for_each(|job| self.held.push(job));
        self.give_held();
    }

    /// Gives the channels what they have room for. It never waits for a send before it reads on.
    fn give_held(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        held.offer(|job| self.give(job));
        self.held = held;
    }

    /// Hands the message back when its channel has no room.
    fn give(&mut self, job: Job) -> Result<(), Job> {
        let inbox = match self.channels.entry(job.channel) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(vacant) => {
                let (inbox, jobs) = mpsc::channel(INBOX);
                let (id, sender) = (job.channel, Arc::clone(&self.sender));
                let stop = self.stop.clone();
                let task = async move { ChannelDispatch::new(id, sender).run(jobs, stop).await };
                self.tasks.spawn_on(task, &self.runtime);
                vacant.insert(inbox)
            }
        };
        match inbox.try_send(job) {
            Err(TrySendError::Full(job)) => Err(job),
            Err(TrySendError::Closed(_)) if !*self.stop.borrow() => {
                tracing::error!(shard = self.shard.get(), "a channel's dispatcher has ended");
                Ok(())
            }
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// A stop, or nobody left to say it.
    fn stopped(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    fn complain(&self, error: &dyn std::error::Error) {
        tracing::error!(shard = self.shard.get(), %error, "events cannot be followed");
        self.tail.wait(limit::APPEND_RETRY_WAIT);
    }
}
