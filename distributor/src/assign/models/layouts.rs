//! Edits while traffic runs.

use super::*;
use Mutant::{
    AppearInOldLayout, AppearWithoutFence, BlindReserve, BumpBeforeLayout, ComesBackAnew,
    ConfirmUnseen, EditWithoutTail, LayoutBeforeWord, LeaveKeepsGeneration, LowerKeepsGeneration,
    PublishWithoutLook, RepairInOldLayout, ResellInOldLayout, ResellUnasked, ReserveStranger,
};

pub(super) const MODELS: &[Model] = &[
    model(
        "arrival against leaving",
        &[BumpBeforeLayout, ReserveStranger, LayoutBeforeWord],
        arrival_and_leaving,
    ),
    model(
        "join against release",
        &[PublishWithoutLook, AppearWithoutFence, AppearInOldLayout],
        join_and_release,
    ),
    model("arrival against another policy", &[], arrival_and_policy),
    model(
        "fill and release across an edit elsewhere",
        &[RepairInOldLayout],
        fill_and_edit_elsewhere,
    ),
    model("release against leaving", &[ResellInOldLayout], release_and_leaving),
    model("arrival against a raised cap", &[EditWithoutTail], arrival_and_raise),
    model("arrival against a lowered cap", &[BlindReserve], arrival_and_lower),
    model("release against a lowered cap", &[ResellUnasked], release_and_lower),
    model(
        "ready against a cap raised and lowered",
        &[LowerKeepsGeneration, ConfirmUnseen],
        ready_and_cap,
    ),
    model("ready against leaving", &[LeaveKeepsGeneration, ConfirmUnseen], ready_and_leaving),
    model(
        "ready against an agent who goes and comes back",
        &[ComesBackAnew, ConfirmUnseen],
        ready_and_return,
    ),
];

/// Nobody is reserved for a group he left.
fn arrival_and_leaving() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let before = desk.core.generation_of(UserId(1));
    let next = desk.without_groups();
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    desk.core.edit(&next);
    if let Arrival::Seated(seat) = arrival.join().unwrap() {
        assert_eq!(seat.gen_at_seat, before, "reserved after he left");
    }
    desk.audit();
}

/// Whoever joins while he comes free is found.
fn join_and_release() {
    let mut desk = Desk::new(2, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(2, slot(0, 0));
    let user = desk.settings.users.get_mut(&UserId(1)).unwrap();
    user.groups.push(Membership { group: GroupId(2), receives: true });
    let release = desk.spawn(move |core| free(core, ticket));
    desk.core.edit(&desk.settings);
    release.join().unwrap();
    assert_eq!(desk.audit().len(), 1);
}

/// A search that began in the layout before ends in the next, or is found waiting.
fn arrival_and_policy() {
    let mut desk = Desk::new(1, &[(1, &[1])]);
    desk.settings.groups.get_mut(&GroupId(1)).unwrap().policy = Policy::AgentPriority;
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    desk.core.edit(&desk.settings);
    let seated = matches!(arrival.join().unwrap(), Arrival::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}

/// A group that an edit leaves as it is keeps its bits; one cleared under the layout before is
/// set again under the next.
fn fill_and_edit_elsewhere() {
    let mut desk = Desk::new(2, &[(2, &[1])]);
    let ticket = desk.seat(1);
    desk.settings.groups.get_mut(&GroupId(2)).unwrap().policy = Policy::Random;
    let arrival = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    free(&desk.core, ticket);
    desk.core.edit(&desk.settings);
    arrival.join().unwrap();
    desk.audit();
}

/// A freed seat is not sold again for a group its agent left.
fn release_and_leaving() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let release = desk.spawn(move |core| free(core, ticket));
    desk.core.edit(&desk.without_groups());
    release.join().unwrap();
    assert!(desk.audit().is_empty());
}

fn arrival_and_raise() {
    let mut desk = Desk::new(1, &[(1, &[1])]);
    let _held = desk.seat(1);
    desk.set_cap(2);
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    desk.core.edit(&desk.settings);
    let seated = matches!(arrival.join().unwrap(), Arrival::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}

/// A lowered cap holds at once.
fn arrival_and_lower() {
    let mut desk = Desk::new(1, &[(2, &[1])]);
    let _held = desk.seat(1);
    desk.set_cap(1);
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    desk.core.edit(&desk.settings);
    if let Arrival::Seated(seat) = arrival.join().unwrap() {
        assert_eq!(seat.cap, 2, "seated above the cap in force");
    }
    assert_eq!(desk.core.word_cap(UserId(1)), 1, "the edit is undone");
    desk.audit();
}

/// A seat above a lowered cap is not sold again.
fn release_and_lower() {
    let mut desk = Desk::new(1, &[(2, &[1])]);
    let (one, _held) = (desk.seat(1), desk.seat(1));
    desk.wait(1, slot(0, 0));
    desk.set_cap(1);
    let release = desk.spawn(move |core| free(core, one));
    desk.core.edit(&desk.settings);
    release.join().unwrap();
    assert!(desk.audit().is_empty());
}

/// A seat given under a cap of two is not confirmed once it is one again.
fn ready_and_cap() {
    let mut desk = Desk::new(1, &[(1, &[1])]);
    let _held = desk.seat(1);
    let low = desk.settings.clone();
    desk.set_cap(2);
    let lowered = Returned::default();
    let seen = lowered.clone();
    let lane = desk.spawn(move |core| {
        drop(core.arrive(GroupId(1), slot(0, 0), 1));
        let lowered = seen.is_so();
        let taken = core.ready(lane_id(0)).is_some();
        assert!(!(lowered && taken), "confirmed above the cap in force");
    });
    desk.core.edit(&desk.settings);
    desk.core.edit(&low);
    lowered.say();
    lane.join().unwrap();
    desk.audit();
}

/// No hand-over is confirmed after its agent left the group.
fn ready_and_leaving() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    free(&desk.core, ticket);
    let left = Returned::default();
    let seen = left.clone();
    let lane = desk.spawn(move |core| {
        let left = seen.is_so();
        let taken = core.ready(lane_id(0)).is_some();
        assert!(!(left && taken), "confirmed after he left");
    });
    desk.core.edit(&desk.without_groups());
    left.say();
    lane.join().unwrap();
    assert!(desk.audit().is_empty());
}

/// An agent who comes back has his number and goes on with his generation: no hand-over from
/// before is taken for a new one.
fn ready_and_return() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let before = desk.core.generation_of(UserId(1));
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    free(&desk.core, ticket);
    let gone = Returned::default();
    let seen = gone.clone();
    let lane = desk.spawn(move |core| {
        let gone = seen.is_so();
        let taken = core.ready(lane_id(0));
        let old = taken.is_some_and(|taken| taken.seat.gen_at_seat == before);
        assert!(!(gone && old), "confirmed after he went");
    });
    let mut empty = desk.settings.clone();
    empty.users.clear();
    desk.core.edit(&empty);
    gone.say();
    desk.core.edit(&desk.settings);
    lane.join().unwrap();
    desk.audit();
}
