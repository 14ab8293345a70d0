//! Random calls over three groups, six agents and two lanes.

use distributor::assign::SeatKind;
use model::people::{Policy, Presence};
use proptest::prelude::*;

pub(crate) const GROUPS: u32 = 3;
pub(crate) const AGENTS: u32 = 6;
pub(crate) const SLOTS_PER_LANE: u32 = 12;

/// One call. `n` is a slot; `which` picks among those there are.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Arrive {
        group: u32,
        n: u32,
        key: i64,
    },
    ByName {
        agent: u32,
        n: u32,
        kind: SeatKind,
    },
    Requeue {
        which: usize,
        group: u32,
    },
    Free {
        which: usize,
        seconds: u64,
    },
    Cancel {
        which: usize,
    },
    Ready {
        lane: u8,
    },
    Presence {
        agent: u32,
        presence: Presence,
    },
    Cap {
        agent: u32,
        cap: u32,
    },
    Rank {
        agent: u32,
        rank: u16,
    },
    Employ {
        agent: u32,
        active: bool,
    },
    Policy {
        group: u32,
        policy: Policy,
    },
    Open {
        group: u32,
        active: bool,
    },
    /// Not a member, or a member who receives or does not.
    Member {
        agent: u32,
        group: u32,
        receives: Option<bool>,
    },
}

/// Up to `most` calls.
pub(crate) fn any(most: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(prop_oneof![3 => traffic(), 1 => edits()], 1..most)
}

fn traffic() -> impl Strategy<Value = Op> {
    let n = prop_oneof![0..SLOTS_PER_LANE, 100..100 + SLOTS_PER_LANE];
    let arrive =
        (group(), n.clone(), 0..8_i64).prop_map(|(group, n, key)| Op::Arrive { group, n, key });
    let by_name = (agent(), n, kind()).prop_map(|(agent, n, kind)| Op::ByName { agent, n, kind });
    prop_oneof![
        6 => arrive,
        1 => by_name,
        1 => (0..64_usize, group()).prop_map(|(which, group)| Op::Requeue { which, group }),
        4 => (0..64_usize, 0..600_u64).prop_map(|(which, seconds)| Op::Free { which, seconds }),
        1 => (0..64_usize).prop_map(|which| Op::Cancel { which }),
        3 => (0..2_u8).prop_map(|lane| Op::Ready { lane }),
    ]
}

fn edits() -> impl Strategy<Value = Op> {
    let presence = prop_oneof![
        2 => Just(Presence::Available),
        1 => Just(Presence::Paused),
        1 => Just(Presence::Offline),
    ];
    let receives = prop_oneof![1 => Just(None), 3 => any_bool().prop_map(Some)];
    prop_oneof![
        4 => (agent(), presence).prop_map(|(agent, presence)| Op::Presence { agent, presence }),
        3 => (agent(), cap()).prop_map(|(agent, cap)| Op::Cap { agent, cap }),
        1 => (agent(), 0..3_u16).prop_map(|(agent, rank)| Op::Rank { agent, rank }),
        1 => (agent(), any_bool()).prop_map(|(agent, active)| Op::Employ { agent, active }),
        2 => (group(), policy()).prop_map(|(group, policy)| Op::Policy { group, policy }),
        1 => (group(), any_bool()).prop_map(|(group, active)| Op::Open { group, active }),
        3 => (agent(), group(), receives)
            .prop_map(|(agent, group, receives)| Op::Member { agent, group, receives }),
    ]
}

fn any_bool() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.75)
}

fn cap() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..4_u32, 1 => 0..=80_u32]
}

fn group() -> impl Strategy<Value = u32> {
    1..=GROUPS
}

fn agent() -> impl Strategy<Value = u32> {
    1..=AGENTS
}

fn policy() -> impl Strategy<Value = Policy> {
    prop::sample::select(&Policy::ALL[..])
}

fn kind() -> impl Strategy<Value = SeatKind> {
    prop_oneof![
        1 => Just(SeatKind::Owner),
        1 => Just(SeatKind::Reassign),
        1 => any_bool().prop_map(|paused_ok| SeatKind::Transfer { paused_ok }),
        3 => Just(SeatKind::Back),
    ]
}
