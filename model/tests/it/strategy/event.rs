//! Strategies for records of `events`.

use model::desk::{
    Assigned, Cause, Event, MoveKind, Moved, Opened, Queued, Record, Rejection, Resume, Sweep,
    Timer, Why,
};
use model::id::{GroupId, LaneId, OperationId, ProtocolNumber};
use model::people::Policy;
use model::service::{Author, CloseReason};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::{
    channel, command_id, content, conversation, dead_reason, duration, group, message, presence,
    receipt_status, send_result, text, timestamp, user,
};

pub(crate) fn record() -> impl Strategy<Value = Record> {
    let lane = (0..=LaneId::MAX).prop_map(|n| LaneId::new(n).unwrap());
    let answers = option::of((user(), command_id()));
    let resume = vec(resume(), 0..5);
    let at = (timestamp(), option::of(timestamp()));
    (lane, cause(), answers, resume, at, vec(event(), 0..5)).prop_map(
        |(lane, cause, answers, resume, (at, input_at), events)| Record {
            lane,
            cause,
            answers,
            resume,
            at,
            input_at,
            events,
        },
    )
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        any::<u64>().prop_map(Cause::Inbound),
        any::<u64>().prop_map(Cause::Command),
        any::<u64>().prop_map(Cause::Control),
        any::<u64>().prop_map(Cause::Settings),
        conversation().prop_map(Cause::HandOver),
        Just(Cause::Sweep(Sweep::Recovery)),
        (user(), conversation())
            .prop_map(|(user, conversation)| Sweep::Absence { user, conversation })
            .prop_map(Cause::Sweep),
        (group(), conversation())
            .prop_map(|(group, conversation)| Sweep::GroupClosed { group, conversation })
            .prop_map(Cause::Sweep),
        timer().prop_map(Cause::Timer),
    ]
}

fn timer() -> impl Strategy<Value = Timer> {
    prop_oneof![
        conversation().prop_map(Timer::Pending),
        conversation().prop_map(Timer::Warning),
        conversation().prop_map(Timer::Silence),
        user().prop_map(Timer::Lease),
    ]
}

fn resume() -> impl Strategy<Value = Resume> {
    prop_oneof![
        any::<u64>().prop_map(Resume::Inbound),
        any::<u64>().prop_map(Resume::Command),
        any::<u64>().prop_map(Resume::Control),
        any::<u64>().prop_map(Resume::Settings),
    ]
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    Union::new([
        opened().prop_map(Event::Opened).boxed(),
        queued().prop_map(Event::Queued).boxed(),
        assigned().prop_map(Event::Assigned).boxed(),
        message_event().boxed(),
        receipt_event().boxed(),
        closed().boxed(),
        moved().boxed(),
        set_aside().boxed(),
        small_event().boxed(),
    ])
}

fn message_event() -> impl Strategy<Value = Event> {
    let received = (message(), text(), timestamp(), timestamp(), content()).prop_map(
        |(message, provider_id, sent_at, received_at, content)| Event::MessageReceived {
            message,
            provider_id,
            sent_at,
            received_at,
            content,
        },
    );
    let sent = (message(), author(), content())
        .prop_map(|(message, author, content)| Event::MessageSent { message, author, content });
    prop_oneof![received, sent]
}

fn receipt_event() -> impl Strategy<Value = Event> {
    let answered = (message(), send_result(), any::<u32>())
        .prop_map(|(message, result, tries)| Event::SendAnswered { message, result, tries });
    let applied = (message(), receipt_status(), timestamp(), option::of(any::<i64>())).prop_map(
        |(message, status, at, code)| Event::ReceiptApplied { message, status, at, code },
    );
    let ignored = text().prop_map(|provider_id| Event::ReceiptIgnored { provider_id });
    prop_oneof![answered, applied, ignored]
}

fn small_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (user(), presence(), option::of(timestamp())).prop_map(|(user, presence, grace_until)| {
            Event::PresenceChanged { user, presence, grace_until }
        }),
        vec(user(), 0..4).prop_map(|users| Event::LeasesRenewed { users }),
        any::<u64>().prop_map(|next| Event::SettingsApplied { next }),
        (channel(), text())
            .prop_map(|(channel, provider_id)| Event::Duplicate { channel, provider_id }),
        select(Rejection::ALL.to_vec()).prop_map(|rejection| Event::CommandRejected { rejection }),
        dead_reason().prop_map(|reason| Event::InputRefused { reason }),
    ]
}

fn opened() -> impl Strategy<Value = Opened> {
    let date = (0..=9999_i16, 1..=12_i8, 1..=31_i8);
    (conversation(), date, any::<u32>(), channel(), text(), text()).prop_map(
        |(conversation, date, operation, channel, address, name)| Opened {
            conversation,
            protocol: ProtocolNumber::new(date, conversation),
            operation: OperationId(operation),
            channel,
            address,
            name,
        },
    )
}

fn queued() -> impl Strategy<Value = Queued> {
    (message(), group(), option::of(user()), any::<i64>()).prop_map(|(id, group, agent, key)| {
        Queued { conversation: id.conversation, seq: id.seq, group, agent, key }
    })
}

fn assigned() -> impl Strategy<Value = Assigned> {
    let word = any::<(u8, u16, u8)>();
    (message(), user(), any::<u32>(), word, why(), duration()).prop_map(
        |(id, agent, group, (cap, gen_at_seat, charge), why, waited)| Assigned {
            conversation: id.conversation,
            seq: id.seq,
            agent,
            group: GroupId(group),
            cap,
            gen_at_seat,
            charge,
            why,
            waited,
        },
    )
}

fn moved() -> impl Strategy<Value = Event> {
    let kind = select(vec![MoveKind::Transfer, MoveKind::Reassign, MoveKind::Redirect]);
    (message(), kind, author(), text(), duration()).prop_map(|(id, kind, by, note, handled)| {
        let (conversation, seq) = (id.conversation, id.seq);
        Event::Moved(Moved { conversation, seq, kind, by, note, handled })
    })
}

fn set_aside() -> impl Strategy<Value = Event> {
    let pended = (message(), author(), duration()).prop_map(|(id, by, handled)| Event::Pended {
        conversation: id.conversation,
        seq: id.seq,
        by,
        handled,
    });
    let warned = (message(), timestamp()).prop_map(|(id, until)| Event::Warned {
        conversation: id.conversation,
        seq: id.seq,
        until,
    });
    prop_oneof![pended, warned]
}

fn closed() -> impl Strategy<Value = Event> {
    let reason = select(CloseReason::ALL.to_vec());
    (message(), author(), reason, duration()).prop_map(|(id, by, reason, handled)| Event::Closed {
        conversation: id.conversation,
        seq: id.seq,
        by,
        reason,
        handled,
    })
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        Just(Author::Contact),
        user().prop_map(Author::User),
        Just(Author::Flow),
        Just(Author::System),
    ]
}

fn why() -> impl Strategy<Value = Why> {
    prop_oneof![
        (select(Policy::ALL.to_vec()), any::<u64>())
            .prop_map(|(policy, key)| Why::Policy { policy, key }),
        select(vec![
            Why::FreedSeat,
            Why::Restored,
            Why::Owner,
            Why::Started,
            Why::Reassigned,
            Why::Transferred,
            Why::CameBack,
        ]),
    ]
}
