//! The integration tests of the binary: one module, one behaviour.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test may panic, in its helpers too, and its helpers are nobody's API"
)]

mod process;
mod under_load;

mod command;
mod configuration;
mod ending;
mod starter;
mod webhook;
mod tidy;
