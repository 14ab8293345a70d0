//! What holds after any sequence of calls.

mod checked;
pub(crate) mod ops;

use std::collections::BTreeMap;

use model::id::UserId;
use model::people::{AgentRank, Policy, Presence};
use proptest::prelude::*;

use super::world::World;
use checked::Checked;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn contracts_hold_while_hand_overs_are_under_way(ops in ops::any(120), seed in any::<u64>()) {
        let mut checked = Checked::new(seed);
        for op in &ops {
            checked.step(op);
        }
        checked.finish();
    }

    #[test]
    fn every_decision_is_exact_when_hand_overs_are_taken_at_once(
        ops in ops::any(120),
        seed in any::<u64>(),
    ) {
        let mut checked = Checked::new(seed);
        checked.exact = true;
        for op in &ops {
            checked.step(op);
            checked.drain();
        }
        checked.finish();
    }

    #[test]
    fn the_same_calls_lead_to_the_same_decisions(ops in ops::any(120), seed in any::<u64>()) {
        let decisions = || {
            let mut checked = Checked::new(seed);
            ops.iter().for_each(|op| checked.step(op));
            checked.trace
        };
        prop_assert_eq!(decisions(), decisions());
    }

    #[test]
    fn between_always_eligible_agents_turns_differ_by_one_at_most(
        ranked in any::<bool>(),
        steps in prop::collection::vec((0_u8..8, 4_u32..7), 1..400),
    ) {
        let policy = if ranked { Policy::AgentPriority } else { Policy::Circular };
        let mut world = World::new(&[policy], &[80, 80, 80, 1, 1, 1]);
        world.edit_user(4, |user| user.rank = AgentRank(9));
        let mut turns: BTreeMap<u32, u32> = (1..=3).map(|id| (id, 0)).collect();
        for (n, (what, visitor)) in (0..).zip(steps) {
            match what {
                0 => world.presence(visitor, Presence::Paused),
                1 => world.presence(visitor, Presence::Available),
                _ => arrive_and_end(&mut world, n, what, &mut turns),
            }
            let most = turns.values().max().unwrap();
            let least = turns.values().min().unwrap();
            prop_assert!(most - least <= 1, "{turns:?}");
        }
    }
}

/// One conversation comes; it ends at once when its agent could fill up, or by chance.
fn arrive_and_end(world: &mut World, n: u32, chance: u8, turns: &mut BTreeMap<u32, u32>) {
    let agent = world.arrive(1, n).unwrap();
    if let Some(turn) = turns.get_mut(&agent) {
        *turn += 1;
    }
    if chance < 5 || world.load(UserId(agent)) > 40 {
        world.free(n);
    }
}
