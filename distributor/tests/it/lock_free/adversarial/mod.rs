//! Few agents of cap 1, far apart in their group's bits, and lanes that meet at every step; after
//! every few calls all stop and what is at rest is judged. By the test's own books: of the core's
//! word only its audit is asked, and counted apart.

mod books;
mod faulty;
mod lane;

use std::sync::Barrier;

use distributor::assign::{Assign, Audit, LockFree, MutexAssign};
use model::id::{GroupId, UserId};
use model::people::Policy;
use parking_lot::Mutex;
use storage::port::Bell;

use super::house::{groups, opened, staffed};
use books::{Books, Caught};
use faulty::{Fault, Faulty};
use lane::{Lane, Line, Scene};

/// Members of each group: three words of bits.
const MEMBERS: u32 = 160;
/// Those with a seat, at the words' ends.
const ABLE: [UserId; 5] = [UserId(1), UserId(64), UserId(65), UserId(128), UserId(160)];
const GROUPS: u32 = 2;
/// Calls of a lane between two rests.
const CALLS: u32 = 20;

fn caps() -> impl Iterator<Item = u8> {
    (1..=MEMBERS).map(|id| u8::from(ABLE.contains(&UserId(id))))
}

/// Lets lanes work on a core, and rest so many times; what it was caught at.
fn tried(core: &dyn Assign, lanes: u8, rests: u32, seed: u64) -> Caught {
    let books = Books::new(caps());
    let scene = Scene { core, books: &books, able: &ABLE, groups: GROUPS };
    let all: Vec<Mutex<Lane>> = (0..lanes).map(|id| Mutex::new(Lane::new(id, seed))).collect();
    let gate = Barrier::new(usize::from(lanes));
    let mut caught = Caught::default();
    std::thread::scope(|scope| {
        let leg = |lane: &Mutex<Lane>| {
            gate.wait();
            lane.lock().work(scene, CALLS);
            gate.wait();
        };
        for lane in &all[1..] {
            scope.spawn(move || (0..rests).for_each(|_| leg(lane)));
        }
        for _ in 0..rests {
            leg(&all[0]);
            caught += judge(scene, &all);
        }
    });
    all.into_iter().for_each(|lane| caught += lane.into_inner().caught);
    caught
}

/// No call runs: who waits, and which seats are there?
fn judge(scene: Scene<'_>, lanes: &[Mutex<Lane>]) -> Caught {
    rest(scene, lanes);
    let free = ABLE.iter().filter(|agent| scene.books.is_free(**agent)).count() as u32;
    let waiting: Vec<Line> =
        lanes.iter().flat_map(|lane| lane.lock().waiting().collect::<Vec<_>>()).collect();
    let is_beside_a_free_agent = |line: &&Line| match line {
        Line::Group(_) => free > 0,
        Line::Own(agent) => scene.books.is_free(*agent),
    };
    let mut caught = Caught {
        wake_up: waiting.iter().filter(is_beside_a_free_agent).count() as u32,
        audit: u32::from(scene.core.audit() != Audit::default()),
        ..Caught::default()
    };
    for group in (1..=GROUPS).map(GroupId) {
        if !waiting.contains(&Line::Group(group)) {
            let there = lanes[0].lock().probe(scene, group);
            caught.seats += there.abs_diff(free);
        }
    }
    caught
}

/// Takes every hand-over. One that is undone may go to a lane that was asked before, so two rounds in
/// a row must find none.
fn rest(scene: Scene<'_>, lanes: &[Mutex<Lane>]) {
    let mut found_none = 0;
    while found_none < 2 {
        let taken: usize = lanes.iter().map(|lane| lane.lock().take_ready(scene)).sum();
        found_none = if taken == 0 { found_none + 1 } else { 0 };
    }
}

fn lock_free(policy: Policy, lanes: u8) -> LockFree {
    opened(&staffed(groups(&[policy; GROUPS as usize]), caps()), lanes)
}

fn mutex(policy: Policy, lanes: u8) -> MutexAssign {
    let settings = staffed(groups(&[policy; GROUPS as usize]), caps());
    let core = MutexAssign::new((0..lanes).map(|_| Bell::new()).collect(), 7);
    core.edit(&settings);
    let there = model::people::Presence::Available;
    settings.users.keys().for_each(|user| core.presence(*user, there));
    core
}

#[test]
fn nothing_is_lost_where_two_lanes_meet_at_every_step() {
    for policy in Policy::ALL {
        for lanes in [2, 3] {
            let caught = tried(&lock_free(policy, lanes), lanes, 10_000, 1);
            assert_eq!(caught, Caught::default(), "{} on {lanes} lanes", policy.name());
        }
    }
}

#[test]
fn the_twin_passes_and_each_fault_is_caught_by_its_name() {
    let with = |fault| {
        let core = Faulty::new(mutex(Policy::Circular, 2), fault);
        tried(&core, 2, 300, 1)
    };
    assert_eq!(with(Fault::None), Caught::default());
    assert!(with(Fault::IgnoresPause).pause > 0);
    assert!(with(Fault::IgnoresReturn).wake_up > 0);
    assert!(with(Fault::ForgetsReleases).seats > 0);
    assert!(with(Fault::ForgetsWaiters).delivery > 0);
    assert!(with(Fault::RaisesCaps).cap > 0);
}
