use model::desk::{Cause, Event, Record, Sweep, Timer};
use model::fold;
use model::id::{ConversationId, MessageId, UserId};
use model::limit;
use model::mutant::{Mutant, wrong};
use model::time::Timestamp;

use crate::assign::Slot;
use crate::conversation::{self, Look};
use crate::timer::Due;

use super::Lane;

/// How much of what may be due a lane still looks at in one turn.
#[derive(Debug)]
pub struct Looks(usize);

/// What came of one look.
enum Fired {
    Record(Box<Record>),
    Nothing,
    /// A hand-over comes first: there is nothing more to do in this turn.
    Wait,
}

impl Looks {
    /// Those of one turn.
    pub const fn of_a_turn() -> Self {
        Self(limit::DUE_PER_TURN)
    }

    /// No look at all.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Whether there may be more to look at.
    pub const fn are_spent(&self) -> bool {
        self.0 == 0
    }
}

impl Lane {
    /// Every input up to lane time `at` was read and is handled.
    pub fn listen(&mut self, at: Timestamp) {
        if let Some(leases) = &mut self.leases {
            leases.listen(at);
        }
    }

    /// The record of the next thing that happens because lane time is `at`, as
    /// [`Self::handle`]'s; `None` when nothing is due any more, or every look of the turn is spent.
    pub fn fire(&mut self, at: Timestamp, looks: &mut Looks) -> Option<Record> {
        while looks.0 > 0 {
            looks.0 -= 1;
            match self.look_once(at)? {
                Fired::Record(record) => return Some(*record),
                Fired::Nothing => {}
                Fired::Wait => looks.0 = 0,
            }
        }
        None
    }

    /// When something is to be looked at next, on lane time.
    pub fn next_due(&self) -> Option<Timestamp> {
        let leases = self.leases.as_ref().and_then(|leases| leases.next());
        leases.into_iter().chain(self.agenda.next()).min()
    }

    /// Looks at the next thing to be looked at; `None` if there is none.
    fn look_once(&mut self, at: Timestamp) -> Option<Fired> {
        if let Some(user) = self.leases.as_mut().and_then(|leases| leases.take(at)) {
            return Some(self.look_at_lease(user, at));
        }
        let due = self.agenda.take(at, self.cx.seats.slots())?;
        Some(match due {
            Due::Absence(user, id) => self.look_without_agent(user, id, at),
            Due::Talk(id) => self.look_at(id, at),
            Due::Review(index) => self.review(index),
        })
    }

    fn look_at_lease(&mut self, user: UserId, at: Timestamp) -> Fired {
        let Some(leases) = &mut self.leases else { return Fired::Nothing };
        if !leases.is_over(user, at) {
            return Fired::Nothing;
        }
        let events = conversation::run_out(&mut self.cx, leases.roll(), user, at);
        self.fired(Cause::Timer(Timer::Lease(user)), events, at)
    }

    /// One conversation's turn in the sweep of its absent agent. The first lane may know better than
    /// the board by now: he came back, perhaps to leave again.
    fn look_without_agent(&mut self, user: UserId, id: ConversationId, at: Timestamp) -> Fired {
        let waits = self.leases.as_ref().is_some_and(|leases| !leases.is_given_up(user, at));
        let turn = match waits && !wrong(Mutant::ReturnIgnored) {
            true => Ok(Vec::new()),
            false => conversation::redirect(&mut self.cx, id, at),
        };
        let Ok(events) = turn else { return Fired::Wait };
        self.agenda.swept(id);
        if events.is_empty() {
            return Fired::Nothing;
        }
        let cause = Sweep::Absence { user, conversation: id };
        self.fired(Cause::Sweep(cause), events, at)
    }

    fn look_at(&mut self, id: ConversationId, at: Timestamp) -> Fired {
        match conversation::look(&mut self.cx, id, at) {
            Look::Due(timer, events) => {
                let fired = self.fired(Cause::Timer(timer), events, at);
                self.set_look(id);
                fired
            }
            Look::Later(next) => {
                self.agenda.set(id, next);
                Fired::Nothing
            }
        }
    }

    /// What the settings in force mean for the conversation of one waiting slot.
    fn review(&mut self, index: u32) -> Fired {
        let slot = Slot { lane: self.id(), index };
        if let Some(id) = self.cx.seats.at(slot) {
            let agent = self.cx.state.conversations.get(&id).and_then(|open| open.agent);
            self.plan(id, agent);
        }
        Fired::Nothing
    }

    /// A conversation that was `before`'s is to be looked at as its state says now.
    pub(super) fn plan(&mut self, id: ConversationId, before: Option<UserId>) {
        let open = self.cx.state.conversations.get(&id);
        let next = open.and_then(|open| conversation::next_look(open, &self.cx.settings));
        self.agenda.note(id, before, open, next);
    }

    fn set_look(&mut self, id: ConversationId) {
        let open = self.cx.state.conversations.get(&id);
        let next = open.and_then(|open| conversation::next_look(open, &self.cx.settings));
        self.agenda.set(id, next);
    }

    fn fired(&mut self, cause: Cause, events: Vec<Event>, at: Timestamp) -> Fired {
        Fired::Record(Box::new(self.write_caused(cause, events, at)))
    }
}

/// The conversation that is to be looked at sooner, perhaps, because of a record: it comes from or to
/// an agent, or ends, or somebody writes after a warning, which was of the silence before. Whatever
/// else is said moves its moments on, and the look that comes too early finds that.
pub(super) fn concerned(record: &Record, state: &fold::Lane) -> Option<ConversationId> {
    let warned = |message: &MessageId| {
        let open = state.conversations.get(&message.conversation);
        open.is_some_and(|open| open.warned_until.is_some())
    };
    let concerns = |event: &&Event| match event {
        Event::Opened(_) | Event::Queued(_) | Event::Assigned(_) | Event::Moved(_) => true,
        Event::Pended { .. } | Event::Closed { .. } => true,
        Event::MessageReceived { message, .. } | Event::MessageSent { message, .. } => {
            warned(message)
        }
        _ => false,
    };
    record.events.iter().find(concerns).and_then(Event::conversation)
}
