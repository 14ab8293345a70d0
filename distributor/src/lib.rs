//! The distributor: opens conversations, runs the flow before the human, and hands each waiting
//! conversation to an agent, never above his cap.
//!
//! It reads its partitions of the log and writes one: `events`. Everything it decides is a record
//! there, and nothing else of it is visible to anybody. A [`shard`] is owned by one node at a
//! time; its [`lane`]s are worker threads, each the single writer of its conversations; what a
//! lane decides about one conversation is in [`conversation`] and [`flow`], and who gets it is
//! the routing core's affair ([`assign`]).
//!
//! Non-goals: nothing here knows a provider, a socket or an engine of storage. Limits are in
//! [`model::limit`].
//!
//! Reading order: [`conversation`] (the rules), [`flow`], [`assign`] (the core), `timer` (what
//! is due when), [`lane`] (one input in, one record out), [`shard`] (claim, recovery, the appender,
//! restarts).

pub mod conversation;
pub mod flow;
pub mod assign;
mod timer;
pub mod lane;
pub mod shard;
pub mod metric;
mod config;

pub use config::{AssignKind, Config};
