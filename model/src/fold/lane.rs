use std::collections::{BTreeSet, HashMap};

use crate::desk::{Cause, Event, Record, Resume};
use crate::id::{ChannelId, CommandId, ConversationId, UserId};
use crate::limit;
use crate::mutant::{Mutant, wrong};
use crate::service::ConversationState;
use crate::time::Timestamp;

use super::{Conversation, Dedup, message_key};

/// Everything one lane knows: its open conversations, what it has already handled, its counter.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Open conversations.
    pub conversations: HashMap<ConversationId, Conversation>,
    /// The open conversation of each address.
    pub by_address: HashMap<(ChannelId, String), ConversationId>,
    /// The counter of the next conversation.
    pub next_counter: u64,
    /// Provider messages already handled.
    pub messages: Dedup,
    /// Commands of `commands` already handled.
    pub commands: Dedup,
    /// Commands of `control` already handled (lane 0). Each partition has a window of its own: one
    /// that is read far ahead of the other must not end what the other remembers.
    pub controls: Dedup,
    /// Closed conversations, each with its channel.
    pub closed: Dedup,
    /// How far its inputs are handled.
    pub progress: Progress,
}

/// How far a lane has handled its input partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    inbound: u64,
    command: u64,
    control: u64,
    settings: u64,
    handled: BTreeSet<Cause>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            conversations: HashMap::new(),
            by_address: HashMap::new(),
            next_counter: 0,
            messages: Dedup::new(limit::DEDUP_WINDOW),
            commands: Dedup::new(limit::COMMAND_WINDOW),
            controls: Dedup::new(limit::COMMAND_WINDOW),
            closed: Dedup::new(limit::RECEIPT_WINDOW),
            progress: Progress::default(),
        }
    }
}

impl Lane {
    /// Folds one record of this lane. Closed conversations leave the state; they are answered with,
    /// so that a caller may still look at them.
    pub fn apply(&mut self, record: &Record) -> Vec<Conversation> {
        self.begin(record);
        record.events.iter().filter_map(|event| self.apply_event(event, record)).collect()
    }

    /// Folds what a record says beside its events.
    pub(super) fn begin(&mut self, record: &Record) {
        self.progress.apply(record);
        if let Some((user, id)) = record.answers
            && !wrong(Mutant::CommandForgotten)
        {
            let of_control = matches!(record.cause, Cause::Control(_));
            let known = if of_control { &mut self.controls } else { &mut self.commands };
            known.insert(command_key(user, id), known_at(record));
        }
    }

    /// Whether this command was handled within the window.
    pub fn knows_command(&self, user: UserId, id: CommandId) -> bool {
        let key = command_key(user, id);
        self.commands.contains(key) || self.controls.contains(key)
    }

    /// Whether this provider message was handled within the window.
    pub fn knows_message(&self, channel: ChannelId, provider_id: &str) -> bool {
        self.messages.contains(message_key(channel, provider_id))
    }

    /// Whether this conversation belongs to this channel, as far as the lane still knows: a closed
    /// one is remembered for [`limit::RECEIPT_WINDOW`].
    pub fn is_of_channel(&self, conversation: ConversationId, channel: ChannelId) -> bool {
        match self.conversations.get(&conversation) {
            Some(open) => open.channel == channel,
            None => self.closed.contains(closed_key(conversation, channel)),
        }
    }

    /// The open conversation of an address.
    pub fn of_address(&self, channel: ChannelId, address: &str) -> Option<&Conversation> {
        let id = self.by_address.get(&(channel, address.to_owned()))?;
        self.conversations.get(id)
    }

    /// Folds one event of a record of this lane; the conversation, if that ends it.
    pub(super) fn apply_event(&mut self, event: &Event, record: &Record) -> Option<Conversation> {
        if let Event::Opened(opened) = event {
            let id = opened.conversation;
            self.next_counter = self.next_counter.max(id.counter() + 1);
            self.by_address.insert((opened.channel, opened.address.clone()), id);
            self.conversations.insert(id, Conversation::open(opened, record.at));
            return None;
        }
        let conversation = self.conversations.get_mut(&event.conversation()?)?;
        if let Event::MessageReceived { provider_id, .. } = event {
            let key = message_key(conversation.channel, provider_id);
            self.messages.insert(key, known_at(record));
        }
        conversation.apply(event, record.at);
        let is_over = conversation.state == ConversationState::Closed;
        is_over.then(|| self.close(event, known_at(record)))?
    }

    fn close(&mut self, event: &Event, at: Timestamp) -> Option<Conversation> {
        let closed = self.conversations.remove(&event.conversation()?)?;
        self.closed.insert(closed_key(closed.id, closed.channel), at);
        self.by_address.remove(&(closed.channel, closed.address.clone()));
        Some(closed)
    }
}

impl Progress {
    /// Where to go on reading `inbound`.
    pub const fn inbound(&self) -> u64 {
        self.inbound
    }

    /// Where to go on reading `commands`.
    pub const fn command(&self) -> u64 {
        self.command
    }

    /// Where to go on reading `control` (lane 0).
    pub const fn control(&self) -> u64 {
        self.control
    }

    /// Where to go on reading `settings` (lane 0).
    pub const fn settings(&self) -> u64 {
        self.settings
    }

    /// Whether an input at or above its resume point was already handled.
    pub fn is_handled(&self, cause: Cause) -> bool {
        let below = match cause {
            Cause::Inbound(offset) => offset < self.inbound,
            Cause::Command(offset) => offset < self.command,
            Cause::Control(offset) => offset < self.control,
            Cause::Settings(offset) => offset < self.settings,
            Cause::HandOver(_) | Cause::Sweep(_) | Cause::Timer(_) => return false,
        };
        below || self.handled.contains(&cause)
    }

    fn apply(&mut self, record: &Record) {
        if !matches!(record.cause, Cause::HandOver(_) | Cause::Sweep(_) | Cause::Timer(_)) {
            self.handled.insert(record.cause);
        }
        for resume in &record.resume {
            match *resume {
                Resume::Inbound(offset) => self.inbound = self.inbound.max(offset),
                Resume::Command(offset) => self.command = self.command.max(offset),
                Resume::Control(offset) => self.control = self.control.max(offset),
                Resume::Settings(offset) => self.settings = self.settings.max(offset),
            }
        }
        self.forget();
    }

    /// Causes below their resume point need not be remembered one by one.
    fn forget(&mut self) {
        let (inbound, command) = (self.inbound, self.command);
        let (control, settings) = (self.control, self.settings);
        self.handled.retain(|cause| match *cause {
            Cause::Inbound(offset) => offset >= inbound,
            Cause::Command(offset) => offset >= command,
            Cause::Control(offset) => offset >= control,
            Cause::Settings(offset) => offset >= settings,
            Cause::HandOver(_) | Cause::Sweep(_) | Cause::Timer(_) => false,
        });
    }
}

/// When what a record says begins to be remembered.
fn known_at(record: &Record) -> Timestamp {
    if wrong(Mutant::WindowByLaneTime) { record.at } else { record.known_at() }
}

fn command_key(user: UserId, id: CommandId) -> u128 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(&user.0.to_be_bytes());
    hash.update(&id.0.to_be_bytes());
    hash.digest128()
}

fn closed_key(conversation: ConversationId, channel: ChannelId) -> u128 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(&conversation.get().to_be_bytes());
    hash.update(&channel.0.to_be_bytes());
    hash.digest128()
}
