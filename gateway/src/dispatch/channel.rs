use std::sync::Arc;
use std::time::Duration;

use model::desk::SendResult;
use model::id::ChannelId;
use model::limit;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

use super::pace::{Brake, Bucket, back_off};
use super::queue::Queue;
use super::send::{Sender, code, failed};
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
enum Tried {
    /// Its end is durable; whether the provider took it.
    Ended(Job, bool),
    /// The log takes no more: its contact waits for the restart.
    Unrecorded(Job),
    /// It is to be tried again.
    Again(Job, Retry),
    /// The channel is refused.
    Stopped(Job),
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

    /// Sends what comes until `stop`, then ends what is in flight under [`limit::DRAIN`].
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
                Some(job) = inbox.recv() => self.take(job),
                () = until(wake) => {}
            }
        }
        let deadline = Instant::now() + limit::DRAIN;
        while let Ok(Some(tried)) = time::timeout_at(deadline, self.sends.join_next()).await {
            self.tried(tried);
        }
    }

    fn take(&mut self, job: Job) {
        if self.queue.waiting() >= limit::DISPATCH_PENDING {
            let sender = Arc::clone(&self.sender);
            self.meter.failed.increment(1);
            // Not through the queue: it is recorded, not sent. Its contact is none of the queue's
            // business, so its end is of no interest either.
            drop(tokio::spawn(async move {
                let result = failed(code::BACKLOG, "too many messages were waiting");
                sender.record(job.message, result, job.tries).await
            }));
            return;
        }
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
        if job.again {
            self.meter.repeated.increment(1);
        }
        let sender = Arc::clone(&self.sender);
        self.sends.spawn(async move { try_once(&sender, job).await });
    }

    fn tried(&mut self, tried: Result<Tried, tokio::task::JoinError>) {
        self.meter.in_flight.decrement(1.0);
        let now = Instant::now();
        match tried {
            Ok(Tried::Ended(job, accepted)) => {
                let ends = if accepted { &self.meter.accepted } else { &self.meter.failed };
                ends.increment(1);
                self.brake.release();
                self.meter.pending.decrement(1.0);
                self.queue.done(&job.address);
            }
            Ok(Tried::Unrecorded(job)) => {
                tracing::warn!(message = %job.message, "sent, and to be sent again after a restart");
            }
            Ok(Tried::Again(job, retry)) => self.again(job, retry, now),
            Ok(Tried::Stopped(job)) => {
                let rest = self.sender.config.stopped_wait.0;
                self.meter.stopped.increment(1);
                self.brake.stop(rest, now);
                self.queue.again(job, now + rest);
            }
            // The contact stays in flight: nothing of his overtakes what was lost sight of.
            Err(error) => tracing::error!(%error, channel = %self.id, "a send panicked"),
        }
    }

    fn again(&mut self, mut job: Job, retry: Retry, now: Instant) {
        let pause = back_off(&self.sender.config, job.message, job.tries);
        let wait = pause.max(retry.after.unwrap_or(Duration::ZERO));
        match retry.maybe_sent {
            true => self.meter.unknown.increment(1),
            false => self.meter.retried.increment(1),
        }
        job.again |= retry.maybe_sent;
        if retry.scope == Scope::Channel {
            self.brake.refuse(wait, now);
        }
        self.queue.again(job, now + wait);
    }
}

/// One try, and the record of its end where it is one.
async fn try_once(sender: &Sender, mut job: Job) -> Tried {
    let answer = sender.attempt(&job).await;
    if let Answer::StopChannel { code, detail } = answer {
        tracing::error!(channel = %job.channel, code, detail, "the channel is stopped");
        return Tried::Stopped(job);
    }
    job.tries += 1;
    let result = match answer {
        Answer::Accepted { provider_id } => SendResult::Accepted { provider_id },
        Answer::Fail { code, detail } | Answer::StopChannel { code, detail } => {
            failed(code, &detail)
        }
        Answer::Retry(retry) if job.tries < limit::DISPATCH_TRIES => {
            return Tried::Again(job, retry);
        }
        Answer::Retry(retry) => failed(retry.code, "tried as often as messages are tried"),
    };
    let accepted = matches!(result, SendResult::Accepted { .. });
    match sender.record(job.message, result, job.tries).await {
        true => Tried::Ended(job, accepted),
        false => Tried::Unrecorded(job),
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
