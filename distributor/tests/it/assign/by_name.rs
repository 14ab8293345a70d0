//! A conversation asks for one agent.

use distributor::assign::{Audit, Freed, Passed, SeatKind};
use model::id::{GroupId, UserId};
use model::people::{Policy, Presence};

use super::world::{ByName, World, slot};

const KINDS: [SeatKind; 6] = [
    SeatKind::Owner,
    SeatKind::Start,
    SeatKind::Reassign,
    SeatKind::Transfer { paused_ok: false },
    SeatKind::Transfer { paused_ok: true },
    SeatKind::Back,
];

#[test]
fn a_free_agent_is_reserved_whatever_the_kind_and_a_full_one_never() {
    for kind in KINDS {
        let mut world = World::new(&[Policy::Circular], &[1]);
        assert_eq!(world.by_name(1, 0, kind), ByName::Seated);
        let full = if kind == SeatKind::Back { ByName::Waiting } else { ByName::Full };
        assert_eq!(world.by_name(1, 1, kind), full, "{kind:?}");
        assert_eq!(world.core.audit(), Audit::default());
    }
}

#[test]
fn a_paused_agent_takes_only_transfers_where_allowed_and_what_is_his() {
    for kind in KINDS {
        let mut world = World::new(&[Policy::Circular], &[1]);
        world.presence(1, Presence::Paused);
        let want = match kind {
            SeatKind::Transfer { paused_ok: true } => ByName::Seated,
            SeatKind::Back => ByName::Waiting,
            _ => ByName::NotAvailable,
        };
        assert_eq!(world.by_name(1, 0, kind), want, "{kind:?}");
        let again = world.by_name(1, 1, SeatKind::Transfer { paused_ok: true });
        assert_eq!(again == ByName::Full, want == ByName::Seated, "the cap holds in pause too");
    }
}

#[test]
fn nobody_is_reserved_who_is_not_there() {
    for kind in KINDS {
        let mut world = World::new(&[Policy::Circular], &[1, 1, 1]);
        world.presence(1, Presence::Offline);
        world.edit_user(2, |user| user.active = false);
        for absent in [1, 2, 9] {
            assert_eq!(world.by_name(absent, 0, kind), ByName::NotAvailable, "{kind:?}");
        }
    }
}

#[test]
fn his_own_line_is_served_before_older_conversations_of_his_groups() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    world.arrive(1, 0);
    world.arrive_at(1, 1, -100);
    assert_eq!(world.by_name(1, 2, SeatKind::Back), ByName::Waiting);
    assert_eq!(world.position(2), Some(1));
    assert_eq!(world.core.explain(slot(2)).unwrap().passed, [(UserId(1), Passed::Full)]);
    assert_eq!(world.free(0), Freed::HandedOver);
    assert_eq!(world.drain(), [(slot(2), 1)]);
    assert_eq!(world.last.unwrap().3, GroupId(1), "his first group stands for him");
    world.free(2);
    assert_eq!(world.drain(), [(slot(1), 1)]);
}

#[test]
fn his_own_line_is_served_when_he_is_eligible_again() {
    let again: [fn(&mut World); 2] =
        [|world| world.presence(1, Presence::Available), |world| world.cap(1, 2)];
    for eligible in again {
        let mut world = World::new(&[Policy::Circular], &[1, 1]);
        world.presence(2, Presence::Offline);
        world.arrive(1, 0);
        world.by_name(1, 1, SeatKind::Back);
        world.presence(1, Presence::Paused);
        world.free(0);
        assert_eq!(world.drain(), []);
        world.arrive(1, 2);
        world.cap(1, 0);
        world.presence(1, Presence::Available);
        assert_eq!(world.drain(), []);
        world.cap(1, 1);
        eligible(&mut world);
        assert_eq!(world.drain()[0], (slot(1), 1));
    }
}

#[test]
fn who_is_no_agent_any_more_takes_nothing_back() {
    let mut world = World::new(&[Policy::Circular], &[1]);
    world.arrive(1, 0);
    world.by_name(1, 1, SeatKind::Back);
    world.leave(1, 1);
    assert_eq!(world.free(0), Freed::HandedOver, "of no group, but still an agent");
    world.edit_user(1, |user| user.active = false);
    assert_eq!((world.drain(), world.position(1)), (vec![], Some(1)));
}

#[test]
fn a_waiting_conversation_leaves_its_line_for_the_agent_asked_for() {
    let mut world = World::new(&[Policy::Circular; 2], &[1, 1]);
    world.leave(2, 1);
    world.arrive(1, 0);
    world.arrive(1, 1);
    world.arrive(1, 2);
    assert_eq!(world.by_name(1, 1, SeatKind::Reassign), ByName::Full);
    assert_eq!(world.position(1), Some(1), "refused, it goes on waiting");
    assert_eq!(world.by_name(2, 1, SeatKind::Reassign), ByName::Seated);
    assert_eq!(world.last.unwrap().3, GroupId(1), "the group it waited in");
    assert_eq!((world.position(1), world.position(2)), (None, Some(1)));
    world.free(0);
    assert_eq!(world.by_name(2, 2, SeatKind::Reassign), ByName::HandedOver);
}

#[test]
fn a_seat_by_name_moves_no_cursor_but_counts() {
    let mut world = World::new(&[Policy::Circular, Policy::LeastCount], &[9, 9, 9]);
    assert_eq!(world.arrive(1, 0), Some(1));
    assert_eq!(world.by_name(2, 1, SeatKind::Owner), ByName::Seated);
    assert_eq!(world.arrive(1, 2), Some(2), "the turn after 1");
    assert_eq!(world.arrive(2, 3), Some(3), "1 has one, 2 has two");
}
