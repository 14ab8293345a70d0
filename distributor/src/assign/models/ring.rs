//! The index by score: nobody is lost whatever happens to keys, and at rest every bit is a lower
//! bound again (both are part of the audit). A ring of the models has two buckets.

use super::*;
use Mutant::{
    ClearWithoutLook, EnterWithoutTail, FallUnseen, MoveClearsFirst, NobodyInAnotherRound,
    PlaceWithoutLook, RaiseWithoutLook, ReleaseWithoutTail,
};

pub(super) const MODELS: &[Model] = &[
    model("a bit left in a ring against two releases", &[ClearWithoutLook], left_and_releases),
    model("move against arrival", &[MoveClearsFirst], move_and_arrival),
    model("two moves against undo", &[NobodyInAnotherRound], moves_and_undo).shallower(),
    model(
        "resume against a ring that moves on",
        &[PlaceWithoutLook, RaiseWithoutLook],
        resume_and_advance,
    ),
    model("two ends against move", &[FallUnseen], ends_and_move),
    model("release against two shapes", &[EnterWithoutTail, ReleaseWithoutTail], two_shapes),
];

/// Whose bit was left when he was filled by name is found full, comes free, and is ousted by the
/// next, who finds the bit still set.
fn left_and_releases() {
    let desk = Desk::by(&[Policy::LeastTime], &[(1, &[1]), (1, &[1])]);
    let [one, other] =
        [1, 2].map(|id| match desk.core.seat(UserId(id), slot(1, 1), 0, SeatKind::Owner) {
            SeatOutcome::Seated(seat) => seat.ticket,
            refused => panic!("{refused:?}"),
        });
    let arrival = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    free(&desk.core, one);
    free(&desk.core, other);
    arrival.join().unwrap();
    desk.audit();
}

/// An agent is found while another thread moves his bit.
fn move_and_arrival() {
    let desk = Desk::by(&[Policy::LeastCount], &[(3, &[1])]);
    let _held = desk.seat(1);
    let arrival = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
    arrival.join().unwrap();
    desk.audit();
}

/// A search that found nobody looks again when the ring begins elsewhere by then.
fn moves_and_undo() {
    let desk = Desk::by(&[Policy::LeastCount], &[(1, &[1]), (3, &[1]), (2, &[1])]);
    [2, 3].into_iter().for_each(|id| desk.core.presence(UserId(id), Presence::Paused));
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    free(&desk.core, ticket);
    desk.core.presence(UserId(1), Presence::Paused);
    desk.core.presence(UserId(2), Presence::Available);
    for id in [2, 2, 3] {
        let kind = SeatKind::Transfer { paused_ok: true };
        drop(desk.core.seat(UserId(id), slot(1, 0), 1, kind));
    }
    desk.core.presence(UserId(3), Presence::Available);
    let undone = desk.spawn(|core| drop(core.ready(lane_id(0))));
    drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
    undone.join().unwrap();
    desk.audit();
}

/// Who is shown while the ring moves on is where he belongs.
fn resume_and_advance() {
    let desk = Desk::by(&[Policy::LeastCount], &[(1, &[1]), (4, &[1])]);
    desk.core.presence(UserId(1), Presence::Paused);
    let _held = desk.seat(1);
    let resumed = desk.spawn(|core| core.presence(UserId(1), Presence::Available));
    drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
    resumed.join().unwrap();
    desk.audit();
}

/// A score that falls is seen. The other agent came last, and went: so the first has a bit.
fn ends_and_move() {
    let desk = Desk::by(&[Policy::LeastTime], &[(4, &[1]), (1, &[1])]);
    desk.core.presence(UserId(2), Presence::Paused);
    let (one, other) = (desk.seat(1), desk.seat(1));
    let ends = desk.spawn(move |core| {
        free(core, one);
        free(core, other);
    });
    drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
    ends.join().unwrap();
    desk.audit();
}

/// An agent is found by turn and by score.
fn two_shapes() {
    let desk = Desk::by(&[Policy::Circular, Policy::LeastCount], &[(1, &[1, 2])]);
    let ticket = desk.seat(1);
    let turn = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    let score = desk.spawn(|core| drop(core.arrive(GroupId(2), slot(1, 0), 1)));
    free(&desk.core, ticket);
    turn.join().unwrap();
    score.join().unwrap();
    desk.audit();
}
