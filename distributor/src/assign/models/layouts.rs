//! Edits while traffic runs.

use super::*;

fn without_groups(settings: &Settings) -> Settings {
    let mut next = settings.clone();
    next.users.values_mut().for_each(|user| user.groups.clear());
    next
}

#[test]
fn nobody_is_reserved_for_a_group_he_left() {
    let mutants = [Mutant::BumpBeforeLayout, Mutant::ReserveStranger];
    check("arrival against leaving", &mutants, || {
        let desk = Desk::new(1, &[(1, &[1])]);
        let before = desk.core.generation_of(UserId(1));
        let next = without_groups(&desk.settings);
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        desk.core.edit(&next);
        if let Arrival::Seated(seat) = arrival.join().unwrap() {
            assert_eq!(seat.gen_at_seat, before, "reserved after he left");
        }
        desk.audit();
    });
}

#[test]
fn whoever_joins_while_he_becomes_free_is_found() {
    let mutants = [Mutant::PublishWithoutLook, Mutant::AppearWithoutFence];
    check("join against release", &mutants, || {
        let mut desk = Desk::new(2, &[(1, &[1])]);
        let ticket = desk.seat(1);
        desk.wait(2, slot(0, 0));
        let user = desk.settings.users.get_mut(&UserId(1)).unwrap();
        user.groups.push(Membership { group: GroupId(2), receives: true });
        let next = desk.settings.clone();
        let release = desk.spawn(move |core| free(core, ticket));
        desk.core.edit(&next);
        release.join().unwrap();
        assert_eq!(desk.audit().len(), 1);
    });
}

#[test]
fn a_lowered_cap_holds_at_once() {
    check("arrival against a lowered cap", &[Mutant::BlindReserve], || {
        let mut desk = Desk::new(1, &[(2, &[1])]);
        let _held = desk.seat(1);
        desk.settings.users.get_mut(&UserId(1)).unwrap().cap = Cap::new(1).unwrap();
        let next = desk.settings.clone();
        let arrival = desk.spawn(|core| core.arrive(GroupId(1), slot(0, 0), 1));
        desk.core.edit(&next);
        if let Arrival::Seated(seat) = arrival.join().unwrap() {
            assert_eq!(seat.cap, 2, "seated above the cap in force");
        }
        assert!(desk.core.word_cap(UserId(1)) == 1);
        desk.audit();
    });
}
