//! Connectors: one folder per provider, each turning what the provider says into the words of the
//! log, and our messages into what the provider takes.

pub mod whatsapp;

use std::time::Duration;

use bytes::Bytes;
use model::desk::{Dead, Inbound, Receipt};

/// One element of a webhook, in the words of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// A customer's message.
    Inbound(Inbound),
    /// How far a message of ours came.
    Receipt(Receipt),
    /// What could not be handled, kept with the reason.
    Dead(Dead),
}

/// What to do after one try of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The provider took it under this id.
    Accepted {
        /// The provider's id of the message; empty when it gave none.
        provider_id: String,
    },
    /// Try the same message again.
    Retry(Retry),
    /// Never try it again.
    Fail {
        /// The provider's error code, or the HTTP status.
        code: i64,
        /// What the provider said.
        detail: String,
    },
    /// Nothing can be sent on the channel until a person has acted; the message stays pending.
    StopChannel {
        /// The provider's error code, or the HTTP status.
        code: i64,
        /// What the provider said.
        detail: String,
    },
}

/// How to try again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// The least wait the provider asked for.
    pub after: Option<Duration>,
    /// What the wait is for.
    pub scope: Scope,
    /// Whether the provider may have taken this try all the same: trying again may double it.
    pub maybe_sent: bool,
    /// The provider's error code, or the HTTP status; 0 when there was no answer.
    pub code: i64,
}

/// How much of a channel a refusal speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// This contact alone.
    Contact,
    /// Everything sent on the channel, when it happens again and again.
    #[default]
    Channel,
}

/// What a provider is asked over HTTP to send a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The absolute URL.
    pub url: String,
    /// The JSON body.
    pub body: Bytes,
}
