//! What crosses the log: inputs, commands, rejections, events, settings, and their wire forms.
//!
//! Domain types live here as plain enums; [`wire`] holds the protobuf twins (`wire.proto` beside
//! it is published) and the only conversions between the two.

mod command;
mod envelope;
mod event;
mod input;
mod rejection;
mod settings;
pub mod wire;

pub use command::{Command, CommandRecord};
pub use envelope::{Body, Envelope, Stamped};
pub use event::{
    Assigned, Cause, Claimed, Dead, DeadReason, Event, Opened, Queued, Record, Resume, Sweep, Why,
};
pub use input::{Inbound, Outcome, Receipt, SendResult};
pub use rejection::Rejection;
pub use settings::{Entity, Settings, SettingsError};
