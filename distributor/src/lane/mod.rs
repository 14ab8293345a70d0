//! A lane: the single writer of its conversations. One input in, one record out.
//!
//! [`Lane`] decides: synchronous and deterministic, with the time and the routing core as
//! arguments. [`Worker`] feeds it in batches from its partitions of the log and hands its records
//! to the shard's appender; a thread (or a test, or a simulation) takes turns of it.

mod input;
mod decide;
mod obey;
mod sweep;
mod timers;
mod time;
mod source;
mod suspect;
mod worker;

pub use decide::{Handled, Lane, Written};
pub use input::Input;
pub use suspect::Suspects;
pub use timers::Looks;
pub(crate) use worker::Start;
pub use worker::{LaneError, Supplies, Worker};
