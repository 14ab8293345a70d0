//! At rest the least is the least: random steps against a look at everybody.

use std::time::Duration;

use model::desk::Settings;
use model::fold::Score;
use model::id::{GroupId, LaneId, OperationId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Policy, Presence, User, UserKind,
};
use proptest::prelude::*;
use storage::port::Bell;

use crate::assign::lockfree::word::{Correction, Status, Word};
use crate::assign::{Arrival, Assign, LockFree, Sizes, Slot};

/// More than one word of bits.
const AGENTS: u32 = 150;
const CAP: u32 = 2;

/// What happens to an agent, by number.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// His score becomes this, count and time alike.
    Score(u32, u32),
    /// His score changes by a little.
    Nudge(u32, i32),
    Pause(u32),
    Resume(u32),
    /// He gives a seat back after so many units.
    Free(u32, u64),
    /// Somebody is picked, so many times.
    Pick(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let agent = || 0..AGENTS;
    let one = prop_oneof![
        1 => (agent(), prop_oneof![0_u32..10, 100_u32..800, Just(1 << 20)])
            .prop_map(|(agent, score)| Step::Score(agent, score)),
        4 => (agent(), -40_i32..300).prop_map(|(agent, by)| Step::Nudge(agent, by)),
        1 => agent().prop_map(Step::Pause),
        2 => agent().prop_map(Step::Resume),
        4 => (agent(), 0_u64..90).prop_map(|(agent, units)| Step::Free(agent, units)),
        6 => (1_u32..60).prop_map(Step::Pick),
    ];
    prop::collection::vec(one, 1..150)
}

fn group(policy: Policy) -> Group {
    Group {
        id: GroupId(1),
        version: 1,
        operation: OperationId(1),
        name: String::new(),
        active: true,
        policy,
        newcomer: NewcomerScore::Zero,
        head_start: Duration::ZERO,
        rules: GroupRules::default(),
    }
}

fn user(id: u32) -> User {
    User {
        id: UserId(id),
        version: 1,
        operation: OperationId(1),
        login: String::new(),
        name: String::new(),
        kind: UserKind::Agent,
        active: true,
        groups: vec![Membership { group: GroupId(1), receives: true }],
        cap: Cap::new(CAP).unwrap(),
        rank: AgentRank(0),
    }
}

fn core(policy: Policy, present: u32) -> LockFree {
    let settings = Settings {
        groups: [(GroupId(1), group(policy))].into(),
        users: (1..=AGENTS).map(|id| (UserId(id), user(id))).collect(),
        ..Settings::default()
    };
    let core = LockFree::new(vec![Bell::new()], 1, Sizes { agents: 200, groups: 2, slots: 4 });
    core.edit(&settings);
    (1..=present).for_each(|id| core.presence(UserId(id), Presence::Available));
    core
}

fn change(core: &LockFree, agent: u32, to: impl Fn(Word) -> Word) {
    let (old, new) = core.update(agent, |word| Some(to(word)));
    core.appeared(&mut core.layout.read(), agent, old, new);
}

fn scored(word: Word, to: impl Fn(u32) -> u32) -> Word {
    word.with_score(Score { count: to(word.score().count), time: to(word.score().time) })
}

/// Picks, and compares with everybody; whether anybody was there.
fn pick(core: &LockFree, policy: Policy) -> bool {
    let key = |word: Word| match policy {
        Policy::LeastTime => u64::from(word.score().time),
        _ => u64::from(word.score().count),
    };
    let eligible = (0..AGENTS).map(|agent| core.word(agent)).filter(|word| word.eligible());
    let least = eligible.map(key).min();
    let picked = core.pick(&mut core.layout.read(), 0, Some(LaneId::FIRST));
    assert!(!picked.repaired, "one thread has nothing to repair");
    assert_eq!(picked.taken.map(|taken| (taken.key(), key(taken.word))), least.map(|k| (k, k)));
    picked.taken.is_some()
}

fn run(core: &LockFree, policy: Policy, step: Step) {
    match step {
        Step::Score(agent, score) => change(core, agent, |word| scored(word, |_| score)),
        Step::Nudge(agent, by) => {
            change(core, agent, |word| scored(word, |now| now.saturating_add_signed(by)));
        }
        Step::Pause(agent) => change(core, agent, |word| word.with_status(Status::Paused)),
        Step::Resume(agent) => change(core, agent, |word| word.with_status(Status::Online)),
        Step::Free(agent, units) => {
            let by = Correction::handled(20, Score::UNIT * u32::try_from(units).unwrap());
            change(core, agent, |word| word.released(by));
        }
        Step::Pick(times) => {
            for _ in 0..times {
                pick(core, policy);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn who_is_picked_has_the_least_key(
        steps in steps(),
        by_time in any::<bool>(),
        present in 0..=AGENTS,
    ) {
        let policy = if by_time { Policy::LeastTime } else { Policy::LeastCount };
        let core = core(policy, present);
        steps.into_iter().for_each(|step| run(&core, policy, step));
        while pick(&core, policy) {}
    }
}

#[test]
fn equals_take_turns_though_their_scores_count_no_further() {
    let core = core(Policy::LeastCount, AGENTS);
    (0..AGENTS).for_each(|agent| change(&core, agent, |word| scored(word, |_| u32::MAX)));
    let slot = Slot { lane: LaneId::FIRST, index: 0 };
    for round in 0..3 {
        let mut chosen: Vec<UserId> = Vec::new();
        for _ in 0..AGENTS {
            let Arrival::Seated(seat) = core.arrive(GroupId(1), slot, 0) else {
                panic!("everybody is free");
            };
            chosen.push(seat.ticket.agent());
            core.free(seat.ticket, Duration::ZERO);
        }
        chosen.sort();
        chosen.dedup();
        assert_eq!(chosen.len(), AGENTS as usize, "round {round}");
    }
}
