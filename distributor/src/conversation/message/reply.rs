use std::time::Duration;

use model::desk::{Event, Rejection};
use model::fold;
use model::id::{ConversationId, UserId};
use model::limit;
use model::service::{Author, ChannelKind, Content, ConversationState};
use model::time::Timestamp;

use crate::conversation::moves::{Standing, take_up};
use crate::conversation::{Context, Draft, Stop};

/// How long after the customer's last message free text may be sent (WhatsApp Cloud API,
/// customer service window; the Messenger Platform and Instagram have the same 24 hours).
const SESSION_WINDOW: Duration = Duration::from_secs(24 * 3_600);
/// The window is held to be over a little early: the message still has to get there.
const WINDOW_MARGIN: Duration = Duration::from_secs(60);
/// The longest text WhatsApp takes, in characters (Cloud API reference, `text.body`).
const WHATSAPP_TEXT_CHARS: usize = 4_096;

/// An agent writes to the customer of a conversation he is responsible for. One that he set aside,
/// or that waits in his own line, comes back to him by that; he is refused where he has no seat for
/// it now.
pub(crate) fn reply(
    cx: &mut Context,
    user: UserId,
    to: (ConversationId, Content),
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let (conversation, content) = to;
    let open = cx.open(conversation)?;
    if open.agent != Some(user) {
        return Err(Rejection::NotResponsible.into());
    }
    may_write(cx, open, &content, at)?;
    let mut draft = Draft::of(open);
    if open.state != ConversationState::Assigned {
        let standing = Standing::of(cx, open).ok_or(Rejection::NotResponsible)?;
        take_up(cx, &mut draft, &standing, at)?;
    }
    let message = draft.next_id();
    draft.push(Event::MessageSent { message, author: Author::User(user), content });
    Ok(draft.events)
}

/// Whether this may be sent to the customer of a conversation, whoever writes it.
pub(in crate::conversation) fn may_write(
    cx: &Context,
    open: &fold::Conversation,
    content: &Content,
    at: Timestamp,
) -> Result<(), Rejection> {
    let channel = cx.settings.settings.channels.get(&open.channel);
    let kind = channel.map(|channel| channel.kind);
    if !sendable(kind, content) {
        return Err(Rejection::UnsendableContent);
    }
    if !window_open(kind, open, at) {
        return Err(Rejection::WindowClosed);
    }
    Ok(())
}

fn sendable(kind: Option<ChannelKind>, content: &Content) -> bool {
    let Content::Text(text) = content else { return false };
    let most = match kind {
        Some(ChannelKind::Whatsapp) => WHATSAPP_TEXT_CHARS,
        _ => limit::TEXT_BYTES,
    };
    !text.trim().is_empty() && text.len() <= limit::TEXT_BYTES && text.chars().count() <= most
}

fn window_open(kind: Option<ChannelKind>, open: &fold::Conversation, at: Timestamp) -> bool {
    let windowed = [ChannelKind::Whatsapp, ChannelKind::Instagram, ChannelKind::Messenger];
    let limited = kind.is_some_and(|kind| windowed.contains(&kind));
    !limited || at < open.customer_at + (SESSION_WINDOW - WINDOW_MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_something_to_say_and_fits_the_channel() {
        let whatsapp = Some(ChannelKind::Whatsapp);
        let text = |text: String| Content::Text(text);
        assert!(sendable(whatsapp, &text("é".repeat(4_096))));
        assert!(!sendable(whatsapp, &text("a".repeat(4_097))));
        assert!(sendable(Some(ChannelKind::Email), &text("a".repeat(4_097))));
        assert!(!sendable(Some(ChannelKind::Email), &text("a".repeat(limit::TEXT_BYTES + 1))));
        assert!(!sendable(whatsapp, &text(" \n".to_owned())));
        let raw = Content::Unsupported { kind: "image".to_owned(), raw: bytes::Bytes::new() };
        assert!(!sendable(whatsapp, &raw));
    }
}
