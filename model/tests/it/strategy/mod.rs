//! Proptest strategies for every kind of record, whole value ranges, no lawfulness between fields.

mod event;
mod settings;

use std::time::Duration;

use bytes::Bytes;
use model::desk::{
    Body, Claimed, Command, CommandRecord, Dead, DeadReason, Envelope, Inbound, Lease, Outcome,
    Receipt, Replayed, SendResult, Stamped, Target,
};
use model::id::{
    ChannelId, CommandId, ConversationId, EndpointName, GroupId, MessageId, TenantId, UserId,
};
use model::people::Presence;
use model::service::{Content, ReceiptStatus};
use model::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

pub(crate) use event::{event, record};
pub(crate) use settings::entity;

pub(crate) fn stamped() -> impl Strategy<Value = Stamped> {
    (envelope(), body()).prop_map(|(envelope, body)| Stamped { envelope, body })
}

pub(crate) fn body() -> impl Strategy<Value = Body> {
    Union::new([
        inbound().prop_map(Body::Inbound).boxed(),
        command_record().prop_map(Body::Command).boxed(),
        outcome().prop_map(Body::Outcome).boxed(),
        receipt().prop_map(Body::Receipt).boxed(),
        entity().prop_map(Body::Entity).boxed(),
        record().prop_map(Body::Record).boxed(),
        claimed().prop_map(Body::Claimed).boxed(),
        dead().prop_map(Body::Dead).boxed(),
        lease().prop_map(Body::Lease).boxed(),
        replayed().prop_map(Body::Replayed).boxed(),
    ])
}

pub(crate) fn envelope() -> impl Strategy<Value = Envelope> {
    (any::<u32>(), any::<u32>(), any::<u64>(), timestamp(), any::<u128>()).prop_map(
        |(tenant, epoch, number, at, trace)| {
            let tenant = TenantId(tenant);
            Envelope { tenant, key: 0, epoch, number, at, trace }
        },
    )
}

fn inbound() -> impl Strategy<Value = Inbound> {
    (channel(), text(), text(), text(), (timestamp(), timestamp()), content()).prop_map(
        |(channel, address, name, provider_id, (sent_at, received_at), content)| Inbound {
            channel,
            address,
            name,
            provider_id,
            sent_at,
            received_at,
            content,
        },
    )
}

fn command_record() -> impl Strategy<Value = CommandRecord> {
    (user(), command_id(), timestamp(), command())
        .prop_map(|(user, id, at, command)| CommandRecord { user, id, at, command })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (conversation(), content())
            .prop_map(|(conversation, content)| Command::Send { conversation, content }),
        conversation().prop_map(|conversation| Command::Close { conversation }),
        presence().prop_map(|presence| Command::SetPresence { presence }),
        (conversation(), target(), text()).prop_map(|(conversation, to, note)| Command::Transfer {
            conversation,
            to,
            note
        }),
        (conversation(), target(), text()).prop_map(|(conversation, to, note)| Command::Reassign {
            conversation,
            to,
            note
        }),
        conversation().prop_map(|conversation| Command::Pend { conversation }),
        conversation().prop_map(|conversation| Command::Resume { conversation }),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![user().prop_map(Target::Agent), group().prop_map(Target::Group)]
}

fn lease() -> impl Strategy<Value = Lease> {
    (vec(user(), 0..4), timestamp()).prop_map(|(users, at)| Lease { users, at })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    (message(), send_result(), timestamp(), any::<u32>())
        .prop_map(|(message, result, at, tries)| Outcome { message, result, at, tries })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let names = (option::of(message()), text(), text());
    (channel(), names, receipt_status(), timestamp(), option::of(any::<i64>())).prop_map(
        |(channel, (message, provider_id, address), status, at, code)| Receipt {
            channel,
            message,
            provider_id,
            address,
            status,
            at,
            code,
        },
    )
}

fn claimed() -> impl Strategy<Value = Claimed> {
    any::<(u32, u128)>().prop_map(|(epoch, attempt)| Claimed { epoch, attempt })
}

fn dead() -> impl Strategy<Value = Dead> {
    (dead_reason(), text(), text(), raw()).prop_map(|(reason, origin, detail, bytes)| Dead {
        reason,
        origin,
        detail,
        bytes,
    })
}

pub(crate) fn send_result() -> impl Strategy<Value = SendResult> {
    prop_oneof![
        text().prop_map(|provider_id| SendResult::Accepted { provider_id }),
        (any::<i64>(), text()).prop_map(|(code, detail)| SendResult::Failed { code, detail }),
    ]
}

pub(crate) fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        text().prop_map(Content::Text),
        (text(), raw()).prop_map(|(kind, raw)| Content::Unsupported { kind, raw }),
    ]
}

pub(crate) fn receipt_status() -> impl Strategy<Value = ReceiptStatus> {
    use ReceiptStatus::{Delivered, Failed, Read, Sent};
    select(vec![Sent, Delivered, Read, Failed])
}

pub(crate) fn presence() -> impl Strategy<Value = Presence> {
    select(vec![Presence::Available, Presence::Paused, Presence::Offline])
}

fn replayed() -> impl Strategy<Value = Replayed> {
    (any::<u64>(), vec(text(), 0..3)).prop_map(|(letter, to)| Replayed { letter, to })
}

pub(crate) fn dead_reason() -> impl Strategy<Value = DeadReason> {
    select(DeadReason::ALL.to_vec())
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn raw() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..24).prop_map(Bytes::from)
}

pub(crate) fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_micros)
}

pub(crate) fn duration() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_micros)
}

pub(crate) fn conversation() -> impl Strategy<Value = ConversationId> {
    (0..1_u64 << 63).prop_map(|n| ConversationId::from_u64(n).unwrap())
}

pub(crate) fn message() -> impl Strategy<Value = MessageId> {
    (conversation(), any::<u32>()).prop_map(|(conversation, seq)| MessageId { conversation, seq })
}

pub(crate) fn user() -> impl Strategy<Value = UserId> {
    any::<u32>().prop_map(UserId)
}

pub(crate) fn group() -> impl Strategy<Value = GroupId> {
    any::<u32>().prop_map(GroupId)
}

pub(crate) fn channel() -> impl Strategy<Value = ChannelId> {
    any::<u32>().prop_map(ChannelId)
}

pub(crate) fn command_id() -> impl Strategy<Value = CommandId> {
    any::<u128>().prop_map(CommandId)
}

pub(crate) fn endpoint_name() -> impl Strategy<Value = EndpointName> {
    "[a-z0-9-]{1,64}".prop_map(|name| name.parse().unwrap())
}
