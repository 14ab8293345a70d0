use std::collections::VecDeque;
use std::sync::Arc;

use model::desk::{Event, Opened, Settings};
use model::fold::Conversation;
use model::id::{ConversationId, GroupId, MessageId, UserId};
use model::limit;
use model::service::{Author, CloseReason, ConversationState, ReceiptStatus};
use model::time::Timestamp;
use serde::Serialize;

use super::shown::{ShownConversation, ShownHead, ShownMessage, ShownMove, channel_name};
use super::subscriber::Push;

/// One conversation, and what its screens were told of it.
#[derive(Debug)]
pub(super) struct Chat {
    /// As its events left it.
    pub(super) state: Conversation,
    messages: VecDeque<ShownMessage>,
    moved: Option<Box<ShownMove>>,
    told: Standing,
}

/// Where a conversation stands, as far as anybody is told when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    state: ConversationState,
    group: Option<GroupId>,
    agent: Option<UserId>,
    warned_until: Option<Timestamp>,
}

/// What an event changed in what is shown of a conversation's messages.
pub(super) enum Change {
    /// The newest message is new.
    Message,
    /// A message of ours came further.
    Status { seq: u32, status: ReceiptStatus },
}

#[derive(Serialize)]
struct AssignedFrame {
    conversation: ShownConversation,
}

#[derive(Serialize)]
struct StateFrame {
    conversation: ShownHead,
}

#[derive(Serialize)]
struct MessageFrame<'a> {
    conversation: ConversationId,
    message: &'a ShownMessage,
}

#[derive(Serialize)]
struct StatusFrame {
    conversation: ConversationId,
    seq: u32,
    status: ReceiptStatus,
}

#[derive(Serialize)]
struct MovedFrame<'a> {
    conversation: ConversationId,
    moved: Option<&'a ShownMove>,
}

#[derive(Serialize)]
struct ClosedFrame {
    conversation: ConversationId,
    reason: CloseReason,
}

impl Standing {
    /// The queue it waits in; an agent's own line is none.
    pub(super) fn queue(self) -> Option<GroupId> {
        let waits = self.state == ConversationState::Queued;
        self.group.filter(|_| waits && self.agent.is_none())
    }

    /// The agent who has it on his screen: it holds a seat of his, is set aside, or waits in his
    /// own line to come back.
    pub(super) fn holder(self) -> Option<UserId> {
        self.agent.filter(|_| self.state != ConversationState::Closed)
    }
}

impl Chat {
    /// A conversation that has just begun.
    pub(super) fn open(opened: &Opened, at: Timestamp) -> Self {
        let state = Conversation::open(opened, at);
        let told = standing(&state);
        Self { state, messages: VecDeque::new(), moved: None, told }
    }

    /// Folds one event; what it changed in the messages shown.
    pub(super) fn apply(&mut self, event: &Event, at: Timestamp) -> Option<Change> {
        self.state.apply(event, at);
        let at = at.as_millis();
        match event {
            Event::MessageReceived { message, content, .. } => {
                Some(self.show(ShownMessage::new(message.seq, Author::Contact, content, at)))
            }
            Event::MessageSent { message, author, content } => {
                Some(self.show(ShownMessage::new(message.seq, *author, content, at)))
            }
            Event::SendAnswered { message, .. } | Event::ReceiptApplied { message, .. } => {
                self.note_status(*message)
            }
            Event::Moved(moved) => {
                self.moved = Some(Box::new(ShownMove::new(moved, at)));
                None
            }
            _ => None,
        }
    }

    /// Where it stood when that was told last, and where it stands: from now on that is told.
    pub(super) fn tell(&mut self) -> (Standing, Standing) {
        let now = standing(&self.state);
        (std::mem::replace(&mut self.told, now), now)
    }

    /// The agent who has it on his screen.
    pub(super) fn holder(&self) -> Option<UserId> {
        standing(&self.state).holder()
    }

    /// Its newest messages, oldest first.
    pub(super) fn messages(&self) -> Vec<ShownMessage> {
        self.messages.iter().cloned().collect()
    }

    /// A change in its messages, for the agent who has it.
    pub(super) fn changed(&self, change: Change) -> Arc<Push> {
        let conversation = self.state.id;
        match (change, self.messages.back()) {
            (Change::Status { seq, status }, _) => {
                Push::shared("message.status", &StatusFrame { conversation, seq, status })
            }
            (Change::Message, message) => {
                let frame = message.map(|message| MessageFrame { conversation, message });
                Push::shared("message", &frame)
            }
        }
    }

    /// That it came, for the agent who has it from now on.
    pub(super) fn came(&self, settings: &Settings) -> Arc<Push> {
        let frame = AssignedFrame { conversation: self.shown(settings) };
        Push::shared("conversation.assigned", &frame)
    }

    /// That it went, by `event`, for the agent who had it.
    pub(super) fn went(&self, event: &Event) -> Arc<Push> {
        let conversation = self.state.id;
        match event {
            Event::Closed { reason, .. } => {
                let frame = ClosedFrame { conversation, reason: *reason };
                Push::shared("conversation.closed", &frame)
            }
            _ => {
                let frame = MovedFrame { conversation, moved: self.moved.as_deref() };
                Push::shared("conversation.moved", &frame)
            }
        }
    }

    /// Where it stands, for the agent who has it and those who watch over him.
    pub(super) fn stands(&self, settings: &Settings) -> Arc<Push> {
        Push::shared("conversation.state", &StateFrame { conversation: self.head(settings) })
    }

    /// All that is shown of it.
    pub(super) fn shown(&self, settings: &Settings) -> ShownConversation {
        ShownConversation {
            head: self.head(settings),
            moved: self.moved.as_deref().cloned(),
            messages: self.messages(),
        }
    }

    /// What is shown of it beside its messages.
    pub(super) fn head(&self, settings: &Settings) -> ShownHead {
        let state = &self.state;
        ShownHead {
            id: state.id,
            protocol: state.protocol.clone(),
            channel: state.channel,
            channel_name: channel_name(settings, state.channel),
            address: state.address.clone(),
            name: state.name.clone(),
            state: state.state,
            group: state.group,
            agent: state.agent,
            opened_at_ms: state.opened_at.as_millis(),
            warned_until_ms: state.warned_until.map(Timestamp::as_millis),
        }
    }

    fn show(&mut self, message: ShownMessage) -> Change {
        if self.messages.len() == limit::VIEW_MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
        Change::Message
    }

    fn note_status(&mut self, id: MessageId) -> Option<Change> {
        let status = self.state.sent(id.seq)?.status?;
        let shown = self.messages.iter_mut().rev().find(|message| message.seq == id.seq)?;
        if shown.status == Some(status) {
            return None;
        }
        shown.status = Some(status);
        Some(Change::Status { seq: id.seq, status })
    }
}

fn standing(state: &Conversation) -> Standing {
    let Conversation { state, group, agent, warned_until, .. } = *state;
    Standing { state, group, agent, warned_until }
}
