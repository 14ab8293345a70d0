//! Dead letters: what could not be handled, and what became of it since.
//!
//! A letter is known by its offset in `dead`. That it was replayed stands in later records of the
//! topic, so whoever wants to know reads on to the end; memory is bounded by the page all the same.

use std::collections::BTreeMap;

use model::desk::wire::DecodeError;
use model::desk::{Body, Dead, DeadReason, Replayed, wire};
use model::limit;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::port::{Log, LogError, Logged, Offset, Partition};

/// A letter, with all its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What is known of it without them.
    pub line: Line,
    /// The letter.
    pub dead: Dead,
}

/// What a list tells of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its offset in `dead`: what it is called by.
    pub letter: Offset,
    /// When it was put there, in microseconds since the Unix epoch.
    pub at: Timestamp,
    /// Why: a name of [`DeadReason`].
    pub reason: String,
    /// Where it came from.
    pub origin: String,
    /// What exactly was wrong.
    pub detail: String,
    /// Its bytes.
    pub bytes: usize,
    /// When it was replayed, and where to.
    pub replays: Vec<Replay>,
}

/// A replay of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// When.
    pub at: Timestamp,
    /// The places of the records that were appended.
    pub to: Vec<String>,
}

/// Part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Letters, oldest first.
    pub lines: Vec<Line>,
    /// Where the next page begins, if there is one.
    pub next: Option<Offset>,
    /// Records among them that this release cannot read.
    pub unreadable: u64,
}

/// Replays of one letter that are told; there may be more.
const REPLAYS_TOLD: usize = 16;

/// The letters from offset `from` on that `reason` lets through: at most `most`, and no more than
/// [`limit::DEAD_PAGE`].
///
/// # Errors
/// When the log cannot be read.
pub fn list(
    log: &dyn Log,
    from: Offset,
    most: usize,
    reason: Option<DeadReason>,
) -> Result<Page, LogError> {
    let most = most.clamp(1, limit::DEAD_PAGE);
    let (mut lines, mut page) = (BTreeMap::new(), Page::default());
    read(log, from, |logged| match wire::decode(&logged.bytes).map(|stamped| stamped.body) {
        Ok(Body::Replayed(replayed)) => mark(&mut lines, logged, replayed),
        Ok(Body::Dead(dead)) if reason.is_none_or(|reason| reason == dead.reason) => {
            if lines.len() < most {
                lines.insert(logged.offset, line(logged, &dead));
            } else if page.next.is_none() {
                page.next = Some(logged.offset);
            }
        }
        Ok(_) | Err(DecodeError::Skippable { .. }) => {}
        Err(_) => page.unreadable += u64::from(page.next.is_none()),
    })?;
    page.lines = lines.into_values().collect();
    Ok(page)
}

/// The letter `number`, if there is one that can be read.
///
/// # Errors
/// When the log cannot be read.
pub fn letter(log: &dyn Log, number: Offset) -> Result<Option<Letter>, LogError> {
    if !log.bounds(Partition::DEAD)?.contains(&number) {
        return Ok(None);
    }
    let (mut lines, mut found) = (BTreeMap::new(), None);
    read(log, number, |logged| match wire::decode(&logged.bytes).map(|stamped| stamped.body) {
        Ok(Body::Dead(dead)) if logged.offset == number => {
            lines.insert(number, line(logged, &dead));
            found = Some(dead);
        }
        Ok(Body::Replayed(replayed)) => mark(&mut lines, logged, replayed),
        _ => {}
    })?;
    let line = lines.remove(&number);
    Ok(found.zip(line).map(|(dead, line)| Letter { line, dead }))
}

fn read(log: &dyn Log, from: Offset, mut each: impl FnMut(&Logged)) -> Result<(), LogError> {
    let mut next = log.bounds(Partition::DEAD)?.start.max(from);
    let mut read = Vec::new();
    loop {
        log.read(Partition::DEAD, next, limit::LANE_READ_BYTES, &mut read)?;
        let Some(last) = read.last() else { return Ok(()) };
        next = last.offset + 1;
        read.drain(..).for_each(|logged| each(&logged));
    }
}

fn line(logged: &Logged, dead: &Dead) -> Line {
    Line {
        letter: logged.offset,
        at: logged.at,
        reason: dead.reason.name().to_owned(),
        origin: dead.origin.clone(),
        detail: dead.detail.clone(),
        bytes: dead.bytes.len(),
        replays: Vec::new(),
    }
}

fn mark(lines: &mut BTreeMap<Offset, Line>, logged: &Logged, replayed: Replayed) {
    let Some(line) = lines.get_mut(&replayed.letter) else { return };
    if line.replays.len() < REPLAYS_TOLD {
        line.replays.push(Replay { at: logged.at, to: replayed.to });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use model::desk::{Envelope, Stamped};
    use model::time::{Clock, ManualClock};

    use super::*;
    use crate::engine::memory::MemoryLog;
    use crate::port::NewRecord;
    use crate::suite;

    struct Dead {
        log: MemoryLog,
        clock: Arc<ManualClock>,
    }

    impl Dead {
        fn new() -> Self {
            let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(7)));
            Self { log: MemoryLog::new(suite::place(), clock.clone()), clock }
        }

        fn put(&self, body: Body) -> Offset {
            let envelope = Envelope::of_input(self.clock.now());
            self.append(wire::encode(&Stamped { envelope, body }))
        }

        fn append(&self, bytes: Bytes) -> Offset {
            let record = NewRecord { partition: Partition::DEAD, bytes };
            self.log.append(vec![record]).wait().unwrap()[0]
        }

        fn letter(&self, reason: DeadReason) -> Offset {
            let (origin, detail) = ("inbound/3@17".to_owned(), "why".to_owned());
            let bytes = Bytes::from_static(b"bytes");
            self.put(Body::Dead(model::desk::Dead { reason, origin, detail, bytes }))
        }

        fn replayed(&self, letter: Offset) {
            self.put(Body::Replayed(Replayed { letter, to: vec!["inbound/3@18".to_owned()] }));
        }

        fn list(&self, from: Offset, most: usize, reason: Option<DeadReason>) -> Page {
            list(&self.log, from, most, reason).unwrap()
        }
    }

    fn numbers(page: &Page) -> Vec<Offset> {
        page.lines.iter().map(|line| line.letter).collect()
    }

    #[test]
    fn pages_follow_one_another_and_marks_are_no_letters() {
        let dead = Dead::new();
        for n in 0..5 {
            let letter = dead.letter(DeadReason::Poison);
            assert_eq!(letter, 2 * n);
            dead.replayed(letter);
        }
        let page = dead.list(0, 2, None);
        assert_eq!((numbers(&page), page.next), (vec![0, 2], Some(4)));
        let page = dead.list(4, 2, None);
        assert_eq!((numbers(&page), page.next), (vec![4, 6], Some(8)));
        let page = dead.list(8, 2, None);
        assert_eq!((numbers(&page), page.next), (vec![8], None));
        assert!(page.lines.iter().all(|line| line.replays.len() == 1));
        assert_eq!(numbers(&dead.list(100, 2, None)), Vec::<Offset>::new());
        assert_eq!(letter(&dead.log, 1).unwrap(), None, "a mark");
        assert_eq!(letter(&dead.log, 10).unwrap(), None, "behind the end");
    }

    #[test]
    fn a_letter_tells_when_it_was_replayed() {
        let dead = Dead::new();
        dead.letter(DeadReason::Dangling);
        let number = dead.letter(DeadReason::Poison);
        dead.clock.advance(std::time::Duration::from_secs(3));
        (0..20).for_each(|_| dead.replayed(number));
        let found = letter(&dead.log, number).unwrap().unwrap();
        let Line { at, reason, origin, detail, bytes, replays, .. } = found.line;
        assert_eq!((at, reason.as_str()), (Timestamp::from_seconds(7), "poison"));
        assert_eq!((origin.as_str(), detail.as_str(), bytes), ("inbound/3@17", "why", 5));
        assert_eq!(replays.len(), REPLAYS_TOLD, "some of many");
        assert_eq!(replays[0].at, Timestamp::from_seconds(10));
        assert_eq!(found.dead.bytes, "bytes");
        assert_eq!(numbers(&dead.list(0, 9, Some(DeadReason::Dangling))), [0]);
    }

    #[test]
    fn f50_what_a_newer_release_put_there_is_passed_or_counted() {
        let dead = Dead::new();
        dead.letter(DeadReason::Poison);
        let mut newer = wire::encode(&Stamped {
            envelope: Envelope::of_input(dead.clock.now()),
            body: Body::Replayed(Replayed { letter: 0, to: Vec::new() }),
        })
        .to_vec();
        // The kind's low byte, and the flag that it must be understood.
        newer[3] = 200;
        dead.append(newer.clone().into());
        newer[1] = 1;
        dead.append(newer.into());
        let page = dead.list(0, 9, None);
        assert_eq!((numbers(&page), page.unreadable), (vec![0], 1));
        assert_eq!(letter(&dead.log, 1).unwrap(), None);
    }
}
