//! What people and auditors ask of the core. Nothing here decides anything.

mod explain;
mod patrol;
#[cfg(test)]
#[cfg(not(chasqui_loom))]
mod sample;

use std::collections::BTreeMap;

pub use patrol::Patrol;

use super::LockFree;
use super::roster::Layout;
use super::slot::{LineId, State};
use crate::assign::Audit;

impl LockFree {
    /// Looks at everything; see [`crate::assign::Assign::audit`]. Seats are accounted for only
    /// where assertions are on: elsewhere nobody counts tickets.
    pub(in crate::assign::lockfree) fn audited(&self) -> Audit {
        let layout = self.layout.read();
        let (mut idle, mut hand_overs) = (0, BTreeMap::new());
        self.every_line(|line| {
            let waits = self.lines.head(line).is_some();
            idle += u32::from(waits && self.serves_now(&layout, line));
            self.lines.each(line, |word| {
                if let State::Assigned(to) = word.state() {
                    *hand_overs.entry(to.agent).or_default() += 1;
                }
            });
        });
        Audit {
            over_cap: u32::try_from(self.over_cap.get()).unwrap_or(u32::MAX),
            idle_while_waiting: idle,
            unaccounted_seats: self.unaccounted(&layout, &hand_overs),
        }
    }

    #[cfg(debug_assertions)]
    fn unaccounted(&self, layout: &Layout, hand_overs: &BTreeMap<u32, u32>) -> Option<u32> {
        let of_agent = |agent| {
            let on_the_way = hand_overs.get(&agent).copied().unwrap_or(0);
            let tickets = self.tickets.get(agent as usize);
            (self.word(agent).active() as u32).abs_diff(tickets.wrapping_add(on_the_way))
        };
        Some(layout.agents().map(|(agent, _)| of_agent(agent)).sum())
    }

    #[cfg(not(debug_assertions))]
    fn unaccounted(&self, _: &Layout, _: &BTreeMap<u32, u32>) -> Option<u32> {
        None
    }

    /// Whether the index hides somebody who is eligible (at rest).
    #[cfg(test)]
    pub(in crate::assign) fn hides_anybody(&self) -> bool {
        let layout = self.layout.read();
        let hidden = |group: &super::roster::Group| {
            let hidden = |position, agent| {
                let word = self.word(agent);
                word.eligible() && !group.shows(position, word)
            };
            (0..).zip(&group.order).any(|(position, at)| hidden(position, at.agent))
        };
        layout.groups().any(|(_, group)| hidden(group))
    }

    /// The generation of an agent, by id.
    #[cfg(test)]
    pub(in crate::assign) fn generation_of(&self, user: model::id::UserId) -> u16 {
        self.word(self.layout.read().agent_named(user).unwrap()).generation()
    }

    /// The cap of an agent, by id.
    #[cfg(all(test, chasqui_loom))]
    pub(in crate::assign) fn word_cap(&self, user: model::id::UserId) -> u8 {
        self.word(self.layout.read().agent_named(user).unwrap()).cap()
    }

    fn serves_now(&self, layout: &Layout, line: LineId) -> bool {
        match self.room.whose(line) {
            Ok(agent) => self.word(agent).eligible(),
            Err(group) => layout
                .group(group)
                .is_some_and(|group| group.order.iter().any(|at| self.word(at.agent).eligible())),
        }
    }
}
