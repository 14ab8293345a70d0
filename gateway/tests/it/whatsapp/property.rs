//! What holds for every body and every signature.

use gateway::connector::Element;
use gateway::connector::whatsapp::SignatureKeys;
use model::limit;
use model::service::Secret;
use proptest::prelude::*;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{elements, value};

/// JSON that keeps coming close to what Meta sends.
fn json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "object",
        "entry",
        "changes",
        "field",
        "value",
        "metadata",
        "phone_number_id",
        "contacts",
        "messages",
        "statuses",
        "errors",
        "id",
        "from",
        "from_user_id",
        "type",
        "text",
        "body",
        "timestamp",
        "wa_id",
        "profile",
        "name",
        "status",
        "biz_opaque_callback_data",
        "code",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec!["whatsapp_business_account", "messages", "111", "text", "1.1"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let entry = (key.clone().prop_map(str::to_owned), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::from),
            prop::collection::vec(entry, 0..8)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// HMAC as RFC 2104 defines it, from the hash alone.
fn hmac(key: &[u8], body: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(body).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing is lost without a trace: a body gives elements, or says that it is empty.
fn bounded(found: &[Element], body: &[u8]) {
    assert!(found.len() <= limit::WEBHOOK_ELEMENTS + 1, "{} of {body:?}", found.len());
}

proptest! {
    #[test]
    fn f30_any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let found = elements(&body);
        prop_assert_eq!(found.len(), 1, "kept whole: {:?}", found);
    }

    #[test]
    fn any_json_is_read_without_a_panic(json in json()) {
        let body = serde_json::to_vec(&json).unwrap();
        bounded(&elements(&body), &body);
    }

    #[test]
    fn any_value_is_read_without_a_panic(messages in json(), statuses in json()) {
        let body = value(&format!(r#""messages":[{messages}],"statuses":[{statuses}]"#));
        prop_assert_eq!(elements(body.as_bytes()).len(), 2);
    }

    #[test]
    fn a_damaged_body_is_read_without_a_panic(at in any::<usize>(), byte in any::<u8>()) {
        let whole = value(
            r#""contacts":[{"wa_id":"1","profile":{"name":"\u00e9"}}],"messages":[{"from":"1","id":"a","timestamp":"1","type":"text","text":{"body":"hi"}}]"#,
        );
        let mut body = whole.into_bytes();
        let at = at % body.len();
        body[at] = byte;
        bounded(&elements(&body), &body);
        prop_assert_eq!(elements(&body[..at]).len(), 1);
    }

    #[test]
    fn a_signature_verifies_exactly_when_a_recomputation_agrees(
        key in "[ -~]{1,100}",
        body in prop::collection::vec(any::<u8>(), 0..500),
        flip in any::<Option<(u8, u8)>>(),
    ) {
        let mut mac = hmac(key.as_bytes(), &body);
        if let Some((at, bit)) = flip {
            mac[usize::from(at) % 32] ^= 1 << (bit % 8);
        }
        let keys = SignatureKeys::new(&[Secret::new(key)]);
        let header = format!("sha256={}", hex(&mac));
        prop_assert_eq!(keys.verify(&body, &[header.as_bytes()]), flip.is_none());
    }
}
