use std::collections::BTreeMap;

use model::id::{GroupId, UserId};
use model::people::{AgentRank, NewcomerScore, Policy};

use super::Mean;
use crate::assign::lockfree::index::Index;
use crate::assign::shim::{Alone, Figure, Word64};

/// A group in one layout.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Group {
    pub(in crate::assign::lockfree) id: GroupId,
    pub(in crate::assign::lockfree) policy: Policy,
    pub(in crate::assign::lockfree) newcomer: NewcomerScore,
    /// Members, in join order.
    pub(in crate::assign::lockfree) members: Vec<Member>,
    /// Those who receive, by position: in join order, or under agent-priority by rank first.
    pub(in crate::assign::lockfree) order: Vec<Position>,
    /// Their agents, by position: what a search by score goes through in any order.
    agents: Vec<u32>,
    /// Under agent-priority, the runs of equal rank.
    pub(in crate::assign::lockfree) classes: Vec<Class>,
    /// Positions whose agents may be eligible; all who are, are in it.
    pub(in crate::assign::lockfree) eligible: Index,
    /// Where the next turn begins.
    pub(in crate::assign::lockfree) turn: Alone<Word64>,
    pub(in crate::assign::lockfree) draws: Alone<Figure>,
    pub(in crate::assign::lockfree) mean: Mean,
    /// The turns of the layouts before.
    before: Turns,
    /// Places given so far.
    pub(in crate::assign::lockfree) places: u64,
}

/// A member, as the settings have him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Member {
    pub(in crate::assign::lockfree) agent: u32,
    pub(in crate::assign::lockfree) id: UserId,
    /// His place in join order, never given twice.
    pub(in crate::assign::lockfree) place: u64,
    pub(in crate::assign::lockfree) rank: AgentRank,
    pub(in crate::assign::lockfree) receives: bool,
}

/// A member who receives, and what a decision needs of him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Position {
    pub(in crate::assign::lockfree) agent: u32,
    pub(in crate::assign::lockfree) class: u32,
    pub(in crate::assign::lockfree) place: u64,
}

/// The positions of one rank.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Class {
    pub(in crate::assign::lockfree) rank: AgentRank,
    pub(in crate::assign::lockfree) first: usize,
    pub(in crate::assign::lockfree) end: usize,
    /// Where the next turn inside the rank begins.
    pub(in crate::assign::lockfree) turn: Alone<Word64>,
}

/// The places last reserved on arrival, in the group and in each rank.
#[derive(Clone, Debug, Default)]
pub(in crate::assign::lockfree) struct Turns {
    pub(in crate::assign::lockfree) last: Option<u64>,
    pub(in crate::assign::lockfree) of_rank: BTreeMap<AgentRank, u64>,
}

/// What the settings say of a group.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) id: GroupId,
    pub(super) policy: Policy,
    pub(super) newcomer: NewcomerScore,
    pub(super) members: Vec<Member>,
    pub(super) places: u64,
}

/// A turn: `stamp:40 | next position:24`. The stamp counts the turns taken in this layout.
const NEXT: u64 = (1 << 24) - 1;

impl Group {
    /// A group with its bits clear and its turns going on from `turns`.
    pub(super) fn new(said: Described, turns: Turns) -> Self {
        let Described { id, policy, newcomer, members, places } = said;
        let by_rank = policy == Policy::AgentPriority;
        let mut receivers: Vec<Member> = members.iter().filter(|m| m.receives).copied().collect();
        if by_rank {
            receivers.sort_by_key(|member| (std::cmp::Reverse(member.rank), member.place));
        }
        let classes = classes(&receivers, by_rank, &turns);
        let class_of = |at| classes.iter().position(|class: &Class| at < class.end).unwrap_or(0);
        let position = |(at, member): (usize, &Member)| Position {
            agent: member.agent,
            class: class_of(at) as u32,
            place: member.place,
        };
        let order: Vec<Position> = receivers.iter().enumerate().map(position).collect();
        let first = receivers.iter().filter(|m| turns.last.is_some_and(|last| m.place <= last));
        Self {
            id,
            policy,
            newcomer,
            eligible: Index::new(policy, order.len()),
            turn: Alone(Word64::new(first.count() as u64)),
            draws: Alone(Figure::default()),
            mean: Mean::default(),
            before: turns,
            places,
            members,
            agents: order.iter().map(|position| position.agent).collect(),
            order,
            classes,
        }
    }

    /// A group nobody has described.
    pub(super) fn unknown(id: GroupId) -> Self {
        let (policy, newcomer) = (Policy::Circular, NewcomerScore::default());
        let said = Described { id, policy, newcomer, members: Vec::new(), places: 0 };
        Self::new(said, Turns::default())
    }

    #[inline]
    pub(in crate::assign::lockfree) fn position(&self, position: usize) -> Option<&Position> {
        self.order.get(position)
    }

    /// The agent at a position.
    #[inline]
    pub(in crate::assign::lockfree) fn agent(&self, position: usize) -> Option<u32> {
        self.agents.get(position).copied()
    }

    /// Whether `said` describes it as it is.
    pub(super) fn is(&self, said: &Described) -> bool {
        (self.policy, self.newcomer, &self.members) == (said.policy, said.newcomer, &said.members)
    }

    /// Who had the last turns, by place.
    pub(in crate::assign::lockfree) fn turns(&self) -> Turns {
        let mut turns = self.before.clone();
        let place = |before: u64| self.order.get(usize::try_from(before).ok()?).map(|p| p.place);
        if let Some(last) = taken(&self.turn.0).and_then(place) {
            turns.last = Some(last);
            let rank = self.members.iter().find(|member| member.place == last).map(|m| m.rank);
            turns.of_rank.extend(rank.filter(|_| self.classes.is_empty()).map(|r| (r, last)));
        }
        for class in &self.classes {
            if let Some(last) = taken(&class.turn.0).and_then(place) {
                turns.of_rank.insert(class.rank, last);
            }
        }
        turns
    }
}

impl Turns {
    /// A member had his turn.
    pub(super) fn take(&mut self, member: &Member) {
        self.last = Some(member.place);
        self.of_rank.insert(member.rank, member.place);
    }
}

/// A turn word: where the next turn begins.
#[inline]
pub(in crate::assign::lockfree) const fn next_of(turn: u64) -> usize {
    (turn & NEXT) as usize
}

/// The turn after `turn`, that of `position`.
#[inline]
pub(in crate::assign::lockfree) const fn turn_of(turn: u64, position: usize) -> u64 {
    ((turn >> 24) + 1) << 24 | (position as u64 + 1) & NEXT
}

/// The position that had the last turn in this layout.
fn taken(turn: &Word64) -> Option<u64> {
    let turn = turn.get();
    (turn >> 24 != 0).then(|| (turn & NEXT) - 1)
}

fn classes(receivers: &[Member], by_rank: bool, turns: &Turns) -> Vec<Class> {
    let mut classes = Vec::new();
    if !by_rank {
        return classes;
    }
    let mut first = 0;
    for run in receivers.chunk_by(|one, other| one.rank == other.rank) {
        let Some(rank) = run.first().map(|member| member.rank) else { continue };
        let last = turns.of_rank.get(&rank);
        let had = run.iter().filter(|m| last.is_some_and(|last| m.place <= *last)).count();
        let turn = Alone(Word64::new((first + had) as u64));
        classes.push(Class { rank, first, end: first + run.len(), turn });
        first += run.len();
    }
    classes
}
