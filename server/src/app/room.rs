use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use distributor::shard::{Handle, Stage};
use gateway::dispatch::Dispatch;
use parking_lot::Mutex;
use storage::port::Log;
use storage::recorder::Recorder;

use super::Rooms;
use crate::admin::Health;

/// A room that is looked at while it runs, and taken out to be waited for.
pub(super) struct Watched<T>(Arc<Mutex<Option<T>>>);

impl<T> Watched<T> {
    pub(super) fn new(room: T) -> Self {
        Self(Arc::new(Mutex::new(Some(room))))
    }

    /// What `look` sees; `None` once the room was taken out.
    fn see<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.0.lock().as_ref().map(look)
    }

    pub(super) fn take(&self) -> Option<T> {
        self.0.lock().take()
    }
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Ready means that the log takes appends, every shard is owned and its lanes run, and everybody
/// who follows the log does so.
pub(super) fn watch(health: &Health, log: &Arc<dyn Log>, rooms: &Rooms) {
    let stages: Vec<_> = rooms.shards.iter().map(Handle::stages).collect();
    let runs = |stage: &Stage| matches!(stage, Stage::Running { .. });
    health.add("shards", move || stages.iter().all(|stage| runs(&stage.borrow())));
    let log = Arc::clone(log);
    health.add("log", move || log.health().is_ok());
    let settings = Arc::clone(&rooms.settings);
    health.add("settings", move || settings.is_following());
    let view = Arc::clone(&rooms.view);
    health.add("view", move || view.is_following());
    let dispatch = rooms.dispatch.clone();
    health.add("dispatch", move || dispatch.see(Dispatch::is_running) == Some(true));
    let recorder = rooms.recorder.clone();
    health.add("recorder", move || recorder.see(records) == Some(true));
    let recorder = rooms.recorder.clone();
    health.measure_lag(move || recorder.see(Recorder::lag));
}

/// Whether every shard is recorded. How far behind is a matter of the gauge, not of readiness: a
/// restart would not make it any less.
fn records(recorder: &Recorder) -> bool {
    recorder.is_running() && recorder.health().values().all(|health| health.failed.is_none())
}

/// Runs `work` on a thread of its own and waits for it, at most so long; what it came to, or
/// `None` if it was abandoned.
pub(super) fn within<T: Send + 'static>(
    name: &'static str,
    most: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, finished) = mpsc::channel();
    let spawned = std::thread::Builder::new().name(format!("end-{name}"));
    if let Err(error) = spawned.spawn(move || drop(done.send(work()))) {
        tracing::error!(%error, name, "no thread to wait for a room");
        return None;
    }
    let came = finished.recv_timeout(most).ok();
    if came.is_none() {
        tracing::warn!(name, "did not end in its part of the drain, and is abandoned");
    }
    came
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_end_is_abandoned() {
        let (hold, held) = mpsc::channel::<()>();
        assert_eq!(within("held", Duration::from_millis(1), move || held.recv()), None);
        drop(hold);
        assert_eq!(within("quick", Duration::MAX, || 7), Some(7));
    }
}
