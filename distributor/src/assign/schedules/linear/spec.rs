use std::collections::{BTreeMap, BTreeSet};

use model::fold::Score;
use model::id::{LaneId, UserId};
use model::people::{AgentRank, Policy, Presence};

use super::super::desk::Agent;
use crate::assign::Slot;
use crate::assign::policy::{Draws, Member, Turns, View, choose};

/// A call, and what it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Arrived { slot: Slot, key: i64, by: Option<UserId> },
    Freed(UserId),
    Ready { lane: LaneId, got: Option<(Slot, UserId)> },
    Appeared { user: UserId, there: bool },
}

/// One group of agents with one seat each, as the reference would have it.
#[derive(Clone, Debug)]
pub(super) struct State {
    policy: Policy,
    agents: Vec<Known>,
    queue: BTreeSet<(i64, Slot)>,
    turns: Turns,
    /// Whose turn an arrival under way took, by its slot.
    taken: BTreeMap<Slot, UserId>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    member: Member,
    there: bool,
    seat: Chair,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chair {
    Free,
    Held,
    /// On its way; `void` when its agent left meanwhile.
    Handed {
        slot: Slot,
        key: i64,
        void: bool,
    },
}

/// What overlapping calls excuse: the agents they change, and how many calls they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Excuse {
    pub(super) agents: BTreeSet<UserId>,
    pub(super) calls: usize,
}

impl State {
    pub(super) fn new(policy: Policy, agents: [(u32, Agent); 5]) -> Self {
        let known = |(id, agent): (u32, Agent)| {
            let (place, rank) = (u64::from(id), AgentRank(agent.rank));
            let member = Member { agent: UserId(id), place, rank, score: Score::default() };
            let there = agent.presence == Presence::Available;
            Known { member, there, seat: Chair::Free }
        };
        let agents = agents.into_iter().map(known).collect();
        let (queue, turns, taken) = (BTreeSet::new(), Turns::default(), BTreeMap::new());
        Self { policy, agents, queue, turns, taken }
    }

    /// Every state after a call that got what it got. Strictly, whoever waits is handed a seat as
    /// soon as there is one, the first first.
    pub(super) fn after(&self, call: &Call, excuse: Option<&Excuse>) -> Vec<Self> {
        let none = Excuse::default();
        let excuse = excuse.unwrap_or(&none);
        let starts = self.settled(excuse).into_iter();
        let ends = starts.flat_map(|start| start.step(call, excuse));
        ends.flat_map(|end| end.settled(excuse)).collect()
    }

    fn step(&self, call: &Call, excuse: &Excuse) -> Vec<Self> {
        let mut next = self.clone();
        match *call {
            Call::Arrived { slot, key, by: None } => {
                let excused = |user: &UserId| excuse.agents.contains(user);
                if self.queue.is_empty() && !self.eligible().iter().all(|m| excused(&m.agent)) {
                    return Vec::new();
                }
                next.queue.insert((key, slot));
                next.taken.remove(&slot);
                vec![next]
            }
            Call::Arrived { slot, by: Some(user), .. } => {
                self.seated(slot, user, excuse).into_iter().collect()
            }
            Call::Freed(user) => {
                next.known(user).seat = Chair::Free;
                vec![next]
            }
            Call::Appeared { user, there } => {
                let known = next.known(user);
                known.there = there;
                if let Chair::Handed { void, .. } = &mut known.seat {
                    *void |= !there;
                }
                vec![next]
            }
            Call::Ready { lane, got } => self.readied(lane, got, excuse),
        }
    }

    /// An arrival was given `user`, whose turn it took now, or has taken.
    fn seated(&self, slot: Slot, user: UserId, excuse: &Excuse) -> Option<Self> {
        let mut next = self.clone();
        let is_taken = next.taken.remove(&slot) == Some(user);
        let allowed = is_taken && self.eligible().iter().any(|member| member.agent == user)
            || self.allows(user, excuse);
        let member = next.take(user, Chair::Held);
        if !is_taken && matches!(self.policy, Policy::Circular | Policy::AgentPriority) {
            next.turns.take(member.place, member.rank);
        }
        (allowed && self.queue.len() <= excuse.calls).then_some(next)
    }

    /// Whether the policy allows an agent, those excused counted or not as it suits him.
    fn allows(&self, user: UserId, excuse: &Excuse) -> bool {
        let others = |m: &Member| m.agent == user || !excuse.agents.contains(&m.agent);
        let eligible: Vec<Member> = self.eligible().into_iter().filter(others).collect();
        let view = View { eligible: &eligible, turns: &self.turns };
        let choice = choose(self.policy, view, &mut Draws::new(0));
        choice.is_some_and(|choice| choice.lawful.contains(&user))
    }

    /// Every state in which an arrival under way took the turn of an agent who is excused: it may
    /// have his seat some time later, or find that he has none.
    pub(super) fn turn_taken(&self, call: &Call, excuse: &Excuse) -> Vec<Self> {
        let turns = matches!(self.policy, Policy::Circular | Policy::AgentPriority);
        let Call::Arrived { slot, .. } = call else { return Vec::new() };
        if !turns || self.taken.contains_key(slot) {
            return Vec::new();
        }
        let excused = self.agents.iter().filter(|a| excuse.agents.contains(&a.member.agent));
        let after = excused.map(|known| {
            let mut next = self.clone();
            next.turns.take(known.member.place, known.member.rank);
            next.taken.insert(*slot, known.member.agent);
            next
        });
        after.collect()
    }

    /// A lane took a hand-over, or there was none; what is void was put back, before that or not.
    fn readied(&self, lane: LaneId, got: Option<(Slot, UserId)>, excuse: &Excuse) -> Vec<Self> {
        let mut all = Vec::new();
        let mut starts = vec![self.clone()];
        while let Some(state) = starts.pop() {
            let mine = state.agents.iter().filter_map(|known| match known.seat {
                Chair::Handed { slot, key, void } if slot.lane == lane => {
                    Some((known.member.agent, slot, key, void))
                }
                _ => None,
            });
            let mine: Vec<_> = mine.collect();
            for &(user, slot, key, _) in mine.iter().filter(|(.., void)| *void) {
                let mut undone = state.clone();
                undone.put_back(user, slot, key);
                starts.extend(undone.settled(excuse));
            }
            match got {
                None if mine.is_empty() => all.push(state),
                Some((slot, user))
                    if mine.iter().any(|m| (m.0, m.1, m.3) == (user, slot, false)) =>
                {
                    let mut next = state;
                    next.known(user).seat = Chair::Held;
                    all.push(next);
                }
                _ => {}
            }
        }
        all
    }

    /// Every state in which nobody waits for an agent who is eligible; while calls overlap, also
    /// those in which some still do, and not the first was handed a seat.
    fn settled(&self, excuse: &Excuse) -> Vec<Self> {
        let eligible = self.eligible();
        if self.queue.is_empty() || eligible.is_empty() {
            return vec![self.clone()];
        }
        let mut all = Vec::new();
        for member in eligible.iter().filter(|member| self.allows(member.agent, excuse)) {
            for &(key, slot) in self.queue.iter().take(excuse.calls + 1) {
                let mut next = self.clone();
                next.queue.remove(&(key, slot));
                next.take(member.agent, Chair::Handed { slot, key, void: false });
                all.extend(next.settled(excuse));
            }
        }
        if excuse.calls > 0 {
            all.push(self.clone());
        }
        all
    }

    fn eligible(&self) -> Vec<Member> {
        let free = self.agents.iter().filter(|known| known.there && known.seat == Chair::Free);
        free.map(|known| known.member).collect()
    }

    fn take(&mut self, user: UserId, seat: Chair) -> Member {
        let known = self.known(user);
        let before = known.member;
        known.seat = seat;
        known.member.score.reserve(1);
        before
    }

    fn put_back(&mut self, user: UserId, slot: Slot, key: i64) {
        self.queue.insert((key, slot));
        let known = self.known(user);
        known.seat = Chair::Free;
        known.member.score.count -= 1;
        known.member.score.time -= 1;
    }

    fn known(&mut self, user: UserId) -> &mut Known {
        self.agents.iter_mut().find(|known| known.member.agent == user).unwrap()
    }
}
