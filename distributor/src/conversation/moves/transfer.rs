use model::desk::{Event, MoveKind, Rejection, Target};
use model::id::{ConversationId, GroupId, UserId};
use model::limit;
use model::mutant::{Mutant, wrong};
use model::people::Membership;
use model::service::Author;
use model::time::Timestamp;

use crate::assign::{Seat, SeatKind, SeatOutcome};
use crate::conversation::{Context, Stop};

use super::pending::of_agent;
use super::place::{Coming, Misplaced, Place, bring, is_full};
use super::{Moving, Standing, moved, rules, supervises};

/// The responsible agent gives a conversation to another agent, or to a group. It goes only to
/// groups of the operation that its own one transfers to and that take transfers; to an agent, only
/// through such a group whose conversations he receives. He has a seat free, or it stays; a group
/// whose queue is full takes none, and passes none on.
pub(crate) fn transfer(
    cx: &mut Context,
    user: UserId,
    (conversation, to, note): (ConversationId, Target, String),
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let standing = of_agent(cx, user, conversation)?;
    if rules(cx, standing.group).note_required && note.trim().is_empty() {
        return Err(Rejection::NoteRequired.into());
    }
    let moving = moving(MoveKind::Transfer, user, note)?;
    match to {
        Target::Group(group) => {
            if !may_transfer(cx, &standing, group) {
                return Err(Rejection::TransferNotAllowed.into());
            }
            put(cx, &standing, (moving, group), at)
        }
        Target::Agent(agent) => {
            let through =
                |member: &Membership| member.receives && may_transfer(cx, &standing, member.group);
            let group = group_of(cx, &standing, agent, through)?;
            let paused_ok = rules(cx, group).transfer_to_paused;
            let to = (agent, group, SeatKind::Transfer { paused_ok });
            give(cx, &standing, (moving, to), at)
        }
    }
}

/// A supervisor of the operation gives a conversation to an agent or a group of it, wherever it
/// was. Only a full queue and an agent without a free seat refuse him.
pub(crate) fn reassign(
    cx: &mut Context,
    user: UserId,
    (conversation, to, note): (ConversationId, Target, String),
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let open = cx.open(conversation)?;
    if !supervises(cx, user, open.operation) {
        return Err(Rejection::NotAllowed.into());
    }
    let standing = Standing::of(cx, open).ok_or(Rejection::NotResponsible)?;
    let moving = moving(MoveKind::Reassign, user, note)?;
    match to {
        Target::Group(group) if is_open(cx, &standing, group) => {
            put(cx, &standing, (moving, group), at)
        }
        Target::Group(_) => Err(Rejection::TransferNotAllowed.into()),
        Target::Agent(agent) => {
            let through = |member: &Membership| is_open(cx, &standing, member.group);
            let group = group_of(cx, &standing, agent, through)?;
            give(cx, &standing, (moving, (agent, group, SeatKind::Reassign)), at)
        }
    }
}

fn moving(kind: MoveKind, by: UserId, note: String) -> Result<Moving, Rejection> {
    if note.len() > limit::NOTE_BYTES {
        return Err(Rejection::UnsendableContent);
    }
    Ok(Moving { kind, by: Author::User(by), note })
}

/// Gives a conversation to an agent who has a seat free for it.
fn give(
    cx: &mut Context,
    standing: &Standing,
    (moving, (agent, group, kind)): (Moving, (UserId, GroupId, SeatKind)),
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    let key = standing.key(cx, at);
    match cx.core.seat(agent, standing.slot, key, kind) {
        SeatOutcome::Seated(seat) => {
            let seat = Seat { group, ..seat };
            Ok(moved(cx, standing, (moving, Place::Seat(seat)), at))
        }
        SeatOutcome::AgentFull => Err(Rejection::AgentFull.into()),
        SeatOutcome::Waiting | SeatOutcome::NotAvailable => Err(Rejection::NotAvailable.into()),
        SeatOutcome::HandedOver => Err(Stop::HandedOver),
    }
}

/// Puts a conversation to a group: its policy may find an agent, or it waits there as one that
/// comes now.
fn put(
    cx: &mut Context,
    standing: &Standing,
    (moving, group): (Moving, GroupId),
    at: Timestamp,
) -> Result<Vec<Event>, Stop> {
    if is_full(cx, group) {
        return Err(Rejection::QueueFull.into());
    }
    let (slot, key) = (standing.slot, cx.next_stamp(at));
    let coming = Coming { slot, key, waits: standing.waits(), is_new: true };
    match bring(cx, coming, group) {
        Ok(place) => Ok(moved(cx, standing, (moving, place), at)),
        Err(Misplaced::HandedOver) => Err(Stop::HandedOver),
        Err(Misplaced::Nowhere(_)) => Err(Rejection::QueueFull.into()),
    }
}

/// Whether conversations of a group's operation may go there at all.
fn is_open(cx: &Context, standing: &Standing, group: GroupId) -> bool {
    let known = cx.settings.settings.groups.get(&group);
    known.is_some_and(|known| known.active && known.operation == standing.operation)
}

/// Whether an agent may transfer a conversation to a group. To its own he always may.
fn may_transfer(cx: &Context, standing: &Standing, to: GroupId) -> bool {
    if wrong(Mutant::TransferAnywhere) {
        return true;
    }
    let groups = &cx.settings.settings.groups;
    let takes = groups.get(&to).is_some_and(|known| known.rules.takes_transfers);
    let list = groups.get(&standing.group).and_then(|own| own.rules.transfer_to.as_ref());
    let listed = list.is_none_or(|list| list.contains(&to));
    is_open(cx, standing, to) && (to == standing.group || takes && listed)
}

/// The group through which an agent gets a conversation: its own where he is a member, or else the
/// first of his that fits. Nobody is given what he has.
fn group_of(
    cx: &Context,
    standing: &Standing,
    agent: UserId,
    fits: impl Fn(&Membership) -> bool,
) -> Result<GroupId, Rejection> {
    let known = cx.settings.settings.users.get(&agent);
    let here = known.filter(|user| user.active && user.operation == standing.operation);
    let member = here.filter(|_| standing.agent != Some(agent)).and_then(|user| {
        let own = user.groups.iter().find(|member| member.group == standing.group && fits(member));
        own.or_else(|| user.groups.iter().find(|member| fits(member)))
    });
    member.map(|member| member.group).ok_or(Rejection::TransferNotAllowed)
}
