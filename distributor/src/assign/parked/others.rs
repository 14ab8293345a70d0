use std::time::Duration;

use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;

use super::house::{CAP, Core, GROUPS, SLOTS, cap, member, policy_after};
use crate::assign::shim::Figure;
use crate::assign::{Arrival, Cancelled, Requeued, SeatKind, SeatOutcome, Slot, Ticket};

/// A lane that works on while another thread stands still.
pub(super) struct Other<'a> {
    core: &'a Core,
    lane: LaneId,
    conversations: Vec<Conversation>,
    random: u64,
    /// Calls of this lane that came back. A look for hand-overs that found none does not count.
    done: &'a Figure,
    /// Of this lane, where it edits.
    settings: Option<Settings>,
}

/// What became of a slot's conversation, as its lane knows.
enum Conversation {
    None,
    Waits,
    Held(Ticket),
}

impl<'a> Other<'a> {
    /// Slots the lane uses: few, so that each agent is full now and then, and free again.
    const USED: usize = 10;
    /// One step in so many looks for hand-overs first.
    const LOOKS: usize = 4;

    /// A lane with these seats; the conversation of its first slot waits, or there is none.
    pub(super) fn new(core: &'a Core, lane: u8, waits: bool, done: &'a Figure) -> Self {
        let mut conversations: Vec<_> = (0..SLOTS).map(|_| Conversation::None).collect();
        if waits {
            conversations[0] = Conversation::Waits;
        }
        let random = 0x9e37_79b9_7f4a_7c15 ^ u64::from(lane) << 7;
        let lane = LaneId::new(lane).unwrap();
        Self { core, lane, conversations, random, done, settings: None }
    }

    /// Seats from before, at the end of its slots.
    pub(super) fn take_over(&mut self, tickets: impl Iterator<Item = Ticket>) {
        let free = self.conversations.iter_mut().rev();
        free.zip(tickets).for_each(|(free, ticket)| *free = Conversation::Held(ticket));
    }

    /// Also changes presences and, where there are any, settings.
    pub(super) fn manage(&mut self, settings: Option<Settings>) {
        self.settings = settings;
    }

    /// Works until so many calls came back; then ends all conversations.
    pub(super) fn work(&mut self, calls: u64, manages: bool) {
        let mut made = 0_u64;
        while made < calls {
            made += self.step();
            if manages && self.draw(16) == 0 {
                made += self.change();
            }
        }
        self.end();
    }

    /// Its conversations as they are: none is seated or waits any more. Hand-overs of which nobody
    /// told it are found by the cancel.
    fn end(&mut self) {
        self.take_ready();
        for index in 0..self.conversations.len() {
            match std::mem::replace(&mut self.conversations[index], Conversation::None) {
                Conversation::Held(ticket) => drop(self.core.free(ticket, Duration::ZERO)),
                Conversation::Waits => {
                    let cancelled = self.core.cancel(self.slot(index));
                    assert_ne!(
                        cancelled,
                        Cancelled::NotWaiting,
                        "{index} of {:?} is lost",
                        self.lane
                    );
                }
                Conversation::None => {}
            }
        }
    }

    fn step(&mut self) -> u64 {
        let looks = self.draw(Self::LOOKS) == 0;
        let taken = if looks { self.take_ready() } else { 0 };
        let index = match self.draw(32) {
            0 => self.draw(SLOTS as usize),
            _ => self.draw(Self::USED),
        };
        let group = GroupId(1 + self.draw(GROUPS as usize) as u32);
        let slot = self.slot(index);
        let key = self.draw(100) as i64;
        match std::mem::replace(&mut self.conversations[index], Conversation::None) {
            Conversation::Held(ticket) => {
                self.core.free(ticket, Duration::from_secs(30));
            }
            Conversation::Waits => {
                self.conversations[index] = Conversation::Waits;
                match self.draw(4) {
                    0 => self.cancel(index),
                    1 => self.requeue(index, group, key),
                    _ => return taken,
                }
            }
            Conversation::None if self.draw(8) == 0 => self.call(index, key),
            Conversation::None => {
                self.conversations[index] = match self.core.arrive(group, slot, key) {
                    Arrival::Seated(seat) => Conversation::Held(seat.ticket),
                    Arrival::Waiting => Conversation::Waits,
                };
            }
        }
        self.count();
        taken + 1
    }

    fn take_ready(&mut self) -> u64 {
        let mut taken = 0;
        while let Some(confirmed) = self.core.ready(self.lane) {
            let at = &mut self.conversations[confirmed.slot.index as usize];
            assert!(matches!(at, Conversation::Waits), "C4: a seat for one who does not wait");
            *at = Conversation::Held(confirmed.seat.ticket);
            self.count();
            taken += 1;
        }
        taken
    }

    fn cancel(&mut self, index: usize) {
        let cancelled = self.core.cancel(self.slot(index));
        assert_ne!(cancelled, Cancelled::NotWaiting, "{index} of {:?} is lost", self.lane);
        self.conversations[index] = Conversation::None;
    }

    fn requeue(&mut self, index: usize, group: GroupId, key: i64) {
        if let Requeued::Seated(seat) = self.core.requeue(self.slot(index), group, key) {
            self.conversations[index] = Conversation::Held(seat.ticket);
        }
    }

    fn call(&mut self, index: usize, key: i64) {
        let kinds = [
            SeatKind::Back,
            SeatKind::Owner,
            SeatKind::Start,
            SeatKind::Reassign,
            SeatKind::Transfer { paused_ok: true },
        ];
        let (kind, agent) = (kinds[self.draw(5)], UserId(1 + self.draw(5) as u32));
        self.conversations[index] = match self.core.seat(agent, self.slot(index), key, kind) {
            SeatOutcome::Seated(seat) => Conversation::Held(seat.ticket),
            SeatOutcome::Waiting => Conversation::Waits,
            _ => Conversation::None,
        };
    }

    /// Pauses and brings back agent 3; now and then changes agents 3 and 4 and group 2.
    fn change(&mut self) -> u64 {
        let away = [Presence::Paused, Presence::Offline][self.draw(2)];
        self.core.presence(UserId(3), away);
        self.count();
        self.core.presence(UserId(3), Presence::Available);
        self.count();
        let edits = self.draw(16) == 0;
        let what = self.draw(3);
        let Some(settings) = self.settings.as_mut().filter(|_| edits) else { return 2 };
        let (three, four) = (UserId(3), UserId(4));
        match what {
            0 => {
                let user = settings.users.get_mut(&three).unwrap();
                user.cap = cap(2 * CAP - u32::from(user.cap.get()) + 1);
            }
            1 => {
                let user = settings.users.get_mut(&four).unwrap();
                match user.groups.iter().position(|known| known.group == GroupId(2)) {
                    Some(at) => drop(user.groups.remove(at)),
                    None => user.groups.push(member(2)),
                }
            }
            _ => {
                let group = settings.groups.get_mut(&GroupId(2)).unwrap();
                group.policy = policy_after(group.policy, 1);
            }
        }
        self.core.edit(settings);
        self.count();
        3
    }

    fn count(&self) {
        self.done.add_alone(1);
    }

    fn slot(&self, index: usize) -> Slot {
        Slot { lane: self.lane, index: index as u32 }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) as usize % below
    }
}
