//! Webhooks are built and signed as Meta does it.

use loadtest::provider::whatsapp::webhook::{StatusUpdate, TextUpdate, escaped, sign};
use loadtest::provider::whatsapp::webhook::{statuses, texts};
use model::service::{ReceiptStatus, Secret};
use model::time::Timestamp;
use serde_json::{Value, json};

fn signature(secret: &str, body: &[u8]) -> String {
    sign(&Secret::new(secret.to_owned()), body)
}

/// Computed with openssl: `openssl dgst -sha256 -hmac SECRET`.
#[test]
fn signatures_agree_with_openssl() {
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    assert_eq!(
        signature("app_secret", body),
        "sha256=c236c758c9b2bd40b388a550eeca09eaca72384dd0aa5e7c31d19cddac5bba46"
    );
    let body = br#"{"a":"\u00e9\/"}"#;
    assert_eq!(body.len(), 16);
    assert_eq!(
        signature("test-secret", body),
        "sha256=72c64f0cc96f0bfccabad8ed3033dd49009e1d4490ab7bfbf8b5c91eaa508b43"
    );
}

#[test]
fn json_is_escaped_to_ascii_and_means_the_same() {
    let value = json!({"ä/": "olá 🙂 \"\\\" \n"});
    let text = escaped(&value.to_string());
    assert!(text.is_ascii());
    assert!(text.contains(r"\u00e4\/") && text.contains(r"\ud83d\ude42"), "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
}

fn text(account: &str, address: &str, body: &str) -> TextUpdate {
    TextUpdate {
        account: account.to_owned(),
        address: address.to_owned(),
        name: "João".to_owned(),
        provider_id: format!("wamid.{address}"),
        at: Timestamp::from_seconds(1_751_247_548),
        text: body.to_owned(),
    }
}

#[test]
fn texts_of_one_account_share_a_change_and_accounts_do_not() {
    let updates = [text("1", "551", "a/b"), text("2", "552", "é"), text("1", "553", "c")];
    let body: Value = serde_json::from_slice(&texts(&updates)).unwrap();
    assert_eq!(body["object"], "whatsapp_business_account");
    let changes = body["entry"][0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    let value = &changes[0]["value"];
    assert_eq!(value["metadata"]["phone_number_id"], "1");
    assert_eq!(value["contacts"][0]["profile"]["name"], "João");
    assert_eq!(
        value["messages"],
        json!([
            {"from": "551", "id": "wamid.551", "timestamp": "1751247548", "type": "text",
             "text": {"body": "a/b"}},
            {"from": "553", "id": "wamid.553", "timestamp": "1751247548", "type": "text",
             "text": {"body": "c"}},
        ])
    );
}

#[test]
fn receipts_echo_our_own_id() {
    let update = StatusUpdate {
        account: "1".to_owned(),
        address: "551".to_owned(),
        provider_id: "wamid.X".to_owned(),
        own_id: Some("7.1".to_owned()),
        status: ReceiptStatus::Delivered,
        at: Timestamp::from_seconds(5),
    };
    let nameless = StatusUpdate { own_id: None, ..update.clone() };
    let body: Value = serde_json::from_slice(&statuses(&[update, nameless])).unwrap();
    let statuses = &body["entry"][0]["changes"][0]["value"]["statuses"];
    assert_eq!(
        statuses[0],
        json!({"id": "wamid.X", "status": "delivered", "timestamp": "5", "recipient_id": "551",
               "biz_opaque_callback_data": "7.1"})
    );
    assert!(statuses[1].get("biz_opaque_callback_data").is_none());
}
