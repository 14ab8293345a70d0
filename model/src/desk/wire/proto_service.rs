//! Messages and enums that several kinds of record share.

use bytes::Bytes;
use prost::{Message, Oneof};

use super::DecodeError;
use super::convert::{Wire, by_field, by_number, by_variant};
use crate::people::{NewcomerScore, OnAbsence, Policy, Presence, Silence, UserKind};
use crate::service::{ChannelKind, CloseReason, ReceiptStatus};
use crate::{id, service};

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Empty {}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct MessageId {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
}

by_field!(id::MessageId => MessageId { conversation, seq });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Content {
    #[prost(oneof = "ContentKind", tags = "1, 2")]
    pub(super) kind: Option<ContentKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum ContentKind {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(message, tag = "2")]
    Unsupported(Unsupported),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Unsupported {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) raw: Bytes,
}

by_variant!(
    service::Content => Content { kind: ContentKind }
    units {}
    values { Text }
    fields { Unsupported { kind, raw } }
);

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Author {
    #[prost(oneof = "AuthorKind", tags = "1, 2, 3, 4")]
    pub(super) kind: Option<AuthorKind>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum AuthorKind {
    #[prost(message, tag = "1")]
    Contact(Empty),
    #[prost(uint32, tag = "2")]
    User(u32),
    #[prost(message, tag = "3")]
    Flow(Empty),
    #[prost(message, tag = "4")]
    System(Empty),
}

by_variant!(
    service::Author => Author { kind: AuthorKind }
    units { Contact, Flow, System }
    values { User }
    fields {}
);

by_number!(ReceiptStatus { Sent = 1, Delivered = 2, Read = 3, Failed = 4 });
by_number!(CloseReason {
    Agent = 1,
    Supervisor = 2,
    Flow = 3,
    CustomerSilent = 4,
    BothSilent = 5,
    Absence = 6,
    QueueFull = 7,
    GroupClosed = 8,
});
by_number!(Presence { Available = 1, Paused = 2, Offline = 3 });
by_number!(OnAbsence { Keep = 1, Redirect = 2, Close = 3 });
by_number!(Silence { Customer = 1, Both = 2 });
by_number!(NewcomerScore { GroupMinimum = 1, Zero = 2 });
by_number!(UserKind { Agent = 1, Supervisor = 2, SupervisorAgent = 3, Administrator = 4 });
by_number!(Policy {
    Circular = 1,
    Random = 2,
    AgentPriority = 3,
    LeastTime = 4,
    LeastCount = 5,
});
by_number!(ChannelKind {
    Whatsapp = 1,
    Instagram = 2,
    Messenger = 3,
    Telegram = 4,
    Sms = 5,
    Email = 6,
});
