use model::id::GroupId;
use model::limit;
use model::mutant::{Mutant, wrong};
use model::service::CloseReason;

use crate::assign::{Arrival, Requeued, Seat, Slot};
use crate::conversation::Context;

/// Where a conversation is from now on, as far as the routing core is concerned.
#[derive(Debug)]
pub(in crate::conversation) enum Place {
    /// With an agent.
    Seat(Seat),
    /// In a group's queue.
    Line {
        /// The group.
        group: GroupId,
        /// Its order there.
        key: i64,
    },
}

/// Why a conversation was not placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::conversation) enum Misplaced {
    /// Neither the group nor one that it flows over into takes it.
    Nowhere(CloseReason),
    /// A seat was handed to it before: that is to be told first.
    HandedOver,
}

/// A conversation that comes to a group.
#[derive(Clone, Copy, Debug)]
pub(in crate::conversation) struct Coming {
    pub(in crate::conversation) slot: Slot,
    pub(in crate::conversation) key: i64,
    /// Whether it stands in a line already.
    pub(in crate::conversation) waits: bool,
    /// Whether it is refused where a queue is full: who was taken once is not.
    pub(in crate::conversation) is_new: bool,
}

/// Brings a conversation to a group, or to the first that takes it of those it flows over into, one
/// after the other: past [`limit::OVERFLOW_GROUPS`] no further is looked at.
pub(in crate::conversation) fn place(
    cx: &Context,
    coming: Coming,
    group: GroupId,
) -> Result<Place, Misplaced> {
    let mut next = group;
    let mut reason = CloseReason::GroupClosed;
    for _ in 0..limit::OVERFLOW_GROUPS {
        let known = cx.settings.settings.groups.get(&next);
        match known {
            Some(known) if !known.active => reason = CloseReason::GroupClosed,
            Some(_) if coming.is_new && is_full(cx, next) => reason = CloseReason::QueueFull,
            _ => return bring(cx, coming, next),
        }
        let Some(overflow) = known.and_then(|known| known.rules.overflow) else { break };
        next = overflow;
    }
    Err(Misplaced::Nowhere(reason))
}

/// Brings a conversation to a group that takes it: to an agent or into its queue.
pub(in crate::conversation) fn bring(
    cx: &Context,
    Coming { slot, key, waits, .. }: Coming,
    group: GroupId,
) -> Result<Place, Misplaced> {
    let waiting = Ok(Place::Line { group, key });
    if !waits {
        return match cx.core.arrive(group, slot, key) {
            Arrival::Seated(seat) => Ok(Place::Seat(seat)),
            Arrival::Waiting => waiting,
        };
    }
    match cx.core.requeue(slot, group, key) {
        Requeued::Seated(seat) => Ok(Place::Seat(seat)),
        Requeued::Waiting => waiting,
        Requeued::HandedOver if wrong(Mutant::HandOverMissed) => waiting,
        Requeued::HandedOver => Err(Misplaced::HandedOver),
    }
}

/// Whether a group's queue takes nobody more. Lanes that look at the same moment may each let one
/// in. A group without a queue takes whom an agent is free for.
pub(in crate::conversation) fn is_full(cx: &Context, group: GroupId) -> bool {
    let known = cx.settings.settings.groups.get(&group);
    match known.and_then(|known| known.rules.queue_limit) {
        None => false,
        Some(0) => {
            let explained = cx.core.explain_arrival(group);
            explained.is_none_or(|explained| explained.ranking.order.is_empty())
        }
        Some(most) => cx.core.waiting(group) >= most,
    }
}
