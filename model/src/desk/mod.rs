//! What crosses the log: inputs, commands, rejections, events, settings, and their wire forms.
//!
//! Domain types live here as plain enums; [`wire`] holds the protobuf twins (`wire.proto` beside
//! it is published) and the only conversions between the two.

mod command;
mod envelope;
mod event;
mod input;
mod record;
mod rejection;
mod settings;
pub mod wire;

pub use command::{Command, CommandRecord, Target};
pub use envelope::{Body, Envelope, Stamped};
pub use event::{Assigned, Event, MoveKind, Moved, Opened, Queued, Why};
pub use input::{Inbound, Lease, Outcome, Receipt, SendResult};
pub use record::{Cause, Claimed, Dead, DeadReason, Record, Replayed, Resume, Sweep, Timer};
pub use rejection::Rejection;
pub use settings::{Entity, Settings, SettingsError};
