//! The engines behind the ports, from outside: the conformance suite on each, and what only the
//! embedded one promises.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod backup;
mod conformance;
mod damage;
mod power_cut;
mod recording;
mod reference;
mod refusal;
mod reopen;
mod setup;
