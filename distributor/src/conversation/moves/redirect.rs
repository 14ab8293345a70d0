use model::desk::{Event, MoveKind};
use model::fold;
use model::id::{ConversationId, GroupId};
use model::people::OnAbsence;
use model::service::{Author, CloseReason, ConversationState};
use model::time::Timestamp;

use crate::conversation::{Context, Stop};

use super::place::{Coming, Misplaced, place};
use super::{Moving, Standing, finish, moved, rules};

/// The agent of a conversation is gone, and his grace is over: what becomes of it is as its group
/// says, whether it holds a seat, was set aside or waits in his own line. Nothing where it stays his,
/// or is nobody's.
///
/// # Errors
/// [`Stop::HandedOver`] alone.
pub(crate) fn redirect(
    cx: &mut Context,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let open = cx.state.conversations.get(&conversation);
    let of_agent = open.filter(|open| open.agent.is_some());
    let Some(standing) = of_agent.and_then(|open| Standing::of(cx, open)) else {
        return Ok(Vec::new());
    };
    match rules(cx, standing.group).on_absence {
        OnAbsence::Keep => Ok(Vec::new()),
        OnAbsence::Close => Ok(over(cx, &standing, CloseReason::Absence, at)),
        OnAbsence::Redirect => pass_on(cx, &standing, at),
    }
}

/// A conversation waits for a group that takes none any more: it goes to where that flows over, and
/// ends where that is nowhere. Nothing becomes of one that does not.
///
/// # Errors
/// [`Stop::HandedOver`] alone.
pub(crate) fn leave_closed(
    cx: &mut Context,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let open = cx.state.conversations.get(&conversation);
    let waits = open.filter(|open| waits_in_closed(cx, open).is_some());
    match waits.and_then(|open| Standing::of(cx, open)) {
        Some(standing) => pass_on(cx, &standing, at),
        None => Ok(Vec::new()),
    }
}

/// The group a conversation waits for though it takes none any more. An agent's own line is his
/// affair, not his group's.
pub(crate) fn waits_in_closed(cx: &Context, open: &fold::Conversation) -> Option<GroupId> {
    let queued = open.state == ConversationState::Queued && open.agent.is_none();
    let group = cx.settings.settings.groups.get(&open.group?)?;
    (queued && !group.active).then_some(group.id)
}

/// The system passes a conversation on: to its group, or to where that flows over, and there to the
/// place in time it had. No queue is too full for whom the system took.
fn pass_on(cx: &mut Context, standing: &Standing, at: Timestamp) -> Result<Vec<Event>, Stop> {
    let (slot, key) = (standing.slot, standing.first_key());
    cx.stamp = cx.stamp.max(key);
    let coming = Coming { slot, key, waits: standing.waits(), is_new: false };
    match place(cx, coming, standing.group) {
        Ok(to) => {
            let (kind, by, note) = (MoveKind::Redirect, Author::System, String::new());
            Ok(moved(cx, standing, (Moving { kind, by, note }, to), at))
        }
        Err(Misplaced::HandedOver) => Err(Stop::HandedOver),
        Err(Misplaced::Nowhere(reason)) => Ok(over(cx, standing, reason, at)),
    }
}

/// The system ends a conversation, wherever it is.
pub(in crate::conversation) fn end(
    cx: &mut Context,
    conversation: ConversationId,
    reason: CloseReason,
    at: Timestamp,
) -> Vec<Event> {
    let open = cx.state.conversations.get(&conversation);
    let standing = open.and_then(|open| Standing::of(cx, open));
    standing.map_or_else(Vec::new, |standing| over(cx, &standing, reason, at))
}

fn over(cx: &mut Context, standing: &Standing, reason: CloseReason, at: Timestamp) -> Vec<Event> {
    let mut draft = standing.draft();
    finish(cx, &mut draft, (Author::System, reason), standing.handled(at));
    draft.events
}
