//! Seats on their way, against everything that ends them.

use super::*;

#[test]
fn a_lane_finds_its_hand_over() {
    check("hand-over against ready", &[Mutant::BitBeforeWord], || {
        let desk = Desk::new(1, &[(1, &[1])]);
        let ticket = desk.seat(1);
        desk.wait(1, slot(0, 0));
        let lane = desk.spawn(|core| core.ready(lane_id(0)).is_some());
        free(&desk.core, ticket);
        let taken = usize::from(lane.join().unwrap()) + desk.audit().len();
        assert_eq!(taken, 1, "the hand-over is taken once");
    });
}

#[test]
fn a_lane_that_rests_is_rung() {
    let mutants = [Mutant::RestWithoutFence, Mutant::RestWithoutLook];
    check("hand-over against a lane that rests", &mutants, || {
        let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
        let (one, other) = (desk.seat(1), desk.seat(1));
        desk.wait(1, slot(0, 0));
        desk.wait(1, slot(0, 1));
        free(&desk.core, one);
        assert!(desk.core.is_rung(lane_id(0)), "the first of all");
        let release = desk.spawn(move |core| free(core, other));
        let all = || std::iter::from_fn(|| desk.core.ready(lane_id(0)));
        let taken = all().count();
        release.join().unwrap();
        assert!(taken == 2 || desk.core.is_rung(lane_id(0)), "it sleeps over a hand-over");
        assert_eq!(taken + all().count(), 2);
    });
}

#[test]
fn no_hand_over_is_confirmed_after_a_pause() {
    let mutants = [Mutant::PauseKeepsGeneration, Mutant::ConfirmUnseen];
    check("hand-over against pause", &mutants, || {
        let desk = Desk::new(1, &[(1, &[1])]);
        let ticket = desk.seat(1);
        desk.wait(1, slot(0, 0));
        let release = desk.spawn(move |core| free(core, ticket));
        desk.core.presence(UserId(1), Presence::Paused);
        assert!(desk.core.ready(lane_id(0)).is_none(), "confirmed after the pause returned");
        release.join().unwrap();
        assert!(desk.audit().is_empty());
        assert_eq!(desk.core.position(slot(0, 0)), Some(1));
    });
}

#[test]
fn an_undone_hand_over_goes_to_another_agent_who_became_free() {
    check("undo against release", &[Mutant::UndoForgetsLine], || {
        let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
        let (one, other) = (desk.seat(1), desk.seat(1));
        desk.wait(1, slot(0, 0));
        free(&desk.core, one);
        desk.core.presence(UserId(1), Presence::Paused);
        let release = desk.spawn(move |core| free(core, other));
        let taken = desk.core.ready(lane_id(0));
        release.join().unwrap();
        assert_eq!(usize::from(taken.is_some()) + desk.audit().len(), 1);
    });
}

#[test]
fn a_cancelled_conversation_keeps_no_seat() {
    let mutants = [Mutant::LostHeadDropsSeat, Mutant::CancelDropsSeat];
    check("hand-over against cancel", &mutants, || {
        let desk = Desk::new(1, &[(1, &[1])]);
        let ticket = desk.seat(1);
        desk.wait(1, slot(0, 0));
        let ended = desk.spawn(|core| core.cancel(slot(0, 0)));
        free(&desk.core, ticket);
        ended.join().unwrap();
        assert!(desk.audit().is_empty());
    });
}

#[test]
fn a_seat_that_lost_its_head_is_offered_to_all_lines_of_its_agent() {
    let mutants = [Mutant::UndoOwnLineOnly, Mutant::VacateOwesNothing];
    check("resume against cancel and arrival", &mutants, || {
        let desk = Desk::new(2, &[(1, &[1, 2])]);
        desk.core.presence(UserId(1), Presence::Paused);
        desk.wait(1, slot(1, 0));
        let ended = desk.spawn(|core| core.cancel(slot(1, 0)));
        let arrival = desk.spawn(|core| drop(core.arrive(GroupId(2), slot(0, 0), 2)));
        desk.core.presence(UserId(1), Presence::Available);
        ended.join().unwrap();
        arrival.join().unwrap();
        desk.audit();
    });
}

#[test]
fn two_seats_do_not_go_to_one_conversation() {
    check("two releases, one waits", &[], || {
        let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
        let (one, other) = (desk.seat(1), desk.seat(1));
        desk.wait(1, slot(0, 0));
        let first = desk.spawn(move |core| free(core, one));
        free(&desk.core, other);
        first.join().unwrap();
        assert_eq!(desk.audit().len(), 1);
    });
}

#[test]
fn a_conversation_that_moves_or_is_handed_a_seat_does_one_of_both() {
    check("requeue against release", &[], || {
        let desk = Desk::new(2, &[(1, &[1])]);
        let ticket = desk.seat(1);
        desk.wait(1, slot(0, 0));
        let release = desk.spawn(move |core| free(core, ticket));
        let moved = desk.core.requeue(slot(0, 0), GroupId(2), 1);
        release.join().unwrap();
        let taken = desk.audit().len();
        let handed = moved == crate::assign::Requeued::HandedOver;
        assert_eq!(taken, usize::from(handed));
    });
}

#[test]
fn a_waiting_conversation_asked_for_by_name_has_one_seat() {
    check("seat against release", &[], || {
        let desk = Desk::new(1, &[(1, &[1]), (1, &[])]);
        let ticket = desk.seat(1);
        desk.wait(1, slot(0, 0));
        let release = desk.spawn(move |core| free(core, ticket));
        let kind = crate::assign::SeatKind::Owner;
        let seated = desk.core.seat(UserId(2), slot(0, 0), 1, kind);
        release.join().unwrap();
        let taken = desk.audit().len();
        let seated = matches!(seated, crate::assign::SeatOutcome::Seated(_));
        assert_eq!(taken + usize::from(seated), 1);
    });
}
