//! An [`EventTail`] sees what counts, once.

use std::sync::Arc;
use std::time::Duration;

use storage::port::{Bell, Log, Position};
use storage::tail::{Applied, EventTail, TailError};

use super::script::{append, claim, events, newer, record, shard};
use crate::setup;

fn tail(log: &Arc<dyn Log>, from: Position) -> EventTail {
    EventTail::new(Arc::clone(log), shard(), from)
}

/// The offsets of what counts from here to the end, and the position there.
fn follow(tail: &mut EventTail) -> (Vec<u64>, Position) {
    let mut applied = Vec::new();
    while tail.poll(&mut applied).unwrap() > 0 {}
    (applied.iter().map(|applied: &Applied| applied.offset).collect(), tail.position())
}

/// Claims, repeats, records of a foreign epoch, and a gap.
fn every_verdict() -> Vec<bytes::Bytes> {
    vec![
        record(0, 1, vec![]), // 0: before any claim, but of the epoch in force
        claim(2),             // 1: does not follow
        claim(1),             // 2: counts
        record(1, 1, vec![]), // 3: counts
        record(1, 1, vec![]), // 4: a repeat
        record(2, 1, vec![]), // 5: of another epoch
        record(1, 2, vec![]), // 6: counts
        record(1, 4, vec![]), // 7: a gap
        record(1, 3, vec![]), // 8: too late
        claim(2),             // 9: counts, and ends the gap
        record(1, 3, vec![]), // 10: of another epoch
        record(2, 1, vec![]), // 11: counts
    ]
}

const COUNTING: [u64; 7] = [0, 2, 3, 6, 9, 11, 12];

#[test]
fn only_what_counts_is_seen() {
    let engines = setup::memory();
    append(&*engines.log, &every_verdict());
    append(&*engines.log, &[record(2, 2, vec![])]);
    let (offsets, position) = follow(&mut tail(&engines.log, Position::default()));
    assert_eq!(offsets, COUNTING);
    assert_eq!(position, Position { next: 13, epoch: 2, number: 2 });
}

#[test]
fn a_tail_started_at_any_position_sees_the_rest_and_nothing_twice() {
    let engines = setup::memory();
    let mut seen = Vec::new();
    let mut position = Position::default();
    // A new tail for every record: each goes on where the last one said it stood.
    for bytes in every_verdict().into_iter().chain([record(2, 2, vec![])]) {
        append(&*engines.log, &[bytes]);
        let (offsets, next) = follow(&mut tail(&engines.log, position));
        seen.extend(offsets);
        position = next;
    }
    assert_eq!(seen, COUNTING);
}

#[test]
fn f50_a_kind_of_a_newer_release_that_may_be_skipped_has_its_place_in_the_order() {
    let engines = setup::memory();
    let records = [claim(1), record(1, 1, vec![]), newer(1, 2), record(1, 3, vec![]), newer(1, 5)];
    append(&*engines.log, &records);
    let (offsets, position) = follow(&mut tail(&engines.log, Position::default()));
    assert_eq!(offsets, [0, 1, 3]);
    assert_eq!(position, Position { next: 4, epoch: 1, number: 3 }, "and is judged: the last gaps");
}

#[test]
fn a_poll_is_bounded() {
    let engines = setup::memory();
    let records: Vec<_> = (1..=2_500).map(|n| record(0, n, vec![])).collect();
    append(&*engines.log, &records);
    let mut tail = tail(&engines.log, Position::default());
    let mut applied = Vec::new();
    let polls: Vec<_> = (0..4).map(|_| tail.poll(&mut applied).unwrap()).collect();
    assert_eq!(polls, [1_000, 1_000, 500, 0]);
    assert_eq!(applied.len(), 2_500);
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_not_passed() {
    let engines = setup::memory();
    append(
        &*engines.log,
        &[claim(1), record(1, 1, vec![]), "nonsense".into(), record(1, 2, vec![])],
    );
    let mut tail = tail(&engines.log, Position::default());
    let mut applied = Vec::new();
    for _ in 0..2 {
        let error = tail.poll(&mut applied).unwrap_err();
        assert!(matches!(error, TailError::Undecodable { offset: 2, .. }), "{error}");
    }
    assert_eq!(applied.len(), 2);
    assert_eq!((tail.position().next, tail.behind().unwrap()), (2, 2));
}

#[test]
fn a_tail_is_woken_by_an_append() {
    let engines = setup::memory();
    let bell = Bell::new();
    let log = Arc::clone(&engines.log);
    let tail = EventTail::with_bell(log, shard(), Position::default(), Arc::clone(&bell));
    append(&*engines.log, &[claim(1)]);
    assert_eq!(engines.log.bounds(events()).unwrap(), 0..1);
    // Returns at once, or this test never ends.
    tail.wait(Duration::MAX);
    assert!(!bell.wait(Duration::ZERO), "the ring was heard");
}
