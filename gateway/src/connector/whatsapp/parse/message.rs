use bytes::Bytes;
use model::desk::Inbound;
use model::limit;
use model::service::Content;
use serde_json::value::RawValue;

use super::json::{self, Contact, Message, Text};
use super::{Context, Trouble};

const ID_BYTES: usize = 512;
const ADDRESS_BYTES: usize = 256;
const NAME_CHARS: usize = 128;
const KIND_CHARS: usize = 64;

/// One element of `messages`.
pub(super) fn read(
    context: &Context<'_>,
    piece: &RawValue,
    contacts: &[Contact],
) -> Result<Inbound, Trouble> {
    let message: Message<'_> = json::read(piece.get())?;
    let contact = writer(&message, contacts);
    let received_at = context.source.received_at;
    Ok(Inbound {
        channel: context.channel,
        address: address_of(&message, contact)?,
        name: name_of(contact),
        content: content(&message, piece)?,
        sent_at: json::timestamp(message.timestamp).unwrap_or(received_at),
        received_at,
        provider_id: id(message.id)?,
    })
}

/// An id we key on: not empty, and no longer than ids are.
pub(super) fn id(id: String) -> Result<String, Trouble> {
    match id.len() {
        1..=ID_BYTES => Ok(id),
        bytes => Err(format!("an id of {bytes} bytes")),
    }
}

/// A canonical address: a phone number's digits without `+`, or a user id as it stands.
pub(super) fn canonical(address: &str) -> Result<String, Trouble> {
    let bare = address.trim();
    let bare = bare.strip_prefix('+').unwrap_or(bare);
    match bare.len() {
        1..=ADDRESS_BYTES => Ok(bare.to_owned()),
        bytes => Err(format!("an address of {bytes} bytes")),
    }
}

/// The contact a message is from: the same phone number or user id, or the only one there is.
fn writer<'c>(message: &Message<'_>, contacts: &'c [Contact]) -> Option<&'c Contact> {
    let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    let named = contacts.iter().find(|contact| {
        same(&contact.user_id, &message.from_user_id) || same(&contact.wa_id, &message.from)
    });
    match (contacts, &message.from, &message.from_user_id) {
        ([only], None, None) => Some(only),
        _ => named,
    }
}

/// A customer who took a user name is known by the user id, and may have no number at all.
fn address_of(message: &Message<'_>, contact: Option<&Contact>) -> Result<String, Trouble> {
    let address = message
        .from_user_id
        .as_deref()
        .or_else(|| contact?.user_id.as_deref())
        .or(message.from.as_deref())
        .or_else(|| contact?.wa_id.as_deref());
    canonical(address.ok_or("nobody wrote it")?)
}

fn name_of(contact: Option<&Contact>) -> String {
    let profile = contact.and_then(|contact| contact.profile.as_ref());
    let name = profile.and_then(|profile| profile.name.as_deref()).unwrap_or_default();
    name.chars().take(NAME_CHARS).collect()
}

/// Text that can be read is text; everything else is kept as it came.
fn content(message: &Message<'_>, piece: &RawValue) -> Result<Content, Trouble> {
    if message.kind.as_deref() == Some("text")
        && let Some(text) = message.text.and_then(|text| json::read::<Text>(text.get()).ok())
        && text.body.len() <= limit::TEXT_BYTES
    {
        return Ok(Content::Text(text.body));
    }
    let raw = piece.get().as_bytes();
    if raw.len() > limit::RAW_BYTES {
        return Err(format!("a message of {} bytes", raw.len()));
    }
    let kind = message.kind.as_deref().unwrap_or_default();
    let kind = kind.chars().take(KIND_CHARS).collect();
    Ok(Content::Unsupported { kind, raw: Bytes::copy_from_slice(raw) })
}
