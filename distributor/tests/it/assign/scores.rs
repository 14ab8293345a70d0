//! Scores: what is charged, corrected and given to newcomers.

use model::desk::Why;
use model::id::{GroupId, UserId};
use model::people::{NewcomerScore, Policy, Presence};

use super::world::World;

fn key(world: &World) -> u64 {
    match world.last.unwrap().1 {
        Why::Policy { key, .. } => key,
        why => panic!("{why:?} has no key"),
    }
}

fn charge(world: &World) -> u8 {
    world.last.unwrap().2
}

#[test]
fn a_burst_is_spread_because_open_chats_are_charged() {
    let mut world = World::new(&[Policy::LeastTime], &[80, 80, 80]);
    for n in 0..60 {
        world.arrive(1, n);
    }
    assert_eq!([1, 2, 3].map(|id| world.load(UserId(id))), [20, 20, 20]);
}

#[test]
fn a_charge_is_corrected_by_the_time_it_took_rounded_up() {
    let mut world = World::new(&[Policy::LeastTime], &[9, 9]);
    world.presence(2, Presence::Paused);
    world.arrive(1, 0);
    assert_eq!((key(&world), charge(&world)), (0, 1));
    world.free_after(0, 33);
    world.arrive(1, 1);
    assert_eq!((key(&world), charge(&world)), (3, 3), "33 s are 3 units");
    world.arrive(1, 2);
    assert_eq!((key(&world), charge(&world)), (6, 3), "an open chat at its charge");
    world.free_after(1, 16);
    world.free_after(2, 17);
    world.arrive(1, 3);
    assert_eq!((key(&world), charge(&world)), (6, 2), "3 + 1 + 2 units of 3 conversations");
}

#[test]
fn the_mean_is_the_groups_and_is_clamped() {
    let mut world = World::new(&[Policy::Circular], &[9, 9]);
    world.arrive(1, 0);
    world.arrive(1, 1);
    world.free_after(0, 16 * 100);
    world.free_after(1, 16);
    world.arrive(1, 2);
    assert_eq!(charge(&world), 51, "101 units of 2 conversations, rounded up");
    world.free_after(2, 16 * 10_000);
    world.arrive(1, 3);
    assert_eq!(charge(&world), 255);
}

#[test]
fn one_score_serves_a_group_by_count_and_a_group_by_time() {
    let mut world = World::new(&[Policy::LeastCount, Policy::LeastTime], &[9, 9]);
    assert_eq!(world.arrive(1, 0), Some(1));
    world.free_after(0, 0);
    assert_eq!(world.arrive(2, 1), Some(1), "no time yet, whatever the count");
    world.free_after(1, 160);
    assert_eq!((world.arrive(1, 2), key(&world)), (Some(2), 0));
    assert_eq!((world.arrive(1, 3), key(&world)), (Some(2), 1));
    assert_eq!((world.arrive(1, 4), key(&world)), (Some(1), 2));
}

/// Conversations and units of the only agent who is free, in group 1 by count, in 2 by time.
fn score(world: &World) -> [u64; 2] {
    [1, 2].map(|group| world.core.choice(GroupId(group)).unwrap().key)
}

/// The only agent has one conversation of 48 s in his score, and is being handed another.
fn handed() -> World {
    let mut world = World::new(&[Policy::LeastCount, Policy::LeastTime], &[1]);
    world.arrive(1, 0);
    world.arrive(1, 1);
    world.free_after(0, 48);
    world
}

#[test]
fn an_undone_hand_over_takes_its_count_and_charge_back() {
    let mut world = handed();
    world.presence(1, Presence::Paused);
    assert_eq!(world.drain(), []);
    world.cancel(1);
    world.presence(1, Presence::Available);
    assert_eq!(score(&world), [1, 3], "only what the log showed");
}

#[test]
fn a_cancelled_hand_over_takes_its_count_and_charge_back() {
    let mut world = handed();
    world.cancel(1);
    assert_eq!(score(&world), [1, 3], "only what the log showed");
}

#[test]
fn a_hand_over_counts_and_is_charged() {
    let mut world = handed();
    assert_eq!((world.drain().len(), charge(&world)), (1, 3));
    world.free_after(1, 17);
    assert_eq!(score(&world), [2, 5]);
}

#[test]
fn a_newcomer_starts_at_the_groups_minimum_or_at_zero() {
    for (newcomer, want) in [(NewcomerScore::GroupMinimum, [2, 6]), (NewcomerScore::Zero, [0, 0])] {
        let mut world = World::new(&[Policy::LeastCount, Policy::LeastTime], &[80, 80, 80]);
        world.edit_group(1, |group| group.newcomer = newcomer);
        world.edit_group(2, |group| group.newcomer = newcomer);
        world.edit_user(3, |user| user.groups.clear());
        for n in 0..5 {
            world.arrive(1, n);
            world.free_after(n, 48);
        }
        world.join(3, 1);
        world.presence(1, Presence::Paused);
        world.presence(2, Presence::Paused);
        world.join(3, 2);
        assert_eq!(score(&world), want, "{newcomer:?}; the others have 3 and 2 of 3 units");
    }
}

#[test]
fn joining_never_lowers_a_score() {
    let mut world = World::new(&[Policy::LeastCount; 2], &[80, 80]);
    world.edit_user(1, |user| user.groups.truncate(1));
    world.leave(2, 1);
    for n in 0..4 {
        assert_eq!(world.arrive(1, n), Some(1));
    }
    world.join(1, 2);
    assert_eq!(world.arrive(2, 4), Some(2), "2 has none, 1 still has four");
    world.presence(2, Presence::Paused);
    world.arrive(2, 5);
    assert_eq!(key(&world), 4);
}
