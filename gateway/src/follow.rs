//! The settings in force, followed from the log by one thread.

use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use model::desk::{Body, Settings, wire};
use parking_lot::Mutex;
use storage::port::{Bell, Log, LogError, Logged, Offset, Partition};
use tokio::sync::watch;

const READ_BYTES: usize = 1024 * 1024;
const NAP: Duration = Duration::from_millis(100);

/// Follows `settings`: entities in the order of the log, each whole, the void ones left out.
pub struct SettingsFollower {
    current: Arc<ArcSwap<Settings>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Why the settings could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The log could not be read.
    #[error("the settings could not be read from the log")]
    Log(#[from] LogError),
    /// The operating system gave no thread.
    #[error("no thread to follow the settings")]
    Thread(#[from] std::io::Error),
}

struct Reader {
    log: Arc<dyn Log>,
    settings: Settings,
    next: Offset,
    batch: Vec<Logged>,
}

impl SettingsFollower {
    /// Reads everything that stands in `settings` now, then follows it until `stop`.
    pub fn start(log: Arc<dyn Log>, stop: watch::Receiver<bool>) -> Result<Arc<Self>, FollowError> {
        let bell = Bell::new();
        log.watch(Partition::SETTINGS, &bell);
        let next = log.bounds(Partition::SETTINGS)?.start;
        let mut reader = Reader { log, settings: Settings::default(), next, batch: Vec::new() };
        while reader.advance()? {}
        let current = Arc::new(ArcSwap::from_pointee(reader.settings.clone()));
        let shown = Arc::downgrade(&current);
        let thread = std::thread::Builder::new()
            .name("settings".to_owned())
            .spawn(move || reader.follow(&bell, &shown, &stop))?;
        Ok(Arc::new(Self { current, thread: Mutex::new(Some(thread)) }))
    }

    /// The settings in force, as far as they were followed.
    pub fn current(&self) -> Arc<Settings> {
        self.current.load_full()
    }

    /// Whether its thread runs; never for [`Self::fixed`] ones.
    pub fn is_following(&self) -> bool {
        self.thread.lock().as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Settings that never change: for tests of what reads them.
    pub fn fixed(settings: Settings) -> Arc<Self> {
        let current = Arc::new(ArcSwap::from_pointee(settings));
        Arc::new(Self { current, thread: Mutex::new(None) })
    }

    /// Waits for its thread, which ends within a moment after `stop`.
    pub fn join(&self) {
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the settings follower panicked");
        }
    }
}

impl Reader {
    /// Until `stop`, or until nobody is left to be shown anything.
    fn follow(
        mut self,
        bell: &Bell,
        shown: &Weak<ArcSwap<Settings>>,
        stop: &watch::Receiver<bool>,
    ) {
        while !*stop.borrow() {
            let Some(current) = shown.upgrade() else { return };
            match self.advance() {
                Ok(true) => current.store(Arc::new(self.settings.clone())),
                Ok(false) => drop(bell.wait(NAP)),
                Err(error) => {
                    tracing::error!(%error, "settings cannot be read");
                    bell.wait(NAP);
                }
            }
        }
    }

    /// Applies what has come; whether anything had.
    fn advance(&mut self) -> Result<bool, LogError> {
        self.batch.clear();
        self.log.read(Partition::SETTINGS, self.next, READ_BYTES, &mut self.batch)?;
        for logged in &self.batch {
            self.next = logged.offset + 1;
            apply(&mut self.settings, logged);
        }
        Ok(!self.batch.is_empty())
    }
}

fn apply(settings: &mut Settings, logged: &Logged) {
    let offset = logged.offset;
    match wire::decode(&logged.bytes).map(|stamped| stamped.body) {
        Ok(Body::Entity(entity)) => {
            if let Err(error) = settings.apply(entity) {
                tracing::warn!(offset, %error, "a void settings entity");
            }
        }
        Ok(_) => tracing::error!(offset, "not a settings entity"),
        Err(error) => tracing::error!(offset, %error, "a settings record cannot be read"),
    }
}
