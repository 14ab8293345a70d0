//! What happened: the events of a record.

use prost::{Message, Oneof};

use super::DecodeError;
use super::convert::{Wire, by_field, by_number, by_variant};
use super::proto_input::SendResult;
use super::proto_service::{Author, Content, Empty, MessageId};
use crate::desk;
use crate::desk::{MoveKind, Rejection};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(
        oneof = "EventKind",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19"
    )]
    pub(super) kind: Option<EventKind>,
    #[prost(bool, tag = "15")]
    pub(super) skippable: bool,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum EventKind {
    #[prost(message, tag = "1")]
    Opened(Opened),
    #[prost(message, tag = "2")]
    MessageReceived(MessageReceived),
    #[prost(message, tag = "3")]
    MessageSent(MessageSent),
    #[prost(message, tag = "4")]
    Queued(Queued),
    #[prost(message, tag = "5")]
    Assigned(Assigned),
    #[prost(message, tag = "6")]
    Closed(Closed),
    #[prost(message, tag = "7")]
    SendAnswered(SendAnswered),
    #[prost(message, tag = "8")]
    ReceiptApplied(ReceiptApplied),
    #[prost(message, tag = "9")]
    PresenceChanged(PresenceChanged),
    #[prost(message, tag = "10")]
    SettingsApplied(SettingsApplied),
    #[prost(message, tag = "11")]
    Duplicate(Duplicate),
    #[prost(message, tag = "12")]
    ReceiptIgnored(ReceiptIgnored),
    #[prost(message, tag = "13")]
    CommandRejected(CommandRejected),
    #[prost(message, tag = "14")]
    InputRefused(InputRefused),
    #[prost(message, tag = "16")]
    LeasesRenewed(LeasesRenewed),
    #[prost(message, tag = "17")]
    Moved(Moved),
    #[prost(message, tag = "18")]
    Pended(Pended),
    #[prost(message, tag = "19")]
    Warned(Warned),
}

by_variant!(
    desk::Event => Event { kind: EventKind, skippable: false }
    units {}
    values { Opened, Queued, Assigned, Moved }
    fields {
        MessageReceived { message, provider_id, sent_at, received_at, content },
        MessageSent { message, author, content },
        Closed { conversation, seq, by, reason, handled },
        SendAnswered { message, result, tries },
        ReceiptApplied { message, status, at, code },
        PresenceChanged { user, presence, grace_until },
        LeasesRenewed { users },
        Pended { conversation, seq, by, handled },
        Warned { conversation, seq, until },
        SettingsApplied { next },
        Duplicate { channel, provider_id },
        ReceiptIgnored { provider_id },
        CommandRejected { rejection },
        InputRefused { reason },
    }
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Opened {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(string, tag = "2")]
    pub(super) protocol: String,
    #[prost(uint32, tag = "3")]
    pub(super) operation: u32,
    #[prost(uint32, tag = "4")]
    pub(super) channel: u32,
    #[prost(string, tag = "5")]
    pub(super) address: String,
    #[prost(string, tag = "6")]
    pub(super) name: String,
}

by_field!(desk::Opened => Opened { conversation, protocol, operation, channel, address, name });

#[derive(Clone, PartialEq, Message)]
pub(super) struct MessageReceived {
    #[prost(message, required, tag = "1")]
    pub(super) message: MessageId,
    #[prost(string, tag = "2")]
    pub(super) provider_id: String,
    #[prost(sfixed64, tag = "3")]
    pub(super) sent_at: i64,
    #[prost(sfixed64, tag = "4")]
    pub(super) received_at: i64,
    #[prost(message, required, tag = "5")]
    pub(super) content: Content,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MessageSent {
    #[prost(message, required, tag = "1")]
    pub(super) message: MessageId,
    #[prost(message, required, tag = "2")]
    pub(super) author: Author,
    #[prost(message, required, tag = "3")]
    pub(super) content: Content,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Queued {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
    #[prost(uint32, tag = "3")]
    pub(super) group: u32,
    #[prost(sfixed64, tag = "4")]
    pub(super) key: i64,
    #[prost(uint32, optional, tag = "5")]
    pub(super) agent: Option<u32>,
}

by_field!(desk::Queued => Queued { conversation, seq, group, key, agent });

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Assigned {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
    #[prost(uint32, tag = "3")]
    pub(super) agent: u32,
    #[prost(uint32, tag = "4")]
    pub(super) group: u32,
    #[prost(uint32, tag = "5")]
    pub(super) cap: u32,
    #[prost(uint32, tag = "6")]
    pub(super) gen_at_seat: u32,
    #[prost(uint32, tag = "7")]
    pub(super) charge: u32,
    #[prost(message, required, tag = "8")]
    pub(super) why: Why,
    #[prost(uint64, tag = "9")]
    pub(super) waited: u64,
}

by_field!(desk::Assigned => Assigned {
    conversation, seq, agent, group, cap, gen_at_seat, charge, why, waited,
});

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Why {
    #[prost(oneof = "WhyKind", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    pub(super) kind: Option<WhyKind>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum WhyKind {
    #[prost(message, tag = "1")]
    Policy(Policy),
    #[prost(message, tag = "2")]
    FreedSeat(Empty),
    #[prost(message, tag = "3")]
    Restored(Empty),
    #[prost(message, tag = "4")]
    Owner(Empty),
    #[prost(message, tag = "5")]
    Started(Empty),
    #[prost(message, tag = "6")]
    Reassigned(Empty),
    #[prost(message, tag = "7")]
    Transferred(Empty),
    #[prost(message, tag = "8")]
    CameBack(Empty),
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Policy {
    #[prost(int32, tag = "1")]
    pub(super) policy: i32,
    #[prost(uint64, tag = "2")]
    pub(super) key: u64,
}

by_variant!(
    desk::Why => Why { kind: WhyKind }
    units { FreedSeat, Restored, Owner, Started, Reassigned, Transferred, CameBack }
    values {}
    fields { Policy { policy, key } }
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Moved {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
    #[prost(int32, tag = "3")]
    pub(super) kind: i32,
    #[prost(message, required, tag = "4")]
    pub(super) by: Author,
    #[prost(string, tag = "5")]
    pub(super) note: String,
    #[prost(uint64, tag = "6")]
    pub(super) handled: u64,
}

by_field!(desk::Moved => Moved { conversation, seq, kind, by, note, handled });

by_number!(MoveKind { Transfer = 1, Reassign = 2, Redirect = 3 });

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Pended {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
    #[prost(message, required, tag = "3")]
    pub(super) by: Author,
    #[prost(uint64, tag = "4")]
    pub(super) handled: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Warned {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
    #[prost(sfixed64, tag = "3")]
    pub(super) until: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Closed {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(uint32, tag = "2")]
    pub(super) seq: u32,
    #[prost(message, required, tag = "3")]
    pub(super) by: Author,
    #[prost(int32, tag = "4")]
    pub(super) reason: i32,
    #[prost(uint64, tag = "5")]
    pub(super) handled: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SendAnswered {
    #[prost(message, required, tag = "1")]
    pub(super) message: MessageId,
    #[prost(message, required, tag = "2")]
    pub(super) result: SendResult,
    #[prost(uint32, tag = "3")]
    pub(super) tries: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ReceiptApplied {
    #[prost(message, required, tag = "1")]
    pub(super) message: MessageId,
    #[prost(int32, tag = "2")]
    pub(super) status: i32,
    #[prost(sfixed64, tag = "3")]
    pub(super) at: i64,
    #[prost(sint64, optional, tag = "4")]
    pub(super) code: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct PresenceChanged {
    #[prost(uint32, tag = "1")]
    pub(super) user: u32,
    #[prost(int32, tag = "2")]
    pub(super) presence: i32,
    #[prost(sfixed64, optional, tag = "3")]
    pub(super) grace_until: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LeasesRenewed {
    #[prost(uint32, repeated, tag = "1")]
    pub(super) users: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct SettingsApplied {
    #[prost(uint64, tag = "1")]
    pub(super) next: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Duplicate {
    #[prost(uint32, tag = "1")]
    pub(super) channel: u32,
    #[prost(string, tag = "2")]
    pub(super) provider_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReceiptIgnored {
    #[prost(string, tag = "1")]
    pub(super) provider_id: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct CommandRejected {
    #[prost(int32, tag = "1")]
    pub(super) rejection: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct InputRefused {
    #[prost(int32, tag = "1")]
    pub(super) reason: i32,
}

by_number!(Rejection {
    ConversationNotFound = 1,
    ConversationClosed = 2,
    NotResponsible = 3,
    WindowClosed = 4,
    ChannelBacklog = 5,
    UnsendableContent = 6,
    AgentFull = 7,
    NotAvailable = 8,
    NotAllowed = 9,
    TransferNotAllowed = 10,
    NoteRequired = 11,
    QueueFull = 12,
    AlreadyPending = 13,
    NotPending = 14,
});
