use model::id::UserId;
use model::people::Policy;

use super::{Member, View};

/// The eligible of a group in the order its policy would choose them: each is the one that would
/// be chosen if those before him were not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    /// The best first.
    pub order: Vec<Ranked>,
    /// How many at the head of the order the policy allows alike: one where it takes turns, those
    /// with the least key under least-time and least-count, everybody under random.
    pub lawful: usize,
}

/// An eligible member in a [`Ranking`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The agent.
    pub agent: UserId,
    /// The key he would be chosen by: see [`super::Choice::key`].
    pub key: u64,
}

impl Ranking {
    /// Everybody the policy allows now; whoever is chosen is one of them.
    pub fn lawful(&self) -> &[Ranked] {
        self.order.get(..self.lawful).unwrap_or_default()
    }

    /// The best of those the policy does not allow now.
    pub fn runner_up(&self) -> Option<Ranked> {
        self.order.get(self.lawful).copied()
    }
}

/// Ranks the eligible by `policy`. For people who ask: it sorts them all.
pub fn rank(policy: Policy, view: View<'_>) -> Ranking {
    let mut members = view.eligible.to_vec();
    match policy {
        Policy::Random => {}
        Policy::Circular => members.sort_by_key(|m| behind(m, view.turns.last())),
        Policy::AgentPriority => members.sort_by_key(|member| {
            let last = view.turns.last_of_rank(member.rank);
            (std::cmp::Reverse(member.rank), behind(member, last))
        }),
        Policy::LeastTime => members.sort_by_key(|member| member.score.time),
        Policy::LeastCount => members.sort_by_key(|member| member.score.count),
    }
    let key = |member: &Member| match policy {
        Policy::Circular | Policy::Random => member.place,
        Policy::AgentPriority => u64::from(member.rank.0),
        Policy::LeastTime => u64::from(member.score.time),
        Policy::LeastCount => u64::from(member.score.count),
    };
    let order: Vec<Ranked> =
        members.iter().map(|member| Ranked { agent: member.agent, key: key(member) }).collect();
    let least = order.first().map(|first| first.key);
    let lawful = match policy {
        Policy::Circular | Policy::AgentPriority => order.len().min(1),
        Policy::Random => order.len(),
        Policy::LeastTime | Policy::LeastCount => {
            order.iter().take_while(|ranked| Some(ranked.key) == least).count()
        }
    };
    Ranking { order, lawful }
}

/// Sorts those behind the last turn before the others, each in join order.
fn behind(member: &Member, last: Option<u64>) -> (bool, u64) {
    (last.is_some_and(|last| member.place <= last), member.place)
}

#[cfg(test)]
mod tests {
    use model::people::AgentRank;
    use proptest::prelude::*;

    use super::super::{Draws, Turns, choose, sample};
    use super::*;

    proptest! {
        #[test]
        fn each_is_the_choice_when_those_before_him_are_gone(
            of in prop::collection::vec((0_u16..3, 0_u32..4, 0_u32..4), 0..9),
            had in prop::collection::vec((1_u64..9, 0_u16..3), 0..4),
        ) {
            let mut turns = Turns::default();
            had.iter().for_each(|(place, rank)| turns.take(*place, AgentRank(*rank)));
            for policy in Policy::ALL {
                let mut left = sample::members(&of);
                let ranking = rank(policy, View { eligible: &left, turns: &turns });
                prop_assert_eq!(ranking.order.len(), left.len());
                for (at, ranked) in ranking.order.iter().enumerate() {
                    let view = View { eligible: &left, turns: &turns };
                    let choice = choose(policy, view, &mut Draws::new(1)).unwrap();
                    prop_assert!(choice.lawful.contains(&ranked.agent));
                    if policy != Policy::Random {
                        prop_assert_eq!((choice.pick.agent, choice.key), (ranked.agent, ranked.key));
                    }
                    if at == 0 {
                        let mut lawful: Vec<_> = ranking.lawful().iter().map(|r| r.agent).collect();
                        lawful.sort();
                        prop_assert_eq!(lawful, choice.lawful);
                    }
                    left.retain(|member| member.agent != ranked.agent);
                }
            }
        }
    }
}
