//! Settings and presence change while conversations wait.

use distributor::assign::{Audit, Freed, Passed};
use model::id::{GroupId, UserId};
use model::people::{AgentRank, Policy, Presence, UserKind};

use super::world::{World, agent, slot};

#[test]
fn a_lowered_cap_only_stops_new_ones() {
    let mut world = World::new(&[Policy::Circular], &[3]);
    for n in 0..3 {
        assert_eq!(world.arrive(1, n), Some(1));
    }
    world.arrive(1, 3);
    world.cap(1, 1);
    assert_eq!(world.load(UserId(1)), 3);
    assert_eq!((world.free(0), world.free(1)), (Freed::Released, Freed::Released));
    assert_eq!(world.position(3), Some(1));
    assert_eq!(world.free(2), Freed::HandedOver);
    assert_eq!(world.core.audit(), Audit::default());
}

#[test]
fn a_cap_of_zero_means_none() {
    let mut world = World::new(&[Policy::Circular], &[0]);
    assert_eq!(world.arrive(1, 0), None);
    world.presence(1, Presence::Paused);
    world.presence(1, Presence::Available);
    assert_eq!(world.drain(), []);
    assert_eq!(world.core.explain(slot(0)).unwrap().passed, [(UserId(1), Passed::Full)]);
}

#[test]
fn whoever_becomes_eligible_is_offered_those_who_wait() {
    let becomes: [fn(&mut World); 7] = [
        |world| world.presence(1, Presence::Available),
        |world| world.cap(2, 1),
        |world| world.edit_user(3, |user| user.groups[0].receives = true),
        |world| world.join(4, 1),
        |world| world.edit_user(5, |user| user.active = true),
        |world| world.edit_user(6, |user| user.kind = UserKind::SupervisorAgent),
        |world| {
            world.edit(|settings| drop(settings.users.insert(UserId(7), agent(7, 1, &[1]))));
            world.presence(7, Presence::Available);
        },
    ];
    for (n, become_eligible) in (1..).zip(becomes) {
        let mut world = World::new(&[Policy::Circular], &[1, 0, 1, 1, 1, 1]);
        world.presence(1, Presence::Paused);
        world.edit_user(3, |user| user.groups[0].receives = false);
        world.edit_user(4, |user| user.groups.clear());
        world.edit_user(5, |user| user.active = false);
        world.edit_user(6, |user| user.kind = UserKind::Supervisor);
        assert_eq!(world.arrive(1, 0), None);
        become_eligible(&mut world);
        assert_eq!(world.drain(), [(slot(0), n)]);
    }
}

#[test]
fn an_agent_who_is_removed_keeps_his_seats_until_they_are_freed() {
    let mut world = World::new(&[Policy::Circular], &[2, 1]);
    world.arrive(1, 0);
    world.edit(|settings| drop(settings.users.remove(&UserId(1))));
    assert_eq!(world.core.audit(), Audit::default());
    assert_eq!((world.arrive(1, 1), world.arrive(1, 2)), (Some(2), None));
    assert_eq!(world.free(0), Freed::Released);
    assert_eq!(world.position(2), Some(1));
    assert_eq!(world.free(1), Freed::HandedOver);
}

#[test]
fn an_inactive_group_serves_nobody_until_it_is_active_again() {
    let mut world = World::new(&[Policy::Circular; 2], &[1]);
    world.arrive(2, 0);
    world.arrive(1, 1);
    world.edit_group(1, |group| group.active = false);
    assert_eq!(world.free(0), Freed::Released);
    assert_eq!(world.core.explain(slot(1)).unwrap().passed[0].1, Passed::DoesNotReceive);
    world.edit_group(1, |group| group.active = true);
    assert_eq!(world.drain(), [(slot(1), 1)]);
}

#[test]
fn who_leaves_and_comes_back_is_a_newcomer_with_the_last_place() {
    let mut world = World::new(&[Policy::Circular], &[9, 9, 9]);
    let groups = world.settings.users[&UserId(1)].groups.clone();
    world.edit_user(1, |user| user.groups.clear());
    world.edit_user(1, |user| user.groups = groups);
    let got: Vec<_> = (0..4).map(|n| world.arrive(1, n).unwrap()).collect();
    assert_eq!(got, [2, 3, 1, 2]);
}

#[test]
fn a_changed_policy_or_rank_decides_the_next_choice() {
    let mut world = World::new(&[Policy::Circular], &[9, 9, 9]);
    assert_eq!(world.arrive(1, 0), Some(1));
    world.edit_group(1, |group| group.policy = Policy::AgentPriority);
    world.edit_user(3, |user| user.rank = AgentRank(7));
    assert_eq!((world.arrive(1, 1), world.arrive(1, 2)), (Some(3), Some(3)));
    world.edit_user(1, |user| user.rank = AgentRank(8));
    assert_eq!(world.arrive(1, 3), Some(1));
}

#[test]
fn only_the_policies_that_turn_move_the_cursor() {
    for policy in [Policy::Random, Policy::LeastTime, Policy::LeastCount] {
        let mut world = World::new(&[Policy::Circular], &[9, 9, 9]);
        assert_eq!(world.arrive(1, 0), Some(1));
        world.edit_group(1, |group| group.policy = policy);
        world.presence(2, Presence::Paused);
        world.presence(1, Presence::Paused);
        assert_eq!(world.arrive(1, 1), Some(3));
        world.presence(2, Presence::Available);
        world.presence(1, Presence::Available);
        world.edit_group(1, |group| group.policy = Policy::Circular);
        assert_eq!(world.arrive(1, 2), Some(2), "{}", policy.name());
    }
}

#[test]
fn random_choices_differ_on_arrival_and_for_those_who_waited() {
    let mut world = World::new(&[Policy::Random], &[40, 40, 40]);
    for n in 0..40 {
        world.arrive(1, n);
    }
    assert!((1..=3).all(|id| world.load(UserId(id)) > 0));
    world.edit_group(1, |group| group.active = false);
    for n in 40..80 {
        assert_eq!(world.arrive(1, n), None);
    }
    world.edit_group(1, |group| group.active = true);
    let chosen: std::collections::BTreeSet<u32> =
        world.drain().iter().map(|(_, agent)| *agent).collect();
    assert_eq!(chosen.len(), 3);
}

#[test]
fn a_waiting_conversation_is_told_why_it_waits() {
    let mut world = World::new(&[Policy::Circular], &[1, 1, 1, 1]);
    world.edit_user(1, |user| user.groups[0].receives = false);
    world.presence(2, Presence::Paused);
    world.presence(3, Presence::Offline);
    world.arrive(1, 0);
    assert_eq!(world.core.explain(slot(0)), None, "seated");
    world.arrive(1, 1);
    let passed = world.core.explain(slot(1)).unwrap().passed;
    let want = [Passed::DoesNotReceive, Passed::Paused, Passed::Offline, Passed::Full];
    let want: Vec<_> = (1..).map(UserId).zip(want).collect();
    assert_eq!(passed, want);
}

#[test]
fn whoever_asks_is_told_who_is_next_and_who_would_be_after_him() {
    let next = |world: &World| {
        let told = world.core.explain_arrival(GroupId(1)).unwrap();
        let lawful: Vec<_> = told.ranking.lawful().iter().map(|r| (r.agent.0, r.key)).collect();
        (lawful, told.ranking.runner_up().map(|r| (r.agent.0, r.key)), told.passed)
    };
    let mut world = World::new(&[Policy::Circular], &[9, 9, 9]);
    world.arrive(1, 0);
    world.presence(3, Presence::Paused);
    let paused = vec![(UserId(3), Passed::Paused)];
    assert_eq!(next(&world), (vec![(2, 2)], Some((1, 1)), paused.clone()));
    world.edit_group(1, |group| group.policy = Policy::LeastCount);
    assert_eq!(next(&world), (vec![(2, 0)], Some((1, 1)), paused.clone()));
    world.edit_group(1, |group| group.policy = Policy::Random);
    assert_eq!(next(&world), (vec![(1, 1), (2, 2)], None, paused.clone()));
    world.edit_group(1, |group| group.policy = Policy::AgentPriority);
    world.edit_user(1, |user| user.rank = AgentRank(7));
    assert_eq!(next(&world), (vec![(1, 7)], Some((2, 0)), paused));
    assert_eq!(world.core.explain_arrival(GroupId(8)), None);
}

#[test]
fn presence_known_before_the_settings_counts_when_they_come() {
    let mut world = World::new(&[Policy::Circular], &[]);
    world.presence(5, Presence::Available);
    world.edit(|settings| drop(settings.users.insert(UserId(5), agent(5, 1, &[1]))));
    assert_eq!(world.arrive(1, 0), Some(5));
}
