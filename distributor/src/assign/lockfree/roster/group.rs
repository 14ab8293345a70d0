use std::collections::BTreeMap;

use model::id::{GroupId, UserId};
use model::people::{AgentRank, NewcomerScore, Policy};

use super::Mean;
use crate::assign::lockfree::index::{Index, Latest};
#[cfg(test)]
use crate::assign::lockfree::word::Word;
use crate::assign::shim::{Alone, Word64};

/// A group in one layout.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Group {
    pub(in crate::assign::lockfree) number: u32,
    pub(in crate::assign::lockfree) id: GroupId,
    pub(in crate::assign::lockfree) policy: Policy,
    pub(in crate::assign::lockfree) newcomer: NewcomerScore,
    /// Members who receive, by position: in join order, or under agent-priority by rank first.
    pub(in crate::assign::lockfree) order: Box<[Position]>,
    /// Members who do not, in join order.
    silent: Box<[Position]>,
    /// Under agent-priority, the runs of equal rank.
    pub(in crate::assign::lockfree) classes: Vec<Class>,
    /// Positions whose agents may be eligible; all who are, are in it.
    pub(in crate::assign::lockfree) eligible: Index,
    /// One of them who has no bit.
    pub(in crate::assign::lockfree) latest: Latest,
    /// Where the next turn begins.
    pub(in crate::assign::lockfree) turn: Alone<Word64>,
    pub(in crate::assign::lockfree) mean: Mean,
    /// The turns of the layouts before.
    before: Turns,
    /// Places given so far.
    pub(in crate::assign::lockfree) places: u32,
}

/// A member, as the settings have him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Member {
    pub(in crate::assign::lockfree) agent: u32,
    pub(in crate::assign::lockfree) id: UserId,
    /// His place in join order, never given twice.
    pub(in crate::assign::lockfree) place: u32,
    pub(in crate::assign::lockfree) rank: AgentRank,
    pub(in crate::assign::lockfree) receives: bool,
}

/// A member, and what a decision needs of him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assign::lockfree) struct Position {
    pub(in crate::assign::lockfree) agent: u32,
    pub(in crate::assign::lockfree) place: u32,
}

/// The positions of one rank.
#[derive(Debug)]
pub(in crate::assign::lockfree) struct Class {
    pub(in crate::assign::lockfree) rank: AgentRank,
    /// The position behind its last; the next rank begins there.
    pub(in crate::assign::lockfree) end: usize,
    /// Where the next turn inside the rank begins.
    pub(in crate::assign::lockfree) turn: Alone<Word64>,
}

/// The places last reserved on arrival, in the group and in each rank.
#[derive(Clone, Debug, Default)]
pub(in crate::assign::lockfree) struct Turns {
    pub(in crate::assign::lockfree) last: Option<u32>,
    pub(in crate::assign::lockfree) of_rank: BTreeMap<AgentRank, u32>,
}

/// What the settings say of a group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) number: u32,
    pub(super) id: GroupId,
    pub(super) policy: Policy,
    pub(super) newcomer: NewcomerScore,
    /// In join order.
    pub(super) members: Vec<Member>,
    pub(super) places: u32,
}

/// A turn: `stamp:40 | next position:24`. The stamp counts the turns taken in this layout.
const NEXT: u64 = (1 << 24) - 1;

impl Group {
    /// A group with its bits clear and its turns going on from `turns`.
    pub(super) fn new(said: Described, turns: Turns) -> Self {
        let receivers = said.receivers();
        let Described { number, id, policy, newcomer, members, places } = said;
        let classes = classes(&receivers, policy == Policy::AgentPriority, &turns);
        let silent = members.iter().filter(|member| !member.receives);
        let first = receivers.iter().filter(|m| turns.last.is_some_and(|last| m.place <= last));
        Self {
            number,
            id,
            policy,
            newcomer,
            eligible: Index::new(policy, receivers.len()),
            latest: Latest::new(),
            turn: Alone(Word64::new(first.count() as u64)),
            mean: Mean::default(),
            before: turns,
            places,
            order: receivers.iter().map(Position::from).collect(),
            silent: silent.map(Position::from).collect(),
            classes,
        }
    }

    /// A group nobody has described.
    pub(super) fn unknown(number: u32, id: GroupId) -> Self {
        Self::new(Described::new(number, id), Turns::default())
    }

    #[inline]
    pub(in crate::assign::lockfree) fn position(&self, position: usize) -> Option<&Position> {
        self.order.get(position)
    }

    /// The agent at a position.
    #[inline]
    pub(in crate::assign::lockfree) fn agent(&self, position: usize) -> Option<u32> {
        self.order.get(position).map(|at| at.agent)
    }

    /// Whether a search finds a position.
    pub(in crate::assign::lockfree) fn finds(&self, position: usize) -> bool {
        self.latest.get().position() == Some(position) || self.eligible.finds(position)
    }

    /// Calls for every position a search finds, for some more than once.
    pub(in crate::assign::lockfree) fn each_found(&self, mut call: impl FnMut(usize)) {
        self.latest.get().position().into_iter().for_each(&mut call);
        self.eligible.each_found(call);
    }

    /// Whether a search finds an agent, and not after others whose keys are greater (at rest).
    #[cfg(test)]
    pub(in crate::assign::lockfree) fn shows(&self, position: usize, word: Word) -> bool {
        self.latest.get().position() == Some(position) || self.eligible.shows(position, word)
    }

    /// All members in join order, and whether they receive. It allocates.
    pub(in crate::assign::lockfree) fn members(&self) -> Vec<(Position, bool)> {
        let receivers = self.order.iter().map(|member| (*member, true));
        let silent = self.silent.iter().map(|member| (*member, false));
        let mut members: Vec<_> = receivers.chain(silent).collect();
        members.sort_by_key(|(member, _)| member.place);
        members
    }

    #[cfg(all(test, not(chasqui_loom)))]
    pub(super) fn silent(&self) -> &[Position] {
        &self.silent
    }

    /// The class of a position, under agent-priority.
    #[inline]
    pub(in crate::assign::lockfree) fn class_of(&self, position: usize) -> Option<&Class> {
        self.classes.get(self.classes.partition_point(|class| class.end <= position))
    }

    /// Who had the last turns, by place; `rank` is that of an agent in the layout of this group.
    pub(in crate::assign::lockfree) fn turns(&self, rank: impl Fn(u32) -> AgentRank) -> Turns {
        let mut turns = self.before.clone();
        let member = |turn: &Word64| self.order.get(usize::try_from(taken(turn)?).ok()?);
        if let Some(last) = member(&self.turn.0) {
            turns.last = Some(last.place);
            if self.classes.is_empty() {
                turns.of_rank.insert(rank(last.agent), last.place);
            }
        }
        for class in &self.classes {
            if let Some(last) = member(&class.turn.0) {
                turns.of_rank.insert(class.rank, last.place);
            }
        }
        turns
    }
}

impl Described {
    /// A group of which nothing is said.
    pub(super) fn new(number: u32, id: GroupId) -> Self {
        let (policy, newcomer) = (Policy::Circular, NewcomerScore::default());
        Self { number, id, policy, newcomer, members: Vec::new(), places: 0 }
    }

    /// Members who receive, by position.
    fn receivers(&self) -> Vec<Member> {
        let mut receivers: Vec<Member> =
            self.members.iter().filter(|member| member.receives).copied().collect();
        if self.policy == Policy::AgentPriority {
            receivers.sort_by_key(|member| (std::cmp::Reverse(member.rank), member.place));
        }
        receivers
    }
}

impl From<&Member> for Position {
    fn from(member: &Member) -> Self {
        Self { agent: member.agent, place: member.place }
    }
}

impl Turns {
    /// A member had his turn.
    pub(super) fn take(&mut self, place: u32, rank: AgentRank) {
        self.last = Some(place);
        self.of_rank.insert(rank, place);
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
        first += run.len();
        classes.push(Class { rank, end: first, turn });
    }
    classes
}
