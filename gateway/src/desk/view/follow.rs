use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use model::desk::{Body, Record};
use model::limit;
use model::time::Clock;
use parking_lot::Mutex;
use storage::port::Offset;
use storage::tail::{Applied, EventTail};
use tokio::sync::watch;

use crate::follow::SettingsFollower;

use super::answer::{Answers, CommandKey};
use super::shard::ShardView;

/// How far the view of a shard has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The offset after the last record folded.
    pub(super) next: Offset,
    /// Whether the end of the log was seen once.
    pub(super) caught_up: bool,
    /// Whether the log could not be read on at the last look.
    pub(super) failing: bool,
}

/// The thread of one shard: folds `events` into the shard's view and answers commands.
pub(super) struct Follower {
    pub(super) tail: EventTail,
    pub(super) shard: Arc<Mutex<ShardView>>,
    pub(super) answers: Arc<Answers>,
    pub(super) settings: Arc<SettingsFollower>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) progress: watch::Sender<Progress>,
    /// The commands whose answers are remembered, oldest first.
    pub(super) remembered: VecDeque<CommandKey>,
}

const NAP: Duration = Duration::from_millis(100);

impl Follower {
    /// Follows until `stop`.
    pub(super) fn run(mut self, stop: &watch::Receiver<bool>) {
        let mut batch = Vec::new();
        while !*stop.borrow() && stop.has_changed().is_ok() {
            let polled = self.tail.poll(&mut batch);
            self.fold(&batch);
            batch.clear();
            self.note(polled.is_err());
            match polled {
                Ok(0) => {
                    self.progress.send_if_modified(|p| !std::mem::replace(&mut p.caught_up, true));
                    self.tail.wait(NAP);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "the view cannot go on");
                    self.tail.wait(NAP);
                }
            }
        }
    }

    fn note(&self, failing: bool) {
        self.progress.send_if_modified(|p| std::mem::replace(&mut p.failing, failing) != failing);
    }

    fn fold(&mut self, batch: &[Applied]) {
        let settings = self.settings.current();
        let shard = Arc::clone(&self.shard);
        for applied in batch {
            if let Body::Record(record) = &applied.stamped.body {
                // Under one lock: who has his answer finds its effect in the view, and who finds
                // the effect finds the answer.
                let mut shown = shard.lock();
                shown.apply(record, &settings);
                self.answer(record);
            }
        }
        shard.lock().tell_queues(&settings, self.clock.now());
        if let Some(last) = batch.last() {
            self.progress.send_modify(|progress| progress.next = last.offset + 1);
        }
    }

    fn answer(&mut self, record: &Record) {
        let Some(key) = record.answers else { return };
        if !self.answers.resolve(key, record) {
            return;
        }
        self.remembered.push_back(key);
        if self.remembered.len() > limit::VIEW_ANSWERS
            && let Some(oldest) = self.remembered.pop_front()
        {
            self.answers.forget(oldest);
        }
    }
}
