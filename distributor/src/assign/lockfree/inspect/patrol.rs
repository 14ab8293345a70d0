use std::sync::Arc;

use crate::assign::lockfree::LockFree;
use crate::assign::lockfree::line::Head;
use crate::assign::lockfree::roster::{Group, Layout, Room};
use crate::assign::lockfree::slot::{LineId, SlotWord};
use crate::assign::lockfree::word::Word;
use crate::assign::{Findings, Slot};

/// How far a check under traffic has come, and what it has seen that looked wrong; see
/// [`crate::assign::Assign::patrol`].
///
/// Much looks wrong for a moment: somebody became free and his bit is not set yet, somebody
/// waits and is about to be served. So a look is only suspicious, and counts when the words it was
/// about are still the same [`Self::LOOKS`] looks later. An operation moves the score or
/// the generation of its agent and the use count of its slot; so the same words mean that nothing
/// has happened to either, or that a thread stands still in the middle of it for as long. (A score
/// at its edge does not move. Then a suspicion must arise anew at each look to count wrongly.)
#[derive(Debug, Default)]
pub struct Patrol {
    at: Place,
    suspects: Vec<Suspect>,
    /// By position of the group in hand: whom a search finds.
    shown: Vec<bool>,
    /// Of the seats above a cap, those told already.
    over_cap_told: u64,
}

/// Where it goes on: the groups by number, then the agents' own lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Group(u32),
    Own(u32),
}

impl Default for Place {
    fn default() -> Self {
        Self::Group(0)
    }
}

/// Something that looked wrong, and how often it did so unchanged.
#[derive(Debug)]
struct Suspect {
    agent: u32,
    word: Word,
    what: Wrong,
    looks: u32,
}

#[derive(Debug)]
enum Wrong {
    /// He is eligible and the index of a group does not show him at his position.
    Hidden { number: u32, group: Arc<Group>, position: usize },
    /// He is eligible and this conversation waits in a line he serves.
    Idle { line: LineId, slot: Slot, seen: SlotWord },
}

impl Patrol {
    /// Looks after the first until a suspicion counts.
    pub const LOOKS: u32 = 2;
    /// Suspects followed at a time; while there are so many, nobody else is suspected.
    const SUSPECTS: usize = 64;

    fn suspect(&mut self, agent: u32, word: Word, what: Wrong) {
        let known = self.suspects.iter().any(|known| known.agent == agent && known.what.is(&what));
        if !known && self.suspects.len() < Self::SUSPECTS {
            self.suspects.push(Suspect { agent, word, what, looks: 0 });
        }
    }
}

impl Suspect {
    /// Names them to whoever reads the log.
    fn report(&self, layout: &Layout) {
        let agent = layout.agent(self.agent).map(|agent| agent.id.0);
        match &self.what {
            Wrong::Hidden { group, .. } => {
                let group = group.id.0;
                tracing::error!(agent, group, "no search of his group finds a free agent");
            }
            Wrong::Idle { slot, .. } => {
                let Slot { lane, index } = slot;
                let lane = lane.get();
                tracing::error!(agent, lane, index, "a conversation waits beside a free agent");
            }
        }
    }
}

impl Wrong {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Hidden { group, position, .. },
                Self::Hidden { group: theirs, position: at, .. },
            ) => Arc::ptr_eq(group, theirs) && position == at,
            (Self::Idle { slot, seen, .. }, Self::Idle { slot: theirs, seen: word, .. }) => {
                (slot, seen) == (theirs, word)
            }
            _ => false,
        }
    }
}

impl LockFree {
    /// The next part of a patrol; see [`crate::assign::Assign::patrol`].
    ///
    /// Bits of agents who are not members cannot be: bits belong to one group of one layout and
    /// are numbered by its members. A bit of a member who is not eligible is lawful.
    pub(in crate::assign::lockfree) fn patrolled(
        &self,
        patrol: &mut Patrol,
        allowance: u32,
    ) -> Findings {
        let layout = self.layout.read();
        let mut found = Findings::default();
        patrol.suspects.retain_mut(|suspect| {
            let still = self.is_still(&layout, suspect);
            suspect.looks += u32::from(still);
            if still && suspect.looks == Patrol::LOOKS {
                suspect.report(&layout);
                match suspect.what {
                    Wrong::Hidden { .. } => found.hidden_agents += 1,
                    Wrong::Idle { .. } => found.idle_while_waiting += 1,
                }
            }
            still
        });
        let over_cap = self.over_cap.get();
        found.over_cap = u32::try_from(over_cap - patrol.over_cap_told).unwrap_or(u32::MAX);
        patrol.over_cap_told = over_cap;
        found.places = self.walk(&layout, patrol, allowance);
        found
    }

    /// Goes on until the round or the allowance ends; how many places it looked at. A group is
    /// looked at as a whole, be it as large as it may.
    fn walk(&self, layout: &Layout, patrol: &mut Patrol, allowance: u32) -> u32 {
        let mut looked = 0;
        while looked < allowance {
            patrol.at = match patrol.at {
                Place::Group(number) => match layout.shared(number) {
                    Some(group) => {
                        let places = 1 + group.order.len() as u32;
                        if looked > 0 && looked + places > allowance {
                            return looked;
                        }
                        looked += places;
                        self.walk_group(patrol, number, group);
                        Place::Group(number + 1)
                    }
                    None => Place::Own(0),
                },
                Place::Own(agent) if layout.agent(agent).is_some() => {
                    looked += 1;
                    let head = self.lines.head(Room::own(agent));
                    self.look_at_head(patrol, Room::own(agent), head, agent);
                    Place::Own(agent + 1)
                }
                Place::Own(_) => {
                    patrol.at = Place::default();
                    return looked;
                }
            };
        }
        looked
    }

    /// Looks first whom a search finds, then who is eligible: who was both all the time is seen.
    fn walk_group(&self, patrol: &mut Patrol, number: u32, group: &Arc<Group>) {
        patrol.shown.clear();
        patrol.shown.resize(group.order.len(), false);
        group.each_found(|position| {
            patrol.shown.get_mut(position).into_iter().for_each(|shown| *shown = true);
        });
        let line = self.room.queue(number);
        let mut head = self.lines.head(line);
        for (position, at) in group.order.iter().enumerate() {
            let word = self.word(at.agent);
            if !word.eligible() {
                continue;
            }
            let shown = patrol.shown.get(position) == Some(&true);
            if !shown && !group.finds(position) {
                let group = group.clone();
                patrol.suspect(at.agent, word, Wrong::Hidden { number, group, position });
            }
            self.look_at_head(patrol, line, head.take(), at.agent);
        }
    }

    /// Whether somebody waits at the head of a line though this agent of it is free.
    #[inline]
    fn look_at_head(&self, patrol: &mut Patrol, line: LineId, head: Option<Head>, agent: u32) {
        let Some(Head { slot, word: seen, .. }) = head else { return };
        let word = self.word(agent);
        if word.eligible() {
            patrol.suspect(agent, word, Wrong::Idle { line, slot, seen });
        }
    }

    fn is_still(&self, layout: &Layout, suspect: &Suspect) -> bool {
        let agent = suspect.agent;
        let stands = match &suspect.what {
            Wrong::Hidden { number, group, position } => {
                let now = layout.shared(*number);
                now.is_some_and(|now| Arc::ptr_eq(now, group)) && !group.finds(*position)
            }
            Wrong::Idle { line, slot, seen } => {
                let serves = match self.room.whose(*line) {
                    Ok(own) => own == agent,
                    Err(group) => layout.stand(agent, group).is_some(),
                };
                serves && self.lines.word(*slot) == *seen
            }
        };
        stands && self.word(agent) == suspect.word
    }
}

#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod tests {
    use std::time::Duration;

    use model::id::{GroupId, LaneId, UserId};
    use model::people::Presence;

    use super::*;
    use crate::assign::shim::Figure;
    use crate::assign::{Arrival, Assign, Audit};

    const AGENTS: u32 = LockFree::SAMPLE_AGENTS;

    fn desk() -> LockFree {
        LockFree::sample()
    }

    fn slot(lane: u8, index: u32) -> Slot {
        Slot { lane: LaneId::new(lane).unwrap(), index }
    }

    /// Hidden agents and idle lines counted by each of some looks.
    fn looks<const N: usize>(core: &LockFree, patrol: &mut Patrol) -> [(u32, u32); N] {
        [(); N].map(|()| {
            let found = core.patrol(patrol);
            assert_eq!(found.over_cap, 0);
            (found.hidden_agents, found.idle_while_waiting)
        })
    }

    #[test]
    fn a_hidden_agent_counts_once_when_he_stays_hidden() {
        let (core, mut patrol) = (desk(), Patrol::default());
        assert_eq!(looks(&core, &mut patrol), [(0, 0); 3]);
        core.hide(UserId(4));
        assert_eq!(looks(&core, &mut patrol), [(0, 0), (0, 0), (1, 0), (0, 0), (0, 0)]);
        assert!(!core.layout.read().group(0).unwrap().finds(3), "it repairs nothing");
        core.presence(UserId(4), Presence::Available);
        assert_eq!(looks(&core, &mut patrol), [(0, 0); 3], "he is shown again");
        core.hide(UserId(4));
        assert_eq!(looks(&core, &mut patrol), [(0, 0), (0, 0), (1, 0)]);
    }

    #[test]
    fn what_changes_between_two_looks_does_not_count() {
        let (core, mut patrol) = (desk(), Patrol::default());
        for _ in 0..4 {
            core.hide(UserId(4));
            assert_eq!(looks(&core, &mut patrol), [(0, 0); 2]);
            core.presence(UserId(4), Presence::Paused);
            core.presence(UserId(4), Presence::Available);
        }
    }

    #[test]
    fn whoever_waits_beside_a_free_agent_counts_once() {
        let (core, mut patrol) = (desk(), Patrol::default());
        core.lines.push(slot(0, 1), 1, core.room.queue(1), 1);
        core.lines.push(slot(1, 1), 1, Room::own(2), 1);
        assert_eq!(looks(&core, &mut patrol), [(0, 0), (0, 0), (0, 2), (0, 0)]);
        assert_eq!(core.audit(), Audit { idle_while_waiting: 2, ..Audit::default() });
        (1..=AGENTS).for_each(|id| core.presence(UserId(id), Presence::Paused));
        core.cancel(slot(0, 1));
        core.lines.push(slot(0, 1), 1, core.room.queue(1), 1);
        assert_eq!(looks(&core, &mut patrol), [(0, 0); 4], "nobody is free");
    }

    #[test]
    fn a_small_allowance_comes_round_as_well() {
        let (core, mut patrol) = (desk(), Patrol::default());
        core.hide(UserId(4));
        let looks = (0..40).map(|_| core.patrolled(&mut patrol, 3));
        let found: Vec<_> = looks.map(|found| (found.places, found.hidden_agents)).collect();
        let group = 1 + AGENTS;
        assert!(found.iter().all(|(places, _)| (1..=group).contains(places)), "{found:?}");
        assert_eq!(found.iter().map(|(_, hidden)| hidden).sum::<u32>(), 1);
    }

    /// Works until it is told to end, and counts what it has done.
    fn work(core: &LockFree, lane: u8, done: &Figure, end: &Figure) {
        let mut held = Vec::new();
        for n in 0_u32.. {
            if end.get() == 1 {
                break;
            }
            let at = slot(lane, n % 4);
            core.cancel(at);
            if let Arrival::Seated(seat) = core.arrive(GroupId(1 + n % 2), at, i64::from(n)) {
                held.push(seat.ticket);
            }
            while let Some(confirmed) = core.ready(at.lane) {
                held.push(confirmed.seat.ticket);
            }
            if let Some(ticket) = held.pop().filter(|_| n % 3 != 0) {
                core.free(ticket, Duration::from_secs(u64::from(n % 50)));
            }
            if lane == 0 && n % 5 == 0 {
                core.presence(UserId(1 + n % 3), Presence::Paused);
                core.presence(UserId(1 + n % 3), Presence::Available);
            }
            done.add(1);
        }
    }

    #[test]
    fn a_sound_core_shows_nothing_under_traffic() {
        let (core, mut patrol) = (desk(), Patrol::default());
        let (done, end) = ([Figure::new(0), Figure::new(0)], Figure::new(0));
        let mut sum = Findings::default();
        std::thread::scope(|scope| {
            for (lane, done) in (0..).zip(&done) {
                let (core, end) = (&core, &end);
                scope.spawn(move || work(core, lane, done, end));
            }
            for _ in 0..300 {
                let before = done.each_ref().map(Figure::get);
                // Whatever ran at the last look has ended by the next.
                while done.iter().zip(before).any(|(done, before)| done.get() < before + 2) {
                    std::thread::yield_now();
                }
                let found = core.patrol(&mut patrol);
                sum.over_cap += found.over_cap;
                sum.idle_while_waiting += found.idle_while_waiting;
                sum.hidden_agents += found.hidden_agents;
            }
            end.set(1);
        });
        assert_eq!(sum, Findings::default());
    }
}
