//! The index by score: nobody is lost whatever happens to keys, and at rest every bit is a lower
//! bound again (both are part of the audit). A ring of the models has two buckets.

use super::*;

#[test]
fn a_bit_in_a_bucket_that_is_cleared_and_set_again_stays_set() {
    check("fill against release in a ring", &[Mutant::ClearWithoutLook], || {
        let desk = Desk::by(&[Policy::LeastTime], &[(2, &[1])]);
        let ticket = desk.seat(1);
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        free(&desk.core, ticket);
        assert!(matches!(arrival.join().unwrap(), Arrival::Seated(_)));
        desk.audit();
    });
}

#[test]
fn an_arrival_finds_an_agent_who_is_being_moved() {
    check("move against arrival", &[Mutant::MoveClearsFirst], || {
        let desk = Desk::by(&[Policy::LeastCount], &[(3, &[1])]);
        let _held = desk.seat(1);
        let arrival = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
        drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
        arrival.join().unwrap();
        desk.audit();
    });
}

#[test]
fn a_search_that_found_nobody_looks_again_when_the_ring_begins_elsewhere() {
    let mutants = [Mutant::NobodyInAnotherRound];
    check_within(2, "two moves against undo", &mutants, || {
        let agents: [(u32, &[u32]); 3] = [(1, &[1]), (3, &[1]), (2, &[1])];
        let desk = Desk::by(&[Policy::LeastCount], &agents);
        [2, 3].map(|id| desk.core.presence(UserId(id), Presence::Paused));
        let ticket = desk.seat(1);
        desk.wait(1, slot(0, 0));
        free(&desk.core, ticket);
        desk.core.presence(UserId(1), Presence::Paused);
        desk.core.presence(UserId(2), Presence::Available);
        for id in [2, 2, 3] {
            let kind = crate::assign::SeatKind::Transfer { paused_ok: true };
            drop(desk.core.seat(UserId(id), slot(1, 0), 1, kind));
        }
        desk.core.presence(UserId(3), Presence::Available);
        let undone = desk.spawn(|core| drop(core.ready(lane_id(0))));
        drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
        undone.join().unwrap();
        desk.audit();
    });
}

#[test]
fn who_is_shown_while_the_ring_moves_on_is_where_he_belongs() {
    let mutants = [Mutant::PlaceWithoutLook, Mutant::RaiseWithoutLook];
    check("resume against a ring that moves on", &mutants, || {
        let desk = Desk::by(&[Policy::LeastCount], &[(1, &[1]), (4, &[1])]);
        desk.core.presence(UserId(1), Presence::Paused);
        let _held = desk.seat(1);
        let resumed = desk.spawn(|core| core.presence(UserId(1), Presence::Available));
        drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
        resumed.join().unwrap();
        desk.audit();
    });
}

#[test]
fn a_score_that_falls_is_seen() {
    check("two ends against move", &[Mutant::FallUnseen], || {
        let desk = Desk::by(&[Policy::LeastTime], &[(4, &[1])]);
        let (one, other) = (desk.seat(1), desk.seat(1));
        let ends = desk.spawn(move |core| {
            free(core, one);
            free(core, other);
        });
        drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
        ends.join().unwrap();
        desk.audit();
    });
}

#[test]
fn an_agent_is_found_by_turn_and_by_score() {
    let mutants = [Mutant::EnterWithoutTail, Mutant::ReleaseWithoutTail];
    check("release against two shapes", &mutants, || {
        let desk = Desk::by(&[Policy::Circular, Policy::LeastCount], &[(1, &[1, 2])]);
        let ticket = desk.seat(1);
        let turn = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
        let score = desk.spawn(|core| drop(core.arrive(GroupId(2), slot(1, 0), 1)));
        free(&desk.core, ticket);
        turn.join().unwrap();
        score.join().unwrap();
        desk.audit();
    });
}
