use std::time::Duration;

use distributor::assign::{
    Arrival, Assign, Cancelled, Requeued, SeatKind, SeatOutcome, Slot, Ticket,
};
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;

use super::books::{Books, Caught};

/// What all lanes share.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) core: &'a dyn Assign,
    pub(super) books: &'a Books,
    /// The agents with a cap.
    pub(super) able: &'a [UserId],
    /// Groups, from 1.
    pub(super) groups: u32,
}

/// Where a conversation waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Group(GroupId),
    Own(UserId),
}

#[derive(Debug)]
enum Conversation {
    None,
    Waits(Line),
    Held(Ticket),
}

/// One thread's conversations.
pub(super) struct Lane {
    id: LaneId,
    conversations: Vec<Conversation>,
    random: u64,
    pub(super) caught: Caught,
}

impl Lane {
    const SLOTS: usize = 5;

    pub(super) fn new(id: u8, seed: u64) -> Self {
        Self {
            id: LaneId::new(id).unwrap(),
            conversations: (0..Self::SLOTS).map(|_| Conversation::None).collect(),
            random: (seed ^ u64::from(id) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            caught: Caught::default(),
        }
    }

    /// Makes so many calls.
    pub(super) fn work(&mut self, scene: Scene<'_>, calls: u32) {
        for _ in 0..calls {
            if self.id == LaneId::FIRST && self.draw(4) == 0 {
                self.change(scene);
            } else {
                self.step(scene);
            }
            self.take_ready(scene);
        }
    }

    /// Takes every hand-over; how many.
    pub(super) fn take_ready(&mut self, scene: Scene<'_>) -> usize {
        let mut taken = 0;
        let mut since_ns = scene.books.now_ns();
        while let Some(confirmed) = scene.core.ready(self.id) {
            let ticket = confirmed.seat.ticket;
            self.caught += scene.books.take(ticket.agent(), since_ns);
            let at = &mut self.conversations[confirmed.slot.index as usize];
            self.caught.delivery += u32::from(!matches!(at, Conversation::Waits(_)));
            *at = Conversation::Held(ticket);
            since_ns = scene.books.now_ns();
            taken += 1;
        }
        taken
    }

    /// Where its conversations wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Line> {
        self.conversations.iter().filter_map(|one| match one {
            Conversation::Waits(line) => Some(*line),
            _ => None,
        })
    }

    /// Takes the free seats of a group and gives them back; how many there were.
    pub(super) fn probe(&mut self, scene: Scene<'_>, group: GroupId) -> u32 {
        let slot = self.slot(Self::SLOTS);
        let mut tickets = Vec::new();
        loop {
            let since_ns = scene.books.now_ns();
            let Arrival::Seated(seat) = scene.core.arrive(group, slot, i64::MAX) else { break };
            self.caught += scene.books.take(seat.ticket.agent(), since_ns);
            tickets.push(seat.ticket);
        }
        let cancelled = scene.core.cancel(slot);
        self.caught.delivery += u32::from(cancelled != Cancelled::Cancelled);
        let count = tickets.len() as u32;
        tickets.into_iter().for_each(|ticket| free(scene, ticket));
        count
    }

    fn step(&mut self, scene: Scene<'_>) {
        let index = self.draw(Self::SLOTS as u32) as usize;
        let group = GroupId(1 + self.draw(scene.groups));
        let key = i64::from(self.draw(10));
        match std::mem::replace(&mut self.conversations[index], Conversation::None) {
            Conversation::Held(ticket) => free(scene, ticket),
            Conversation::Waits(line) => {
                self.conversations[index] = Conversation::Waits(line);
                match self.draw(3) {
                    0 => self.cancel(scene, index),
                    1 => self.requeue(scene, index, (group, key)),
                    _ => {}
                }
            }
            Conversation::None if self.draw(4) == 0 => self.call(scene, index, key),
            Conversation::None => {
                let since_ns = scene.books.now_ns();
                let arrival = scene.core.arrive(group, self.slot(index), key);
                self.conversations[index] = match arrival {
                    Arrival::Seated(seat) => self.seated(scene, seat.ticket, since_ns),
                    Arrival::Waiting => Conversation::Waits(Line::Group(group)),
                };
            }
        }
    }

    /// Cancels one that waits; a core that does not know it has lost it.
    fn cancel(&mut self, scene: Scene<'_>, index: usize) {
        let cancelled = scene.core.cancel(self.slot(index));
        self.caught.delivery += u32::from(cancelled == Cancelled::NotWaiting);
        self.conversations[index] = Conversation::None;
    }

    fn requeue(&mut self, scene: Scene<'_>, index: usize, (group, key): (GroupId, i64)) {
        let since_ns = scene.books.now_ns();
        match scene.core.requeue(self.slot(index), group, key) {
            Requeued::Seated(seat) => {
                self.conversations[index] = self.seated(scene, seat.ticket, since_ns);
            }
            Requeued::Waiting => {
                self.conversations[index] = Conversation::Waits(Line::Group(group));
            }
            Requeued::HandedOver => {}
        }
    }

    fn call(&mut self, scene: Scene<'_>, index: usize, key: i64) {
        let agent = self.anybody(scene);
        let kind = [SeatKind::Back, SeatKind::Owner][self.draw(2) as usize];
        let since_ns = scene.books.now_ns();
        self.conversations[index] = match scene.core.seat(agent, self.slot(index), key, kind) {
            SeatOutcome::Seated(seat) => self.seated(scene, seat.ticket, since_ns),
            SeatOutcome::Waiting => Conversation::Waits(Line::Own(agent)),
            _ => Conversation::None,
        };
    }

    /// Sends an agent away, or brings one back.
    fn change(&mut self, scene: Scene<'_>) {
        let agent = self.anybody(scene);
        if scene.books.is_away(agent) {
            scene.books.back(agent);
            scene.core.presence(agent, Presence::Available);
        } else {
            let away = [Presence::Paused, Presence::Offline][self.draw(2) as usize];
            scene.core.presence(agent, away);
            scene.books.away(agent);
        }
    }

    fn seated(&mut self, scene: Scene<'_>, ticket: Ticket, since_ns: u128) -> Conversation {
        self.caught += scene.books.take(ticket.agent(), since_ns);
        Conversation::Held(ticket)
    }

    fn anybody(&mut self, scene: Scene<'_>) -> UserId {
        scene.able[self.draw(scene.able.len() as u32) as usize]
    }

    fn slot(&self, index: usize) -> Slot {
        Slot { lane: self.id, index: index as u32 }
    }

    fn draw(&mut self, below: u32) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) as u32 % below
    }
}

fn free(scene: Scene<'_>, ticket: Ticket) {
    scene.books.give(ticket.agent());
    scene.core.free(ticket, Duration::from_secs(20));
}
