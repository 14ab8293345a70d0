//! What must come of an input, said by plain means: one effect each, and the right one.

use std::time::Duration;

use model::desk::{Cause, DeadReason, Event, Inbound, Lease, MoveKind, Record, Sweep};
use model::id::{ConversationId, GroupId};
use model::service::{Author, CloseReason};
use model::time::Timestamp;
use storage::port::{Partition, Topic};

use crate::check::books::{Books, Stage};
use crate::check::moves::overflow;
use crate::check::wishes::{commanded, commanded_again};
use crate::ledger::{Ledger, Said};
use crate::tally::Tally;

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
        Cause::HandOver(of) => {
            let told = matches!(&record.events[..], [Event::Assigned(to)] if to.conversation == of);
            assert!(told, "C9: {record:?}");
            return of_its_own(record);
        }
        Cause::Sweep(Sweep::GroupClosed { group, conversation }) => {
            tally.count("sweep", "group-closed");
            swept(books, (group, conversation), record);
            return of_its_own(record);
        }
        Cause::Sweep(Sweep::Absence { .. }) | Cause::Timer(_) => {
            return of_its_own(record);
        }
        Cause::Sweep(Sweep::Recovery) => panic!("C4: nobody did this: {record:?}"),
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
        Said::Lease(lease) => renewed(lease, record),
        Said::Message { known: false, .. } | Said::Oversized(_) | Said::Junk => {
            panic!("C6: {said:?} is not refused: {record:?}")
        }
    }
    spoken.latest
}

/// A record that no input caused, and when it was written.
fn of_its_own(record: &Record) -> Timestamp {
    assert!(record.answers.is_none() && record.input_at.is_none(), "{record:?}");
    record.at
}

fn refused(reason: DeadReason, said: &Said) {
    let lawful = match said {
        Said::Junk | Said::Oversized(_) => reason == DeadReason::Undecodable,
        Said::Message { known, .. } => !known && reason == DeadReason::Dangling,
        Said::Outcome(_) => reason == DeadReason::Dangling,
        Said::Entity(_) => reason == DeadReason::Poison,
        Said::Command(_) | Said::Receipt(_) | Said::Lease(_) => false,
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
        let routed = ledger.settings.channels[channel].flow.group();
        let came = record.events.last().unwrap();
        let lawful = match (came, routed) {
            (Event::Closed { reason: CloseReason::Flow, .. }, routed) => routed.is_none(),
            (_, None) => false,
            (Event::Closed { by, reason, .. }, Some(to)) => {
                *by == Author::System && is_turned_away(books, to, *reason)
            }
            (Event::Queued(queued), Some(to)) => leads_to(books, to, queued.group),
            (Event::Assigned(assigned), Some(to)) => leads_to(books, to, assigned.group),
            _ => false,
        };
        assert!(lawful, "C6: the flow leads to {routed:?}: {record:?}");
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

/// C6: who waits for a group that takes none any more goes where it flows over, or ends.
fn swept(books: &Books, (group, conversation): (GroupId, ConversationId), record: &Record) {
    let waited = match books.talks.get(&conversation).map(|talk| talk.stage) {
        Some(Stage::Queued { group: of, .. }) => of == group,
        _ => false,
    };
    let is_closed = |group| {
        books.recent().any(|settings| settings.groups.get(&group).is_some_and(|of| !of.active))
    };
    let goes_on = match &record.events[..] {
        [Event::Moved(moved), next] => {
            let by_system = (moved.kind, moved.by) == (MoveKind::Redirect, Author::System);
            by_system
                && moved.conversation == conversation
                && match next {
                    Event::Queued(queued) => leads_to(books, group, queued.group),
                    Event::Assigned(assigned) => leads_to(books, group, assigned.group),
                    _ => false,
                }
        }
        [Event::Closed { by, reason, conversation: of, .. }] => {
            let ends = (*by, *reason) == (Author::System, CloseReason::GroupClosed);
            ends && *of == conversation
        }
        _ => false,
    };
    assert!(waited && is_closed(group) && goes_on, "C6: {record:?}");
}

/// Whether a group is the other, or flows over into it.
fn leads_to(books: &Books, from: GroupId, to: GroupId) -> bool {
    books.recent().any(|settings| overflow(settings, from).contains(&to))
}

fn is_turned_away(books: &Books, from: GroupId, reason: CloseReason) -> bool {
    books.recent().any(|settings| {
        let mut groups = overflow(settings, from).into_iter();
        groups.any(|group| match settings.groups.get(&group) {
            None => false,
            Some(group) if reason == CloseReason::QueueFull => group.rules.queue_limit.is_some(),
            Some(group) => reason == CloseReason::GroupClosed && !group.active,
        })
    })
}

/// A renewal is of those it names, if of anybody.
fn renewed(lease: &Lease, record: &Record) {
    let lawful = match &record.events[..] {
        [] => true,
        [Event::LeasesRenewed { users }] => users.iter().all(|user| lease.users.contains(user)),
        _ => false,
    };
    assert!(lawful && record.answers.is_none(), "C4: {record:?}");
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
