use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use model::desk::{Event, Record, Settings};
use model::fold::Conversation;
use model::id::{ConversationId, GroupId, MessageId, OperationId, UserId};
use model::limit;
use model::people::{Presence, User, UserKind};
use model::service::{Author, ConversationState, ReceiptStatus};
use model::time::Timestamp;
use serde::Serialize;

use super::queue::Queues;
use super::shown::{
    Hello, ShownConversation, ShownMessage, ShownQueue, ShownUser, channel_name, sees_queue,
};
use super::subscriber::{Push, Subscribers, Subscription};

/// What a decision about a conversation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The operation that serves it.
    pub operation: OperationId,
    /// The responsible agent; once it is closed, the last one.
    pub agent: Option<UserId>,
    /// Where it stands.
    pub state: ConversationState,
}

/// One shard as its events left it, and the sockets that hear of the next.
#[derive(Debug, Default)]
pub(super) struct ShardView {
    chats: HashMap<ConversationId, Chat>,
    of_agent: HashMap<UserId, BTreeSet<ConversationId>>,
    closed: VecDeque<ConversationId>,
    queues: Queues,
    presence: HashMap<UserId, Presence>,
    subscribers: Subscribers,
    /// Users with a socket who watch over others.
    watchers: BTreeSet<UserId>,
}

#[derive(Debug)]
struct Chat {
    state: Conversation,
    messages: VecDeque<ShownMessage>,
}

#[derive(Serialize)]
struct AssignedFrame {
    conversation: ShownConversation,
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
struct ClosedFrame {
    conversation: ConversationId,
}

#[derive(Serialize)]
struct QueueFrame {
    group: GroupId,
    waiting: u32,
}

#[derive(Serialize)]
struct PresenceFrame {
    user: UserId,
    presence: Presence,
}

impl ShardView {
    /// Folds one record and tells the sockets concerned.
    pub(super) fn apply(&mut self, record: &Record, settings: &Settings) {
        for event in &record.events {
            match event {
                Event::Opened(opened) => {
                    let state = Conversation::open(opened, record.at);
                    let chat = Chat { state, messages: VecDeque::new() };
                    self.chats.insert(opened.conversation, chat);
                }
                Event::PresenceChanged { user, presence, .. } => {
                    self.set_presence(*user, *presence, settings);
                }
                event => self.apply_to_chat(event, record.at, settings),
            }
        }
    }

    /// Tells of the queues that changed, when it is time to.
    pub(super) fn tell_queues(&mut self, settings: &Settings, now: Timestamp) {
        let due = self.queues.due(now);
        if due.is_empty() {
            return;
        }
        let frames: Vec<(GroupId, Arc<Push>)> = due
            .into_iter()
            .map(|(group, waiting)| (group, push("queue", &QueueFrame { group, waiting })))
            .collect();
        for id in self.subscribers.users() {
            let Some(user) = settings.users.get(&id) else { continue };
            for (_, frame) in frames.iter().filter(|(group, _)| sees_queue(settings, user, *group))
            {
                self.subscribers.push(id, frame);
            }
        }
    }

    /// Adds a socket of `user`; its first frame and the next pushes join without a seam.
    pub(super) fn subscribe(&mut self, user: &User, settings: &Settings) -> Option<Subscription> {
        let hello = Hello {
            user: ShownUser::of(user),
            presence: self.presence(user.id),
            conversations: self.conversations_of(user.id, settings),
            queues: self.queues_of(user, settings),
        };
        if user.kind != UserKind::Agent {
            self.watchers.insert(user.id);
        }
        self.subscribers.add(user.id, Push::new("hello", &hello))
    }

    /// The conversations `agent` is responsible for, in order of their ids.
    pub(super) fn conversations_of(
        &self,
        agent: UserId,
        settings: &Settings,
    ) -> Vec<ShownConversation> {
        let ids = self.of_agent.get(&agent).into_iter().flatten();
        ids.filter_map(|id| self.conversation(*id, settings)).collect()
    }

    /// A conversation that is open or was closed lately.
    pub(super) fn conversation(
        &self,
        id: ConversationId,
        settings: &Settings,
    ) -> Option<ShownConversation> {
        Some(self.chats.get(&id)?.shown(settings))
    }

    /// The newest messages of a conversation, oldest first.
    pub(super) fn messages(&self, id: ConversationId) -> Option<Vec<ShownMessage>> {
        Some(self.chats.get(&id)?.messages.iter().cloned().collect())
    }

    /// What a decision about a conversation rests on.
    pub(super) fn facts(&self, id: ConversationId) -> Option<Facts> {
        let state = &self.chats.get(&id)?.state;
        Some(Facts { operation: state.operation, agent: state.agent, state: state.state })
    }

    /// The queues `user` sees, by group.
    pub(super) fn queues_of(&self, user: &User, settings: &Settings) -> Vec<ShownQueue> {
        let seen = settings.groups.values().filter(|g| sees_queue(settings, user, g.id));
        seen.map(|group| ShownQueue {
            group: group.id,
            name: group.name.clone(),
            waiting: self.queues.waiting(group.id),
        })
        .collect()
    }

    /// Whether `user` is there.
    pub(super) fn presence(&self, user: UserId) -> Presence {
        self.presence.get(&user).copied().unwrap_or_default()
    }

    /// Tells the user's own sockets, and those who watch over his operation.
    fn set_presence(&mut self, user: UserId, presence: Presence, settings: &Settings) {
        self.presence.insert(user, presence);
        if self.watchers.is_empty() && !self.subscribers.has(user) {
            return;
        }
        let frame = push("presence", &PresenceFrame { user, presence });
        self.subscribers.push(user, &frame);
        let operation = |id: UserId| Some(settings.users.get(&id)?.operation);
        let home = operation(user);
        let subscribers = &mut self.subscribers;
        self.watchers.retain(|watcher| {
            if *watcher != user && home.is_some() && operation(*watcher) == home {
                subscribers.push(*watcher, &frame);
            }
            subscribers.has(*watcher)
        });
    }

    fn apply_to_chat(&mut self, event: &Event, at: Timestamp, settings: &Settings) {
        let Some(id) = event.conversation() else { return };
        let Some(chat) = self.chats.get_mut(&id) else { return };
        let (queue, holder) = (chat.queue(), chat.holder());
        chat.state.apply(event, at);
        self.queues.shift(queue, chat.queue());
        let now_holder = chat.holder();
        if let Some(change) = chat.note(event, at)
            && let Some(agent) = now_holder.filter(|agent| self.subscribers.has(*agent))
        {
            let frame = chat.frame(change);
            self.subscribers.push(agent, &frame);
        }
        self.move_holder(id, holder, now_holder);
        match event {
            Event::Assigned(_) => self.tell_assigned(id, settings),
            Event::Closed { .. } => self.keep_closed(id),
            _ => {}
        }
    }

    fn move_holder(&mut self, id: ConversationId, from: Option<UserId>, to: Option<UserId>) {
        if from == to {
            return;
        }
        if let Some(agent) = from {
            self.of_agent.entry(agent).or_default().remove(&id);
            if self.subscribers.has(agent) {
                let frame = push("conversation.closed", &ClosedFrame { conversation: id });
                self.subscribers.push(agent, &frame);
            }
        }
        if let Some(agent) = to {
            self.of_agent.entry(agent).or_default().insert(id);
        }
    }

    fn tell_assigned(&mut self, id: ConversationId, settings: &Settings) {
        let Some(chat) = self.chats.get(&id) else { return };
        let Some(agent) = chat.holder().filter(|agent| self.subscribers.has(*agent)) else {
            return;
        };
        let frame = AssignedFrame { conversation: chat.shown(settings) };
        self.subscribers.push(agent, &push("conversation.assigned", &frame));
    }

    fn keep_closed(&mut self, id: ConversationId) {
        self.closed.push_back(id);
        if self.closed.len() > limit::VIEW_CLOSED
            && let Some(oldest) = self.closed.pop_front()
        {
            self.chats.remove(&oldest);
        }
    }
}

/// What an event changed in what is shown of a conversation's messages.
enum Change {
    /// The newest message is new.
    Message,
    /// A message of ours came further.
    Status { seq: u32, status: ReceiptStatus },
}

impl Chat {
    /// The queue it waits in; an agent's own line is none.
    fn queue(&self) -> Option<GroupId> {
        let waits = self.state.state == ConversationState::Queued;
        self.state.group.filter(|_| waits && self.state.agent.is_none())
    }

    /// The agent who has it on his screen: it holds a seat of his, is set aside, or waits in his
    /// own line to come back.
    fn holder(&self) -> Option<UserId> {
        self.state.agent.filter(|_| self.state.state != ConversationState::Closed)
    }

    /// Brings what is shown in line with the state the event led to.
    fn note(&mut self, event: &Event, at: Timestamp) -> Option<Change> {
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
            _ => None,
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

    fn frame(&self, change: Change) -> Arc<Push> {
        let conversation = self.state.id;
        match (change, self.messages.back()) {
            (Change::Status { seq, status }, _) => {
                push("message.status", &StatusFrame { conversation, seq, status })
            }
            (Change::Message, message) => {
                push("message", &message.map(|message| MessageFrame { conversation, message }))
            }
        }
    }

    fn shown(&self, settings: &Settings) -> ShownConversation {
        let state = &self.state;
        ShownConversation {
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
            messages: self.messages.iter().cloned().collect(),
        }
    }
}

fn push<T: Serialize>(kind: &'static str, data: &T) -> Arc<Push> {
    Arc::new(Push::new(kind, data))
}
