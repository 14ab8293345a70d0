use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;
use model::desk::SendResult;
use model::id::ChannelId;
use model::limit;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

use super::pace::{Brake, Bucket, back_off};
use super::queue::Queue;
use super::send::Sender;
use super::verdict::{Sign, given_up, judge};
use super::work::Job;
use crate::connector::{Answer, Retry, Scope};
use crate::metric::SendMeter;

/// One channel's sends: a task that owns the channel's queue, rate and brake.
pub(super) struct ChannelDispatch {
    id: ChannelId,
    sender: Arc<Sender>,
    queue: Queue,
    bucket: Bucket,
    brake: Brake,
    sends: JoinSet<Tried>,
    meter: SendMeter,
}

/// What came of one try.
struct Tried {
    job: Job,
    sign: Sign,
    end: End,
}

/// What became of the message.
enum End {
    /// It is to be tried again.
    Open,
    /// The provider took it, and that is durable.
    Accepted,
    /// It failed, and that is durable.
    Failed,
    /// The log takes no more: its contact waits for the restart.
    Unrecorded,
}

impl ChannelDispatch {
    pub(super) fn new(id: ChannelId, sender: Arc<Sender>) -> Self {
        let kind = sender.kind_of(id);
        Self {
            id,
            bucket: Bucket::new(sender.config.rate_per_second, Instant::now()),
            sender,
            queue: Queue::default(),
            brake: Brake::default(),
            sends: JoinSet::new(),
            meter: SendMeter::new(kind),
        }
    }

    /// Sends what comes until `stop`, then ends what is in flight under [`limit::DRAIN_DISPATCH`].
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Job>,
        mut stop: watch::Receiver<bool>,
    ) {
        loop {
            let wake = self.send_due();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(tried) = self.sends.join_next() => self.tried(tried),
                Some(job) = inbox.recv(), if self.has_room() => self.take(job),
                () = until(wake) => {}
            }
        }
        let deadline = Instant::now() + limit::DRAIN_DISPATCH;
        while let Ok(Some(tried)) = time::timeout_at(deadline, self.sends.join_next()).await {
            self.tried(tried);
        }
    }

    /// What finds no room stays in the inbox, and behind it at the shard.
    const fn has_room(&self) -> bool {
        self.queue.waiting() < limit::DISPATCH_PENDING
    }

    fn take(&mut self, job: Job) {
        self.meter.pending.increment(1.0);
        self.queue.push(job);
    }

    /// Starts every send that may go now; when to look again, if time alone decides.
    fn send_due(&mut self) -> Option<Instant> {
        loop {
            let now = Instant::now();
            let most = if self.brake.is_probing() { 1 } else { limit::DISPATCH_IN_FLIGHT };
            if self.queue.in_flight() >= most {
                return None;
            }
            if let Some(rested) = self.brake.rests_until(now) {
                return Some(rested);
            }
            let due = self.queue.due_at(now)?.max(self.bucket.due_at());
            if due > now || !self.bucket.take(now) {
                return Some(due);
            }
            if let Some(job) = self.queue.next(now) {
                self.start(job);
            }
        }
    }

    fn start(&mut self, job: Job) {
        self.meter.in_flight.increment(1.0);
        let sender = Arc::clone(&self.sender);
        // Past its lifetime it is not even tried on a channel that takes nothing.
        if self.brake.is_probing() && sender.is_expired(&job) {
            let (sign, result) = (Sign::None, given_up(&job));
            self.sends.spawn(async move { end(&sender, job, sign, result).await });
            return;
        }
        if job.again {
            self.meter.repeated.increment(1);
        }
        self.sends.spawn(async move { try_once(&sender, job).await });
    }

    fn tried(&mut self, tried: Result<Tried, tokio::task::JoinError>) {
        self.meter.in_flight.decrement(1.0);
        let Tried { job, sign, end } = match tried {
            Ok(tried) => tried,
            // The contact stays in flight: nothing of his overtakes what was lost sight of.
            Err(error) => {
                return tracing::error!(%error, channel = %self.id, "a send panicked");
            }
        };
        let now = Instant::now();
        let wait = self.heed(&job, sign, now);
        match end {
            End::Open => self.queue.again(job, now + wait),
            End::Accepted => self.done(&job, &self.meter.accepted.clone()),
            End::Failed => self.done(&job, &self.meter.failed.clone()),
            End::Unrecorded => {
                tracing::warn!(message = %job.message, "not recorded: to be sent after a restart");
            }
        }
    }

    fn done(&mut self, job: &Job, ends: &Counter) {
        ends.increment(1);
        self.meter.pending.decrement(1.0);
        self.queue.done(&job.address);
    }

    /// Brakes or releases the channel; how long a message that said so waits.
    fn heed(&mut self, job: &Job, sign: Sign, now: Instant) -> Duration {
        match sign {
            Sign::Well => self.brake.release(),
            Sign::None => {}
            Sign::Refused(retry) => return self.refused(job, retry, now),
            Sign::Stopped => {
                let rest = self.sender.config.stopped_wait.0;
                self.meter.stopped.increment(1);
                self.brake.stop(rest, now);
                return rest;
            }
        }
        Duration::ZERO
    }

    fn refused(&mut self, job: &Job, retry: Retry, now: Instant) -> Duration {
        let config = &self.sender.config;
        let asked = retry.after.unwrap_or(Duration::ZERO);
        let wait = back_off(config, job.message, job.tries).max(asked);
        match retry.maybe_sent {
            true => self.meter.unknown.increment(1),
            false => self.meter.retried.increment(1),
        }
        if retry.scope == Scope::Channel {
            let rest = back_off(config, job.message, self.brake.rest());
            self.brake.refuse(rest.max(wait), now);
        }
        wait
    }
}

/// One try, and the record of its end where it is one.
async fn try_once(sender: &Sender, mut job: Job) -> Tried {
    let answer = sender.attempt(&job).await;
    if let Answer::StopChannel { code, detail } = &answer {
        tracing::error!(channel = %job.channel, code, detail, "the channel is stopped");
    }
    let expired = sender.is_expired(&job);
    match judge(answer, &mut job, expired) {
        (sign, None) => Tried { job, sign, end: End::Open },
        (sign, Some(result)) => end(sender, job, sign, result).await,
    }
}

async fn end(sender: &Sender, job: Job, sign: Sign, result: SendResult) -> Tried {
    let accepted = matches!(result, SendResult::Accepted { .. });
    let end = match sender.record(job.message, result, job.tries).await {
        true if accepted => End::Accepted,
        true => End::Failed,
        false => End::Unrecorded,
    };
    Tried { job, sign, end }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
