use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::desk::{Body, Event, Record, Resume, Stamped};
use model::id::{ChannelId, ConversationId, LaneId, MessageId};
use model::service::Content;
use model::time::Timestamp;
use storage::port::Offset;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// Its own id.
    pub(super) message: MessageId,
    /// On which account.
    pub(super) channel: ChannelId,
    /// To whom.
    pub(super) address: Arc<str>,
    /// What it holds.
    pub(super) content: Content,
    /// When it was decided.
    pub(super) at: Timestamp,
    /// How often it was tried.
    pub(super) tries: u32,
    /// How many of these tries the provider may have taken: their outcome is unknown.
    pub(super) unknown: u32,
    /// Whether a try of it counts as a possible repeat: one before had no answer, or it was found
    /// unanswered at a start, tried or not.
    pub(super) again: bool,
}

/// A shard's work list: the fold of its `events` into what was sent and not answered.
#[derive(Debug, Default)]
pub(super) struct Work {
    conversations: HashMap<ConversationId, (ChannelId, Arc<str>)>,
    unanswered: BTreeMap<u64, Job>,
    turn_of: HashMap<MessageId, u64>,
    next_turn: u64,
    lost: Vec<MessageId>,
    commands: HashMap<LaneId, Offset>,
}

impl Work {
    /// Folds the next record that counts.
    pub(super) fn fold(&mut self, stamped: &Stamped) {
        if let Body::Record(record) = &stamped.body {
            self.resume(record);
            record.events.iter().for_each(|event| self.event(event, record.at));
        }
    }

    /// A message needs no sending: the provider has answered.
    pub(super) fn answered(&mut self, message: MessageId) {
        if let Some(turn) = self.turn_of.remove(&message) {
            self.unanswered.remove(&turn);
        }
    }

    /// Where `lane` goes on reading its `commands`: answers from there on are not in `events` yet.
    pub(super) fn commands_from(&self, lane: LaneId) -> Offset {
        self.commands.get(&lane).copied().unwrap_or_default()
    }

    /// What is to be sent, in the order it was decided; each message is given out once.
    pub(super) fn take(&mut self) -> Vec<Job> {
        self.turn_of.clear();
        std::mem::take(&mut self.unanswered).into_values().collect()
    }

    /// Messages of conversations whose beginning is not in the log any more: nobody knows where
    /// to send them.
    pub(super) fn take_lost(&mut self) -> Vec<MessageId> {
        std::mem::take(&mut self.lost)
    }

    fn resume(&mut self, record: &Record) {
        for resume in &record.resume {
            if let Resume::Command(offset) = *resume {
                let known = self.commands.entry(record.lane).or_default();
                *known = offset.max(*known);
            }
        }
    }

    fn event(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(opened) => {
                let to = (opened.channel, Arc::from(opened.address.as_str()));
                self.conversations.insert(opened.conversation, to);
            }
            Event::Closed { conversation, .. } => drop(self.conversations.remove(conversation)),
            Event::MessageSent { message, content, .. } => self.sent(*message, content, at),
            Event::SendAnswered { message, .. } => self.answered(*message),
            _ => {}
        }
    }

    fn sent(&mut self, message: MessageId, content: &Content, at: Timestamp) {
        let Some((channel, address)) = self.conversations.get(&message.conversation) else {
            self.lost.push(message);
            return;
        };
        let job = Job {
            message,
            channel: *channel,
            address: Arc::clone(address),
            content: content.clone(),
            at,
            tries: 0,
            unknown: 0,
            again: false,
        };
        self.turn_of.insert(message, self.next_turn);
        self.unanswered.insert(self.next_turn, job);
        self.next_turn += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::desk::{Cause, Envelope, Opened, SendResult};
    use model::id::{OperationId, ProtocolNumber};
    use model::service::Author;

    fn record(events: Vec<Event>) -> Stamped {
        let at = Timestamp::default();
        let record = Record {
            lane: LaneId::FIRST,
            cause: Cause::Inbound(0),
            answers: None,
            resume: vec![Resume::Command(7), Resume::Inbound(9)],
            at,
            input_at: None,
            events,
        };
        Stamped { envelope: Envelope::of_input(at), body: Body::Record(record) }
    }

    fn opened(conversation: u64) -> Event {
        let conversation = ConversationId::from_u64(conversation).unwrap();
        Event::Opened(Opened {
            conversation,
            protocol: ProtocolNumber::new((2026, 1, 1), conversation),
            operation: OperationId(1),
            channel: ChannelId(3),
            address: "55".to_owned(),
            name: String::new(),
        })
    }

    fn sent(message: &str) -> Event {
        let content = Content::Text("hi".to_owned());
        Event::MessageSent { message: message.parse().unwrap(), author: Author::Flow, content }
    }

    fn answered(message: &str) -> Event {
        let result = SendResult::Accepted { provider_id: "w".to_owned() };
        Event::SendAnswered { message: message.parse().unwrap(), result, tries: 1 }
    }

    fn ids(jobs: &[Job]) -> Vec<String> {
        jobs.iter().map(|job| job.message.to_string()).collect()
    }

    #[test]
    fn what_was_sent_and_not_answered_is_left_in_its_order() {
        let mut work = Work::default();
        work.fold(&record(vec![opened(1), sent("1.2"), opened(2), sent("2.1"), sent("1.3")]));
        work.fold(&record(vec![answered("2.1"), sent("1.4")]));
        work.answered("1.3".parse().unwrap());
        let jobs = work.take();
        assert_eq!(ids(&jobs), ["1.2", "1.4"]);
        assert_eq!((jobs[0].channel, &*jobs[0].address), (ChannelId(3), "55"));
        assert!(work.take().is_empty(), "each is given out once");
        work.fold(&record(vec![answered("1.2"), sent("1.5")]));
        assert_eq!(ids(&work.take()), ["1.5"]);
        assert_eq!(work.commands_from(LaneId::FIRST), 7);
    }

    #[test]
    fn a_message_without_a_known_conversation_is_lost_not_forgotten() {
        let mut work = Work::default();
        let close = Event::Closed {
            conversation: ConversationId::from_u64(1).unwrap(),
            seq: 3,
            by: Author::Flow,
            reason: model::service::CloseReason::Flow,
            handled: std::time::Duration::ZERO,
        };
        work.fold(&record(vec![opened(1), sent("1.2"), close, sent("1.4"), sent("9.1")]));
        assert_eq!(ids(&work.take()), ["1.2"]);
        let lost: Vec<String> = work.take_lost().iter().map(ToString::to_string).collect();
        assert_eq!(lost, ["1.4", "9.1"]);
        assert!(work.take_lost().is_empty());
    }
}
