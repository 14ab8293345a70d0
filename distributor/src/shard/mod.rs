//! A shard: claimed, rebuilt from its log, run by its lanes, and ended as a whole.
//!
//! A [`Tenure`] is one owner's time in office. It begins with a valid claim, rebuilds lanes and
//! core from `events` alone, and ends at the first sign that it must not go on: a lane panicked,
//! an append failed or its outcome stayed unknown, another owner's claim stands in the log. The
//! [`Handle`]'s thread then begins the next one, after a bounded wait. An input over which owners
//! panicked [`PANICS_PER_INPUT`](model::limit::PANICS_PER_INPUT) times is put to `dead` undecided
//! by the next one: it does not stop its shard for ever. Panics outside of an input's handling
//! name no input, and end every owner until they are mended.

mod appender;
mod claim;
mod tenure;
mod watch;
mod auditor;
mod handle;

pub use appender::Appender;
pub use handle::{Handle, ShardError, ShardPlan, Stage};
pub use tenure::{Tenure, TenureError};
pub use watch::{EventWatch, Omen};
