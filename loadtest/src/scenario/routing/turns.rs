//! The even rounds: everybody there, nobody near his cap, so that each agent is to have his turn.

use model::id::{GroupId, UserId};
use model::people::Policy;

use super::plan::Plan;

/// The group whose agents have the even rounds.
pub(super) const ROUNDS_GROUP: GroupId = GroupId(1);

/// How evenly conversations fell in the even rounds after the traffic: all agents there, nobody
/// near his cap, one group. Under agent-priority those of the highest rank count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fairness {
    /// The most any agent had, less the least.
    pub spread: u64,
    /// Jain's index: 1 is all alike, 1/n is one has all (Jain, Chiu, Hawe 1984).
    pub jain: f64,
}

/// Turns taken, by agent.
#[derive(Debug)]
pub(super) struct Turns {
    threads: u64,
    taken: u64,
    agents: Vec<Option<Agent>>,
    /// Turns that came too early.
    early: u64,
    /// Turns of whoever should have none.
    elsewhere: u64,
    candidates: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Agent {
    had: u64,
    /// Turns taken by all before his last began.
    last: Option<u64>,
}

/// Those among whom the policy turns in the even rounds.
pub(super) fn candidates(plan: &Plan) -> Vec<UserId> {
    let members = plan.agents().filter(|agent| plan.is_member(*agent, ROUNDS_GROUP));
    let members: Vec<UserId> = members.collect();
    let highest = members.iter().map(|agent| plan.rank_of(*agent)).max();
    let chosen = |agent: &UserId| {
        plan.policy != Policy::AgentPriority || Some(plan.rank_of(*agent)) == highest
    };
    members.into_iter().filter(chosen).collect()
}

impl Turns {
    pub(super) fn new(plan: &Plan, candidates: &[UserId]) -> Self {
        let mut agents = vec![None; plan.agents as usize + 1];
        for candidate in candidates {
            if let Some(agent) = agents.get_mut(candidate.0 as usize) {
                *agent = Some(Agent::default());
            }
        }
        let (threads, candidates) = (u64::from(plan.threads), candidates.len() as u64);
        Self { threads, taken: 0, agents, early: 0, elsewhere: 0, candidates }
    }

    /// Turns taken so far.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// `agent` had a turn; `before` turns were taken when it began.
    ///
    /// In a rotation everybody else has a turn between two of one agent, so as many are taken from
    /// the earlier one's beginning to the later one's end; a thread that was stopped meanwhile
    /// tells of the earlier one last. At most one turn of each thread is under way and not counted
    /// yet, and each of the two may be out by one for each thread.
    pub(super) fn take(&mut self, agent: UserId, before: u64) {
        self.taken += 1;
        let Some(Some(agent)) = self.agents.get_mut(agent.0 as usize) else {
            self.elsewhere += 1;
            return;
        };
        agent.had += 1;
        let Some(last) = agent.last.replace(agent.last.unwrap_or(0).max(before)) else { return };
        let from_one_to_the_other = self.taken - last.min(before);
        self.early += u64::from(from_one_to_the_other + 3 * self.threads < self.candidates);
    }

    /// Turns missed or taken too early, where the structure keeps a turn and nobody can have been
    /// full: who had more or fewer than the threads at work explain, whose came too early, and
    /// what went elsewhere.
    pub(super) fn missed(&self, plan: &Plan) -> u64 {
        let turns = matches!(plan.policy, Policy::Circular | Policy::AgentPriority);
        let roomy = plan.cap.get() > plan.threads;
        if !turns || !roomy || !plan.structure.keeps_turns() {
            return 0;
        }
        self.fairness().spread.saturating_sub(self.threads) + self.early + self.elsewhere
    }

    pub(super) fn fairness(&self) -> Fairness {
        let counts: Vec<u64> = self.agents.iter().flatten().map(|agent| agent.had).collect();
        Fairness::of(&counts)
    }
}

impl Fairness {
    fn of(counts: &[u64]) -> Self {
        let most = counts.iter().max().copied().unwrap_or(0);
        let least = counts.iter().min().copied().unwrap_or(0);
        let sum: f64 = counts.iter().map(|count| *count as f64).sum();
        let squares: f64 = counts.iter().map(|count| (*count as f64).powi(2)).sum();
        let jain = if squares > 0.0 { sum * sum / (counts.len() as f64 * squares) } else { 1.0 };
        Self { spread: most - least, jain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_the_spread_and_jains_index() {
        assert_eq!(Fairness::of(&[3, 3, 3]), Fairness { spread: 0, jain: 1.0 });
        assert_eq!(Fairness::of(&[4, 0, 0, 0]), Fairness { spread: 4, jain: 0.25 });
        assert_eq!(Fairness::of(&[]), Fairness { spread: 0, jain: 1.0 });
    }
}
