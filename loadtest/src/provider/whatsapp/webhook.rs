//! WhatsApp webhooks as Meta builds and signs them: escaped ASCII, HMAC-SHA256 over those bytes.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use model::service::{ReceiptStatus, Secret};
use model::time::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// A customer's text on its way to the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextUpdate {
    /// The phone number id it was written to.
    pub account: String,
    /// The customer's number, digits only.
    pub address: String,
    /// The customer's profile name.
    pub name: String,
    /// `wamid.…`
    pub provider_id: String,
    /// When it was written; travels in whole seconds.
    pub at: Timestamp,
    /// What was written.
    pub text: String,
}

/// A receipt on its way to the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusUpdate {
    /// The phone number id that sent the message.
    pub account: String,
    /// The customer's number.
    pub address: String,
    /// `wamid.…` of the message.
    pub provider_id: String,
    /// `biz_opaque_callback_data` of the message, if it had one.
    pub own_id: Option<String>,
    /// How far it came.
    pub status: ReceiptStatus,
    /// When; travels in whole seconds.
    pub at: Timestamp,
}

/// One webhook with all these texts.
pub fn texts(updates: &[TextUpdate]) -> Bytes {
    let accounts = updates.iter().map(|update| (update.account.as_str(), update));
    body(grouped(accounts).into_iter().map(|(account, updates)| {
        let contacts = updates.iter().map(|u| contact(u)).collect::<Vec<_>>();
        let messages = updates.iter().map(|u| message(u)).collect::<Vec<_>>();
        value(account, &[("contacts", contacts), ("messages", messages)])
    }))
}

/// One webhook with all these receipts.
pub fn statuses(updates: &[StatusUpdate]) -> Bytes {
    let accounts = updates.iter().map(|update| (update.account.as_str(), update));
    body(grouped(accounts).into_iter().map(|(account, updates)| {
        value(account, &[("statuses", updates.iter().map(|u| status(u)).collect())])
    }))
}

/// `sha256=<hex>`: the signature of `body` under the app secret.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
pub fn sign(app_secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(body);
    let mut signature = String::with_capacity(71);
    signature.push_str("sha256=");
    for byte in mac.finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(signature, "{byte:02x}");
    }
    signature
}

/// JSON as Meta writes it: nothing but ASCII, and `/` escaped. Outside of strings JSON has
/// neither, so the text can be rewritten without parsing it.
pub fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    for c in json.chars() {
        match c {
            '/' => out.push_str("\\/"),
            c if c.is_ascii() => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

fn grouped<'a, T>(updates: impl Iterator<Item = (&'a str, T)>) -> BTreeMap<&'a str, Vec<T>> {
    let mut accounts: BTreeMap<&str, Vec<T>> = BTreeMap::new();
    for (account, update) in updates {
        accounts.entry(account).or_default().push(update);
    }
    accounts
}

fn body(values: impl Iterator<Item = Value>) -> Bytes {
    let changes: Vec<Value> = values.map(|v| json!({"field": "messages", "value": v})).collect();
    let whole = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": changes}],
    });
    Bytes::from(escaped(&whole.to_string()))
}

fn value(account: &str, parts: &[(&str, Vec<Value>)]) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": account, "phone_number_id": account},
    });
    for (name, elements) in parts {
        if let Some(object) = value.as_object_mut() {
            object.insert((*name).to_owned(), Value::from(elements.clone()));
        }
    }
    value
}

fn contact(update: &TextUpdate) -> Value {
    json!({"profile": {"name": update.name}, "wa_id": update.address})
}

fn message(update: &TextUpdate) -> Value {
    json!({
        "from": update.address,
        "id": update.provider_id,
        "timestamp": seconds(update.at),
        "type": "text",
        "text": {"body": update.text},
    })
}

fn status(update: &StatusUpdate) -> Value {
    let mut status = json!({
        "id": update.provider_id,
        "status": update.status.name(),
        "timestamp": seconds(update.at),
        "recipient_id": update.address,
    });
    if let (Some(own_id), Some(object)) = (&update.own_id, status.as_object_mut()) {
        object.insert("biz_opaque_callback_data".to_owned(), Value::from(own_id.as_str()));
    }
    status
}

/// Meta sends whole seconds, as text.
fn seconds(at: Timestamp) -> String {
    at.as_millis().div_euclid(1_000).to_string()
}
