use model::desk::{Event, Rejection, Why};
use model::id::{ConversationId, UserId};
use model::service::{Author, ConversationState};
use model::time::Timestamp;

use crate::assign::{Seat, SeatKind, SeatOutcome};
use crate::conversation::assignment::assign;
use crate::conversation::{Context, Draft, Stop};

use super::{Standing, give_up, waiting};

/// The responsible agent sets a conversation aside: he stays responsible, and has the seat free.
/// One that waits in his own line to come back stops waiting.
pub(crate) fn pend(
    cx: &mut Context,
    user: UserId,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let standing = of_agent(cx, user, conversation)?;
    if standing.state == ConversationState::Pending {
        return Err(Rejection::AlreadyPending.into());
    }
    Ok(aside(cx, &standing, Author::User(user), at))
}

/// The system sets a conversation aside that holds a seat; nothing becomes of any other.
pub(crate) fn set_aside(
    cx: &mut Context,
    conversation: ConversationId,
    at: Timestamp,
) -> Vec<Event> {
    let open = cx.state.conversations.get(&conversation);
    match open.and_then(|open| Standing::of(cx, open)) {
        Some(standing) if standing.state == ConversationState::Assigned => {
            aside(cx, &standing, Author::System, at)
        }
        _ => Vec::new(),
    }
}

/// The responsible agent takes a conversation up again: at once, or it waits in his own line until
/// he has a seat free.
pub(crate) fn resume(
    cx: &mut Context,
    user: UserId,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let standing = of_agent(cx, user, conversation)?;
    if standing.state != ConversationState::Pending {
        return Err(Rejection::NotPending.into());
    }
    let mut draft = standing.draft();
    come_back(cx, &mut draft, &standing, at);
    if draft.events.is_empty() {
        return Err(Rejection::NotAvailable.into());
    }
    Ok(draft.events)
}

/// A conversation that was set aside comes back to its agent: to a seat, or into his own line, which
/// is served before his groups. Nothing becomes of it while he is not there: it stays set aside
/// until he takes it up, somebody gives it on, or his absence does.
pub(in crate::conversation) fn come_back(
    cx: &mut Context,
    draft: &mut Draft,
    standing: &Standing,
    at: Timestamp,
) {
    let Some(agent) = standing.agent else { return };
    let key = cx.next_stamp(at);
    let outcome = cx.core.seat(agent, standing.slot, key, SeatKind::Back);
    let waited = outcome == SeatOutcome::HandedOver;
    assert!(!waited, "C9: a seat was handed to {}, which waits nowhere", standing.conversation);
    match outcome {
        SeatOutcome::Seated(seat) => back(cx, draft, seat, standing, at),
        SeatOutcome::Waiting => waiting(draft, standing.group, (Some(agent), key)),
        SeatOutcome::AgentFull | SeatOutcome::NotAvailable | SeatOutcome::HandedOver => {}
    }
}

/// An agent writes in a conversation that he set aside, or that waits in his own line: it comes back
/// to him if he has a seat for it now. He is refused otherwise: who writes holds a seat.
pub(in crate::conversation) fn take_up(
    cx: &mut Context,
    draft: &mut Draft,
    standing: &Standing,
    at: Timestamp,
) -> Result<(), Stop> {
    let Some(agent) = standing.agent else { return Err(Rejection::NotResponsible.into()) };
    let key = standing.key(cx, at);
    match cx.core.seat(agent, standing.slot, key, SeatKind::Start) {
        SeatOutcome::Seated(seat) => {
            back(cx, draft, Seat { why: Why::CameBack, ..seat }, standing, at);
            Ok(())
        }
        SeatOutcome::AgentFull => Err(Rejection::AgentFull.into()),
        SeatOutcome::Waiting | SeatOutcome::NotAvailable => Err(Rejection::NotAvailable.into()),
        SeatOutcome::HandedOver => Err(Stop::HandedOver),
    }
}

/// It is with its agent again, in the group it was in.
fn back(cx: &mut Context, draft: &mut Draft, seat: Seat, standing: &Standing, at: Timestamp) {
    assign(cx, draft, Seat { group: standing.group, ..seat }, standing.waited(at));
}

fn aside(cx: &mut Context, standing: &Standing, by: Author, at: Timestamp) -> Vec<Event> {
    if standing.waits() {
        // The log never showed a seat that was handed to it: it may be given back at once.
        cx.core.cancel(standing.slot);
    }
    let handled = give_up(cx, standing, at);
    let (mut draft, conversation) = (standing.draft(), standing.conversation);
    let seq = draft.next_id().seq;
    draft.push(Event::Pended { conversation, seq, by, handled });
    draft.events
}

/// A conversation that `user` is responsible for.
pub(super) fn of_agent(
    cx: &Context,
    user: UserId,
    conversation: ConversationId,
) -> Result<Standing, Rejection> {
    let open = cx.open(conversation)?;
    let his = open.agent == Some(user);
    let standing = Standing::of(cx, open).filter(|_| his);
    standing.ok_or(Rejection::NotResponsible)
}
