//! Arrivals against everything that makes an agent eligible or not.

use super::*;

/// Two agents in the second word of the bits, which a search finds by its summary alone.
const BEHIND: [(u32, &[u32]); 4] = [(0, &[1]), (0, &[1]), (1, &[1]), (1, &[1])];

#[test]
fn an_arrival_and_a_release_find_each_other() {
    use Mutant::{EnterWithoutTail, ReleaseWithoutTail, TailWithoutFence};
    let mutants = [EnterWithoutTail, ReleaseWithoutTail, TailWithoutFence];
    check("arrival against release", &mutants, || {
        let desk = Desk::new(1, &[(1, &[1])]);
        let ticket = desk.seat(1);
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        free(&desk.core, ticket);
        let seated = matches!(arrival.join().unwrap(), Arrival::Seated(_));
        let taken = desk.audit().len();
        assert_eq!(taken + usize::from(seated), 1, "somebody waits for a free agent");
    });
}

#[test]
fn a_bit_that_is_cleared_and_set_again_stays_set() {
    check("fill against release", &[Mutant::ClearWithoutLook], || {
        let desk = Desk::new(1, &[(2, &[1])]);
        let ticket = desk.seat(1);
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        free(&desk.core, ticket);
        assert!(matches!(arrival.join().unwrap(), Arrival::Seated(_)));
        desk.audit();
    });
}

#[test]
fn a_summary_that_is_cleared_and_set_again_stays_set() {
    check("last bit against first bit", &[Mutant::SummaryWithoutLook], || {
        let desk = Desk::new(1, &BEHIND);
        let first = desk.seat(1);
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        free(&desk.core, first);
        assert!(matches!(arrival.join().unwrap(), Arrival::Seated(_)));
        desk.audit();
    });
}

#[test]
fn an_arrival_in_the_window_of_a_repair_is_served() {
    check("arrival in a repair", &[Mutant::RepairWithoutTail], || {
        let desk = Desk::new(1, &BEHIND);
        let first = desk.seat(1);
        let one = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
        let other = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(1, 0), 1)));
        free(&desk.core, first);
        one.join().unwrap();
        other.join().unwrap();
        desk.audit();
    });
}

#[test]
fn two_arrivals_and_one_release() {
    check("two arrivals against release", &[], || {
        let desk = Desk::new(1, &[(1, &[1])]);
        let ticket = desk.seat(1);
        let one = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
        let other = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(1, 0), 1)));
        free(&desk.core, ticket);
        one.join().unwrap();
        other.join().unwrap();
        desk.audit();
    });
}

#[test]
fn nobody_is_reserved_after_his_pause() {
    let mutants = [Mutant::BlindReserve, Mutant::PauseKeepsGeneration];
    check("arrival against pause", &mutants, || {
        let desk = Desk::new(1, &[(2, &[1])]);
        let before = desk.core.generation_of(UserId(1));
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        desk.core.presence(UserId(1), Presence::Paused);
        assert_ne!(desk.core.generation_of(UserId(1)), before, "a pause moves the generation");
        if let Arrival::Seated(seat) = arrival.join().unwrap() {
            assert_eq!(seat.gen_at_seat, before, "reserved while paused");
        }
        desk.audit();
    });
}

#[test]
fn a_resume_finds_who_began_to_wait() {
    let mutants = [Mutant::EnterWithoutTail, Mutant::TailWithoutFence];
    check("arrival against resume", &mutants, || {
        let desk = Desk::new(1, &[(1, &[1])]);
        desk.core.presence(UserId(1), Presence::Paused);
        let arrival = desk.spawn(|core| drop(core.arrive(GroupId(1), slot(0, 0), 1)));
        desk.core.presence(UserId(1), Presence::Available);
        arrival.join().unwrap();
        desk.audit();
    });
}

#[test]
fn a_reservation_that_lost_its_race_tries_again() {
    check("own line against two releases", &[Mutant::ReserveGivesUp], || {
        let desk = Desk::new(1, &[(2, &[1])]);
        let (one, other) = (desk.seat(1), desk.seat(1));
        let first = desk.spawn(move |core| free(core, one));
        let second = desk.spawn(move |core| free(core, other));
        let kind = crate::assign::SeatKind::Back;
        drop(desk.core.seat(UserId(1), slot(0, 0), 1, kind));
        first.join().unwrap();
        second.join().unwrap();
        desk.audit();
    });
}
