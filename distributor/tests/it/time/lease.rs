//! A presence that gateways renew, and then do not.

use model::desk::{Cause, Event, Timer};
use model::id::UserId;
use model::limit;
use model::people::{GroupRules, OnAbsence, Presence};
use model::time::Clock;
use std::time::Duration;

use crate::lane::world::{ANA, BEN, World, address_in};

use super::{HOUR, MINUTE};

const SECOND: Duration = Duration::from_secs(1);

fn redirecting() -> World {
    World::ruled(GroupRules { on_absence: OnAbsence::Redirect, ..GroupRules::default() })
}

/// Who ran out, in order.
fn run_out(world: &World) -> Vec<UserId> {
    let gone = world.saying(|event| {
        matches!(event, Event::PresenceChanged { presence: Presence::Offline, .. })
    });
    let user = |cause| match cause {
        Cause::Timer(Timer::Lease(user)) => Some(user),
        _ => None,
    };
    gone.into_iter().filter_map(|record| user(record.cause)).collect()
}

#[test]
fn a_presence_nobody_ever_renewed_holds_for_ever() {
    let mut world = redirecting();
    world.talk(0, 0);
    world.pass(3 * HOUR);
    assert_eq!((run_out(&world), world.open(&address_in(0, 0)).agent), (vec![], Some(ANA)));
}

#[test]
fn a_gateway_that_vanishes_takes_its_sessions_along() {
    let mut world = redirecting();
    world.talk(0, 0);
    world.appear(BEN, Presence::Available);
    world.renew(&[ANA, BEN]);
    for _ in 0..6 {
        world.pass(limit::LEASE_RENEWAL);
        world.renew(&[ANA, BEN]);
    }
    assert_eq!(run_out(&world), []);
    for _ in 0..2 {
        world.pass(limit::LEASE_RENEWAL);
        world.renew(&[BEN]);
    }
    world.pass(9 * SECOND);
    world.renew(&[BEN]);
    assert_eq!(run_out(&world), []);
    world.pass(SECOND);
    assert_eq!(run_out(&world), [ANA]);
    for _ in 0..7 {
        world.renew(&[BEN]);
        world.pass(limit::LEASE_RENEWAL);
    }
    assert_eq!(run_out(&world), [ANA], "once");
    assert_eq!(world.open(&address_in(0, 0)).agent, Some(BEN), "the grace is over");
    world.renew(&[ANA]);
    world.appear(ANA, Presence::Available);
    world.pass(2 * MINUTE);
    assert_eq!(run_out(&world), [ANA, BEN], "she is there again, and nobody promised to renew it");
}

#[test]
fn f15_a_clock_that_steps_sends_nobody_away_and_ends_no_conversation() {
    let mut world = redirecting();
    world.talk(0, 0);
    world.renew(&[ANA]);
    // The clock of the node steps while nobody is in office: it is steady otherwise.
    for step in [1_i32, -1, 3] {
        world.tenure = None;
        let (now, by) = (world.clock.now(), HOUR * step.unsigned_abs());
        world.clock.set(if step < 0 { now - by } else { now + by });
        world.begin();
        world.run();
        assert_eq!(run_out(&world), [], "{step} h");
        world.pass(limit::LEASE_RENEWAL);
        world.renew(&[ANA]);
        world.pass(limit::LEASE_RENEWAL);
        world.renew(&[ANA]);
        assert_eq!((run_out(&world), world.ends()), (vec![], vec![]), "{step} h");
    }
    assert_eq!(world.open(&address_in(0, 0)).agent, Some(ANA));
    let at: Vec<_> = world.records().iter().map(|record| (record.lane, record.at)).collect();
    for lane in world.plan.place.each_lane() {
        let of_lane = at.iter().filter(|(of, _)| *of == lane).map(|(_, at)| at);
        assert!(of_lane.is_sorted(), "lane time never goes back");
    }
}

#[test]
fn an_outage_of_the_log_sends_nobody_away() {
    let mut world = redirecting();
    world.appear(ANA, Presence::Available);
    world.renew(&[ANA]);
    world.advance(5 * MINUTE);
    world.run();
    assert_eq!(run_out(&world), [], "nobody listened meanwhile");
    world.pass(25 * SECOND);
    world.renew(&[ANA]);
    world.pass(25 * SECOND);
    assert_eq!(run_out(&world), []);
    world.pass(6 * SECOND);
    assert_eq!(run_out(&world), [ANA]);
}
