//! The load tester itself: what it sends is what Meta sends, and what it misses would be missed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic, its builders too"
)]

mod agents;
mod audit;
mod customers;
mod desk;
mod report;
mod scenario;
mod routing;
mod provider;
mod sink;
