//! What an agent does with his conversations. No I/O, no clock: time is an argument.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use model::id::{ConversationId, MessageId};

use super::Habits;
use super::frame::{Conversation, Direction, Message};
use crate::customer::{MessageKey, Token};
use crate::random::Random;

/// Something to ask of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Write to the customer.
    Reply {
        /// This agent's number of the reply, from 1.
        number: u32,
        /// The customer's message it answers.
        answers: Option<MessageKey>,
    },
    /// End the conversation.
    Close,
}

/// An action in one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) conversation: ConversationId,
    pub(super) address: String,
    pub(super) action: Action,
}

/// An agent's conversations and what is to be done in them, one thing at a time in each.
pub(super) struct Work {
    habits: Habits,
    run: u64,
    random: Random,
    replies: u32,
    open: HashMap<ConversationId, Open>,
    /// Messages to customers shown since they were last asked for.
    outbound: Vec<MessageId>,
}

struct Open {
    address: String,
    /// The last place in the sequence seen.
    seen: u32,
    /// When anything last happened.
    touched: Duration,
    todo: VecDeque<(Duration, Action)>,
    busy: bool,
    /// Nothing more is to be done: the close is on its way or done.
    closing: bool,
}

/// A job at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) conversation: ConversationId,
    /// It was a close, and the desk did not do it.
    pub(super) close_again: bool,
}

impl Work {
    const CLOSE_AGAIN: Duration = Duration::from_secs(1);

    pub(super) fn new(habits: Habits, run: u64, random: Random) -> Self {
        Self { habits, run, random, replies: 0, open: HashMap::new(), outbound: Vec::new() }
    }

    /// Conversations held, in no order.
    pub(super) fn held(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.open.keys().copied()
    }

    pub(super) fn held_count(&self) -> usize {
        self.open.len()
    }

    /// Takes up a conversation as it is shown; returns the customers' tokens seen for the first
    /// time by this agent.
    pub(super) fn show(&mut self, shown: &Conversation, now: Duration) -> Vec<Token> {
        let open = || Open {
            address: shown.address.clone(),
            seen: 0,
            touched: now,
            todo: VecDeque::new(),
            busy: false,
            closing: false,
        };
        self.open.entry(shown.id).or_insert_with(open);
        let messages = shown.messages.iter();
        messages.filter_map(|message| self.message(shown.id, message, now)).collect()
    }

    /// Takes a message in; returns the customer's token, if it has one and is new.
    pub(super) fn message(
        &mut self,
        conversation: ConversationId,
        message: &Message,
        now: Duration,
    ) -> Option<Token> {
        let open = self.open.get_mut(&conversation)?;
        open.touched = now;
        if message.seq <= open.seen {
            return None;
        }
        open.seen = message.seq;
        if message.direction == Direction::Out {
            self.outbound.push(MessageId { conversation, seq: message.seq });
            return None;
        }
        let token = message.text.as_deref().and_then(|text| Token::of_text(text).ok());
        let token = token.filter(|token| token.run == self.run);
        self.decide(conversation, token, now);
        token
    }

    /// Messages to customers, the flow's and agents', shown since the last call.
    pub(super) fn take_outbound(&mut self) -> Vec<MessageId> {
        std::mem::take(&mut self.outbound)
    }

    /// The conversation is over.
    pub(super) fn closed(&mut self, conversation: ConversationId) {
        self.open.remove(&conversation);
    }

    /// After a reconnect: only these are held.
    pub(super) fn retain(&mut self, held: &[Conversation]) {
        self.open.retain(|id, _| held.iter().any(|conversation| conversation.id == *id));
    }

    /// What is due; each conversation is busy until [`Self::done`].
    pub(super) fn due(&mut self, now: Duration) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (&conversation, open) in &mut self.open {
            let due = open.todo.front().is_some_and(|(at, _)| *at <= now);
            if open.busy || !due {
                continue;
            }
            if let Some((_, action)) = open.todo.pop_front() {
                open.busy = true;
                jobs.push(Job { conversation, address: open.address.clone(), action });
            }
        }
        jobs
    }

    /// When [`Self::due`] will have something, if nothing happens until then.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let free = self.open.values().filter(|open| !open.busy);
        free.filter_map(|open| open.todo.front().map(|(at, _)| *at)).min()
    }

    /// The job in this conversation came to its end. A close that was not done is tried again as
    /// long as the conversation is held.
    pub(super) fn done(&mut self, done: &Done, now: Duration) {
        if let Some(open) = self.open.get_mut(&done.conversation) {
            open.busy = false;
            open.touched = now;
            if done.close_again {
                open.todo.push_front((now + Self::CLOSE_AGAIN, Action::Close));
            }
        }
    }

    /// When nobody writes any more: ends what has been idle for long enough.
    pub(super) fn close_idle(&mut self, now: Duration) {
        let idle = self.habits.idle;
        for open in self.open.values_mut() {
            let quiet = open.todo.is_empty() && !open.busy && !open.closing;
            if quiet && now.saturating_sub(open.touched) >= idle {
                open.closing = true;
                open.todo.push_back((now, Action::Close));
            }
        }
    }

    fn decide(&mut self, conversation: ConversationId, token: Option<Token>, now: Duration) {
        let last = token.is_some_and(|token| token.last);
        let answer = last || self.random.happens(self.habits.reply_share);
        let handle = self.random.between(self.habits.handle.0, self.habits.handle.1);
        let Some(open) = self.open.get_mut(&conversation) else { return };
        if open.closing {
            return;
        }
        if answer {
            self.replies += 1;
            let answers = token.map(|token| token.key);
            open.todo.push_back((now + handle, Action::Reply { number: self.replies, answers }));
        }
        if last {
            open.closing = true;
            open.todo.push_back((now + handle, Action::Close));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: u64 = 9;

    fn id() -> ConversationId {
        ConversationId::from_u64(1).unwrap()
    }

    fn work(reply_share: f64) -> Work {
        let habits = Habits { reply_share, ..Habits::default() };
        let mut work = Work::new(habits, RUN, Random::new(1, 1));
        let shown = Conversation { id: id(), address: "551".to_owned(), messages: Vec::new() };
        work.show(&shown, Duration::ZERO);
        work
    }

    fn says(seq: u32, number: u32, last: bool) -> Message {
        let key = MessageKey { contact: 4, number };
        let token = Token { run: RUN, key, planned: Duration::ZERO, last };
        Message { seq, direction: Direction::In, text: Some(format!("{token} oi")) }
    }

    fn done(close_again: bool) -> Done {
        Done { conversation: id(), close_again }
    }

    fn later(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_last_text_is_answered_and_then_the_conversation_is_closed() {
        let mut work = work(0.0);
        let token = work.message(id(), &says(2, 1, true), later(1)).unwrap();
        assert_eq!(work.due(later(1)), [], "it takes time to write");
        let [reply] = work.due(later(9)).try_into().unwrap();
        assert_eq!(reply.action, Action::Reply { number: 1, answers: Some(token.key) });
        assert_eq!(work.due(later(9)), [], "one thing at a time");
        work.done(&done(false), later(9));
        let [close] = work.due(later(9)).try_into().unwrap();
        assert_eq!(close.action, Action::Close);
    }

    #[test]
    fn a_message_shown_twice_is_seen_once() {
        let mut work = work(1.0);
        assert!(work.message(id(), &says(2, 1, false), later(1)).is_some());
        assert!(work.message(id(), &says(2, 1, false), later(1)).is_none());
        assert_eq!(work.due(later(9)).len(), 1);
    }

    #[test]
    fn idle_conversations_are_closed_once() {
        let mut work = work(0.0);
        work.close_idle(Duration::ZERO);
        assert_eq!(work.due(later(9)), [], "not idle long enough");
        work.close_idle(later(9));
        work.close_idle(later(9));
        assert_eq!(work.due(later(9)).len(), 1);
        work.done(&done(false), later(9));
        assert_eq!(work.due(later(99)), []);
    }

    #[test]
    fn a_refused_close_is_tried_again() {
        let mut work = work(0.0);
        work.close_idle(later(9));
        assert_eq!(work.due(later(9)).len(), 1);
        work.done(&done(true), later(9));
        assert_eq!(work.due(later(9)), []);
        assert_eq!(work.due(later(10)).len(), 1);
    }

    #[test]
    fn after_a_reconnect_only_what_hello_tells_is_held() {
        let mut work = work(0.0);
        work.retain(&[]);
        assert_eq!((work.held_count(), work.next_due()), (0, None));
    }
}
