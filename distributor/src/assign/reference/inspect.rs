use model::id::UserId;

use super::waitlist::{Held, Line};
use super::{Passed, Reference, Slot};
use crate::assign::{Audit, Explanation};

impl Reference {
    /// See [`crate::assign::Assign::position`].
    pub fn position(&self, slot: Slot) -> Option<u32> {
        match self.waitlist.get(slot)? {
            Held::Waiting(wait) => self.waitlist.position(slot, wait),
            Held::HandedOver(_) => None,
        }
    }

    /// See [`crate::assign::Assign::explain`].
    pub fn explain(&self, slot: Slot) -> Option<Explanation> {
        let Held::Waiting(wait) = self.waitlist.get(slot)? else { return None };
        let members: Vec<(UserId, bool)> = match wait.line {
            Line::Own(agent) => vec![(agent, true)],
            Line::Group(group) => {
                let known = self.roster.groups.get(&group);
                let members = known.into_iter().flat_map(|group| group.members.values());
                members.map(|member| (member.agent, member.receives)).collect()
            }
        };
        let passed = |(agent, receives)| Some((agent, self.passed(agent, receives)?));
        Some(Explanation { passed: members.into_iter().filter_map(passed).collect() })
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
        Audit { over_cap, idle_while_waiting: idle, unaccounted_seats: unaccounted.sum() }
    }

    fn passed(&self, agent: UserId, receives: bool) -> Option<Passed> {
        if !receives {
            return Some(Passed::DoesNotReceive);
        }
        self.roster.agents.get(&agent)?.refusal()
    }
}
