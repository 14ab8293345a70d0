//! What was put to `dead`, read again: whole bodies, entries and changes, and nothing smaller.

use bytes::Bytes;
use gateway::connector::Element;
use gateway::connector::whatsapp::{Source, read_again};

use super::{RECEIVED_AT, value};
use crate::installation::{name, settings};

const TEXT: &str = r#""messages":[{"from":"1","id":"a","type":"text","text":{"body":"x"}}]"#;

fn read(piece: impl AsRef<[u8]>) -> Result<Vec<Element>, String> {
    let (settings, endpoint) = (settings("http://127.0.0.1:9"), name("starter"));
    let source = Source { settings: &settings, endpoint: &endpoint, received_at: RECEIVED_AT };
    read_again(&source, &Bytes::copy_from_slice(piece.as_ref()))
}

fn ids(elements: Vec<Element>) -> Vec<String> {
    let id = |element| match element {
        Element::Inbound(inbound) => inbound.provider_id,
        Element::Receipt(receipt) => receipt.provider_id,
        Element::Dead(dead) => dead.detail,
    };
    elements.into_iter().map(id).collect()
}

#[test]
fn a_body_an_entry_and_a_change_are_read() {
    let body: serde_json::Value = serde_json::from_str(&value(TEXT)).unwrap();
    let entry = &body["entry"][0];
    let change = &entry["changes"][0];
    for piece in [&body, entry, change] {
        assert_eq!(ids(read(piece.to_string()).unwrap()), ["a"], "{piece}");
    }
}

#[test]
fn what_cannot_be_taken_says_why() {
    let message = r#"{"from":"1","id":"a","type":"text","text":{"body":"x"}}"#;
    let nobodys = "a part of a webhook that does not say for which account it is";
    assert_eq!(read(message).unwrap_err(), nobodys);
    let stranger = value(TEXT).replace("\"111\"", "\"999\"");
    assert!(read(&stranger).unwrap_err().starts_with("no channel for account `999`"));
    let other = r#"{"field":"account_update","value":{}}"#;
    assert_eq!(read(other).unwrap_err(), "field `account_update` is not handled");
    assert_eq!(
        read(r#"{"object":"whatsapp_business_account","entry":[]}"#).unwrap_err(),
        "nothing is in it"
    );
    assert!(read("[").is_err());
    assert!(read(b"\xff").is_err());
}

#[test]
fn what_is_bad_within_it_fails_alone() {
    let two = r#""messages":[{"from":"1","id":"a","type":"text","text":{"body":"x"}},{"id":5}]"#;
    let read = read(value(two)).unwrap();
    assert!(matches!(read[..], [Element::Inbound(_), Element::Dead(_)]), "{read:?}");
}
