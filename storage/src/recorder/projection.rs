use std::collections::{BTreeSet, HashMap};

use model::desk::{Assigned, Body, Event, Opened, Queued, Record, SendResult, wire};
use model::id::{ConversationId, MessageId, ShardId};
use model::service::{Author, Content, ConversationState, ReceiptStatus};
use model::time::Timestamp;

use crate::port::{
    ConversationRow, EntryKind, EntryRow, History, HistoryWrite, Position, ReceiptRow, StoreError,
};
use crate::tail::Applied;

/// Conversation rows kept between steps; beyond it they are read from history again.
const ROWS_KEPT: usize = 65_536;

/// Records into rows. It holds no truth of its own: the rows it keeps are those of history, and
/// one it does not have is read from there.
#[derive(Default)]
pub(super) struct Projection {
    rows: HashMap<ConversationId, ConversationRow>,
}

impl Projection {
    /// The step that brings `applied` into history, whose rows stand at the step before.
    pub(super) async fn project(
        &mut self,
        history: &dyn History,
        applied: &[Applied],
        (shard, position): (ShardId, Position),
    ) -> Result<HistoryWrite, StoreError> {
        let records = || applied.iter().filter_map(record);
        self.load(history, records().flat_map(|record| &record.events)).await?;
        let mut step =
            Step { rows: &mut self.rows, write: HistoryWrite::default(), changed: BTreeSet::new() };
        step.write.shard = shard.get();
        step.write.position = position;
        for record in records() {
            for event in &record.events {
                step.take(event, record.at);
            }
        }
        Ok(step.finish())
    }

    /// Forgets rows that will hardly be needed again.
    pub(super) fn trim(&mut self) {
        self.rows.retain(|_, row| row.state != ConversationState::Closed);
        if self.rows.len() > ROWS_KEPT {
            self.rows.clear();
        }
    }

    async fn load(
        &mut self,
        history: &dyn History,
        events: impl Iterator<Item = &Event>,
    ) -> Result<(), StoreError> {
        let mut opened = BTreeSet::new();
        for event in events {
            let Some(id) = changes(event) else { continue };
            if matches!(event, Event::Opened(_)) {
                opened.insert(id);
            } else if !self.rows.contains_key(&id) && !opened.contains(&id) {
                self.rows.extend(history.conversation(id).await?.map(|row| (id, row)));
            }
        }
        Ok(())
    }
}

/// One step in the making.
struct Step<'a> {
    rows: &'a mut HashMap<ConversationId, ConversationRow>,
    write: HistoryWrite,
    changed: BTreeSet<ConversationId>,
}

impl Step<'_> {
    fn take(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(opened) => self.open(opened, at),
            Event::MessageReceived { message, provider_id, content, .. } => {
                self.message(*message, Author::Contact, content, (at, provider_id));
            }
            Event::MessageSent { message, author, content } => {
                self.message(*message, *author, content, (at, ""));
            }
            Event::Queued(queued) => self.queue(queued, event, at),
            Event::Assigned(assigned) => self.assign(assigned, event, at),
            Event::Moved(moved) => {
                let id = MessageId { conversation: moved.conversation, seq: moved.seq };
                self.entry(id, EntryKind::Moved, moved.by, (at, event));
                self.change(id, |row| row.state = ConversationState::Queued);
            }
            Event::Pended { conversation, seq, by, .. } => {
                let id = MessageId { conversation: *conversation, seq: *seq };
                self.entry(id, EntryKind::Pended, *by, (at, event));
                self.change(id, |row| row.state = ConversationState::Pending);
            }
            Event::Warned { conversation, seq, .. } => {
                let id = MessageId { conversation: *conversation, seq: *seq };
                self.entry(id, EntryKind::Warned, Author::System, (at, event));
                self.change(id, |_| ());
            }
            Event::Closed { conversation, seq, by, .. } => {
                let id = MessageId { conversation: *conversation, seq: *seq };
                self.entry(id, EntryKind::Closed, *by, (at, event));
                self.change(id, |row| {
                    row.state = ConversationState::Closed;
                    row.closed_at = Some(at);
                });
            }
            Event::SendAnswered { message, result, .. } => {
                self.write.receipts.push(answer(*message, result, at));
            }
            Event::ReceiptApplied { message, status, at, code } => {
                self.write.receipts.push(ReceiptRow {
                    id: *message,
                    status: *status,
                    at: *at,
                    provider_id: String::new(),
                    code: *code,
                });
            }
            Event::PresenceChanged { .. }
            | Event::LeasesRenewed { .. }
            | Event::SettingsApplied { .. }
            | Event::Duplicate { .. }
            | Event::ReceiptIgnored { .. }
            | Event::CommandRejected { .. }
            | Event::InputRefused { .. } => {}
        }
    }

    fn open(&mut self, opened: &Opened, at: Timestamp) {
        let id = opened.conversation;
        self.changed.insert(id);
        self.rows.insert(
            id,
            ConversationRow {
                conversation: id,
                protocol: opened.protocol.as_str().to_owned(),
                channel: opened.channel,
                address: opened.address.clone(),
                name: opened.name.clone(),
                state: ConversationState::Bot,
                group: None,
                agent: None,
                last_seq: 0,
                opened_at: at,
                closed_at: None,
            },
        );
    }

    fn message(
        &mut self,
        id: MessageId,
        author: Author,
        content: &Content,
        (at, provider_id): (Timestamp, &str),
    ) {
        self.write.entries.push(EntryRow {
            id,
            kind: EntryKind::Message,
            author,
            at,
            provider_id: provider_id.to_owned(),
            body: wire::encode_content(content),
        });
        self.change(id, |_| ());
    }

    fn queue(&mut self, queued: &Queued, event: &Event, at: Timestamp) {
        let id = MessageId { conversation: queued.conversation, seq: queued.seq };
        self.entry(id, EntryKind::Queued, Author::Flow, (at, event));
        self.change(id, |row| {
            row.state = ConversationState::Queued;
            row.group = Some(queued.group);
        });
    }

    fn assign(&mut self, assigned: &Assigned, event: &Event, at: Timestamp) {
        let id = MessageId { conversation: assigned.conversation, seq: assigned.seq };
        self.entry(id, EntryKind::Assigned, Author::Flow, (at, event));
        self.change(id, |row| {
            row.state = ConversationState::Assigned;
            row.group = Some(assigned.group);
            row.agent = Some(assigned.agent);
        });
    }

    fn entry(&mut self, id: MessageId, kind: EntryKind, author: Author, what: (Timestamp, &Event)) {
        let (at, event) = what;
        self.write.entries.push(EntryRow {
            id,
            kind,
            author,
            at,
            provider_id: String::new(),
            body: wire::encode_event(event),
        });
    }

    /// Changes the row of the conversation in which `id` took its place.
    fn change(&mut self, id: MessageId, change: impl FnOnce(&mut ConversationRow)) {
        let Some(row) = self.rows.get_mut(&id.conversation) else {
            // The entry is written all the same: nothing disappears.
            tracing::error!(message = %id, "history has no conversation to this entry");
            return;
        };
        row.last_seq = row.last_seq.max(id.seq);
        change(row);
        self.changed.insert(id.conversation);
    }

    fn finish(self) -> HistoryWrite {
        let Self { rows, mut write, changed } = self;
        write.conversations = changed.iter().filter_map(|id| rows.get(id).cloned()).collect();
        write
    }
}

fn record(applied: &Applied) -> Option<&Record> {
    match &applied.stamped.body {
        Body::Record(record) => Some(record),
        _ => None,
    }
}

/// The conversation whose row this event changes.
const fn changes(event: &Event) -> Option<ConversationId> {
    match event {
        Event::SendAnswered { .. } | Event::ReceiptApplied { .. } => None,
        other => other.conversation(),
    }
}

fn answer(id: MessageId, result: &SendResult, at: Timestamp) -> ReceiptRow {
    match result {
        SendResult::Accepted { provider_id } => ReceiptRow {
            id,
            status: ReceiptStatus::Sent,
            at,
            provider_id: provider_id.clone(),
            code: None,
        },
        SendResult::Failed { code, .. } => ReceiptRow {
            id,
            status: ReceiptStatus::Failed,
            at,
            provider_id: String::new(),
            code: Some(*code),
        },
    }
}
