use model::id::GroupId;

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::roster::{Group, Layout};
use crate::assign::lockfree::slot::State;
use crate::assign::policy::{self, Turns, View};
use crate::assign::{Explanation, Passed, Slot};

impl LockFree {
    /// Why a waiting conversation waits; see [`crate::assign::Assign::explain`].
    pub(in crate::assign::lockfree) fn explanation(&self, slot: Slot) -> Option<Explanation> {
        let State::Waiting { line } = self.lines.word(slot).state() else { return None };
        let layout = self.layout.read();
        match self.room.whose(line) {
            Ok(agent) => {
                let known = layout.agent(agent)?;
                let passed = self.word(agent).refusal().map(|why| (known.id, why));
                Some(Explanation { passed: Vec::from_iter(passed), ..Explanation::default() })
            }
            Err(group) => Some(
                layout.group(group).map(|group| self.ranked(&layout, group)).unwrap_or_default(),
            ),
        }
    }

    /// Whom a group would choose now; see [`crate::assign::Assign::explain_arrival`].
    pub(in crate::assign::lockfree) fn arrival_explained(
        &self,
        group: GroupId,
    ) -> Option<Explanation> {
        let layout = self.layout.read();
        let group = layout.group(layout.group_named(group)?)?;
        Some(self.ranked(&layout, group))
    }

    /// The members of a group by what their words say: the rule of the policy is asked, not the
    /// index, so that the one can be held against the other.
    fn ranked(&self, layout: &Layout, group: &Group) -> Explanation {
        let (mut eligible, mut passed) = (Vec::new(), Vec::new());
        for (member, receives) in group.members() {
            let Some(known) = layout.agent(member.agent) else { continue };
            let word = self.word(member.agent);
            let refusal = if receives { word.refusal() } else { Some(Passed::DoesNotReceive) };
            match refusal {
                Some(why) => passed.push((known.id, why)),
                None => eligible.push(policy::Member {
                    agent: known.id,
                    place: u64::from(member.place),
                    rank: known.rank,
                    score: word.score(),
                }),
            }
        }
        let turns = group.turns(|agent| layout.rank(agent));
        let of_rank = turns.of_rank.into_iter().map(|(rank, place)| (rank, u64::from(place)));
        let turns = Turns::new(turns.last.map(u64::from), of_rank.collect());
        let view = View { eligible: &eligible, turns: &turns };
        Explanation { ranking: policy::rank(group.policy, view), passed }
    }
}
