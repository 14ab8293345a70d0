//! State ← record: the only way state is rebuilt.
//!
//! A lane applies its own records as it hands them to the log; a restart and the view apply the
//! same records as they read them. There is no second way to the same state.

pub mod mutant;
mod conversation;
mod dedup;
mod lane;
mod order;
mod roll;
mod shard;

pub use conversation::{Conversation, SentMessage};
pub use dedup::{Dedup, message_key};
pub use lane::{Lane, Progress};
pub use order::{EpochOrder, Verdict};
pub use roll::Roll;
pub use shard::{Score, Shard};
