//! A rolling upgrade, and back: what the other release adds is passed over or refused by name, and
//! never misread.

use bytes::Bytes;
use model::desk::wire::{self, DecodeError};
use proptest::prelude::*;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, Value};

use crate::fixture::sample;
use crate::published::{HEADER_BYTES, published, read_body};
use crate::strategy;

/// Field 2000 holding 1, which no message has.
const NEWER_FIELD: [u8; 3] = [0x80, 0x7d, 0x01];

proptest! {
    #[test]
    fn f50_a_field_of_a_newer_release_is_passed_over(
        stamped in strategy::stamped(),
        event in strategy::event(),
    ) {
        let newer = [&wire::encode(&stamped)[..], &NEWER_FIELD].concat();
        prop_assert_eq!(wire::decode(&newer.into()), Ok(stamped));
        let newer = [&wire::encode_event(&event)[..], &NEWER_FIELD].concat();
        prop_assert_eq!(wire::decode_event(&newer), Ok(event));
    }
}

/// Gives the `nth` value of an enum in a message a number that no release has; whether there is one.
fn renumber(message: &mut DynamicMessage, nth: &mut usize) -> bool {
    message.fields_mut().any(|(_, value)| renumber_value(value, nth))
}

fn renumber_value(value: &mut Value, nth: &mut usize) -> bool {
    match value {
        Value::EnumNumber(number) if *nth == 0 => {
            *number = 99;
            true
        }
        Value::EnumNumber(_) => {
            *nth -= 1;
            false
        }
        Value::Message(inner) => renumber(inner, nth),
        Value::List(list) => list.iter_mut().any(|value| renumber_value(value, nth)),
        _ => false,
    }
}

#[test]
fn f50_a_value_of_a_newer_release_is_refused_by_the_name_of_its_type() {
    let pool = published();
    let mut met = 0;
    for (name, stamped) in sample::all() {
        let bytes = wire::encode(&stamped);
        for nth in 0.. {
            let mut message = read_body(&pool, &bytes);
            if !renumber(&mut message, &mut { nth }) {
                break;
            }
            let mut newer = bytes[..HEADER_BYTES].to_vec();
            message.encode(&mut newer).unwrap();
            let read = wire::decode(&newer.into());
            assert!(matches!(read, Err(DecodeError::Newer { .. })), "{name}: {read:?}");
            met += 1;
        }
    }
    assert!(met >= 12, "only {met} values of enums in the samples");
}

#[test]
fn f50_a_kind_of_a_newer_release_is_refused_or_passed_as_it_says_itself() {
    for (name, stamped) in sample::all() {
        let mut newer = wire::encode(&stamped).to_vec();
        newer[3] = 200;
        for (flag, kept) in [(1, None), (0, Some(stamped.envelope))] {
            newer[1] = flag;
            let read = wire::decode(&Bytes::from(newer.clone()));
            let want = match kept {
                None => DecodeError::Unknown { kind: 200 },
                Some(envelope) => DecodeError::Skippable { kind: 200, envelope },
            };
            assert_eq!(read, Err(want), "{name}");
        }
    }
}
