//! What is open now: conversations, queues, presence, and the answers to commands, folded from
//! `events` and from nothing else. So nothing is told to anybody before it is durable.
//!
//! One thread a shard folds from the start of the log. Readers and sockets take the shard's lock
//! for a moment; a socket's first picture and its place among the subscribers are taken under the
//! same lock, so it misses no event and sees none twice. An event is encoded once for all the
//! sockets it goes to; a socket that does not keep up is let go, never waited for.
//!
//! Limits: [`model::limit::VIEW_MESSAGES`] a conversation, [`model::limit::SOCKET_FRAMES`] a
//! socket, [`model::limit::VIEW_ANSWERS`] and [`model::limit::VIEW_CLOSED`] a shard. What is older
//! is history's.
//!
//! Reading order: [`View`], [`shown`], `chat`, `shard`, `subscriber`, `answer`, `follow`.

mod answer;
mod chat;
mod follow;
mod queue;
mod shard;
pub mod shown;
mod subscriber;
mod window;

pub use answer::{CommandAnswer, Expected, Waiter};
pub use shard::Facts;
pub use subscriber::{Push, Subscription};
pub use window::View;
