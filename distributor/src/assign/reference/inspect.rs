use model::id::{GroupId, UserId};

use super::waitlist::{Held, Line};
use super::{Passed, Reference, Slot};
use crate::assign::policy::{self, View};
use crate::assign::{Audit, Explanation};

impl Reference {
    /// See [`crate::assign::Assign::position`].
    pub fn position(&self, slot: Slot) -> Option<u32> {
        match self.waitlist.get(slot)? {
            Held::Waiting(wait) => self.waitlist.position(slot, wait),
            Held::HandedOver(_) => None,
        }
    }

    /// See [`crate::assign::Assign::waiting`].
    pub fn waiting(&self, group: GroupId) -> u32 {
        self.waitlist.count(Line::Group(group))
    }

    /// See [`crate::assign::Assign::explain`].
    pub fn explain(&self, slot: Slot) -> Option<Explanation> {
        let Held::Waiting(wait) = self.waitlist.get(slot)? else { return None };
        Some(match wait.line {
            Line::Own(agent) => {
                let passed = self.passed(agent, true).map(|why| (agent, why));
                Explanation { passed: Vec::from_iter(passed), ..Explanation::default() }
            }
            Line::Group(group) => self.explain_arrival(group).unwrap_or_default(),
        })
    }

    /// See [`crate::assign::Assign::explain_arrival`].
    pub fn explain_arrival(&self, group: GroupId) -> Option<Explanation> {
        let known = self.roster.groups.get(&group)?;
        let view = View { eligible: &self.roster.eligible(group), turns: &known.turns };
        let passed = known
            .members
            .values()
            .filter_map(|member| Some((member.agent, self.passed(member.agent, member.receives)?)));
        Some(Explanation { ranking: policy::rank(known.policy, view), passed: passed.collect() })
    }

    /// See [`crate::assign::Assign::audit`].
    pub fn audit(&self) -> Audit {
        let agents = &self.roster.agents;
        let hand_overs = self.waitlist.hand_overs();
        let over_cap = agents.values().filter(|agent| agent.over_cap).map(|_| 1).sum();
        let lines = self.waitlist.lines();
        let idle = lines.iter().filter(|line| self.roster.serves_now(**line)).map(|_| 1).sum();
        let unaccounted = agents.iter().map(|(id, agent)| {
            let on_the_way = hand_overs.get(id).copied().unwrap_or(0);
            agent.load.abs_diff(agent.tickets + on_the_way)
        });
        Audit { over_cap, idle_while_waiting: idle, unaccounted_seats: Some(unaccounted.sum()) }
    }

    fn passed(&self, agent: UserId, receives: bool) -> Option<Passed> {
        if !receives {
            return Some(Passed::DoesNotReceive);
        }
        self.roster.agents.get(&agent)?.refusal()
    }
}
