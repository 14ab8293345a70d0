//! A core that starts anew from what the log shows.

use std::time::Duration;

use distributor::assign::{Audit, Freed, Restore, RestoredSeat, RestoredWait, Ticket};
use model::fold::Score;
use model::id::{GroupId, UserId};
use model::people::{AgentRank, Policy, Presence};

use super::Core;
use super::world::{World, lane, slot};

fn seat(n: u32, agent: u32, charge: u8) -> RestoredSeat {
    RestoredSeat { slot: slot(n), agent: UserId(agent), charge }
}

fn wait(n: u32, group: u32, key: i64) -> RestoredWait {
    RestoredWait { slot: slot(n), group: GroupId(group), key, agent: None }
}

/// The settings of a world, everybody available.
fn state(world: &World) -> Restore {
    let users = world.settings.users.keys();
    Restore {
        settings: world.settings.clone(),
        presence: users.map(|user| (*user, Presence::Available)).collect(),
        ..Restore::default()
    }
}

fn restored(world: &mut World, state: Restore) {
    world.core = Core::new(1);
    world.held = world.core.restore(state).into_iter().collect();
}

#[test]
fn restored_seats_may_be_above_the_cap_and_stop_new_ones() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    let seated = vec![seat(0, 1, 3), seat(1, 1, 3)];
    let from = Restore { seated, waiting: vec![wait(2, 1, 2)], ..state(&world) };
    restored(&mut world, from);
    assert_eq!(world.held.values().map(Ticket::agent).collect::<Vec<_>>(), [UserId(1); 2]);
    assert_eq!(world.core.audit(), Audit::default());
    assert_eq!(world.drain(), []);
    assert_eq!(world.free(0), Freed::Released);
    assert_eq!(world.free(1), Freed::HandedOver);
    assert_eq!(world.drain(), [(slot(2), 1)]);
}

#[test]
fn an_own_line_is_restored_and_comes_before_the_groups() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    let own = RestoredWait { agent: Some(UserId(1)), ..wait(3, 1, 9) };
    let (seated, waiting) = (vec![seat(0, 1, 3)], vec![wait(2, 1, 2), own]);
    let from = Restore { seated, waiting, ..state(&world) };
    restored(&mut world, from);
    assert_eq!((world.position(2), world.position(3)), (Some(1), Some(1)));
    assert_eq!(world.free(0), Freed::HandedOver);
    assert_eq!(world.drain(), [(slot(3), 1)]);
    assert_eq!(world.free(3), Freed::HandedOver);
    assert_eq!(world.drain(), [(slot(2), 1)]);
}

#[test]
fn whoever_waits_for_a_free_agent_himself_is_served_at_once() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    let own = RestoredWait { agent: Some(UserId(1)), ..wait(3, 1, 9) };
    let from = Restore { waiting: vec![wait(2, 1, 2), own], ..state(&world) };
    restored(&mut world, from);
    assert_eq!((world.drain(), world.position(2)), (vec![(slot(3), 1)], Some(1)));
}

#[test]
fn every_line_is_checked_for_a_free_agent() {
    let mut world = World::new(&[Policy::Circular; 2], &[1, 1]);
    let waiting = vec![wait(3, 2, 9), wait(101, 1, 5), wait(1, 1, 7)];
    let from = Restore { waiting, ..state(&world) };
    restored(&mut world, from);
    assert_eq!(world.core.take_rings().into_iter().collect::<Vec<_>>(), [lane(0), lane(1)]);
    let mut served = world.drain();
    served.sort();
    assert_eq!(served.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), [slot(1), slot(101)]);
    assert_eq!((world.position(3), world.core.audit()), (Some(1), Audit::default()));
}

#[test]
fn cursors_go_on_where_they_were() {
    let mut world = World::new(&[Policy::Circular, Policy::AgentPriority], &[9, 9, 9, 9]);
    world.edit(|settings| {
        for id in [2, 3, 4] {
            settings.users.get_mut(&UserId(id)).unwrap().rank = AgentRank(5);
        }
    });
    let cursors = [(GroupId(1), UserId(3)), (GroupId(2), UserId(2))].into();
    let from = Restore { cursors, ..state(&world) };
    restored(&mut world, from);
    assert_eq!((world.arrive(1, 0), world.arrive(1, 1)), (Some(4), Some(1)));
    assert_eq!((world.arrive(2, 2), world.arrive(2, 3)), (Some(3), Some(4)));
}

#[test]
fn scores_go_on_and_charges_are_corrected() {
    let mut world = World::new(&[Policy::LeastTime], &[9, 9]);
    let scores = [(1, 10), (2, 13)].map(|(id, time)| (UserId(id), Score { count: 1, time }));
    let from = Restore { scores: scores.into(), seated: vec![seat(0, 1, 7)], ..state(&world) };
    restored(&mut world, from);
    let ticket = world.held.remove(&slot(0)).unwrap();
    world.core.free(ticket, Duration::from_secs(16 * 12));
    let choice = world.core.choice(GroupId(1)).unwrap();
    assert_eq!((choice.pick.agent, choice.key), (UserId(2), 13), "1 has 10 − 7 + 12");
}

#[test]
fn who_waits_is_handed_to_the_agent_the_policy_picks() {
    let mut world = World::new(&[Policy::LeastCount], &[9, 9, 9]);
    let scores = [(1, 4), (2, 1), (3, 2)].map(|(id, count)| (UserId(id), Score { count, time: 0 }));
    let waiting = (0..3).map(|n| wait(n, 1, i64::from(n))).collect();
    let from = Restore { scores: scores.into(), waiting, ..state(&world) };
    restored(&mut world, from);
    let mut agents: Vec<u32> = world.drain().iter().map(|(_, agent)| *agent).collect();
    agents.sort_unstable();
    assert_eq!(agents, [2, 2, 3]);
}

#[test]
fn an_agent_the_settings_do_not_know_keeps_his_restored_seat() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    let from = Restore { seated: vec![seat(0, 9, 1)], ..state(&world) };
    restored(&mut world, from);
    assert_eq!(world.core.audit(), Audit::default());
    assert_eq!(world.free(0), Freed::Released);
}
