//! The tail of a shard's events, and the recorder that brings them into history.

mod exactly_once;
pub(crate) mod script;
mod tail;
