use std::time::Duration;

use model::desk::{Event, Rejection};
use model::fold;
use model::id::{ConversationId, UserId};
use model::service::{Author, CloseReason, ConversationState};
use model::time::Timestamp;

use crate::conversation::{After, Context, Draft};

use super::supervises;

/// The responsible agent, or a supervisor of the operation, ends a conversation, wherever it is.
pub(crate) fn close(
    cx: &mut Context,
    user: UserId,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let open = cx.open(conversation)?;
    let reason = reason(cx, open, user).ok_or(Rejection::NotResponsible)?;
    let handled = match open.state {
        ConversationState::Assigned => at.since(open.assigned_at),
        _ => Duration::ZERO,
    };
    let mut draft = Draft::of(open);
    finish(cx, &mut draft, (Author::User(user), reason), handled);
    Ok(draft.events)
}

/// A conversation is over: what it holds is given back once its record was handed over.
pub(in crate::conversation) fn finish(
    cx: &mut Context,
    draft: &mut Draft,
    (by, reason): (Author, CloseReason),
    handled: Duration,
) {
    let conversation = draft.conversation;
    match cx.seats.leave(conversation) {
        Some((slot, Some(ticket))) => cx.after.push(After::Free { slot, ticket, handled }),
        Some((slot, None)) => cx.after.push(After::Cancel { slot }),
        None => {}
    }
    let seq = draft.next_id().seq;
    draft.push(Event::Closed { conversation, seq, by, reason, handled });
}

/// As what `user` may end the conversation, if he may.
fn reason(cx: &Context, open: &fold::Conversation, user: UserId) -> Option<CloseReason> {
    if open.agent == Some(user) {
        return Some(CloseReason::Agent);
    }
    supervises(cx, user, open.operation).then_some(CloseReason::Supervisor)
}
