//! Seats on their way, against everything that ends them.

use super::*;
use Mutant::{
    AskOnce, BitBeforeWord, BlindSlot, BlindWithdraw, CancelDropsSeat, ConfirmUnseen,
    LookBeforeClear, LostHeadDropsSeat, LostSeatIsKept, OfflineKeepsGeneration,
    PauseKeepsGeneration, RestWithoutFence, RestWithoutLook, SeatBeforeLine, SummaryBeforeLeaf,
    UndoForgetsLine, UndoOwnLineOnly, VacateOwesNothing, WithdrawnStaysOut,
};

pub(super) const MODELS: &[Model] = &[
    model("hand-over against ready", &[BitBeforeWord], release_and_ready),
    model(
        "hand-over against ready, no place left",
        &[BitBeforeWord, SummaryBeforeLeaf],
        release_and_ready_by_bit,
    ),
    model(
        "hand-over against a lane that rests",
        &[RestWithoutFence, RestWithoutLook],
        release_and_rest,
    ),
    model("a late ring against a lane that rests", &[AskOnce], late_ring_and_rest),
    model("hand-over against a late bit", &[LookBeforeClear], release_and_late_bit),
    model("two lanes hand over to each other", &[BitBeforeWord], two_lanes),
    model("hand-over against pause", &[PauseKeepsGeneration, ConfirmUnseen], release_and_pause),
    model("ready against offline", &[OfflineKeepsGeneration, ConfirmUnseen], ready_and_offline),
    model("undo against release", &[UndoForgetsLine, SeatBeforeLine], undo_and_release),
    model(
        "undo in a group against arrival in another",
        &[UndoOwnLineOnly, VacateOwesNothing],
        undo_and_arrival_elsewhere,
    ),
    model("two releases, one waits", &[BlindSlot], two_releases),
    model(
        "hand-over against cancel",
        &[LostHeadDropsSeat, CancelDropsSeat, BlindWithdraw, BlindSlot],
        release_and_cancel,
    ),
    model("hand-over against requeue", &[BlindWithdraw, WithdrawnStaysOut], release_and_requeue),
    model("hand-over against a seat by name", &[LostSeatIsKept], release_and_seat),
];

/// A lane finds its hand-over.
fn release_and_ready() {
    let desk = Desk::new(1, &[(1, &[1])]);
    release_to_ready(&desk);
}

/// The same when the lane's only place has the number of a hand-over that ended.
fn release_and_ready_by_bit() {
    let desk = Desk::new(1, &[(1, &[1])]);
    release_and_end(&desk);
    release_to_ready(&desk);
}

/// The bit of a slot's earlier use hides no hand-over of a later one.
fn release_and_late_bit() {
    let desk = Desk::new(1, &[(1, &[1])]);
    release_and_end(&desk);
    release_and_end(&desk);
    release_to_ready(&desk);
}

/// A lane that asked to be rung is rung, or has looked.
fn release_and_rest() {
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
}

/// Who rang a lane and notes it late silences nobody who hands over to it later.
fn late_ring_and_rest() {
    let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
    let (one, other) = (desk.seat(1), desk.seat(1));
    desk.wait(1, slot(0, 0));
    desk.wait(1, slot(0, 1));
    let lane = desk.spawn(move |core| {
        let all = || std::iter::from_fn(|| core.ready(lane_id(0))).count();
        let taken = all();
        let rests = taken == 1 && core.is_rung(lane_id(0)) && all() == 0;
        free(core, other);
        assert!(!rests || core.is_rung(lane_id(0)), "it sleeps over a hand-over");
        taken
    });
    free(&desk.core, one);
    assert_eq!(lane.join().unwrap() + desk.audit().len(), 2);
}

/// A seat is handed over while the lane looks.
fn release_to_ready(desk: &Desk) {
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let lane = desk.spawn(|core| core.ready(lane_id(0)).is_some());
    free(&desk.core, ticket);
    let taken = usize::from(lane.join().unwrap()) + desk.audit().len();
    assert_eq!(taken, 1, "the hand-over is taken once");
}

/// A hand-over that nobody looks at: its conversation ends.
fn release_and_end(desk: &Desk) {
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    free(&desk.core, ticket);
    desk.core.cancel(slot(0, 0));
}

fn two_lanes() {
    let desk = Desk::new(2, &[(1, &[1]), (1, &[2])]);
    let (one, other) = (desk.seat(1), desk.seat(2));
    desk.wait(1, slot(1, 0));
    desk.wait(2, slot(0, 0));
    let lane = desk.spawn(move |core| {
        free(core, other);
        usize::from(core.ready(lane_id(1)).is_some())
    });
    free(&desk.core, one);
    let taken = usize::from(desk.core.ready(lane_id(0)).is_some());
    let taken = taken + lane.join().unwrap();
    assert_eq!(taken + desk.audit().len(), 2, "each is taken once");
}

/// No hand-over is confirmed after a pause returned.
fn release_and_pause() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let release = desk.spawn(move |core| free(core, ticket));
    desk.core.presence(UserId(1), Presence::Paused);
    assert!(desk.core.ready(lane_id(0)).is_none(), "confirmed after the pause returned");
    release.join().unwrap();
    assert!(desk.audit().is_empty());
    assert_eq!(desk.core.position(slot(0, 0)), Some(1));
}

/// A hand-over that is on its way when its agent goes is confirmed before, or not at all.
fn ready_and_offline() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    free(&desk.core, ticket);
    let gone = Returned::default();
    let seen = gone.clone();
    let lane = desk.spawn(move |core| {
        let gone = seen.is_so();
        let taken = core.ready(lane_id(0)).is_some();
        assert!(!(gone && taken), "confirmed after he went");
        taken
    });
    desk.core.presence(UserId(1), Presence::Offline);
    gone.say();
    let taken = lane.join().unwrap();
    assert!(desk.audit().is_empty());
    assert_eq!(desk.core.position(slot(0, 0)), (!taken).then_some(1));
}

/// An undone hand-over goes to another agent who came free.
fn undo_and_release() {
    let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
    let (one, other) = (desk.seat(1), desk.seat(1));
    desk.wait(1, slot(0, 0));
    free(&desk.core, one);
    desk.core.presence(UserId(1), Presence::Paused);
    let release = desk.spawn(move |core| free(core, other));
    let taken = desk.core.ready(lane_id(0));
    release.join().unwrap();
    assert_eq!(usize::from(taken.is_some()) + desk.audit().len(), 1);
}

/// A seat that lost its head is offered to all lines of its agent: one that was looked at before,
/// and empty, may have somebody now who saw the agent busy.
fn undo_and_arrival_elsewhere() {
    let desk = Desk::new(2, &[(1, &[1, 2])]);
    desk.core.presence(UserId(1), Presence::Paused);
    desk.wait(1, slot(1, 0));
    let lane = desk.spawn(|core| {
        core.cancel(slot(1, 0));
        drop(core.arrive(GroupId(2), slot(1, 1), 2));
    });
    desk.core.presence(UserId(1), Presence::Available);
    lane.join().unwrap();
    desk.audit();
}

/// Two seats do not go to one conversation.
fn two_releases() {
    let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
    let (one, other) = (desk.seat(1), desk.seat(1));
    desk.wait(1, slot(0, 0));
    let first = desk.spawn(move |core| free(core, one));
    free(&desk.core, other);
    first.join().unwrap();
    assert_eq!(desk.audit().len(), 1);
}

/// A cancelled conversation keeps no seat.
fn release_and_cancel() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let ended = desk.spawn(|core| core.cancel(slot(0, 0)));
    free(&desk.core, ticket);
    ended.join().unwrap();
    assert!(desk.audit().is_empty());
}

/// A conversation moves or is handed a seat, one of both; a hand-over that is undone finds it
/// where it stood.
fn release_and_requeue() {
    let desk = Desk::new(2, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let release = desk.spawn(move |core| free(core, ticket));
    let handed = desk.core.requeue(slot(0, 0), GroupId(2), 1) == Requeued::HandedOver;
    release.join().unwrap();
    desk.core.presence(UserId(1), Presence::Paused);
    assert!(desk.audit().is_empty());
    desk.core.presence(UserId(1), Presence::Available);
    assert_eq!(desk.audit().len(), usize::from(handed));
}

/// A waiting conversation asked for by name has one seat.
fn release_and_seat() {
    let desk = Desk::new(1, &[(1, &[1]), (1, &[])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let release = desk.spawn(move |core| free(core, ticket));
    let seated = desk.core.seat(UserId(2), slot(0, 0), 1, SeatKind::Owner);
    release.join().unwrap();
    let taken = desk.audit().len();
    let seated = matches!(seated, SeatOutcome::Seated(_));
    assert_eq!(taken + usize::from(seated), 1);
}
