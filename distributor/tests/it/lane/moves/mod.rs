//! How conversations leave where they are: handed a seat, given on, set aside, passed on.

mod hand_over;
mod transfer;
mod reassign;
mod pending;
mod queues;
mod closed_groups;

use model::desk::{Command, Entity, Event, Record, Rejection};
use model::id::{ConversationId, GroupId, OperationId, UserId};
use model::people::{Group, GroupRules, Membership, Presence, User, UserKind};
use model::service::ConversationState;

use super::world::{GROUP, World, address_in, group, user};

/// Alone in [`SERVICE`].
pub(crate) const CARLA: UserId = UserId(3);
pub(crate) const SERVICE: GroupId = GroupId(2);
/// Of another operation.
const FAR: GroupId = GroupId(3);

/// A world with a second group, and one of another operation.
fn desk() -> World {
    let mut world = World::new();
    let far = Group { id: FAR, operation: OperationId(2), ..group(1) };
    world.entity(Entity::Group(Group { id: SERVICE, ..group(1) }));
    world.entity(Entity::Group(far));
    world.entity(Entity::User(User {
        groups: vec![Membership { group: SERVICE, receives: true }],
        ..user(CARLA, UserKind::Agent, 1)
    }));
    world.run();
    world
}

/// Brings rules of a group into force.
fn rule(world: &mut World, (id, version): (GroupId, u64), active: bool, rules: GroupRules) {
    world.entity(Entity::Group(Group { id, active, rules, ..group(version) }));
    world.run();
}

fn appear(world: &mut World, agents: &[UserId], presence: Presence) {
    for agent in agents {
        world.appear(*agent, presence);
    }
    world.run();
}

/// A customer of that lane writes; his conversation.
fn come(world: &mut World, lane: u8, n: usize) -> ConversationId {
    let address = address_in(lane, n);
    world.write(&address, "hi");
    world.run();
    world.open(&address).id
}

/// The record that answers a wish.
fn obey(world: &mut World, user: UserId, command: Command) -> Record {
    let id = world.wish(user, command);
    world.run();
    let mut records = world.records();
    records.retain(|record| record.answers == Some((user, id)));
    assert_eq!(records.len(), 1, "exactly one record answers");
    records.remove(0)
}

/// Why a wish was refused.
fn refusal(world: &mut World, user: UserId, command: Command) -> Option<Rejection> {
    match obey(world, user, command).events[..] {
        [Event::CommandRejected { rejection }] => Some(rejection),
        _ => None,
    }
}

fn state(world: &mut World, id: ConversationId) -> (ConversationState, Option<UserId>) {
    let workers = &world.tenure().workers;
    let found = workers.iter().find_map(|worker| worker.lane().state().conversations.get(&id));
    found.map_or((ConversationState::Closed, None), |open| (open.state, open.agent))
}

/// Core and lanes agree with the log, and nobody waits beside a free seat.
fn all_is_well(world: &mut World) {
    assert_eq!(world.tenure().core.audit(), Default::default());
    let shown = world.refold();
    for worker in &world.tenure().workers {
        let lane = worker.lane();
        let empty = model::fold::Lane::default();
        assert_eq!(lane.state(), shown.lanes.get(&lane.id()).unwrap_or(&empty));
    }
    for (id, group) in [(GROUP, GROUP), (SERVICE, SERVICE)] {
        let lanes = shown.lanes.values().flat_map(|lane| lane.conversations.values());
        let queued = lanes.filter(|open| {
            let waits = open.state == ConversationState::Queued && open.agent.is_none();
            waits && open.group == Some(group)
        });
        assert_eq!(world.tenure().core.waiting(id) as usize, queued.count());
    }
}
