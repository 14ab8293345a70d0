//! What the gateway writes: customer messages, commands, provider answers, receipts; and what
//! nobody could handle.

use bytes::Bytes;
use prost::{Message, Oneof};

use super::DecodeError;
use super::convert::{Wire, by_field, by_number, by_variant};
use super::proto_service::{Content, MessageId};
use crate::desk;
use crate::desk::DeadReason;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Inbound {
    #[prost(uint32, tag = "1")]
    pub(super) channel: u32,
    #[prost(string, tag = "2")]
    pub(super) address: String,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(string, tag = "4")]
    pub(super) provider_id: String,
    #[prost(sfixed64, tag = "5")]
    pub(super) sent_at: i64,
    #[prost(sfixed64, tag = "6")]
    pub(super) received_at: i64,
    #[prost(message, required, tag = "7")]
    pub(super) content: Content,
}

by_field!(desk::Inbound => Inbound {
    channel, address, name, provider_id, sent_at, received_at, content,
});

#[derive(Clone, PartialEq, Message)]
pub(super) struct CommandRecord {
    #[prost(uint32, tag = "1")]
    pub(super) user: u32,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) id: Bytes,
    #[prost(sfixed64, tag = "3")]
    pub(super) at: i64,
    #[prost(message, required, tag = "4")]
    pub(super) command: Command,
}

by_field!(desk::CommandRecord => CommandRecord { user, id, at, command });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Command {
    #[prost(oneof = "CommandKind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub(super) kind: Option<CommandKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum CommandKind {
    #[prost(message, tag = "1")]
    Send(Send),
    #[prost(message, tag = "2")]
    Close(Close),
    #[prost(message, tag = "3")]
    SetPresence(SetPresence),
    #[prost(message, tag = "4")]
    Transfer(Transfer),
    #[prost(message, tag = "5")]
    Reassign(Reassign),
    #[prost(message, tag = "6")]
    Pend(Pend),
    #[prost(message, tag = "7")]
    Resume(Resume),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Send {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(message, required, tag = "2")]
    pub(super) content: Content,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Close {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct SetPresence {
    #[prost(int32, tag = "1")]
    pub(super) presence: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Transfer {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(message, required, tag = "2")]
    pub(super) to: Target,
    #[prost(string, tag = "3")]
    pub(super) note: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Reassign {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
    #[prost(message, required, tag = "2")]
    pub(super) to: Target,
    #[prost(string, tag = "3")]
    pub(super) note: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Pend {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Resume {
    #[prost(fixed64, tag = "1")]
    pub(super) conversation: u64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Target {
    #[prost(oneof = "TargetKind", tags = "1, 2")]
    pub(super) kind: Option<TargetKind>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
pub(super) enum TargetKind {
    #[prost(uint32, tag = "1")]
    Agent(u32),
    #[prost(uint32, tag = "2")]
    Group(u32),
}

by_variant!(
    desk::Target => Target { kind: TargetKind }
    units {}
    values { Agent, Group }
    fields {}
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Lease {
    #[prost(uint32, repeated, tag = "1")]
    pub(super) users: Vec<u32>,
    #[prost(sfixed64, tag = "2")]
    pub(super) at: i64,
}

by_field!(desk::Lease => Lease { users, at });

by_variant!(
    desk::Command => Command { kind: CommandKind }
    units {}
    values {}
    fields {
        Send { conversation, content },
        Close { conversation },
        SetPresence { presence },
        Transfer { conversation, to, note },
        Reassign { conversation, to, note },
        Pend { conversation },
        Resume { conversation },
    }
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Outcome {
    #[prost(message, required, tag = "1")]
    pub(super) message: MessageId,
    #[prost(message, required, tag = "2")]
    pub(super) result: SendResult,
    #[prost(sfixed64, tag = "3")]
    pub(super) at: i64,
    #[prost(uint32, tag = "4")]
    pub(super) tries: u32,
}

by_field!(desk::Outcome => Outcome { message, result, at, tries });

#[derive(Clone, PartialEq, Message)]
pub(super) struct SendResult {
    #[prost(oneof = "SendResultKind", tags = "1, 2")]
    pub(super) kind: Option<SendResultKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum SendResultKind {
    #[prost(message, tag = "1")]
    Accepted(Accepted),
    #[prost(message, tag = "2")]
    Failed(Failed),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Accepted {
    #[prost(string, tag = "1")]
    pub(super) provider_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Failed {
    #[prost(sint64, tag = "1")]
    pub(super) code: i64,
    #[prost(string, tag = "2")]
    pub(super) detail: String,
}

by_variant!(
    desk::SendResult => SendResult { kind: SendResultKind }
    units {}
    values {}
    fields { Accepted { provider_id }, Failed { code, detail } }
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Receipt {
    #[prost(uint32, tag = "1")]
    pub(super) channel: u32,
    #[prost(message, optional, tag = "2")]
    pub(super) message: Option<MessageId>,
    #[prost(string, tag = "3")]
    pub(super) provider_id: String,
    #[prost(string, tag = "4")]
    pub(super) address: String,
    #[prost(int32, tag = "5")]
    pub(super) status: i32,
    #[prost(sfixed64, tag = "6")]
    pub(super) at: i64,
    #[prost(sint64, optional, tag = "7")]
    pub(super) code: Option<i64>,
}

by_field!(desk::Receipt => Receipt { channel, message, provider_id, address, status, at, code });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dead {
    #[prost(int32, tag = "1")]
    pub(super) reason: i32,
    #[prost(string, tag = "2")]
    pub(super) origin: String,
    #[prost(string, tag = "3")]
    pub(super) detail: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) bytes: Bytes,
}

by_field!(desk::Dead => Dead { reason, origin, detail, bytes });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Replayed {
    #[prost(uint64, tag = "1")]
    pub(super) letter: u64,
    #[prost(string, repeated, tag = "2")]
    pub(super) to: Vec<String>,
}

by_field!(desk::Replayed => Replayed { letter, to });

by_number!(DeadReason {
    Unparseable = 1, UnknownAccount = 2, Undecodable = 3, Dangling = 4, Poison = 5
});
