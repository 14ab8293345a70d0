//! A core of many agents, and a lane's view of it.

use std::time::Duration;

use distributor::assign::{Arrival, Assign, Confirmed, LockFree, Seat, Sizes, Slot, Ticket};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::{Policy, Presence};
use storage::port::Bell;

use super::world::{agent, group};

/// Slots of a lane.
pub(super) const SLOTS: u32 = 128;

/// Groups 1, 2, … of these policies.
pub(super) fn groups(policies: &[Policy]) -> Settings {
    let mut settings = Settings::default();
    for (id, policy) in (1..).zip(policies) {
        settings.groups.insert(GroupId(id), group(id, *policy));
    }
    settings
}

/// The settings, and agents 1, 2, … of these caps in every group.
pub(super) fn staffed(mut settings: Settings, caps: impl Iterator<Item = u8>) -> Settings {
    let groups: Vec<u32> = settings.groups.keys().map(|id| id.0).collect();
    for (id, cap) in (1..).zip(caps) {
        settings.users.insert(UserId(id), agent(id, cap, &groups));
    }
    settings
}

/// A core of `settings` with everybody there.
pub(super) fn opened(settings: &Settings, lanes: u8) -> LockFree {
    let users = settings.users.len() as u32 + 1;
    let groups = settings.groups.len() as u32 + 1;
    let sizes = Sizes { agents: users, groups, slots: SLOTS };
    let core = LockFree::new((0..lanes).map(|_| Bell::new()).collect(), 7, sizes);
    core.edit(settings);
    settings.users.keys().for_each(|user| core.presence(*user, Presence::Available));
    core
}

/// The seat of a conversation that does not wait.
pub(super) fn seat(core: &LockFree, group: u32, slot: Slot) -> Ticket {
    match core.arrive(GroupId(group), slot, 0) {
        Arrival::Seated(seat) => seat.ticket,
        Arrival::Waiting => panic!("nobody of group {group} is free"),
    }
}

/// Begins to wait.
pub(super) fn wait(core: &LockFree, group: u32, slot: Slot) {
    assert_eq!(core.arrive(GroupId(group), slot, 0), Arrival::Waiting);
}

/// The hand-over to a conversation.
pub(super) fn taken(core: &LockFree, slot: Slot) -> Ticket {
    match core.ready(slot.lane) {
        Some(Confirmed { slot: of, seat: Seat { ticket, .. } }) if of == slot => ticket,
        other => panic!("no seat for {slot:?}: {other:?}"),
    }
}

/// A seat is given back at once.
pub(super) fn release(core: &LockFree, ticket: Ticket) {
    core.free(ticket, Duration::from_secs(20));
}

pub(super) fn slot(lane: u8, index: u32) -> Slot {
    Slot { lane: LaneId::new(lane).unwrap(), index }
}
