use model::desk::{Assigned, Event, Why};
use model::id::{ConversationId, GroupId, UserId};
use model::mutant::{Mutant, wrong};
use model::service::{Author, ConversationState};
use model::time::Timestamp;
use std::time::Duration;

use crate::assign::{Seat, SeatKind, SeatOutcome};

use super::moves::{Coming, Misplaced, Place, finish, place, waiting};
use super::{After, Context, Draft};

/// A conversation comes to a group: an agent gets it at once, or it goes into the queue. Where
/// neither the group nor one that it flows over into takes it, it ends.
pub(crate) fn route(cx: &mut Context, draft: &mut Draft, group: GroupId, at: Timestamp) {
    let conversation = draft.conversation;
    let slot = cx.seats.take(conversation);
    assert!(slot.is_some(), "C6: conversation {conversation} was taken without a free slot");
    let Some(slot) = slot else { return };
    let key = cx.next_stamp(at);
    let coming = Coming { slot, key, waits: false, is_new: true };
    let placed = place(cx, coming, group);
    let waited = matches!(placed, Err(Misplaced::HandedOver));
    assert!(!waited, "C9: a seat was handed to {conversation}, which has just come");
    match placed {
        Ok(Place::Seat(seat)) => assign(cx, draft, seat, Duration::ZERO),
        Ok(Place::Line { group, key }) => waiting(draft, group, (None, key)),
        Err(Misplaced::Nowhere(reason)) => {
            finish(cx, draft, (Author::System, reason), Duration::ZERO);
        }
        Err(Misplaced::HandedOver) => {}
    }
}

/// The next conversation of this lane to which a freed seat was handed, with its event.
pub(crate) fn hand_over(cx: &mut Context, at: Timestamp) -> Option<(ConversationId, Event)> {
    assert!(cx.after.is_empty(), "C9: a hand-over is taken before what was due before it");
    let confirmed = cx.core.ready(cx.home.lane)?;
    let open = cx.seats.at(confirmed.slot).and_then(|id| cx.state.conversations.get(&id));
    let waiting = open.filter(|open| open.state == ConversationState::Queued);
    assert!(waiting.is_some(), "C9: a seat was handed to {:?}, where nobody waits", confirmed.slot);
    let waiting = waiting?;
    let (waited, mut draft) = (at.since(waiting.queued_at), Draft::of(waiting));
    let own = waiting.own_line().and(waiting.group);
    let seat = Seat { group: own.unwrap_or(confirmed.seat.group), ..confirmed.seat };
    assign(cx, &mut draft, seat, waited);
    draft.events.pop().map(|event| (draft.conversation, event))
}

/// A conversation holds a seat from now on.
pub(super) fn assign(cx: &mut Context, draft: &mut Draft, seat: Seat, waited: Duration) {
    let Seat { ticket, group, cap, gen_at_seat, charge, why } = seat;
    assert!(cap > 0, "C5: agent {} was seated with a cap of 0", ticket.agent());
    let (conversation, agent) = (draft.conversation, ticket.agent());
    if wrong(Mutant::AssignedFirst) && why != Why::FreedSeat {
        cx.core.free(ticket, Duration::ZERO);
        cx.after.push(After::ReserveLate { conversation, agent });
    } else {
        cx.seats.hold(conversation, ticket);
    }
    let seq = draft.next_id().seq;
    draft.push(Event::Assigned(Assigned {
        conversation,
        seq,
        agent,
        group,
        cap,
        gen_at_seat,
        charge,
        why,
        waited,
    }));
}

impl Context {
    /// What the mistake of assigning before reserving does once its record was handed over.
    pub(super) fn reserve_late(&mut self, conversation: ConversationId, agent: UserId) {
        let Some(slot) = self.seats.slot_of(conversation) else { return };
        if let SeatOutcome::Seated(seat) = self.core.seat(agent, slot, 0, SeatKind::Start) {
            self.seats.hold(conversation, seat.ticket);
        }
    }
}
