//! The five policies: who is chosen among the eligible members of a group.
//!
//! Each file decides one policy, as a function of a [`View`] that changes nothing. The answer is
//! a [`Choice`]: everybody the policy allows, and the one picked among them. A core that decides
//! otherwise is wrong unless its agent is among the lawful.

use std::collections::BTreeMap;

use model::fold::Score;
use model::id::UserId;
use model::people::{AgentRank, Policy};

pub mod circular;
pub mod random;
pub mod agent_priority;
pub mod least_time;
pub mod least_count;
mod ranking;
mod draws;

pub use draws::Draws;
pub use ranking::{Ranked, Ranking, rank};

/// An eligible member of a group, as a policy sees him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The agent.
    pub agent: UserId,
    /// His place in the group's join order; never given twice.
    pub place: u64,
    /// His rank.
    pub rank: AgentRank,
    /// His score in the window, open chats included.
    pub score: Score,
}

/// A group at the moment of a decision.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The members eligible now, in join order.
    pub eligible: &'a [Member],
    /// Whose turn it was last.
    pub turns: &'a Turns,
}

/// The cursors of a group: places of the members last reserved on arrival under circular or
/// agent-priority. A place stays good when its member has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    last: Option<u64>,
    last_of_rank: BTreeMap<AgentRank, u64>,
}

/// What a policy decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Everybody the policy allows, in join order; one agent under circular and agent-priority.
    pub lawful: Vec<UserId>,
    /// The one chosen.
    pub pick: Member,
    /// The key he was chosen by: place in join order, rank, units of 16 s, or conversations.
    pub key: u64,
}

/// Chooses by `policy`; `None` when nobody is eligible. Only [`Policy::Random`] takes draws.
pub fn choose(policy: Policy, view: View<'_>, draws: &mut Draws) -> Option<Choice> {
    match policy {
        Policy::Circular => circular::choose(view),
        Policy::Random => random::choose(view, draws),
        Policy::AgentPriority => agent_priority::choose(view),
        Policy::LeastTime => least_time::choose(view),
        Policy::LeastCount => least_count::choose(view),
    }
}

impl Turns {
    /// Turns as a core knows them: the place last reserved in the group, and in each rank.
    pub const fn new(last: Option<u64>, last_of_rank: BTreeMap<AgentRank, u64>) -> Self {
        Self { last, last_of_rank }
    }

    /// The place last reserved in the group.
    pub const fn last(&self) -> Option<u64> {
        self.last
    }

    /// The place last reserved inside a rank.
    pub fn last_of_rank(&self, rank: AgentRank) -> Option<u64> {
        self.last_of_rank.get(&rank).copied()
    }

    /// `member` had his turn.
    pub fn take(&mut self, place: u64, rank: AgentRank) {
        self.last = Some(place);
        self.last_of_rank.insert(rank, place);
    }
}

impl Choice {
    /// Nobody else would be lawful.
    fn only(pick: Member, key: u64) -> Self {
        Self { lawful: vec![pick.agent], pick, key }
    }

    /// Anybody with the least key is lawful; the first in join order is picked.
    fn of_least(members: &[Member], key: impl Fn(&Member) -> u64) -> Option<Self> {
        let pick = members.iter().min_by_key(|member| key(member))?;
        let least = key(pick);
        let lawful = members.iter().filter(|m| key(m) == least).map(|m| m.agent).collect();
        Some(Self { lawful, pick: *pick, key: least })
    }
}

#[cfg(test)]
mod sample {
    use super::*;

    /// Members 1, 2, … in join order, one for each (rank, conversations, units).
    pub(super) fn members(of: &[(u16, u32, u32)]) -> Vec<Member> {
        (1..)
            .zip(of)
            .map(|(n, &(rank, count, time))| Member {
                agent: UserId(n),
                place: u64::from(n),
                rank: AgentRank(rank),
                score: Score { count, time },
            })
            .collect()
    }

    /// The agents of `n` choices in a row, each taking his turn.
    pub(super) fn rounds(
        members: &[Member],
        turns: &mut Turns,
        n: usize,
        choose: impl Fn(View<'_>) -> Option<Choice>,
    ) -> Vec<u32> {
        (0..n)
            .map(|_| {
                let choice = choose(View { eligible: members, turns }).unwrap();
                assert_eq!(choice.lawful, [choice.pick.agent]);
                turns.take(choice.pick.place, choice.pick.rank);
                choice.pick.agent.0
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_eligible_is_nobody_chosen() {
        let (turns, mut draws) = (Turns::default(), Draws::new(1));
        for policy in Policy::ALL {
            let view = View { eligible: &[], turns: &turns };
            assert_eq!(choose(policy, view, &mut draws), None, "{}", policy.name());
        }
    }

    #[test]
    fn each_policy_decides_by_its_own_key() {
        let members = sample::members(&[(1, 5, 9), (2, 6, 8), (3, 4, 7), (1, 3, 6), (0, 7, 5)]);
        let mut turns = Turns::default();
        turns.take(1, AgentRank(1));
        let chosen = |policy| {
            let view = View { eligible: &members, turns: &turns };
            let choice = choose(policy, view, &mut Draws::new(1)).unwrap();
            (choice.pick.agent.0, choice.key, choice.lawful.len())
        };
        assert_eq!(chosen(Policy::Circular), (2, 2, 1));
        assert_eq!(chosen(Policy::AgentPriority), (3, 3, 1));
        assert_eq!(chosen(Policy::LeastTime), (5, 5, 1));
        assert_eq!(chosen(Policy::LeastCount), (4, 3, 1));
        assert_eq!(chosen(Policy::Random).2, 5);
    }
}
