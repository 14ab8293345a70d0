//! The gateway as the outside and the log see it: real sockets on port 0, the memory engine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic, its builders too"
)]

mod installation;
mod follow;
mod secret;
mod desk;
mod webhook;
mod whatsapp;
mod dispatch;
