//! Sends: what the shards decided to say, read back from `events` and told to the providers.
//!
//! The events log is the outbox. One thread per shard folds it into a work list (`MessageSent`
//! without `SendAnswered`); one task per channel sends, in order per contact, within the
//! channel's rate; the provider's answer goes to `commands`, and the contact's next message
//! waits until that is durable. A slow channel stops only itself, up to a bound: when
//! [`model::limit::DISPATCH_HELD`] messages of a shard find no room at their channels, its thread
//! reads no further in `events` until some have gone, and then all channels of the shard wait.
//! What is unread is safe in the log. At a start everything unanswered is held in memory, however
//! much that is: a day's messages at most, because none is tried for longer.
//!
//! A try that certainly sent nothing is repeated for [`model::limit::DISPATCH_LIFETIME`].
//!
//! No provider here takes an idempotency key. So a try whose outcome is unknown (no answer after
//! the request was written, or a crash before the answer was durable) is made again under the
//! same own id and counted: the customer may see that message twice. After
//! [`model::limit::DISPATCH_REPEATS`] such repeats it is recorded as failed with a negative code,
//! which a receipt of the provider overrules.

mod work;
mod queue;
mod pace;
mod client;
mod send;
mod verdict;
mod channel;
mod held;
mod shard;

use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use model::unit::Period;
use serde::{Deserialize, Serialize};
use storage::port::LogError;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::Ports;
use crate::follow::SettingsFollower;
use send::Sender;
use shard::ShardDispatch;

/// The part of the configuration about sends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchConfig {
    /// Messages a second on each channel. WhatsApp's default for a phone number is 80.
    pub rate_per_second: NonZeroU32,
    /// How long a connection to a provider may take.
    pub connect_wait: Period,
    /// How long a provider's answer may take, connecting included.
    pub answer_wait: Period,
    /// The first wait before a send is tried again; it doubles with each try.
    pub retry_wait: Period,
    /// The longest such wait, unless the provider asks for a longer one.
    pub retry_most: Period,
    /// How long a channel rests whose account or token the provider refuses.
    pub stopped_wait: Period,
}

/// The dispatchers of this node's shards.
pub struct Dispatch {
    threads: Vec<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The operating system gave no thread.
    #[error("dispatch could not be started")]
    System(#[from] io::Error),
    /// The log could not be read.
    #[error("the events cannot be read")]
    Log(#[from] LogError),
}

impl Dispatch {
    /// Starts a dispatcher for every shard of the installation. Each first folds all of its
    /// shard's `events`, and then sends again what was never answered. On `stop` nothing new is
    /// sent, and what is in flight is ended under [`model::limit::DRAIN_DISPATCH`].
    pub fn start(
        ports: Ports,
        settings: Arc<SettingsFollower>,
        config: DispatchConfig,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, DispatchError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("dispatch")
            .enable_all()
            .build()?;
        let place = ports.place;
        let sender = Arc::new(Sender::new(ports, settings, config));
        let mut threads = Vec::new();
        for shard in place.each_shard() {
            let handle = runtime.handle().clone();
            let dispatch = ShardDispatch::new(shard, Arc::clone(&sender), handle, stop.clone())?;
            let name = format!("dispatch-{}", shard.get());
            threads.push(std::thread::Builder::new().name(name).spawn(|| dispatch.run())?);
        }
        Ok(Self { threads, runtime: Some(runtime) })
    }

    /// Whether every dispatcher's thread runs.
    pub fn is_running(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }

    /// Waits until every dispatcher has drained and ended. Not inside an async runtime.
    pub fn join(mut self) {
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a dispatch thread panicked");
            }
        }
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Default for DispatchConfig {
    fn default() -> Self {
        Self {
            rate_per_second: NonZeroU32::MIN.saturating_add(79),
            connect_wait: Period(Duration::from_secs(5)),
            answer_wait: Period(Duration::from_secs(20)),
            retry_wait: Period(Duration::from_millis(250)),
            retry_most: Period(Duration::from_secs(30)),
            stopped_wait: Period(Duration::from_secs(30)),
        }
    }
}
