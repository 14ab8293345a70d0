use std::collections::BTreeSet;

use model::desk::Why;
use model::id::{GroupId, UserId};
use model::people::Policy;

use super::waitlist::{HandOver, Line, Wait};
use super::{Reference, Seat, Slot, Ticket};

impl Reference {
    /// Reserves whom the policy of `group` picks for a newcomer, and moves the group's cursors
    /// under the policies that turn.
    pub(super) fn reserve_by_policy(&mut self, group: GroupId) -> Option<Seat> {
        let mut draws = self.draws.clone();
        let choice = self.choose(group, &mut draws)?;
        self.draws = draws;
        let policy = self.roster.groups.get(&group)?.policy;
        let agent = choice.pick.agent;
        if matches!(policy, Policy::Circular | Policy::AgentPriority) {
            self.take_turn(group, agent);
        }
        Some(self.reserve(agent, group, Why::Policy { policy, key: choice.key }))
    }

    /// `agent` was the last reserved on arrival in `group`.
    pub(super) fn take_turn(&mut self, group: GroupId, agent: UserId) {
        let Some(known) = self.roster.groups.get_mut(&group) else { return };
        let rank = self.roster.agents.get(&agent).map(|agent| agent.rank);
        if let (Some(place), Some(rank)) = (known.place_of(agent), rank) {
            known.turns.take(place, rank);
        }
    }

    /// Takes a seat of `agent` and mints its ticket.
    pub(super) fn reserve(&mut self, agent: UserId, group: GroupId, why: Why) -> Seat {
        let charge = self.roster.mean_units(group);
        let known = self.roster.agents.entry(agent).or_default();
        known.take(charge);
        known.tickets += 1;
        Seat {
            ticket: Ticket::new(agent, 0, charge),
            group,
            cap: known.cap,
            gen_at_seat: known.generation,
            charge,
            why,
        }
    }

    /// Offers the conversations waiting in `lines` to whoever is eligible, until nobody is or
    /// none is left. Answers how many seats were handed over.
    pub(super) fn settle(&mut self, lines: &BTreeSet<Line>) -> u32 {
        let mut handed = 0;
        while let Some((slot, wait)) = self.next_served(lines)
            && let Some(agent) = self.server_of(wait.line)
        {
            self.hand(slot, wait, agent);
            handed += 1;
        }
        handed
    }

    /// Ends a hand-over whose agent is still the one the seat was taken from.
    pub(super) fn confirm(&mut self, hand_over: HandOver) -> Option<Seat> {
        let HandOver { agent, generation, charge, wait } = hand_over;
        let known = self.roster.agents.get_mut(&agent)?;
        if known.generation != generation {
            return None;
        }
        known.tickets += 1;
        Some(Seat {
            ticket: Ticket::new(agent, 0, charge),
            group: wait.group,
            cap: known.cap,
            gen_at_seat: generation,
            charge,
            why: Why::FreedSeat,
        })
    }

    /// Puts the conversation back at its old key, gives the seat back, and settles the lines of
    /// both: a paused or removed agent serves none, yet another may be free.
    pub(super) fn undo(&mut self, slot: Slot, hand_over: HandOver) {
        self.waitlist.push(slot, hand_over.wait);
        self.vacate(hand_over);
        let mut lines = self.roster.lines_of(hand_over.agent);
        lines.insert(hand_over.wait.line);
        self.settle(&lines);
    }

    /// Gives back the seat of a hand-over, which the log never showed.
    pub(super) fn vacate(&mut self, hand_over: HandOver) {
        let agent = self.roster.agents.entry(hand_over.agent).or_default();
        agent.give_back_unseen(hand_over.charge);
    }

    /// The conversation to be served next of those somebody is eligible for: agents' own lines
    /// first, then the least key; equal keys by lane, then slot.
    fn next_served(&self, lines: &BTreeSet<Line>) -> Option<(Slot, Wait)> {
        let is_group = |line: Line| matches!(line, Line::Group(_));
        lines
            .iter()
            .filter_map(|line| self.waitlist.head(*line))
            .filter(|(_, wait)| self.roster.serves_now(wait.line))
            .min_by_key(|(slot, wait)| (is_group(wait.line), wait.key, *slot))
    }

    fn server_of(&mut self, line: Line) -> Option<UserId> {
        let group = match line {
            Line::Own(agent) => return Some(agent),
            Line::Group(group) => group,
        };
        let mut draws = self.draws.clone();
        let choice = self.choose(group, &mut draws)?;
        self.draws = draws;
        Some(choice.pick.agent)
    }

    /// Hands a seat of `agent` to a waiting conversation. Moves no cursor.
    fn hand(&mut self, slot: Slot, wait: Wait, agent: UserId) {
        let charge = self.roster.mean_units(wait.group);
        let known = self.roster.agents.entry(agent).or_default();
        known.take(charge);
        let generation = known.generation;
        self.waitlist.hand(slot, HandOver { agent, generation, charge, wait });
        self.rings.insert(slot.lane);
    }
}
