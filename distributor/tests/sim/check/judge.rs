//! What must come of an input, said by plain means: one effect each, and the right one.

use std::time::Duration;

use model::desk::{Cause, Command, CommandRecord, DeadReason, Event, Inbound, Record, Rejection};
use model::id::{ConversationId, UserId};
use model::service::{Content, Step};
use model::time::Timestamp;
use storage::port::{Partition, Topic};

use crate::check::books::{Books, Stage};
use crate::house::House;
use crate::ledger::{Ledger, Said};
use crate::tally::Tally;

/// How long a customer's message lets agents write: 24 hours less a minute.
const WINDOW: Duration = Duration::from_secs(24 * 3_600 - 60);

/// How long the effect of a message must be known, and that of a command, from their appends.
pub(crate) const MESSAGES: Duration = Duration::from_secs(72 * 3_600);
pub(crate) const COMMANDS: Duration = Duration::from_secs(24 * 3_600);

/// Whether what was first said at `before` and is said again at `now` must be known.
pub(crate) fn is_known(before: Option<Timestamp>, now: Timestamp, window: Duration) -> bool {
    before.is_some_and(|before| now <= before + window)
}

/// Judges a record by its input, before it changes the books; when that was appended.
pub(crate) fn input(
    books: &Books,
    record: &Record,
    ledger: &Ledger,
    tally: &mut Tally,
) -> Timestamp {
    let lane = u32::from(record.lane.get());
    let shard = u32::from(books.shard.get());
    let of_lane = shard * u32::from(ledger.lanes) + lane;
    let (topic, index, offset) = match record.cause {
        Cause::Inbound(offset) => (Topic::Inbound, of_lane, offset),
        Cause::Command(offset) => (Topic::Commands, of_lane, offset),
        Cause::Control(offset) => (Topic::Control, shard, offset),
        Cause::Settings(offset) => (Topic::Settings, 0, offset),
        Cause::HandOver(_) | Cause::Sweep(_) | Cause::Timer(_) => {
            assert!(record.answers.is_none() && record.events.len() == 1, "{record:?}");
            assert_eq!(record.input_at, None, "{record:?}");
            return record.at;
        }
    };
    let partition = Partition::new(topic, index);
    let (said, spoken) = (ledger.at(partition, offset), ledger.spoken(partition, offset));
    assert_eq!(record.input_at, Some(spoken.at), "C2: {partition}@{offset}");
    if let [Event::InputRefused { reason }] = record.events[..] {
        let origin = format!("{partition}@{offset}");
        assert!(books.dead.contains(&origin), "C6: {origin} is refused and not in dead");
        refused(reason, said);
        return spoken.latest;
    }
    match said {
        Said::Message { message, known: true } => {
            let of = (message, spoken.latest);
            if !received_again(books, of, record, tally) {
                received(books, message, (record, ledger));
            }
        }
        Said::Command(command) => {
            if !commanded_again(books, (command, spoken.latest), record, tally) {
                commanded(books, command, record);
            }
        }
        Said::Entity(_) => {
            assert_eq!(record.events, [Event::SettingsApplied { next: offset + 1 }], "C6");
        }
        Said::Outcome(_) | Said::Receipt(_) => told(record),
        Said::Message { known: false, .. } | Said::Oversized(_) | Said::Junk => {
            panic!("C6: {said:?} is not refused: {record:?}")
        }
    }
    spoken.latest
}

fn refused(reason: DeadReason, said: &Said) {
    let lawful = match said {
        Said::Junk | Said::Oversized(_) => reason == DeadReason::Undecodable,
        Said::Message { known, .. } => !known && reason == DeadReason::Dangling,
        Said::Outcome(_) => reason == DeadReason::Dangling,
        Said::Entity(_) => reason == DeadReason::Poison,
        Said::Command(_) | Said::Receipt(_) => false,
    };
    assert!(lawful, "C6: {said:?} is refused as {reason:?}");
}

/// C2: whether a message is a repeat. Within its window it must be known as one; after that it may.
fn received_again(
    books: &Books,
    (message, at): (&Inbound, Timestamp),
    record: &Record,
    tally: &mut Tally,
) -> bool {
    let Inbound { channel, provider_id, .. } = message;
    let before = books.messages.get(&(*channel, provider_id.clone())).copied();
    let duplicate = Event::Duplicate { channel: *channel, provider_id: provider_id.clone() };
    let told = record.events == [duplicate];
    assert!(told || !is_known(before, at, MESSAGES), "C2: it came before: {record:?}");
    assert!(!told || before.is_some(), "C2: it did not come before: {record:?}");
    if before.is_some() {
        tally.count("message", if told { "repeated" } else { "repeated after its window" });
    }
    told
}

/// C2, C3: a message once, in the open conversation of its address or the next one.
fn received(books: &Books, message: &Inbound, (record, ledger): (&Record, &Ledger)) {
    let Inbound { channel, address, provider_id, content, .. } = message;
    let opened = record.events.iter().find_map(|event| match event {
        Event::Opened(opened) => Some(opened),
        _ => None,
    });
    let open = books.open.get(&(*channel, address.clone())).copied();
    if let Some(opened) = opened {
        assert_eq!((opened.channel, &opened.address), (*channel, address), "C3: {message:?}");
        assert_eq!(open, None, "C4: it has an open conversation");
        let channel = &ledger.settings.channels[channel];
        let routes = channel.flow.steps.iter().any(|step| matches!(step, Step::Route(_)));
        let ends = record.events.iter().any(|event| matches!(event, Event::Closed { .. }));
        assert_eq!(routes, !ends, "C6: the flow of {}", channel.id);
    }
    let in_it = open.or(opened.map(|opened| opened.conversation));
    let got: Vec<_> = record
        .events
        .iter()
        .filter_map(|event| match event {
            Event::MessageReceived { message, provider_id, content, .. } => {
                Some((message.conversation, provider_id, content))
            }
            _ => None,
        })
        .collect();
    let want = in_it.map(|id| (id, provider_id, content));
    assert_eq!(got, Vec::from_iter(want), "C2: {message:?}: {record:?}");
}

/// C2: whether a command is a repeat. Within its window it must be known as one; after that it may.
fn commanded_again(
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

/// C2: a command is obeyed or refused as it must be.
fn commanded(books: &Books, said: &CommandRecord, record: &Record) {
    let CommandRecord { user, id, command, .. } = said;
    assert_eq!(record.answers, Some((*user, *id)), "C2: nobody is answered");
    let [event] = &record.events[..] else { panic!("C2: {record:?}") };
    let got = match event {
        Event::CommandRejected { rejection } => Some(*rejection),
        _ => None,
    };
    let want = match command {
        Command::Send { conversation, content } => {
            may_send(books, *user, (*conversation, content), record.at)
        }
        Command::Close { conversation } => may_close(books, *user, *conversation),
        Command::SetPresence { .. } => return may_appear(books, *user, got),
        Command::Transfer { .. }
        | Command::Reassign { .. }
        | Command::Pend { .. }
        | Command::Resume { .. } => Err(Rejection::NotAllowed),
    };
    assert_eq!(got, want.err(), "C4: {said:?} at {:?}", record.at);
    match (command, event) {
        (_, Event::CommandRejected { .. }) => {}
        (
            Command::Send { conversation, content },
            Event::MessageSent { message, content: sent, .. },
        ) => {
            assert_eq!((conversation, content), (&message.conversation, sent), "C6");
        }
        (Command::Close { conversation }, Event::Closed { conversation: closed, .. }) => {
            assert_eq!(conversation, closed, "C4");
        }
        _ => panic!("C4: {said:?} has become {event:?}"),
    }
}

fn stage(books: &Books, conversation: ConversationId) -> Result<Stage, Rejection> {
    match books.talks.get(&conversation).map(|talk| talk.stage) {
        None => Err(Rejection::ConversationNotFound),
        Some(Stage::Closed) => Err(Rejection::ConversationClosed),
        Some(stage) => Ok(stage),
    }
}

fn may_send(
    books: &Books,
    user: UserId,
    (conversation, content): (ConversationId, &Content),
    at: Timestamp,
) -> Result<(), Rejection> {
    if stage(books, conversation)? != (Stage::Assigned { agent: user }) {
        return Err(Rejection::NotResponsible);
    }
    if !matches!(content, Content::Text(text) if !text.is_empty()) {
        return Err(Rejection::UnsendableContent);
    }
    let open = at < books.talks[&conversation].customer_at + WINDOW;
    if open { Ok(()) } else { Err(Rejection::WindowClosed) }
}

fn may_close(books: &Books, user: UserId, conversation: ConversationId) -> Result<(), Rejection> {
    let own = stage(books, conversation)? == (Stage::Assigned { agent: user });
    let supervises = user == House::supervisor(books.shard);
    if own || supervises { Ok(()) } else { Err(Rejection::NotResponsible) }
}

/// Whether a user of the shard is active may just have changed.
fn may_appear(books: &Books, user: UserId, got: Option<Rejection>) {
    let here = books
        .settings
        .users
        .get(&user)
        .is_some_and(|user| books.settings.operations[&user.operation].shard == books.shard);
    match got {
        None => assert!(here, "C4: {user} is nobody of this shard"),
        Some(rejection) => assert_eq!(rejection, Rejection::NotAllowed),
    }
}

fn told(record: &Record) {
    let lawful = matches!(
        record.events[..],
        [] | [Event::SendAnswered { .. }
            | Event::ReceiptApplied { .. }
            | Event::ReceiptIgnored { .. }]
    );
    assert!(lawful && record.answers.is_none(), "C3: {record:?}");
}
