use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::id::UserId;

/// What a message holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Plain text, as the customer or agent wrote it.
    Text(String),
    /// A kind we do not show yet: its name at the provider and its raw form, lossless.
    Unsupported {
        /// The provider's name of the kind.
        kind: String,
        /// The element as the provider sent it, at most [`crate::limit::RAW_BYTES`].
        raw: Bytes,
    },
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Author {
    /// The customer.
    Contact,
    /// A user of the desk.
    User(UserId),
    /// The flow.
    Flow,
    /// The system, by its own rules: warnings, redirects, timers.
    System,
}

/// How far a sent message came. A lattice, not a sequence: `Read` may come before `Delivered`,
/// and `Failed` is final where a provider has said so. Where only dispatch gave up, any receipt
/// of the provider knows better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptStatus {
    /// The provider sent it on.
    Sent,
    /// It is on the customer's device.
    Delivered,
    /// The customer read it.
    Read,
    /// The provider gave up.
    Failed,
}

impl ReceiptStatus {
    /// Its name in events, history and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}
