//! Random: everybody eligible with the same probability.

use super::{Choice, Draws, View};

/// Uniform over the eligible; one draw per choice, replayable from the seed. The key is the
/// place in join order.
pub fn choose(view: View<'_>, draws: &mut Draws) -> Option<Choice> {
    let eligible = view.eligible;
    let index = draws.below(eligible.len())?;
    let pick = *eligible.get(index)?;
    let lawful = eligible.iter().map(|member| member.agent).collect();
    Some(Choice { lawful, pick, key: pick.place })
}

#[cfg(test)]
mod tests {
    use super::super::{Turns, sample};
    use super::*;

    const DRAWS: u32 = 1_000_000;

    fn counts(agents: usize, seed: u64) -> Vec<u32> {
        let members = sample::members(&vec![(0, 0, 0); agents]);
        let turns = Turns::default();
        let view = View { eligible: &members, turns: &turns };
        let mut draws = Draws::new(seed);
        let mut counts = vec![0; agents];
        for _ in 0..DRAWS {
            let choice = choose(view, &mut draws).unwrap();
            counts[choice.pick.agent.0 as usize - 1] += 1;
        }
        counts
    }

    /// Critical values of chi-square at p = 0.001 for 2, 6, 9 and 63 degrees of freedom
    /// (NIST/SEMATECH e-Handbook, 1.3.6.7.4).
    #[test]
    fn a_million_draws_are_uniform() {
        for (agents, critical) in [(3, 13.816), (7, 22.458), (10, 27.877), (64, 103.442)] {
            let expected = f64::from(DRAWS) / agents as f64;
            let square = |n: &u32| (f64::from(*n) - expected).powi(2) / expected;
            let chi: f64 = counts(agents, 20_260_101).iter().map(square).sum();
            assert!(chi < critical, "chi-square {chi} of {agents} agents");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_agents() {
        let (one, two) = (counts(5, 7), counts(5, 7));
        assert_eq!(one, two);
        assert_ne!(one, counts(5, 8));
    }

    #[test]
    fn everybody_eligible_is_lawful() {
        let members = sample::members(&[(0, 0, 0), (9, 9, 9), (1, 2, 3)]);
        let turns = Turns::default();
        let view = View { eligible: &members, turns: &turns };
        let choice = choose(view, &mut Draws::new(1)).unwrap();
        assert_eq!(choice.lawful, members.iter().map(|m| m.agent).collect::<Vec<_>>());
    }
}
