//! Arrivals, and seats asked for, against everything that makes an agent eligible or not.

use super::*;
use Mutant::{
    BlindReserve, ClearWithoutLook, CountFirst, EnterWithoutTail, LatestWithoutLook,
    LostSeatIsKept, ReleaseWithoutTail, RepairWithoutTail, ResumeWithoutLook, SummaryWithoutLook,
    TailWithoutFence, TurnStored, VacateOwesNothing,
};

pub(super) const MODELS: &[Model] = &[
    model(
        "arrival against release",
        &[EnterWithoutTail, ReleaseWithoutTail, TailWithoutFence],
        arrival_and_release,
    ),
    model("two arrivals against release", &[EnterWithoutTail], two_arrivals_and_release)
        .shallower(),
    model(
        "arrival against resume",
        &[EnterWithoutTail, TailWithoutFence, ResumeWithoutLook],
        arrival_and_resume,
    ),
    model("arrival against pause", &[BlindReserve], arrival_and_pause),
    model("fill against release", &[ClearWithoutLook], fill_and_release),
    model("a full one passed by against release", &[EnterWithoutTail], passed_by).shallower(),
    model("last of a word fills against release", &[SummaryWithoutLook], last_fills_and_release),
    model("two releases, one in the other's place", &[LatestWithoutLook], latest_and_release),
    model("arrival in a repair", &[RepairWithoutTail], arrival_in_repair).deeper(),
    model("two arrivals take two turns", &[TurnStored], two_turns),
    model("by rank: arrival, release, pause", &[EnterWithoutTail], by_rank),
    model("random: arrival, release, pause", &[EnterWithoutTail], at_random),
    model("least count: arrival, release, pause", &[EnterWithoutTail], by_count),
    model("least time: arrival, release, pause", &[EnterWithoutTail], by_time),
    model("two releases, one waits, one arrives", &[VacateOwesNothing], two_matchers),
    model("seat by name against release", &[CountFirst], seat_and_release),
    model("transfer of a waiting one against resume", &[LostSeatIsKept], transfer_and_resume),
    model("transfer to a paused agent against resume", &[], transfer_to_paused),
];

/// Two agents in the second word of the bits, which a search finds by its summary alone.
const BEHIND: [(u32, &[u32]); 4] = [(0, &[1]), (0, &[1]), (1, &[1]), (1, &[1])];

/// Both of them were seated and the later is free again; the seat of the other. The next turn
/// begins at the first of all: a search that has to go round clears the bits it passes, and that
/// of whom it fills.
fn behind() -> (Desk, Ticket) {
    let desk = Desk::new(1, &BEHIND);
    let (first, second) = (desk.seat(1), desk.seat(1));
    free(&desk.core, second);
    (desk, first)
}

fn arrival_and_release() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    free(&desk.core, ticket);
    let seated = matches!(arrival.join().unwrap(), Arrival::Seated(_));
    let taken = desk.audit().len();
    assert_eq!(taken + usize::from(seated), 1, "somebody waits for a free agent");
}

fn two_arrivals_and_release() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    let one = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    let other = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(1, 0), 1)));
    free(&desk.core, ticket);
    one.join().unwrap();
    other.join().unwrap();
    desk.audit();
}

fn arrival_and_resume() {
    let desk = Desk::new(1, &[(1, &[1])]);
    desk.core.presence(UserId(1), Presence::Paused);
    let arrival = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    desk.core.presence(UserId(1), Presence::Available);
    arrival.join().unwrap();
    desk.audit();
}

/// Nobody is reserved after his pause.
fn arrival_and_pause() {
    let desk = Desk::new(1, &[(2, &[1])]);
    let before = desk.core.generation_of(UserId(1));
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    desk.core.presence(UserId(1), Presence::Paused);
    if let Arrival::Seated(seat) = arrival.join().unwrap() {
        assert_eq!(seat.gen_at_seat, before, "reserved while paused");
    }
    assert_ne!(desk.core.generation_of(UserId(1)), before, "the pause is undone");
    desk.audit();
}

/// A bit that is cleared and set again stays set.
fn fill_and_release() {
    let desk = Desk::new(1, &[(2, &[1])]);
    let ticket = desk.seat(1);
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    free(&desk.core, ticket);
    assert!(matches!(arrival.join().unwrap(), Arrival::Seated(_)));
    desk.audit();
}

/// A search goes past somebody full whose bit is set, and leaves it so, while he comes free.
fn passed_by() {
    let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
    let named = desk.core.seat(UserId(1), slot(1, 1), 0, SeatKind::Owner);
    let SeatOutcome::Seated(seat) = named else { panic!("{named:?}") };
    let passes = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    let release = desk.spawn(move |core| free(core, seat.ticket));
    let late = matches!(desk.core.arrive(GroupId(1), slot(1, 0), 1), Arrival::Seated(_));
    let early = matches!(passes.join().unwrap(), Arrival::Seated(_));
    release.join().unwrap();
    assert_eq!(desk.audit().len() + usize::from(early) + usize::from(late), 2);
}

/// A summary that is cleared and set again stays set.
fn last_fills_and_release() {
    let (desk, first) = behind();
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    free(&desk.core, first);
    assert!(matches!(arrival.join().unwrap(), Arrival::Seated(_)));
    desk.audit();
}

/// Who came free last and is full finds himself in his place when he comes free again, while
/// another takes it.
fn latest_and_release() {
    let desk = Desk::by(&[Policy::AgentPriority], &[(1, &[1]), (1, &[1])]);
    let (higher, lower) = (desk.seat(1), desk.seat(1));
    free(&desk.core, higher);
    let higher = desk.seat(1);
    let release = desk.spawn(move |core| free(core, higher));
    free(&desk.core, lower);
    release.join().unwrap();
    desk.audit();
}

/// Who looked for an agent while a summary was repaired is served by the repairer.
fn arrival_in_repair() {
    let (desk, first) = behind();
    let filler = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
    free(&desk.core, first);
    drop(desk.core.arrive(GroupId(1), slot(1, 0), 1));
    filler.join().unwrap();
    desk.audit();
}

/// Between two agents who are free all the time nobody has two turns running.
fn two_turns() {
    let desk = Desk::new(1, &[(2, &[1]), (2, &[1])]);
    let who = |arrival| match arrival {
        Arrival::Seated(seat) => seat.ticket.agent(),
        Arrival::Waiting => panic!("two agents are free"),
    };
    let one = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    let other = desk.core.arrive(GroupId(1), slot(1, 0), 1);
    assert_ne!(who(one.join().unwrap()), who(other), "a turn was taken twice");
    desk.audit();
}

fn by_rank() {
    arrival_release_pause(Policy::AgentPriority);
}

fn at_random() {
    arrival_release_pause(Policy::Random);
}

fn by_count() {
    arrival_release_pause(Policy::LeastCount);
}

fn by_time() {
    arrival_release_pause(Policy::LeastTime);
}

/// One agent comes free while the other goes.
fn arrival_release_pause(policy: Policy) {
    let desk = Desk::by(&[policy], &[(1, &[1]), (1, &[1])]);
    let ticket = desk.seat(1);
    let (busy, free_one) = match ticket.agent() {
        UserId(1) => (UserId(1), UserId(2)),
        busy => (busy, UserId(1)),
    };
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
    desk.core.presence(free_one, Presence::Paused);
    free(&desk.core, ticket);
    let seated = matches!(arrival.join().unwrap(), Arrival::Seated(_));
    let taken = desk.audit().len();
    assert_eq!(taken + usize::from(seated), 1, "agent {busy:?} is free");
}

/// Two freed seats and one who waits: the seat that comes late is offered to the newcomer.
fn two_matchers() {
    let desk = Desk::new(1, &[(1, &[1]), (1, &[1])]);
    let (one, other) = (desk.seat(1), desk.seat(1));
    desk.wait(1, slot(0, 0));
    let first = desk.spawn(move |core| free(core, one));
    let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(1, 0), 1));
    free(&desk.core, other);
    first.join().unwrap();
    let seated = matches!(arrival.join().unwrap(), Arrival::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 2);
}

/// Who is refused a seat by name has taken nothing meanwhile.
fn seat_and_release() {
    let desk = Desk::new(1, &[(1, &[1])]);
    let ticket = desk.seat(1);
    desk.wait(1, slot(0, 0));
    let named = desk.spawn(|core| core.seat(UserId(1), slot(1, 0), 1, SeatKind::Owner));
    free(&desk.core, ticket);
    let seated = matches!(named.join().unwrap(), SeatOutcome::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}

/// A conversation that is handed a seat while it gets another by name keeps one of both.
fn transfer_and_resume() {
    let desk = Desk::new(1, &[(2, &[1])]);
    desk.core.presence(UserId(1), Presence::Paused);
    desk.wait(1, slot(0, 0));
    let kind = SeatKind::Transfer { paused_ok: true };
    let named = desk.spawn(move |core| core.seat(UserId(1), slot(0, 0), 1, kind));
    desk.core.presence(UserId(1), Presence::Available);
    let named = named.join().unwrap();
    let seated = matches!(named, SeatOutcome::Seated(_));
    assert!(seated || named == SeatOutcome::HandedOver, "{named:?}");
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}

/// A transfer reaches a paused agent; who waits for him gets what is left.
fn transfer_to_paused() {
    let desk = Desk::new(1, &[(1, &[1])]);
    desk.core.presence(UserId(1), Presence::Paused);
    desk.wait(1, slot(0, 0));
    let kind = SeatKind::Transfer { paused_ok: true };
    let named = desk.spawn(move |core| core.seat(UserId(1), slot(1, 0), 1, kind));
    desk.core.presence(UserId(1), Presence::Available);
    let seated = matches!(named.join().unwrap(), SeatOutcome::Seated(_));
    assert_eq!(desk.audit().len() + usize::from(seated), 1);
}
