//! What must come of a wish, said by plain means: it is obeyed or refused as it must be.

use std::time::Duration;

use model::desk::{
    Command, CommandRecord, Event, MoveKind, Record, Rejection, Settings, Target, Why,
};
use model::id::{ConversationId, GroupId, UserId};
use model::people::Membership;
use model::service::{Author, Content};
use model::time::Timestamp;

use crate::check::books::{Books, Stage};
use crate::check::judge::{COMMANDS, is_known};
use crate::house::House;
use crate::tally::Tally;

/// How long a customer's message lets agents write: 24 hours less a minute.
const WINDOW: Duration = Duration::from_secs(24 * 3_600 - 60);

/// A refusal, or what happened.
type Answer<'a> = Result<&'a [Event], Rejection>;

/// C2: whether a command is a repeat. Within its window it must be known as one; after that it may.
pub(super) fn commanded_again(
    books: &Books,
    (said, at): (&CommandRecord, Timestamp),
    record: &Record,
    tally: &mut Tally,
) -> bool {
    let before = books.commands.get(&(said.user, said.id)).copied();
    let told = record.events.is_empty() && record.answers.is_none();
    assert!(told || !is_known(before, at, COMMANDS), "C2: again: {record:?}");
    assert!(!told || before.is_some(), "C2: nothing came of it: {record:?}");
    if before.is_some() {
        tally.count(
            "command",
            if told { "repeated without effect" } else { "repeated after its window" },
        );
    }
    told
}

/// C2, C4: a command is obeyed or refused as it must be.
pub(super) fn commanded(books: &Books, said: &CommandRecord, record: &Record) {
    let CommandRecord { user, id, command, .. } = said;
    assert_eq!(record.answers, Some((*user, *id)), "C2: nobody is answered");
    let got = match record.events[..] {
        [Event::CommandRejected { rejection }] => Err(rejection),
        _ => Ok(&record.events[..]),
    };
    let lawful = match (command, command.conversation().map(|id| stage(books, id))) {
        (Command::SetPresence { .. }, _) => appeared(books, *user, got),
        (_, Some(Err(gone))) => got == Err(gone),
        (Command::Reassign { to, note, .. }, Some(Ok(stage))) => {
            reassigned(books, *user, (stage, *to, note), got)
        }
        (Command::Close { conversation }, Some(Ok(stage))) => {
            let may = stage.agent() == Some(*user) || *user == House::supervisor(books.shard);
            let closes = |id: &ConversationId| id == conversation;
            match got {
                Ok([Event::Closed { conversation, .. }]) => may && closes(conversation),
                got => !may && got == Err(Rejection::NotResponsible),
            }
        }
        (_, Some(Ok(stage))) if stage.agent() != Some(*user) => {
            got == Err(Rejection::NotResponsible)
        }
        (Command::Send { conversation, content }, Some(Ok(stage))) => {
            sent(books, (*conversation, stage), content, (record, got))
        }
        (Command::Pend { .. }, Some(Ok(Stage::Pending { .. }))) => {
            got == Err(Rejection::AlreadyPending)
        }
        (Command::Pend { .. }, _) => matches!(got, Ok([Event::Pended { .. }])),
        (Command::Resume { .. }, Some(Ok(Stage::Pending { agent, .. }))) => match got {
            Ok([Event::Assigned(assigned)]) => assigned.why == Why::CameBack,
            Ok([Event::Queued(queued)]) => queued.agent == Some(agent),
            got => got == Err(Rejection::NotAvailable),
        },
        (Command::Resume { .. }, _) => got == Err(Rejection::NotPending),
        (Command::Transfer { to, note, .. }, Some(Ok(stage))) => {
            let wish = (stage, *to, note.as_str());
            books.recent().any(|settings| transferred(settings, *user, wish, got))
        }
        (_, None) => false,
    };
    assert!(lawful, "C4, C9: {said:?} at {:?} has become {:?}", record.at, record.events);
}

fn stage(books: &Books, conversation: ConversationId) -> Result<Stage, Rejection> {
    match books.talks.get(&conversation).map(|talk| talk.stage) {
        None => Err(Rejection::ConversationNotFound),
        Some(Stage::Closed) => Err(Rejection::ConversationClosed),
        Some(stage) => Ok(stage),
    }
}

/// Who writes holds a seat: one that was set aside comes back first, or he is refused.
fn sent(
    books: &Books,
    (conversation, stage): (ConversationId, Stage),
    content: &Content,
    (record, got): (&Record, Answer<'_>),
) -> bool {
    if !matches!(content, Content::Text(text) if !text.is_empty()) {
        return got == Err(Rejection::UnsendableContent);
    }
    if record.at >= books.talks[&conversation].customer_at + WINDOW {
        return got == Err(Rejection::WindowClosed);
    }
    let same = |event: &Event| match event {
        Event::MessageSent { message, content: sent, .. } => {
            (message.conversation, sent) == (conversation, content)
        }
        _ => false,
    };
    match (stage, got) {
        (Stage::Assigned { .. }, Ok([message])) => same(message),
        (Stage::Assigned { .. }, _) => false,
        (_, Ok([Event::Assigned(assigned), message])) => {
            assigned.why == Why::CameBack && same(message)
        }
        (_, Err(Rejection::AgentFull | Rejection::NotAvailable)) => true,
        _ => false,
    }
}

/// C9: transfers go only where allowed.
fn transferred(
    settings: &Settings,
    user: UserId,
    (stage, to, note): (Stage, Target, &str),
    got: Answer<'_>,
) -> bool {
    let Some(own) = stage.group().and_then(|own| settings.groups.get(&own)) else { return false };
    if own.rules.note_required && note.trim().is_empty() {
        return got == Err(Rejection::NoteRequired);
    }
    let listed = |to: GroupId| own.rules.transfer_to.as_ref().is_none_or(|l| l.contains(&to));
    let takes = |to: GroupId| settings.groups.get(&to).is_some_and(|to| to.rules.takes_transfers);
    let may =
        |to: GroupId| is_open(settings, own.id, to) && (to == own.id || takes(to) && listed(to));
    let went = Went { kind: MoveKind::Transfer, user, note, got };
    match to {
        Target::Group(group) if may(group) => went.to_group(settings, group),
        Target::Group(_) => got == Err(Rejection::TransferNotAllowed),
        Target::Agent(agent) => {
            let through = |of: &Membership| of.receives && may(of.group);
            went.to_agent(groups_of(settings, own.id, agent, through), (stage, agent))
        }
    }
}

fn reassigned(
    books: &Books,
    user: UserId,
    (stage, to, note): (Stage, Target, &str),
    got: Answer<'_>,
) -> bool {
    if user != House::supervisor(books.shard) {
        return got == Err(Rejection::NotAllowed);
    }
    let went = Went { kind: MoveKind::Reassign, user, note, got };
    books.recent().any(|settings| {
        let Some(own) = stage.group() else { return false };
        match to {
            Target::Group(group) if is_open(settings, own, group) => went.to_group(settings, group),
            Target::Group(_) => got == Err(Rejection::TransferNotAllowed),
            Target::Agent(agent) => {
                let through = |of: &Membership| is_open(settings, own, of.group);
                went.to_agent(groups_of(settings, own, agent, through), (stage, agent))
            }
        }
    })
}

/// How a conversation went, if it did.
#[derive(Clone, Copy)]
struct Went<'a> {
    kind: MoveKind,
    user: UserId,
    note: &'a str,
    got: Answer<'a>,
}

impl Went<'_> {
    fn to_group(self, settings: &Settings, group: GroupId) -> bool {
        let limit = settings.groups.get(&group).and_then(|group| group.rules.queue_limit);
        match self.got {
            Ok([moved, Event::Queued(to)]) => self.is(moved) && to.group == group,
            Ok([moved, Event::Assigned(to)]) => {
                self.is(moved) && to.group == group && matches!(to.why, Why::Policy { .. })
            }
            got => got == Err(Rejection::QueueFull) && limit.is_some(),
        }
    }

    /// Through one of these groups, or not at all where there is none, or where he has it.
    fn to_agent(self, through: Vec<GroupId>, (stage, agent): (Stage, UserId)) -> bool {
        let may = !through.is_empty() && stage.agent() != Some(agent);
        match self.got {
            Ok([moved, Event::Assigned(to)]) => {
                let named = matches!(to.why, Why::Transferred | Why::Reassigned);
                let there = named && to.agent == agent && through.contains(&to.group);
                may && self.is(moved) && there
            }
            Err(Rejection::AgentFull | Rejection::NotAvailable) => may,
            got => got == Err(Rejection::TransferNotAllowed) && !may,
        }
    }

    fn is(self, event: &Event) -> bool {
        let Event::Moved(moved) = event else { return false };
        let as_wished = moved.kind == self.kind && moved.by == Author::User(self.user);
        as_wished && moved.note == self.note
    }
}

/// Whether a group of the same operation takes conversations.
fn is_open(settings: &Settings, own: GroupId, to: GroupId) -> bool {
    let operation = |group: GroupId| settings.groups.get(&group).map(|group| group.operation);
    let active = settings.groups.get(&to).is_some_and(|group| group.active);
    active && operation(own) == operation(to)
}

/// Groups of a user of the same operation that fit.
fn groups_of(
    settings: &Settings,
    own: GroupId,
    user: UserId,
    fits: impl Fn(&Membership) -> bool,
) -> Vec<GroupId> {
    let operation = settings.groups.get(&own).map(|group| group.operation);
    let user = settings.users.get(&user);
    let user = user.filter(|user| user.active && Some(user.operation) == operation);
    let member = user.into_iter().flat_map(|user| &user.groups);
    member.filter(|of| fits(of)).map(|of| of.group).collect()
}

/// Whether a user of the shard is active may just have changed.
fn appeared(books: &Books, user: UserId, got: Answer<'_>) -> bool {
    let known = books.settings.users.get(&user);
    let operation = known.and_then(|user| books.settings.operations.get(&user.operation));
    let here = operation.is_some_and(|operation| operation.shard == books.shard);
    match got {
        Ok([Event::PresenceChanged { .. }]) => here,
        got => got == Err(Rejection::NotAllowed),
    }
}
