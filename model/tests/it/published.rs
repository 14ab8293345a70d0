//! The published `wire.proto` and the bytes we write agree, field by field and name by name.

use std::collections::BTreeSet;

use bytes::Bytes;
use model::desk::wire;
use model::desk::{Assigned, Body, DeadReason, Entity, Envelope, Event, Rejection, Stamped, Why};
use model::people::{
    GroupRules, Inactivity, NewcomerScore, OnAbsence, Policy, Presence, Silence, UserKind,
};
use model::service::{ChannelKind, CloseReason, ReceiptStatus};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, Value};
use serde::Serialize;

use crate::fixture::sample;
use crate::strategy;

pub(crate) const HEADER_BYTES: usize = 48;

pub(crate) fn published() -> DescriptorPool {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/desk/wire");
    let files = protox::compile(["wire.proto"], [folder]).unwrap();
    DescriptorPool::from_file_descriptor_set(files).unwrap()
}

/// The message of a frame's kind: `KIND_DEAD` is `Dead`; only commands have a longer name.
fn message_of(pool: &DescriptorPool, kind: i32) -> String {
    let kinds = pool.get_enum_by_name("chasqui.v1.Kind").unwrap();
    let value = kinds.get_value(kind).unwrap();
    match value.name().strip_prefix("KIND_").unwrap() {
        "COMMAND" => "CommandRecord".to_owned(),
        name => format!("{}{}", &name[..1], name[1..].to_lowercase()),
    }
}

fn read(pool: &DescriptorPool, message: &str, bytes: &[u8]) -> DynamicMessage {
    let descriptor = pool.get_message_by_name(&format!("chasqui.v1.{message}")).unwrap();
    DynamicMessage::decode(descriptor, bytes).unwrap()
}

pub(crate) fn read_body(pool: &DescriptorPool, bytes: &Bytes) -> DynamicMessage {
    let kind = i32::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    read(pool, &message_of(pool, kind), &bytes[HEADER_BYTES..])
}

fn event(pool: &DescriptorPool, event: &Event) -> DynamicMessage {
    read(pool, "Event", &wire::encode_event(event)[1..])
}

/// What was met in messages: names of fields, and of values of enums.
#[derive(Default)]
struct Met {
    fields: BTreeSet<String>,
    values: BTreeSet<String>,
}

impl Met {
    fn message(&mut self, message: &DynamicMessage) {
        assert_eq!(message.unknown_fields().count(), 0, "{message:?}");
        for (field, value) in message.fields() {
            self.fields.insert(field.full_name().to_owned());
            self.value(&field.kind(), value);
        }
    }

    fn value(&mut self, kind: &Kind, value: &Value) {
        match (kind, value) {
            (_, Value::Message(message)) => self.message(message),
            (_, Value::List(list)) => list.iter().for_each(|value| self.value(kind, value)),
            (Kind::Enum(numbers), Value::EnumNumber(number)) => {
                let value = numbers.get_value(*number);
                assert!(value.is_some(), "{number} of {} is not published", numbers.name());
                self.values.extend(value.map(|value| value.full_name().to_owned()));
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn a_reader_of_the_published_form_reads_all_and_writes_the_same(
        stamped in strategy::stamped(),
    ) {
        let pool = published();
        let bytes = wire::encode(&stamped);
        let message = read_body(&pool, &bytes);
        Met::default().message(&message);
        let mut again = bytes[..HEADER_BYTES].to_vec();
        message.encode(&mut again).unwrap();
        prop_assert_eq!(&again[..], &bytes[..]);
        prop_assert_eq!(wire::decode(&again.into()), Ok(stamped));
    }
}

#[test]
fn nothing_is_published_that_we_never_write() {
    let (pool, mut met) = (published(), Met::default());
    let mut runner = TestRunner::deterministic();
    for _ in 0..24_000 {
        let stamped = strategy::stamped().new_tree(&mut runner).unwrap().current();
        met.message(&read_body(&pool, &wire::encode(&stamped)));
    }
    let fields = pool.all_messages().flat_map(|m| m.fields().collect::<Vec<_>>());
    let fields: BTreeSet<String> = fields
        .map(|field| field.full_name().to_owned())
        .filter(|name| name != "chasqui.v1.Event.skippable")
        .collect();
    let enums = pool.all_enums().filter(|e| e.name() != "Kind");
    let values: BTreeSet<String> = enums
        .flat_map(|e| e.values().filter(|v| v.number() != 0).collect::<Vec<_>>())
        .map(|value| value.full_name().to_owned())
        .collect();
    assert_eq!((met.fields, met.values), (fields, values));
}

#[test]
fn every_kind_of_body_is_published() {
    let pool = published();
    let kinds: BTreeSet<i32> = sample::all()
        .iter()
        .map(|(_, stamped)| wire::encode(stamped))
        .map(|bytes| i32::from(u16::from_be_bytes([bytes[2], bytes[3]])))
        .collect();
    let published = pool.get_enum_by_name("chasqui.v1.Kind").unwrap();
    let published: BTreeSet<i32> = published.values().map(|v| v.number()).collect();
    assert_eq!(&kinds | &BTreeSet::from([0]), published);
}

/// All else changes state: a reader that does not know a kind or an event has to stop.
#[test]
fn only_what_stands_in_dead_may_be_skipped() {
    let pool = published();
    for (name, stamped) in sample::all() {
        let must_understand = wire::encode(&stamped)[1] == 1;
        let of_dead = matches!(stamped.body, Body::Dead(_) | Body::Replayed(_));
        assert_eq!(must_understand, !of_dead, "{name}");
        let Body::Record(record) = &stamped.body else { continue };
        for told in &record.events {
            let told = event(&pool, told);
            let skippable = told.get_field_by_name("skippable").unwrap().into_owned();
            assert_eq!(skippable, Value::Bool(false), "{name}");
        }
    }
}

#[test]
fn signs_are_published_as_they_are_written() {
    let pool = published();
    let fields = |message: &DynamicMessage, names: &[&str]| -> Vec<Value> {
        let names = names.iter();
        names.map(|name| message.get_field_by_name(name).unwrap().into_owned()).collect()
    };
    let negative = model::time::Timestamp::from_micros(-3);
    let (message, code) = (sample::message(1), Some(-5));
    let status = ReceiptStatus::Failed;
    let applied = event(&pool, &Event::ReceiptApplied { message, status, at: negative, code });
    let applied = applied.get_field_by_name("receipt_applied").unwrap().into_owned();
    let applied = fields(applied.as_message().unwrap(), &["at", "code"]);
    assert_eq!(applied, [Value::I64(-3), Value::I64(-5)]);
    let queued = event(&pool, &Event::Queued(sample::queued(-7)));
    let queued = queued.get_field_by_name("queued").unwrap().into_owned();
    assert_eq!(fields(queued.as_message().unwrap(), &["key"]), [Value::I64(-7)]);
}

/// Every value of an enum, met alone, has its own name in capitals behind the enum's.
fn names_agree<T: Serialize + Copy>(values: &[T], prefix: &str, write: impl Fn(T) -> Body) {
    let pool = published();
    for value in values {
        let own = serde_json::to_value(value).unwrap();
        let own = own.as_str().unwrap().replace('-', "_").to_uppercase();
        let envelope = Envelope::of_input(sample::AT);
        let bytes = wire::encode(&Stamped { envelope, body: write(*value) });
        let mut met = Met::default();
        met.message(&read_body(&pool, &bytes));
        let met: Vec<_> = met.values.iter().filter(|v| v.contains(prefix)).collect();
        assert_eq!(met, [&format!("chasqui.v1.{prefix}_{own}")]);
    }
}

fn of_event(event: Event) -> Body {
    Body::Record(sample::record(vec![event]))
}

#[test]
fn numbers_have_their_published_names() {
    use ChannelKind::{Email, Instagram, Messenger, Sms, Telegram, Whatsapp};
    use UserKind::{Administrator, Agent, Supervisor, SupervisorAgent};
    let kinds = [Whatsapp, Instagram, Messenger, Telegram, Sms, Email];
    names_agree(&kinds, "CHANNEL_KIND", |kind| Body::Entity(sample::endpoint(kind)));
    names_agree(&[Agent, Supervisor, SupervisorAgent, Administrator], "USER_KIND", |kind| {
        let Entity::User(user) = sample::user() else { unreachable!() };
        Body::Entity(Entity::User(model::people::User { kind, ..user }))
    });
    names_agree(
        &[NewcomerScore::GroupMinimum, NewcomerScore::Zero],
        "NEWCOMER_SCORE",
        |newcomer| {
            let Entity::Group(group) = sample::group() else { unreachable!() };
            Body::Entity(Entity::Group(model::people::Group { newcomer, ..group }))
        },
    );
    let ruled = |rules| {
        let Entity::Group(group) = sample::group() else { unreachable!() };
        Body::Entity(Entity::Group(model::people::Group { rules, ..group }))
    };
    names_agree(&[OnAbsence::Keep, OnAbsence::Redirect, OnAbsence::Close], "ON_ABSENCE", |on| {
        ruled(GroupRules { on_absence: on, ..sample::rules() })
    });
    names_agree(&[Silence::Customer, Silence::Both], "SILENCE", |silence| {
        let running = sample::rules().running.map(|running| Inactivity { silence, ..running });
        ruled(GroupRules { running, queued: None, ..sample::rules() })
    });
    names_agree(&Policy::ALL, "POLICY", |policy| {
        let why = Why::Policy { policy, key: 1 };
        of_event(Event::Assigned(Assigned { why, ..sample::assigned() }))
    });
}

#[test]
fn numbers_of_events_have_their_published_names() {
    use ReceiptStatus::{Delivered, Failed, Read, Sent};
    let (message, at, code) = (sample::message(1), sample::AT, None);
    names_agree(&[Sent, Delivered, Read, Failed], "RECEIPT_STATUS", |status| {
        of_event(Event::ReceiptApplied { message, status, at, code })
    });
    names_agree(&CloseReason::ALL, "CLOSE_REASON", |reason| of_event(sample::closed(reason)));
    let presences = [Presence::Available, Presence::Paused, Presence::Offline];
    names_agree(&presences, "PRESENCE", |presence| {
        of_event(Event::PresenceChanged { user: sample::AGENT, presence, grace_until: None })
    });
    names_agree(&Rejection::ALL, "REJECTION", |rejection| {
        of_event(Event::CommandRejected { rejection })
    });
    let names = DeadReason::ALL.map(DeadReason::name);
    names_agree(&names, "DEAD_REASON", |name| {
        let reason = DeadReason::ALL.into_iter().find(|reason| reason.name() == name);
        of_event(Event::InputRefused { reason: reason.unwrap() })
    });
}
