use std::collections::VecDeque;

use crate::desk::{Assigned, Event, Opened, Queued, SendResult};
use crate::id::{
    ChannelId, ConversationId, GroupId, MessageId, OperationId, ProtocolNumber, UserId,
};
use crate::limit;
use crate::service::{Author, ConversationState, ReceiptStatus};
use crate::time::Timestamp;

/// An open conversation as its events left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// What the customer may quote.
    pub protocol: ProtocolNumber,
    /// The operation that serves it.
    pub operation: OperationId,
    /// The account it came to.
    pub channel: ChannelId,
    /// The customer's canonical address.
    pub address: String,
    /// The customer's name; may be empty.
    pub name: String,
    /// Where it stands.
    pub state: ConversationState,
    /// The group it waits in or was assigned through.
    pub group: Option<GroupId>,
    /// The responsible agent; of one who is queued, he in whose own line it waits.
    pub agent: Option<UserId>,
    /// The last place used in its sequence.
    pub last_seq: u32,
    /// Its order in the queue, once it was queued.
    pub queue_key: i64,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it was queued last.
    pub queued_at: Timestamp,
    /// When it was assigned last.
    pub assigned_at: Timestamp,
    /// Units of 16 s charged at that assignment.
    pub charge: u8,
    /// When the customer wrote last, by the provider's clock: the session window counts from here.
    pub customer_at: Timestamp,
    /// When the customer wrote last, on lane time.
    pub customer_lane_at: Timestamp,
    /// When an agent wrote last, on lane time; until one has, when it began.
    pub agent_lane_at: Timestamp,
    /// Until when a customer who was warned has time, since he wrote last. A warning is of the
    /// silence it was given in: one that ends later has its own.
    pub warned_until: Option<Timestamp>,
    /// The newest messages we sent, oldest first, at most [`limit::VIEW_MESSAGES`].
    pub sent: VecDeque<SentMessage>,
}

/// How far one message we sent has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Its place in the sequence.
    pub seq: u32,
    /// The provider's id, once it answered.
    pub provider_id: String,
    /// How far it came; `None` until the provider answered.
    pub status: Option<ReceiptStatus>,
    /// Whether it failed only by dispatch's own word: the provider's next one counts instead.
    pub is_presumed: bool,
}

impl SentMessage {
    /// Whether the provider's word that it came to `status` tells something new.
    pub fn moves_to(&self, status: ReceiptStatus) -> bool {
        self.is_presumed || Some(status) > self.status
    }

    fn move_to(&mut self, status: ReceiptStatus) {
        if self.moves_to(status) {
            self.status = Some(status);
            self.is_presumed = false;
        }
    }

    fn answer(&mut self, result: &SendResult) {
        match result {
            SendResult::Accepted { provider_id } => {
                self.provider_id.clone_from(provider_id);
                self.move_to(ReceiptStatus::Sent);
            }
            // A receipt that came before dispatch gave up knows better, too.
            SendResult::Failed { .. } if result.is_presumed() => {
                if self.status.is_none() {
                    self.status = Some(ReceiptStatus::Failed);
                    self.is_presumed = true;
                }
            }
            SendResult::Failed { .. } => self.move_to(ReceiptStatus::Failed),
        }
    }
}

impl Conversation {
    /// A conversation that has just begun.
    pub fn open(opened: &Opened, at: Timestamp) -> Self {
        Self {
            id: opened.conversation,
            protocol: opened.protocol.clone(),
            operation: opened.operation,
            channel: opened.channel,
            address: opened.address.clone(),
            name: opened.name.clone(),
            state: ConversationState::Bot,
            group: None,
            agent: None,
            last_seq: 0,
            queue_key: 0,
            opened_at: at,
            queued_at: at,
            assigned_at: at,
            charge: 0,
            customer_at: at,
            customer_lane_at: at,
            agent_lane_at: at,
            warned_until: None,
            sent: VecDeque::new(),
        }
    }

    /// The agent in whose own line it waits.
    pub fn own_line(&self) -> Option<UserId> {
        self.agent.filter(|_| self.state == ConversationState::Queued)
    }

    /// The agent of whom it holds a seat.
    pub fn seated(&self) -> Option<UserId> {
        self.agent.filter(|_| self.state == ConversationState::Assigned)
    }

    /// The id of its next entry.
    pub const fn next_id(&self) -> MessageId {
        MessageId { conversation: self.id, seq: self.last_seq + 1 }
    }

    /// Folds one event of this conversation; events of no conversation change nothing.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::MessageReceived { message, sent_at, .. } => {
                self.last_seq = message.seq;
                self.customer_at = self.customer_at.max(*sent_at);
                self.customer_lane_at = at;
                self.warned_until = None;
            }
            Event::MessageSent { message, author, .. } => {
                self.last_seq = message.seq;
                self.remember_sent(message.seq);
                if matches!(author, Author::User(_)) {
                    self.agent_lane_at = at;
                }
            }
            Event::Queued(queued) => self.queue(queued, at),
            Event::Assigned(assigned) => self.assign(assigned, at),
            Event::Moved(moved) => {
                self.last_seq = moved.seq;
                self.state = ConversationState::Queued;
                self.agent = None;
            }
            Event::Pended { seq, .. } => {
                self.last_seq = *seq;
                self.state = ConversationState::Pending;
            }
            Event::Warned { seq, until, .. } => {
                self.last_seq = *seq;
                self.warned_until = Some(*until);
            }
            Event::Closed { seq, .. } => {
                self.last_seq = *seq;
                self.state = ConversationState::Closed;
            }
            Event::SendAnswered { message, result, .. } => {
                if let Some(sent) = self.sent_mut(message.seq) {
                    sent.answer(result);
                }
            }
            Event::ReceiptApplied { message, status, .. } => {
                if let Some(sent) = self.sent_mut(message.seq) {
                    sent.move_to(*status);
                }
            }
            _ => {}
        }
    }

    /// A message we sent, if it is among the newest.
    pub fn sent(&self, seq: u32) -> Option<&SentMessage> {
        self.sent.iter().rev().find(|sent| sent.seq == seq)
    }

    /// A message we sent, by the provider's id.
    pub fn sent_as(&self, provider_id: &str) -> Option<&SentMessage> {
        self.sent.iter().rev().find(|sent| sent.provider_id == provider_id)
    }

    fn sent_mut(&mut self, seq: u32) -> Option<&mut SentMessage> {
        self.sent.iter_mut().rev().find(|sent| sent.seq == seq)
    }

    fn remember_sent(&mut self, seq: u32) {
        if self.sent.len() == limit::VIEW_MESSAGES {
            self.sent.pop_front();
        }
        self.sent.push_back(SentMessage {
            seq,
            provider_id: String::new(),
            status: None,
            is_presumed: false,
        });
    }

    fn queue(&mut self, queued: &Queued, at: Timestamp) {
        self.last_seq = queued.seq;
        self.state = ConversationState::Queued;
        self.group = Some(queued.group);
        self.agent = queued.agent;
        self.queue_key = queued.key;
        self.queued_at = at;
    }

    fn assign(&mut self, assigned: &Assigned, at: Timestamp) {
        self.last_seq = assigned.seq;
        self.state = ConversationState::Assigned;
        self.group = Some(assigned.group);
        self.agent = Some(assigned.agent);
        self.assigned_at = at;
        self.charge = assigned.charge;
    }
}
