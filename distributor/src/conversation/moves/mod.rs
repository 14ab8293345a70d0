//! How a conversation leaves where it is: given on, set aside and taken up again, passed on by the
//! system, ended.
//!
//! Each rule reserves first: whoever gets the conversation holds a seat, or has it in his line,
//! before the record is handed over that says so. What the conversation held before is given back
//! after that record ([`After`](super::After)). Where a seat turns out to be handed to it already,
//! nothing is decided ([`Stop::HandedOver`](super::Stop)): that is told first.

mod place;
mod close;
mod pending;
mod transfer;
mod redirect;

use std::time::Duration;

use model::desk::{Event, MoveKind, Moved, Queued};
use model::fold;
use model::id::{ConversationId, GroupId, OperationId, UserId};
use model::mutant::{Mutant, wrong};
use model::people::{GroupRules, UserKind};
use model::service::{Author, ConversationState};
use model::time::Timestamp;

pub(crate) use close::close;
pub(super) use close::finish;
pub(super) use pending::{come_back, take_up};
pub(crate) use pending::{pend, resume, set_aside};
pub(super) use place::{Coming, Misplaced, Place, place};
pub(super) use redirect::end;
pub(crate) use redirect::{leave_closed, redirect, waits_in_closed};
pub(crate) use transfer::{reassign, transfer};

use super::assignment::assign;
use super::{After, Context, Draft};
use crate::assign::Slot;

/// What a rule looks at of an open conversation with a waiting slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) conversation: ConversationId,
    pub(super) slot: Slot,
    pub(super) state: ConversationState,
    pub(super) operation: OperationId,
    pub(super) agent: Option<UserId>,
    pub(super) group: GroupId,
    queue_key: i64,
    opened_at: Timestamp,
    queued_at: Timestamp,
    assigned_at: Timestamp,
    last_seq: u32,
}

/// How a conversation is moved, and by whom.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) kind: MoveKind,
    pub(super) by: Author,
    pub(super) note: String,
}

impl Standing {
    /// Where an open conversation stands; `None` while no group has it.
    pub(super) fn of(cx: &Context, open: &fold::Conversation) -> Option<Self> {
        Some(Self {
            conversation: open.id,
            slot: cx.seats.slot_of(open.id)?,
            state: open.state,
            operation: open.operation,
            agent: open.agent,
            group: open.group?,
            queue_key: open.queue_key,
            opened_at: open.opened_at,
            queued_at: open.queued_at,
            assigned_at: open.assigned_at,
            last_seq: open.last_seq,
        })
    }

    /// More events of it.
    pub(super) const fn draft(&self) -> Draft {
        Draft::after(self.conversation, self.last_seq)
    }

    /// Whether it waits in a line, a group's or an agent's own.
    pub(super) fn waits(&self) -> bool {
        self.state == ConversationState::Queued
    }

    /// How long it has waited, if it does.
    pub(super) fn waited(&self, at: Timestamp) -> Duration {
        if self.waits() { at.since(self.queued_at) } else { Duration::ZERO }
    }

    /// Service time since the assignment, while it holds a seat.
    pub(super) fn handled(&self, at: Timestamp) -> Duration {
        match self.state {
            ConversationState::Assigned => at.since(self.assigned_at),
            _ => Duration::ZERO,
        }
    }

    /// Its order in a line that it comes back to through no wish of anybody: the last it had, or
    /// that of when it came.
    pub(super) const fn first_key(&self) -> i64 {
        match self.queue_key {
            0 => self.opened_at.as_micros(),
            key => key,
        }
    }

    /// Its order in another line: one that waits keeps its place in time.
    pub(super) fn key(&self, cx: &mut Context, at: Timestamp) -> i64 {
        if self.waits() { self.queue_key } else { cx.next_stamp(at) }
    }
}

/// Gives back the seat that a conversation holds, once the record that says so was handed over;
/// the service time it was held for.
fn give_up(cx: &mut Context, standing: &Standing, at: Timestamp) -> Duration {
    let handled = standing.handled(at);
    match cx.seats.give_up(standing.conversation) {
        Some(ticket) if wrong(Mutant::MoveFreesFirst) => drop(cx.core.free(ticket, handled)),
        Some(ticket) => cx.after.push(After::Release { ticket, handled }),
        None => {}
    }
    handled
}

/// A conversation leaves where it was for a seat it already has, or a line it already stands in.
fn moved(
    cx: &mut Context,
    standing: &Standing,
    (moving, to): (Moving, Place),
    at: Timestamp,
) -> Vec<Event> {
    let (conversation, handled) = (standing.conversation, give_up(cx, standing, at));
    let mut draft = standing.draft();
    let (seq, Moving { kind, by, note }) = (draft.next_id().seq, moving);
    draft.push(Event::Moved(Moved { conversation, seq, kind, by, note, handled }));
    match to {
        Place::Seat(seat) => assign(cx, &mut draft, seat, standing.waited(at)),
        Place::Line { group, key } => waiting(&mut draft, group, (None, key)),
    }
    draft.events
}

/// A conversation waits from now on, in its group's queue or in an agent's own line.
pub(super) fn waiting(draft: &mut Draft, group: GroupId, (agent, key): (Option<UserId>, i64)) {
    let (conversation, seq) = (draft.conversation, draft.next_id().seq);
    draft.push(Event::Queued(Queued { conversation, seq, group, agent, key }));
}

/// Whether `user` supervises an operation.
fn supervises(cx: &Context, user: UserId, operation: OperationId) -> bool {
    cx.settings.settings.users.get(&user).is_some_and(|user| {
        let supervises = matches!(user.kind, UserKind::Supervisor | UserKind::SupervisorAgent);
        user.active && supervises && user.operation == operation
    })
}

/// The rules of a group; the default ones where nobody knows it.
fn rules(cx: &Context, group: GroupId) -> GroupRules {
    let known = cx.settings.settings.groups.get(&group);
    known.map(|group| group.rules.clone()).unwrap_or_default()
}
