use jiff::tz::TimeZone;
use model::desk::{Event, Inbound, Opened};
use model::fold;
use model::id::ProtocolNumber;
use model::people::Operation;
use model::service::{Author, Channel, CloseReason, ConversationState};
use model::time::Timestamp;
use std::time::Duration;

use crate::flow;

use super::assignment::route;
use super::moves::{Standing, come_back, finish};
use super::{Context, Draft, Refusal};

/// A customer's message: a duplicate, the next message of the open conversation of its address,
/// or the first of a new one.
pub(crate) fn arrive(
    cx: &mut Context,
    message: Inbound,
    at: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    if message.provider_id.is_empty() {
        return Err(Refusal::undecodable("a message without the provider's id".to_owned()));
    }
    if cx.state.knows_message(message.channel, &message.provider_id) {
        let Inbound { channel, provider_id, .. } = message;
        return Ok(vec![Event::Duplicate { channel, provider_id }]);
    }
    match cx.state.of_address(message.channel, &message.address) {
        Some(open) => {
            let (draft, aside) = (Draft::of(open), set_aside(cx, open));
            Ok(go_on(cx, (draft, aside), message, at))
        }
        None => open(cx, message, at),
    }
}

/// One that was set aside comes back to its agent when the customer writes.
fn go_on(
    cx: &mut Context,
    (mut draft, aside): (Draft, Option<Standing>),
    message: Inbound,
    at: Timestamp,
) -> Vec<Event> {
    receive(&mut draft, message);
    if let Some(standing) = aside {
        come_back(cx, &mut draft, &standing, at);
    }
    draft.events
}

fn set_aside(cx: &Context, open: &fold::Conversation) -> Option<Standing> {
    let standing = Standing::of(cx, open)?;
    (open.state == ConversationState::Pending).then_some(standing)
}

fn open(cx: &mut Context, message: Inbound, at: Timestamp) -> Result<Vec<Event>, Refusal> {
    let settings = cx.settings.clone();
    let channel = settings.settings.channels.get(&message.channel);
    let channel = channel
        .ok_or_else(|| Refusal::dangling(format!("there is no channel {}", message.channel)))?;
    let operation = serving(cx, channel)?;
    let id = cx.next_conversation().map_err(|error| Refusal::dangling(error.to_string()))?;
    let mut draft = Draft::of_new(id);
    draft.push(Event::Opened(Opened {
        conversation: id,
        protocol: ProtocolNumber::new(civil_date(&operation.zone, at), id),
        operation: operation.id,
        channel: channel.id,
        address: message.address.clone(),
        name: message.name.clone(),
    }));
    receive(&mut draft, message);
    match flow::run(&channel.flow, &mut draft) {
        Some(group) => route(cx, &mut draft, group, at),
        None => finish(cx, &mut draft, (Author::Flow, CloseReason::Flow), Duration::ZERO),
    }
    Ok(draft.events)
}

/// The operation a channel serves, which must be one of this shard.
fn serving(cx: &Context, channel: &Channel) -> Result<Operation, Refusal> {
    let operation = cx.settings.settings.operations.get(&channel.operation);
    match operation.filter(|operation| operation.shard == cx.home.shard) {
        Some(operation) => Ok(operation.clone()),
        None => Err(Refusal::dangling(format!("channel {} is not of this shard", channel.id))),
    }
}

fn receive(draft: &mut Draft, message: Inbound) {
    let Inbound { provider_id, sent_at, received_at, content, .. } = message;
    let message = draft.next_id();
    draft.push(Event::MessageReceived { message, provider_id, sent_at, received_at, content });
}

/// The date at `at` in a zone by its IANA name; in UTC where the name is unknown.
fn civil_date(zone: &str, at: Timestamp) -> (i16, i8, i8) {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let instant = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    let date = zone.to_datetime(instant).date();
    (date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_number_has_the_date_of_the_operations_zone() {
        // 2026-03-01T01:30:00Z is still February in São Paulo (UTC−3).
        let at = Timestamp::from_seconds(1_772_328_600);
        assert_eq!(civil_date("UTC", at), (2026, 3, 1));
        assert_eq!(civil_date("America/Sao_Paulo", at), (2026, 2, 28));
        assert_eq!(civil_date("Nowhere/Atlantis", at), (2026, 3, 1));
    }
}
