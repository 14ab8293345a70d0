//! The behaviours of the `model` crate, one a module.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic, its builders too"
)]

mod strategy;
mod round_trip;
mod hostile;
mod newer;
mod published;
mod fixture;
mod settings;
mod fold;
