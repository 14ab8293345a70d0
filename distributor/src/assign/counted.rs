//! What a call costs however many wait: its shared accesses, counted.
//!
//! The same calls are made with ten, a thousand and a hundred thousand conversations in line. To serve
//! the line costs the same; what looks for a place within it may grow as the levels of an index do.

use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

use super::shim::parking::count;
use super::{Arrival, Assign, Cancelled, Freed, LockFree, Requeued, Seat, Sizes, Slot, Ticket};

const GROUP: GroupId = GroupId(1);
const AGENT: UserId = UserId(1);
const LANES: u8 = 2;
/// The longest line of each lane here: as many as the first lane's half of a hundred thousand.
const LINE: u32 = 50_000;

fn slot(lane: u8, index: u32) -> Slot {
    Slot { lane: LaneId::new(lane).unwrap(), index }
}

fn settings(policy: Policy) -> Settings {
    let mut settings = Settings::default();
    let group = Group {
        id: GROUP,
        version: 1,
        operation: OperationId(1),
        name: String::new(),
        active: true,
        policy,
        newcomer: NewcomerScore::Zero,
        head_start: Duration::ZERO,
        rules: GroupRules::default(),
    };
    settings.groups.insert(GROUP, group);
    let user = User {
        id: AGENT,
        version: 1,
        operation: OperationId(1),
        login: String::new(),
        name: String::new(),
        kind: UserKind::Agent,
        active: true,
        groups: vec![Membership { group: GROUP, receives: true }],
        cap: Cap::new(1).unwrap(),
        rank: AgentRank(0),
    };
    settings.users.insert(AGENT, user);
    settings
}

/// One agent with one seat, which somebody has, and a line of `waiting` in both lanes.
fn crowded(policy: Policy, waiting: u32) -> (LockFree, Ticket) {
    let sizes = Sizes { agents: 4, groups: 2, slots: LINE + 8 };
    let core = LockFree::new((0..LANES).map(|_| Bell::new()).collect(), 7, sizes);
    core.edit(&settings(policy));
    core.presence(AGENT, Presence::Available);
    let Arrival::Seated(Seat { ticket, .. }) = core.arrive(GROUP, slot(0, LINE), 0) else {
        panic!("the seat is free");
    };
    for n in 0..waiting {
        let (lane, index) = ((n % 2) as u8, n / 2);
        assert_eq!(core.arrive(GROUP, slot(lane, index), i64::from(n)), Arrival::Waiting);
    }
    (core, ticket)
}

/// The shared accesses of each kind of call with so many in line.
fn calls(policy: Policy, waiting: u32) -> Vec<(&'static str, u64)> {
    let (core, ticket) = crowded(policy, waiting);
    let (core, mut held, mut counts) = (&core, Some(ticket), Vec::new());
    let mut call = |name, run: &mut dyn FnMut()| counts.push((name, count(run)));
    for turn in 0..3 {
        // The head of the line, wherever it is.
        let head = slot(turn % 2, u32::from(turn / 2));
        call("a seat is freed", &mut || {
            let freed = core.free(held.take().unwrap(), Duration::from_secs(60));
            assert_ne!(freed, Freed::Released, "somebody waits");
        });
        call("the head of the line is served", &mut || {
            let confirmed = core.ready(head.lane).unwrap();
            assert_eq!(confirmed.slot, head);
            held = Some(confirmed.seat.ticket);
        });
    }
    let (last, middle) = (slot(1, LINE + 1), slot(1, waiting / 4));
    let key = i64::from(waiting);
    call("one more comes", &mut || assert_eq!(core.arrive(GROUP, last, key), Arrival::Waiting));
    call("one in the middle goes", &mut || {
        assert_eq!(core.cancel(middle), Cancelled::Cancelled);
    });
    call("the last one goes back to the middle", &mut || {
        assert!(matches!(core.requeue(last, GROUP, key / 2), Requeued::Waiting));
    });
    call("the last one goes", &mut || assert_eq!(core.cancel(last), Cancelled::Cancelled));
    call("the agent pauses", &mut || core.presence(AGENT, Presence::Paused));
    call("the agent is back", &mut || core.presence(AGENT, Presence::Available));
    call("his seat is freed while he pauses", &mut || {
        core.presence(AGENT, Presence::Paused);
        core.free(held.take().unwrap(), Duration::from_secs(60));
    });
    call("he is back with a free seat", &mut || core.presence(AGENT, Presence::Available));
    counts
}

#[test]
fn f20_a_line_of_a_hundred_thousand_costs_a_call_what_a_line_of_ten_does() {
    for policy in Policy::ALL {
        let [few, more, many] = [10, 1_000, 2 * LINE].map(|waiting| calls(policy, waiting));
        for ((few, more), many) in few.iter().zip(&more).zip(&many) {
            let (name, least) = *few;
            println!("{policy:?}: {name}: {least}, {}, {}", more.1, many.1);
            assert!(least > 0, "{name}: nothing was counted");
            let is_served = name.starts_with("a seat") || name.starts_with("the head");
            let most = if is_served { least } else { least + 80 };
            assert!(more.1 <= most && many.1 <= most, "{name}: {few:?}, {more:?}, {many:?}");
        }
    }
}
