use std::time::Duration;

use model::desk::{Event, Rejection};
use model::fold;
use model::id::{ConversationId, UserId};
use model::people::UserKind;
use model::service::{Author, CloseReason, ConversationState};
use model::time::Timestamp;

use super::{After, Context, Draft};

/// The responsible agent, or a supervisor of the operation, ends a conversation.
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
    let seq = Draft::of(open).next_id().seq;
    match cx.seats.leave(conversation) {
        Some((slot, Some(ticket))) => cx.after.push(After::Free { slot, ticket, handled }),
        Some((slot, None)) => cx.after.push(After::Cancel { slot }),
        None => {}
    }
    Ok(vec![Event::Closed { conversation, seq, by: Author::User(user), reason, handled }])
}

/// As what `user` may end the conversation, if he may.
fn reason(cx: &Context, open: &fold::Conversation, user: UserId) -> Option<CloseReason> {
    if open.agent == Some(user) {
        return Some(CloseReason::Agent);
    }
    let user = cx.settings.settings.users.get(&user)?;
    let supervises = matches!(user.kind, UserKind::Supervisor | UserKind::SupervisorAgent);
    let may = user.active && supervises && user.operation == open.operation;
    may.then_some(CloseReason::Supervisor)
}
