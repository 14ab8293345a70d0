//! The distributor from outside, one behaviour a module.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic, its builders too"
)]

mod assign;
mod lane;
mod lock_free;
mod rows;
mod time;
