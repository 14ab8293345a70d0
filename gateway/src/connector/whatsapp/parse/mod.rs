//! A verified body into elements: every `entry × changes × (messages | statuses)`, in order.
//!
//! JSON is walked in raw pieces: what is not understood is kept byte for byte, and a piece that
//! cannot be read goes to `dead` alone. Skipping and slicing do not recurse, so depth costs no
//! stack; pieces nested deeper than [`limit::JSON_DEPTH`] are refused all the same.

mod json;
mod message;
mod status;
mod again;

use bytes::Bytes;
use model::desk::{Dead, DeadReason, Settings};
use model::id::{ChannelId, EndpointName};
use model::limit;
use model::service::ChannelKind;
use model::time::Timestamp;
use serde_json::value::RawValue;

use crate::connector::Element;
pub use again::read_again;
use json::{Change, Entry, Value, Webhook};

/// What a body is read against.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// The endpoint that was called.
    pub endpoint: &'a EndpointName,
    /// When the gateway took it.
    pub received_at: Timestamp,
}

/// The elements of a body whose signature was right. Never fails: what cannot be read is an
/// element too. Account by account: one body may speak of several phone numbers.
pub fn parse(source: &Source<'_>, body: &Bytes) -> Vec<Element> {
    let mut walk = Walk { source, elements: Vec::new() };
    if let Err(trouble) = walk.body(body) {
        walk.elements.clear();
        walk.elements.push(source.dead(DeadReason::Unparseable, &trouble, body.clone()));
    }
    walk.elements
}

/// What one channel's elements share.
struct Context<'a> {
    source: &'a Source<'a>,
    channel: ChannelId,
}

struct Walk<'a> {
    source: &'a Source<'a>,
    elements: Vec<Element>,
}

/// What is wrong, for people.
type Trouble = String;

impl Source<'_> {
    fn dead(&self, reason: DeadReason, detail: &str, bytes: Bytes) -> Element {
        let origin = format!("endpoint {}", self.endpoint);
        Element::Dead(Dead { reason, origin, detail: detail.to_owned(), bytes })
    }

    fn dead_piece(&self, reason: DeadReason, detail: &str, piece: &RawValue) -> Element {
        self.dead(reason, detail, Bytes::copy_from_slice(piece.get().as_bytes()))
    }
}

impl Walk<'_> {
    /// An error speaks of the body as a whole.
    fn body(&mut self, body: &Bytes) -> Result<(), Trouble> {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        let webhook: Webhook<'_> = json::read(text)?;
        if webhook.object != "whatsapp_business_account" {
            return Err(format!(
                "object `{:.64}` is not whatsapp_business_account",
                webhook.object
            ));
        }
        for piece in webhook.entry {
            match json::read::<Entry<'_>>(piece.get()) {
                Ok(entry) => self.changes(entry)?,
                Err(trouble) => self.unparseable(&trouble, piece),
            }
        }
        Ok(())
    }

    fn changes(&mut self, entry: Entry<'_>) -> Result<(), Trouble> {
        for piece in entry.changes.unwrap_or_default() {
            let before = self.elements.len();
            if let Err(trouble) = self.change(piece) {
                self.unparseable(&trouble, piece);
            }
            if self.elements.len() == before {
                self.unparseable("nothing in it is known", piece);
            }
            if self.elements.len() > limit::WEBHOOK_ELEMENTS {
                return Err(format!("more than {} elements", limit::WEBHOOK_ELEMENTS));
            }
        }
        Ok(())
    }

    /// An error speaks of the change as a whole, and then nothing was taken from it.
    fn change(&mut self, piece: &RawValue) -> Result<(), Trouble> {
        let change: Change<'_> = json::read(piece.get())?;
        if change.field != "messages" {
            return Err(format!("field `{:.64}` is not handled", change.field));
        }
        let value: Value<'_> = json::read(change.value.get())?;
        let account = &value.metadata.phone_number_id;
        let channel = self.source.settings.channel_of(self.source.endpoint, account);
        match channel.filter(|channel| channel.kind == ChannelKind::Whatsapp) {
            Some(channel) => self.value(channel.id, &value),
            None => {
                let detail = format!("no channel for account `{account:.64}`");
                self.add(self.source.dead_piece(DeadReason::UnknownAccount, &detail, piece));
            }
        }
        Ok(())
    }

    fn value(&mut self, channel: ChannelId, value: &Value<'_>) {
        let context = Context { source: self.source, channel };
        let contacts = value.contacts();
        for piece in value.messages.iter().flatten() {
            let element = json::shallow(piece)
                .and_then(|()| message::read(&context, piece, &contacts))
                .map(Element::Inbound);
            self.push(element, piece);
        }
        for piece in value.statuses.iter().flatten() {
            let element = json::shallow(piece)
                .and_then(|()| status::read(&context, piece))
                .map(Element::Receipt);
            self.push(element, piece);
        }
        for piece in value.errors.iter().flatten() {
            self.unparseable("an error of the account", piece);
        }
    }

    fn push(&mut self, element: Result<Element, Trouble>, piece: &RawValue) {
        match element {
            Ok(element) => self.add(element),
            Err(trouble) => self.unparseable(&trouble, piece),
        }
    }

    fn unparseable(&mut self, trouble: &str, piece: &RawValue) {
        self.add(self.source.dead_piece(DeadReason::Unparseable, trouble, piece));
    }

    /// One above the bound is enough to see that it was passed.
    fn add(&mut self, element: Element) {
        if self.elements.len() <= limit::WEBHOOK_ELEMENTS {
            self.elements.push(element);
        }
    }
}
