//! What is written reads back, and what cannot be read is refused by kind.

use bytes::Bytes;
use model::desk::wire::{self, DecodeError};
use model::desk::{Body, Cause, Claimed, Envelope, Event, Inbound, Record, Stamped};
use model::fold::{EpochOrder, Verdict};
use model::id::{ChannelId, LaneId};
use model::service::Content;
use model::time::Timestamp;
use proptest::prelude::*;

use crate::strategy;

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HEADER_BYTES: usize = 48;

proptest! {
    #[test]
    fn a_record_reads_back(stamped in strategy::stamped()) {
        let bytes = wire::encode(&stamped);
        prop_assert_eq!(wire::decode(&bytes), Ok(stamped));
    }

    #[test]
    fn a_row_of_history_reads_back(
        content in strategy::content(),
        event in strategy::event(),
    ) {
        prop_assert_eq!(wire::decode_content(&wire::encode_content(&content)), Ok(content));
        prop_assert_eq!(wire::decode_event(&wire::encode_event(&event)), Ok(event));
    }
}

fn stamped(body: Body) -> Stamped {
    Stamped { envelope: Envelope::of_input(AT), body }
}

fn record(events: Vec<Event>) -> Stamped {
    let (lane, cause) = (LaneId::FIRST, Cause::Inbound(3));
    let resume = Vec::new();
    let record = Record { lane, cause, answers: None, resume, at: AT, input_at: None, events };
    stamped(Body::Record(record))
}

/// The bytes of a claim, with the byte at `at` changed to `to`.
fn claim_with(at: usize, to: u8) -> Bytes {
    let claim = stamped(Body::Claimed(Claimed { epoch: 1, attempt: 2 }));
    let mut bytes = wire::encode(&claim).to_vec();
    bytes[at] = to;
    bytes.into()
}

#[test]
fn the_raw_form_is_not_copied_out_of_the_record() {
    let raw = Bytes::from(vec![7; 4_096]);
    let content = Content::Unsupported { kind: "sticker".to_owned(), raw };
    let body = Body::Inbound(Inbound {
        channel: ChannelId(1),
        address: String::new(),
        name: String::new(),
        provider_id: String::new(),
        sent_at: AT,
        received_at: AT,
        content,
    });
    let bytes = wire::encode(&stamped(body));
    let Ok(Stamped { body: Body::Inbound(inbound), .. }) = wire::decode(&bytes) else {
        panic!("not read back");
    };
    let Content::Unsupported { raw, .. } = inbound.content else { panic!("not kept") };
    assert!(bytes.as_ptr_range().contains(&raw.as_ptr()));
}

#[test]
fn the_header_stands_where_it_is_published() {
    let envelope = Envelope {
        tenant: model::id::TenantId(0x0102_0304),
        key: 0,
        epoch: 0x0506_0708,
        number: 0x0910_1112_1314_1516,
        at: Timestamp::from_micros(-2),
        trace: 0xa0 << 120 | 0x0f,
    };
    let body = Body::Claimed(Claimed { epoch: 0, attempt: 0 });
    let bytes = wire::encode(&Stamped { envelope, body });
    let mut want = vec![1, 1, 0, 7, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8];
    want.extend([9, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16]);
    want.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]);
    want.extend([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f]);
    assert_eq!(&bytes[..HEADER_BYTES], &want[..]);
}

#[test]
fn every_refusal_says_its_kind() {
    let claim = claim_with(0, 1);
    for got in [0, 1, HEADER_BYTES - 1] {
        let cut = claim.slice(..got);
        assert_eq!(wire::decode(&cut), Err(DecodeError::Truncated { got }));
    }
    assert_eq!(wire::decode(&claim_with(0, 2)), Err(DecodeError::Version { got: 2 }));
    assert_eq!(wire::decode(&claim_with(1, 3)), Err(DecodeError::Newer { what: "frame flag" }));
    assert_eq!(wire::decode(&claim_with(3, 99)), Err(DecodeError::Unknown { kind: 99 }));
    assert_eq!(wire::decode(&claim_with(11, 5)), Err(DecodeError::Sealed { key: 5 }));
    let torn = claim.slice(..claim.len() - 1);
    assert!(matches!(wire::decode(&torn), Err(DecodeError::Malformed { .. })));
    assert_eq!(wire::decode_event(&[]), Err(DecodeError::Truncated { got: 0 }));
    assert_eq!(wire::decode_content(&[9]), Err(DecodeError::Version { got: 9 }));
    assert_eq!(wire::decode_content(&[1]), Err(DecodeError::Newer { what: "Content" }));
}

#[test]
fn f50_an_unknown_kind_without_the_flag_is_skipped_and_keeps_its_place() {
    let mut bytes = wire::encode(&record(Vec::new())).to_vec();
    (bytes[1], bytes[3]) = (0, 200);
    (bytes[15], bytes[23]) = (4, 8);
    let Err(DecodeError::Skippable { kind, envelope }) = wire::decode(&bytes.into()) else {
        panic!("not told to skip");
    };
    assert_eq!((kind, envelope.epoch, envelope.number), (200, 4, 8));
    let mut order = EpochOrder::at(4, 7);
    assert_eq!(order.pass(&envelope), Verdict::Apply);
    assert_eq!(order.last(), 8);
}

#[test]
fn f50_an_unknown_event_is_left_out_only_if_it_says_so() {
    // Field 6 of Record holding an event of kind 1000 (empty), alone or with `skippable`.
    let kind_1000 = [0xc2, 0x3e, 0x00];
    let skippable = [0x78, 0x01];
    let known = wire::encode(&record(vec![Event::SettingsApplied { next: 9 }]));
    let with = |event: &[u8]| {
        let mut bytes = known.to_vec();
        bytes.extend([0x32, event.len() as u8]);
        bytes.extend(event);
        wire::decode(&bytes.into())
    };
    assert_eq!(with(&kind_1000), Err(DecodeError::Newer { what: "Event" }));
    assert_eq!(with(&[&kind_1000[..], &skippable].concat()), wire::decode(&known));
}

#[test]
fn ids_outside_their_bits_are_refused() {
    // Lane 64 in field 1 of Record; an attempt of 1 byte in field 2 of Claimed; a name with
    // capitals in field 1 of Endpoint, field 4 of Entity.
    let head = |kind: u8| {
        let mut bytes = claim_with(3, kind).to_vec();
        bytes.truncate(HEADER_BYTES);
        bytes
    };
    let cases: [(u8, &[u8], &str); 3] = [
        (6, &[0x08, 64, 0x12, 2, 0x08, 0], "lane 64 is outside 0..=63"),
        (7, &[0x12, 1, 0], "an id of 1 bytes where 16 are due"),
        (5, &[0x22, 4, 0x0a, 2, b'A', b'!'], "`A!` is not a endpoint name (1 to 64 of a-z 0-9 -)"),
    ];
    for (kind, body, want) in cases {
        let bytes = [&head(kind)[..], body].concat().into();
        assert_eq!(wire::decode(&bytes), Err(DecodeError::Malformed { what: want.to_owned() }));
    }
    // All 64 bits in field 1 of Opened, field 1 of Event.
    let opened = [&[1, 0x0a, 9, 0x09][..], &[0xff; 8]].concat();
    let want = format!("conversation id {} is outside 0..={}", u64::MAX, i64::MAX);
    assert_eq!(wire::decode_event(&opened), Err(DecodeError::Malformed { what: want }));
}
