//! The desk as a browser sees it: a real listener on port 0, the memory engine, and the test in
//! the distributor's place.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic, its builders too"
)]

mod house;

mod command;
mod console;
mod live;
mod login;
mod page;
mod permission;
mod shape;
