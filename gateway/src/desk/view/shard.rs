use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use model::desk::{Event, Record, Settings};
use model::id::{ConversationId, GroupId, OperationId, UserId};
use model::limit;
use model::people::{Presence, User, UserKind};
use model::service::ConversationState;
use model::time::Timestamp;
use serde::Serialize;

use super::chat::{Chat, Standing};
use super::queue::Queues;
use super::shown::{
    HeadPage, Hello, ShownConversation, ShownMessage, ShownQueue, ShownUser, sees_queue,
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
    open_in: HashMap<OperationId, BTreeSet<ConversationId>>,
    closed: VecDeque<ConversationId>,
    queues: Queues,
    presence: HashMap<UserId, Presence>,
    subscribers: Subscribers,
    /// Users with a socket who watch over others.
    watchers: BTreeSet<UserId>,
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
                    let id = opened.conversation;
                    self.chats.insert(id, Chat::open(opened, record.at));
                    self.open_in.entry(opened.operation).or_default().insert(id);
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
            .map(|(group, waiting)| (group, Push::shared("queue", &QueueFrame { group, waiting })))
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

    /// Open conversations of an operation after `after`, in order of their ids: up to
    /// [`limit::LISTED`] of them, those in `state` where one is asked for.
    pub(super) fn open_in(
        &self,
        operation: OperationId,
        (after, state): (Option<ConversationId>, Option<ConversationState>),
        settings: &Settings,
    ) -> HeadPage {
        let mut page = HeadPage::default();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let open = self.open_in.get(&operation).into_iter();
        let open = open.flat_map(|open| open.range((from, Bound::Unbounded)));
        for (looked, id) in open.enumerate() {
            if looked == limit::LISTED_LOOKS || page.items.len() == limit::LISTED {
                page.more = true;
                break;
            }
            page.next = Some(*id);
            let found = self.chats.get(id).filter(|c| state.is_none_or(|s| s == c.state.state));
            page.items.extend(found.map(|chat| chat.head(settings)));
        }
        page
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
        Some(self.chats.get(&id)?.messages())
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
        let frame = Push::shared("presence", &PresenceFrame { user, presence });
        self.subscribers.push(user, &frame);
        if let Some(home) = settings.users.get(&user).map(|found| found.operation) {
            self.tell_watchers((home, Some(user)), &frame, settings);
        }
    }

    /// Tells those who watch over `operation`, but for one who was told already.
    fn tell_watchers(
        &mut self,
        (operation, told): (OperationId, Option<UserId>),
        frame: &Arc<Push>,
        settings: &Settings,
    ) {
        let subscribers = &mut self.subscribers;
        self.watchers.retain(|id| {
            let watcher = settings.users.get(id).filter(|user| user.kind != UserKind::Agent);
            if told != Some(*id) && watcher.is_some_and(|user| user.operation == operation) {
                subscribers.push(*id, frame);
            }
            subscribers.has(*id)
        });
    }

    fn apply_to_chat(&mut self, event: &Event, at: Timestamp, settings: &Settings) {
        let Some(id) = event.conversation() else { return };
        let Some(chat) = self.chats.get_mut(&id) else { return };
        if let Some(change) = chat.apply(event, at)
            && let Some(agent) = chat.holder().filter(|agent| self.subscribers.has(*agent))
        {
            let frame = chat.changed(change);
            self.subscribers.push(agent, &frame);
        }
        // Where a move leads to is in the same record: what lies between is nobody's business.
        if !matches!(event, Event::Moved(_)) {
            self.settle(id, event, settings);
        }
    }

    /// Brings queues, screens and watchers in line with where a conversation stands by `event`.
    fn settle(&mut self, id: ConversationId, event: &Event, settings: &Settings) {
        let Some((before, now)) = self.chats.get_mut(&id).map(Chat::tell) else { return };
        if before == now {
            return;
        }
        self.queues.shift(before.queue(), now.queue());
        self.tell_holders(id, (before, now), event, settings);
        if matches!(event, Event::Closed { .. }) {
            self.keep_closed(id);
        }
    }

    fn tell_holders(
        &mut self,
        id: ConversationId,
        (before, now): (Standing, Standing),
        event: &Event,
        settings: &Settings,
    ) {
        let (from, to) = (before.holder(), now.holder());
        if from != to {
            self.move_holder(id, from, to);
        }
        let Some(chat) = self.chats.get(&id) else { return };
        if let Some(agent) = from.filter(|agent| from != to && self.subscribers.has(*agent)) {
            self.subscribers.push(agent, &chat.went(event));
        }
        if let Some(agent) = to.filter(|agent| from != to && self.subscribers.has(*agent)) {
            self.subscribers.push(agent, &chat.came(settings));
        }
        let stays = to.filter(|agent| from == to && self.subscribers.has(*agent));
        if stays.is_none() && self.watchers.is_empty() {
            return;
        }
        let (frame, operation) = (chat.stands(settings), chat.state.operation);
        if let Some(agent) = stays {
            self.subscribers.push(agent, &frame);
        }
        self.tell_watchers((operation, stays), &frame, settings);
    }

    fn move_holder(&mut self, id: ConversationId, from: Option<UserId>, to: Option<UserId>) {
        if let Some(held) = from.and_then(|agent| self.of_agent.get_mut(&agent)) {
            held.remove(&id);
        }
        if let Some(agent) = to {
            self.of_agent.entry(agent).or_default().insert(id);
        }
    }

    fn keep_closed(&mut self, id: ConversationId) {
        let operation = self.chats.get(&id).map(|chat| chat.state.operation);
        if let Some(open) = operation.and_then(|operation| self.open_in.get_mut(&operation)) {
            open.remove(&id);
        }
        self.closed.push_back(id);
        if self.closed.len() > limit::VIEW_CLOSED
            && let Some(oldest) = self.closed.pop_front()
        {
            self.chats.remove(&oldest);
        }
    }
}
