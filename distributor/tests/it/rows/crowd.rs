//! Everybody at once: sockets that flap, agents who leave, caps that are lowered.

use std::collections::BTreeMap;
use std::time::Duration;

use model::desk::{Entity, Event};
use model::id::{ConversationId, LaneId, UserId};
use model::people::{Cap, Presence, User, UserKind};
use model::service::ConversationState;

use crate::lane::walk::names;
use crate::lane::world::{ANA, BEN, World, address_in, user};

/// Agents whose sockets flap.
const AGENTS: u32 = 5_000;
const FLAPS: u32 = 10;
const CONVERSATIONS: usize = 1_000;

/// Who has each open conversation, as the log shows it.
fn agents(world: &World) -> BTreeMap<ConversationId, Option<UserId>> {
    let fold = world.refold();
    let open = fold.lanes.values().flat_map(|lane| lane.conversations.values());
    open.map(|conversation| (conversation.id, conversation.agent)).collect()
}

/// Open conversations in a state, as the log shows them.
fn count(world: &World, state: ConversationState) -> usize {
    let fold = world.refold();
    let open = fold.lanes.values().flat_map(|lane| lane.conversations.values());
    open.filter(|conversation| conversation.state == state).count()
}

/// C7, C9: nobody is free while somebody waits, and the places in the line are 1 to n.
fn check(world: &mut World) {
    assert_eq!(world.tenure().core.audit(), Default::default());
    let waiting = count(world, ConversationState::Queued);
    let held = world.tenure().workers.iter().map(|worker| worker.lane().load().0).sum::<usize>();
    assert_eq!(waiting, held, "what waits in the log waits in the lanes");
}

#[test]
fn f21_flapping_sockets_move_no_conversation() {
    let mut world = World::new();
    let everybody = || (100..100 + AGENTS).map(UserId);
    everybody().for_each(|id| world.entity(Entity::User(user(id, UserKind::Agent, 1))));
    world.run();
    everybody().for_each(|id| world.appear(id, Presence::Available));
    world.run();
    for n in 0..CONVERSATIONS {
        world.write(&address_in((n % 2) as u8, n / 2 % 40), "hi");
    }
    world.run();
    let before = agents(&world);
    assert!(before.len() == 80 && before.values().all(Option::is_some), "{}", before.len());
    for _ in 0..FLAPS {
        for presence in [Presence::Offline, Presence::Available] {
            everybody().for_each(|id| world.appear(id, presence));
            world.advance(Duration::from_millis(50));
            world.run();
        }
    }
    assert_eq!(agents(&world), before, "everybody kept what he had");
    let events = world.events();
    let of = |name: &str| names(&events).into_iter().filter(|one| *one == name).count();
    assert_eq!(of("assigned"), before.len(), "and nothing was assigned again");
    assert_eq!(of("presence") as u32, AGENTS * (1 + 2 * FLAPS), "each change is one event");
    check(&mut world);
    world.write("5599", "hi");
    world.run();
    assert!(agents(&world).values().all(Option::is_some), "whoever comes now is served at once");
}

/// Ana and Ben have all they may, and six customers wait.
fn full_house() -> World {
    let mut world = World::new();
    world.appear(ANA, Presence::Available);
    world.appear(BEN, Presence::Available);
    world.run();
    for n in 0..10 {
        world.write(&address_in(n % 2, usize::from(n / 2)), "hi");
        world.run();
    }
    let states = [ConversationState::Assigned, ConversationState::Queued];
    assert_eq!(states.map(|state| count(&world, state)), [4, 6]);
    world
}

/// Ends one of an agent's conversations.
fn close_one_of(world: &mut World, agent: UserId) {
    let own = agents(world).into_iter().find(|(_, of)| *of == Some(agent));
    world.close(agent, own.unwrap().0);
    world.run();
}

#[test]
fn f23_when_all_agents_leave_at_once_nothing_is_lost_and_the_line_goes_on_when_they_are_back() {
    let mut world = full_house();
    world.appear(ANA, Presence::Offline);
    world.appear(BEN, Presence::Offline);
    world.write(&address_in(0, 5), "hi");
    world.run();
    assert_eq!(agents(&world).len(), 11, "nobody is dropped");
    close_one_of(&mut world, ANA);
    assert_eq!(count(&world, ConversationState::Queued), 7, "and no seat of theirs is sold");
    check(&mut world);
    world.crash();
    world.run();
    assert_eq!((agents(&world).len(), count(&world, ConversationState::Queued)), (10, 7));

    world.appear(BEN, Presence::Available);
    world.run();
    assert_eq!(count(&world, ConversationState::Queued), 7, "Ben has all he may");
    world.appear(ANA, Presence::Available);
    world.run();
    assert_eq!(count(&world, ConversationState::Queued), 6, "Ana's free seat is taken at once");
    for agent in [ANA, BEN, ANA, BEN, ANA, BEN] {
        close_one_of(&mut world, agent);
        check(&mut world);
    }
    assert_eq!(count(&world, ConversationState::Queued), 0);
    assert_eq!(count(&world, ConversationState::Assigned), 4);
}

#[test]
fn f23_a_cap_lowered_below_what_is_active_stops_only_new_ones() {
    let mut world = full_house();
    let lower = User { cap: Cap::new(1).unwrap(), ..user(ANA, UserKind::Agent, 2) };
    world.entity(Entity::User(lower));
    world.run();
    let of_ana = |world: &World| agents(world).values().filter(|of| **of == Some(ANA)).count();
    assert_eq!(of_ana(&world), 2, "she keeps what she has");
    close_one_of(&mut world, ANA);
    assert_eq!((of_ana(&world), count(&world, ConversationState::Queued)), (1, 6), "C5");
    check(&mut world);
    close_one_of(&mut world, ANA);
    assert_eq!((of_ana(&world), count(&world, ConversationState::Queued)), (1, 5));
    world.entity(Entity::User(User { cap: Cap::new(0).unwrap(), ..user(BEN, UserKind::Agent, 2) }));
    world.run();
    close_one_of(&mut world, BEN);
    close_one_of(&mut world, BEN);
    assert_eq!(count(&world, ConversationState::Queued), 5, "a cap of none takes none");
    check(&mut world);
    let caps = world.events().into_iter().filter_map(|event| match event {
        Event::Assigned(assigned) => Some((assigned.agent, assigned.cap)),
        _ => None,
    });
    assert_eq!(caps.last(), Some((ANA, 1)), "the cap that was seen stands in the record");
    assert!(world.tenure().workers.iter().any(|worker| worker.lane().id() == LaneId::FIRST));
}
