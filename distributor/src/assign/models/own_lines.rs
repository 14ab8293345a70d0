//! Conversations that wait for one agent.

use super::*;

pub(super) const MODELS: &[Model] = &[
    model("own line against two releases", &[Mutant::ReserveGivesUp], back_and_two_releases),
    model("own line against resume", &[Mutant::TailForgetsOwn], back_and_resume),
    model(
        "own line against a raised cap",
        &[Mutant::EditForgetsOwn, Mutant::EditWithoutTail],
        back_and_raise,
    ),
    model("own line against undo", &[Mutant::UndoForgetsOwn], back_and_undo),
];

/// A reservation that lost its race tries again: the winner may owe nobody a look.
fn back_and_two_releases() {
    let desk = Desk::new(1, &[(2, &[1])]);
    let (one, other) = (desk.seat(1), desk.seat(1));
    let first = desk.spawn(move |core| free(core, one));
    let second = desk.spawn(move |core| free(core, other));
    drop(desk.core.seat(UserId(1), slot(0, 0), 1, SeatKind::Back));
    first.join().unwrap();
    second.join().unwrap();
    desk.audit();
}

fn back_and_resume() {
    let desk = Desk::new(1, &[(1, &[1])]);
    desk.core.presence(UserId(1), Presence::Paused);
    let back = desk.spawn(|core| core.seat(UserId(1), slot(0, 0), 1, SeatKind::Back));
    desk.core.presence(UserId(1), Presence::Available);
    let seated = matches!(back.join().unwrap(), SeatOutcome::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}

fn back_and_raise() {
    let mut desk = Desk::new(1, &[(1, &[1])]);
    let _held = desk.seat(1);
    desk.set_cap(2);
    let back = desk.spawn(|core| core.seat(UserId(1), slot(0, 0), 1, SeatKind::Back));
    desk.core.edit(&desk.settings);
    let seated = matches!(back.join().unwrap(), SeatOutcome::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}

/// The agent has left the group whose conversation was handed his seat: when that is undone,
/// nobody but his own line can have it.
fn back_and_undo() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    free(&desk.core, ticket);
    desk.core.edit(&desk.without_groups());
    let back = desk.spawn(|core| core.seat(UserId(1), slot(1, 0), 1, SeatKind::Back));
    assert!(desk.core.ready(lane_id(0)).is_none());
    let seated = matches!(back.join().unwrap(), SeatOutcome::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}
