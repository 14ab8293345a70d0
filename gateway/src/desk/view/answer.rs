use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use model::desk::{Event, Record, Rejection};
use model::id::{CommandId, MessageId, UserId};
use tokio::sync::oneshot;

/// What the log says of a command: done, with the id of the message it sent if it sent one, or
/// lawfully refused. A repeat whose first answer is forgotten is done without an id.
pub type CommandAnswer = Result<Option<MessageId>, Rejection>;

/// A user's id of a command.
pub(super) type CommandKey = (UserId, CommandId);

/// The answers to commands: those that are awaited, and the latest that were given.
#[derive(Debug, Default)]
pub(super) struct Answers {
    slots: DashMap<CommandKey, Slot>,
}

#[derive(Debug)]
enum Slot {
    Known(CommandAnswer),
    Awaited(Vec<oneshot::Sender<CommandAnswer>>),
}

/// What stands in for a command's answer when it is about to be appended.
#[derive(Debug)]
pub enum Expected {
    /// It is a repeat: this was the answer, and nothing needs to be appended.
    Known(CommandAnswer),
    /// The answer will come here.
    Later(Waiter),
}

/// Waits for one command's answer; forgets about it when dropped.
#[derive(Debug)]
pub struct Waiter {
    answers: Arc<Answers>,
    key: CommandKey,
    receiver: oneshot::Receiver<CommandAnswer>,
}

impl Answers {
    /// To be called before the append, so that no answer can come too early.
    pub(super) fn expect(self: &Arc<Self>, key: CommandKey) -> Expected {
        let (sender, receiver) = oneshot::channel();
        match self.slots.entry(key).or_insert_with(|| Slot::Awaited(Vec::new())).value_mut() {
            Slot::Known(answer) => return Expected::Known(*answer),
            Slot::Awaited(senders) => senders.push(sender),
        }
        Expected::Later(Waiter { answers: Arc::clone(self), key, receiver })
    }

    /// The answer, if it was given and is remembered.
    pub(super) fn known(&self, key: CommandKey) -> Option<CommandAnswer> {
        match self.slots.get(&key)?.value() {
            Slot::Known(answer) => Some(*answer),
            Slot::Awaited(_) => None,
        }
    }

    /// Takes the answer a record gives; whether it is the first to this command. The first stands:
    /// the record of a repeat has no effect and so no message to name.
    pub(super) fn resolve(&self, key: CommandKey, record: &Record) -> bool {
        let answer = answer_of(record);
        let known = Slot::Known(answer);
        let before = match self.slots.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(known);
                return true;
            }
            Entry::Occupied(mut occupied) => match occupied.get_mut() {
                Slot::Known(_) => return false,
                awaited @ Slot::Awaited(_) => std::mem::replace(awaited, known),
            },
        };
        if let Slot::Awaited(senders) = before {
            for sender in senders {
                // Who has gone away needs no answer.
                let _ = sender.send(answer);
            }
        }
        true
    }

    /// Forgets an answer that was given.
    pub(super) fn forget(&self, key: CommandKey) {
        self.slots.remove_if(&key, |_, slot| matches!(slot, Slot::Known(_)));
    }

    fn abandon(&self, key: CommandKey) {
        self.slots.remove_if_mut(&key, |_, slot| match slot {
            Slot::Known(_) => false,
            Slot::Awaited(senders) => {
                senders.retain(|sender| !sender.is_closed());
                senders.is_empty()
            }
        });
    }
}

impl Waiter {
    /// The answer; `None` if the view ended first.
    pub async fn answer(mut self) -> Option<CommandAnswer> {
        (&mut self.receiver).await.ok()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.receiver.close();
        self.answers.abandon(self.key);
    }
}

fn answer_of(record: &Record) -> CommandAnswer {
    let mut sent = None;
    for event in &record.events {
        match event {
            Event::CommandRejected { rejection } => return Err(*rejection),
            Event::MessageSent { message, .. } => sent = sent.or(Some(*message)),
            _ => {}
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use model::desk::Cause;
    use model::id::LaneId;
    use model::time::Timestamp;

    use super::*;

    const KEY: CommandKey = (UserId(1), CommandId(9));

    fn record(events: Vec<Event>) -> Record {
        Record {
            lane: LaneId::FIRST,
            cause: Cause::Command(0),
            answers: Some(KEY),
            resume: Vec::new(),
            at: Timestamp::default(),
            input_at: None,
            events,
        }
    }

    fn refused() -> Record {
        record(vec![Event::CommandRejected { rejection: Rejection::WindowClosed }])
    }

    #[test]
    fn an_answer_reaches_everyone_who_waits_for_it() {
        let answers = Arc::new(Answers::default());
        let (Expected::Later(mut a), Expected::Later(mut b)) =
            (answers.expect(KEY), answers.expect(KEY))
        else {
            panic!("nothing is known yet")
        };
        assert!(answers.resolve(KEY, &refused()));
        assert_eq!(a.receiver.try_recv(), Ok(Err(Rejection::WindowClosed)));
        assert_eq!(b.receiver.try_recv(), Ok(Err(Rejection::WindowClosed)));
    }

    #[test]
    fn a_repeat_has_the_first_answer() {
        let answers = Arc::new(Answers::default());
        assert!(answers.resolve(KEY, &refused()));
        assert!(!answers.resolve(KEY, &record(Vec::new())), "the repeat's record changes nothing");
        let known = answers.expect(KEY);
        assert!(matches!(known, Expected::Known(Err(Rejection::WindowClosed))), "{known:?}");
        answers.forget(KEY);
        assert!(matches!(answers.expect(KEY), Expected::Later(_)));
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        let answers = Arc::new(Answers::default());
        let (first, second) = (answers.expect(KEY), answers.expect(KEY));
        drop(first);
        assert_eq!(answers.slots.len(), 1, "another still waits");
        answers.forget(KEY);
        assert_eq!(answers.slots.len(), 1, "what is awaited is not forgotten");
        drop(second);
        assert!(answers.slots.is_empty());
    }
}
