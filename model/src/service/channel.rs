use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, EndpointName, OperationId};

use super::Flow;

/// A provider's kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelKind {
    /// WhatsApp Cloud API.
    Whatsapp,
    /// Instagram messaging.
    Instagram,
    /// Facebook Messenger.
    Messenger,
    /// Telegram Bot API.
    Telegram,
    /// SMS by Twilio or SMPP.
    Sms,
    /// E-mail.
    Email,
}

impl ChannelKind {
    /// Its name in settings, metrics and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Instagram => "instagram",
            Self::Messenger => "messenger",
            Self::Telegram => "telegram",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}

/// One configured account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Version of the entity, 1 at creation, then + 1 each.
    pub version: u64,
    /// The operation it serves, fixed at creation.
    pub operation: OperationId,
    /// The provider's kind.
    pub kind: ChannelKind,
    /// Its name.
    pub name: String,
    /// The account's id at the provider (WhatsApp: the phone number id), as it stands in webhooks.
    pub account: String,
    /// Where the provider calls us for it.
    pub endpoint: EndpointName,
    /// Base URL of the provider's API, without a trailing slash.
    pub provider_url: String,
    /// What a new conversation goes through before a human.
    pub flow: Flow,
}

/// Where a provider's app calls us. Its secrets (verify token, app secrets) are rows of the
/// directory, never of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name, the last part of the webhook's path.
    pub name: EndpointName,
    /// Version of the entity, 1 at creation, then + 1 each.
    pub version: u64,
    /// What speaks there.
    pub kind: ChannelKind,
}

/// Something that must not be shown: no `Debug`, no `Serialize`, wiped by nobody's log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` as a secret.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself; every use is a place to look at.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
