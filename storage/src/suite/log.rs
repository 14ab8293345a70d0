//! What every [`Log`] must do.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use model::limit;

use crate::port::{Bell, Log, LogError, Logged, NewRecord, Offset, Partition, Reader, Topic};

/// Makes a test of every case; `$run` is called with the case and passes it an empty log.
#[macro_export]
macro_rules! log_suite {
    ($run:expr) => {
        $crate::suite_of! { $run, log:
            appends_are_read_back_in_order
            an_append_is_answered_with_its_offsets
            bounds_follow_appends
            a_watch_rings
            a_dropped_bell_is_forgotten
            records_of_one_append_are_contiguous_per_partition
            an_append_may_go_to_every_topic
            concurrent_appends_keep_each_callers_order
            reads_are_bounded_but_never_empty
            a_read_past_the_end_adds_nothing
            an_unknown_partition_is_refused
            a_record_that_is_too_large_is_refused
            a_refused_append_leaves_nothing
            append_times_never_go_back
            only_what_every_reader_released_is_removed
            a_read_below_the_first_offset_is_refused
            what_is_kept_for_ever_stays_whoever_releases_it
        }
    };
}

const INBOUND: Partition = Partition::new(Topic::Inbound, 3);
const EVENTS: Partition = Partition::new(Topic::Events, 1);

/// What was appended is read, whole and in the order of its offsets.
pub fn appends_are_read_back_in_order(log: &Arc<dyn Log>) {
    for n in 0..100 {
        append(log, &[(INBOUND, format!("in {n}")), (EVENTS, format!("event {n}"))]);
    }
    for (partition, word) in [(INBOUND, "in"), (EVENTS, "event")] {
        let records = read_all(log, partition);
        assert_eq!(records.len(), 100);
        for (n, logged) in records.iter().enumerate() {
            assert_eq!(logged.offset, n as Offset);
            assert_eq!(logged.bytes, format!("{word} {n}"));
        }
    }
}

/// The answer names the offset of each record, in the order of the records.
pub fn an_append_is_answered_with_its_offsets(log: &Arc<dyn Log>) {
    assert_eq!(append(log, &[]), Vec::<Offset>::new());
    assert_eq!(append(log, &[(EVENTS, "a".into())]), [0]);
    let more = [(EVENTS, "b".into()), (INBOUND, "c".into()), (EVENTS, "d".into())];
    assert_eq!(append(log, &more), [1, 0, 2]);
}

/// Bounds are those of what is durable, for each partition alone.
pub fn bounds_follow_appends(log: &Arc<dyn Log>) {
    assert_eq!(log.bounds(EVENTS).unwrap(), 0..0);
    append(log, &[(EVENTS, "a".into()), (EVENTS, String::new())]);
    assert_eq!(log.bounds(EVENTS).unwrap(), 0..2);
    assert_eq!(log.bounds(INBOUND).unwrap(), 0..0);
}

/// A bell rings for its partition and for no other, and every bell of it rings.
pub fn a_watch_rings(log: &Arc<dyn Log>) {
    let (one, two, other) = (Bell::new(), Bell::new(), Bell::new());
    log.watch(EVENTS, &one);
    log.watch(EVENTS, &two);
    log.watch(INBOUND, &other);
    append(log, &[(EVENTS, "a".into())]);
    assert!(one.wait(Duration::ZERO) && two.wait(Duration::ZERO));
    assert!(!other.wait(Duration::ZERO));
    assert!(!one.wait(Duration::ZERO), "a ring is heard once");
}

/// A bell that is gone neither rings nor keeps the others from ringing.
pub fn a_dropped_bell_is_forgotten(log: &Arc<dyn Log>) {
    let (gone, here) = (Bell::new(), Bell::new());
    log.watch(EVENTS, &gone);
    log.watch(EVENTS, &here);
    drop(gone);
    append(log, &[(EVENTS, "a".into())]);
    assert!(here.wait(Duration::ZERO));
}

/// Nobody's record comes between two records of one append in the same partition.
pub fn records_of_one_append_are_contiguous_per_partition(log: &Arc<dyn Log>) {
    let appends = |caller: usize| {
        for n in 0..50 {
            let record = |part| (EVENTS, format!("{caller} {n} {part}"));
            append(log, &[record(0), (INBOUND, "between".into()), record(1), record(2)]);
        }
    };
    thread::scope(|scope| {
        for caller in 0..4 {
            scope.spawn(move || appends(caller));
        }
    });
    let records = read_all(log, EVENTS);
    assert_eq!(records.len(), 600);
    for three in records.chunks(3) {
        let whose = |logged: &Logged| words(logged)[..2].to_vec();
        assert!(three.iter().all(|logged| whose(logged) == whose(&three[0])));
        assert!(three.iter().zip(0..).all(|(logged, part)| words(logged)[2] == part));
    }
}

/// One append may go to all topics; each of its records is where it belongs.
pub fn an_append_may_go_to_every_topic(log: &Arc<dyn Log>) {
    let everywhere = Topic::ALL.into_iter().chain(Topic::ALL.into_iter().rev());
    let records: Vec<_> =
        everywhere.map(|topic| (Partition::new(topic, 0), topic.name().to_owned())).collect();
    let answer = append(log, &records);
    assert_eq!(answer, [[0; 6], [1; 6]].concat());
    for topic in Topic::ALL {
        let records = read_all(log, Partition::new(topic, 0));
        assert_eq!(records.len(), 2);
        assert!(records.iter().all(|logged| logged.bytes == topic.name()));
    }
}

/// Callers race; the records of each stand in the order in which it appended them, without
/// waiting for an answer in between, and whatever else an append holds.
pub fn concurrent_appends_keep_each_callers_order(log: &Arc<dyn Log>) {
    let appends = |caller: usize| {
        let record = |n| NewRecord { partition: EVENTS, bytes: format!("{caller} {n}").into() };
        let dead = NewRecord { partition: Partition::DEAD, bytes: "dead".into() };
        let records = |n: usize| [vec![dead.clone(); n % 3 / 2], vec![record(n)]].concat();
        let answers: Vec<_> = (0..200).map(|n| log.append(records(n))).collect();
        for answer in answers {
            answer.wait().unwrap();
        }
    };
    thread::scope(|scope| {
        for caller in 0..4 {
            scope.spawn(move || appends(caller));
        }
    });
    let mut next = [0; 4];
    for logged in read_all(log, EVENTS) {
        let found = words(&logged);
        assert_eq!(found[1], next[found[0]]);
        next[found[0]] += 1;
    }
    assert_eq!(next, [200; 4]);
}

/// A read gives at least one record and then no more than it was asked for.
pub fn reads_are_bounded_but_never_empty(log: &Arc<dyn Log>) {
    let records: Vec<_> = (0..20).map(|_| (EVENTS, "x".repeat(100))).collect();
    append(log, &records);
    for (max_bytes, count) in [(0, 1), (99, 1), (100, 1), (199, 1), (200, 2), (1_050, 10)] {
        let mut out = Vec::new();
        log.read(EVENTS, 3, max_bytes, &mut out).unwrap();
        assert_eq!(out.len(), count, "{max_bytes} bytes");
        assert_eq!(out[0].offset, 3);
    }
}

/// At the end, and past it, there is nothing; that is no error.
pub fn a_read_past_the_end_adds_nothing(log: &Arc<dyn Log>) {
    append(log, &[(EVENTS, "a".into())]);
    let mut out = Vec::new();
    for from in [1, 2, Offset::MAX] {
        log.read(EVENTS, from, 1_000, &mut out).unwrap();
    }
    assert_eq!(out, []);
}

/// What does not exist is refused by every call.
pub fn an_unknown_partition_is_refused(log: &Arc<dyn Log>) {
    for nowhere in [Partition::new(Topic::Inbound, 4), Partition::new(Topic::Dead, 1)] {
        let is_refused = |error| matches!(error, LogError::NoPartition(p) if p == nowhere);
        let record = NewRecord { partition: nowhere, bytes: Bytes::new() };
        assert!(is_refused(log.append(vec![record]).wait().unwrap_err()));
        assert!(is_refused(log.read(nowhere, 0, 1, &mut Vec::new()).unwrap_err()));
        assert!(is_refused(log.bounds(nowhere).unwrap_err()));
    }
}

/// The greatest record is taken, one byte more is not.
pub fn a_record_that_is_too_large_is_refused(log: &Arc<dyn Log>) {
    append(log, &[(EVENTS, "x".repeat(limit::RECORD_BYTES))]);
    let bytes = Bytes::from(vec![0; limit::RECORD_BYTES + 1]);
    let error = log.append(vec![NewRecord { partition: EVENTS, bytes }]).wait().unwrap_err();
    assert!(matches!(error, LogError::TooLarge { bytes, max } if bytes == max + 1));
    assert_eq!(read_all(log, EVENTS).len(), 1);
}

/// An append with one unlawful record is refused whole.
pub fn a_refused_append_leaves_nothing(log: &Arc<dyn Log>) {
    let good = NewRecord { partition: EVENTS, bytes: "a".into() };
    let bad = NewRecord { partition: Partition::new(Topic::Events, 2), bytes: "b".into() };
    assert!(log.append(vec![good, bad]).wait().is_err());
    assert_eq!(log.bounds(EVENTS).unwrap(), 0..0);
}

/// Within a partition append times follow the offsets.
pub fn append_times_never_go_back(log: &Arc<dyn Log>) {
    for n in 0..50 {
        append(log, &[(EVENTS, n.to_string())]);
    }
    let records = read_all(log, EVENTS);
    assert!(records.is_sorted_by_key(|logged| logged.at));
}

/// A record goes when the last of its readers lets go of it, and none before: not while a reader
/// was never heard, and none of another partition.
pub fn only_what_every_reader_released_is_removed(log: &Arc<dyn Log>) {
    let (last, others) = Topic::Events.readers().split_last().unwrap();
    fill(log, EVENTS);
    for reader in others {
        log.release(*reader, EVENTS, 40);
    }
    assert_eq!(remove(log, EVENTS), 0, "a reader was not heard");
    log.release(*last, EVENTS, 5);
    let first = remove(log, EVENTS);
    assert!(first <= 5, "{first} passed an unread reader");
    log.release(*last, EVENTS, 35);
    let first = remove(log, EVENTS);
    assert!((1..=35).contains(&first), "{first}");
    let kept = read_from(log, EVENTS, first);
    let offsets = kept.iter().map(|logged| logged.offset);
    assert!(offsets.eq(first..log.bounds(EVENTS).unwrap().end));
    assert!(kept.iter().all(|logged| logged.bytes.len() == LARGE));
    assert_eq!(log.bounds(INBOUND).unwrap(), 0..0);
}

/// Below what is kept there is an error that says what is kept; counting goes on.
pub fn a_read_below_the_first_offset_is_refused(log: &Arc<dyn Log>) {
    fill(log, INBOUND);
    for (reader, beyond) in Topic::Inbound.readers().iter().zip([1_000]) {
        log.release(*reader, INBOUND, beyond);
    }
    let kept = remove(log, INBOUND);
    assert!(kept > 0);
    for from in [0, kept - 1] {
        let error = log.read(INBOUND, from, 1, &mut Vec::new()).unwrap_err();
        let is_it = matches!(error, LogError::Gone { partition: INBOUND, offset, first }
            if offset == from && first >= kept);
        assert!(is_it, "{error}");
    }
    let end = log.bounds(INBOUND).unwrap().end;
    assert_eq!(append(log, &[(INBOUND, "more".into())]), [end]);
}

/// Settings and dead letters have no reader to wait for: they stay.
pub fn what_is_kept_for_ever_stays_whoever_releases_it(log: &Arc<dyn Log>) {
    for partition in [Partition::SETTINGS, Partition::DEAD] {
        fill(log, partition);
        for reader in [Reader::Lanes, Reader::Snapshots, Reader::Recorder, Reader::Dispatch] {
            log.release(reader, partition, 40);
        }
        assert_eq!(remove(log, partition), 0);
        assert_eq!(read_all(log, partition)[0].offset, 0);
    }
}

/// The size of a record of which a few fill whatever a log removes at a time.
const LARGE: usize = 10_000;

fn fill(log: &Arc<dyn Log>, partition: Partition) {
    for _ in 0..40 {
        append(log, &[(partition, "x".repeat(LARGE))]);
    }
}

/// The first offset kept, once the log had more than one occasion to remove what may go.
fn remove(log: &Arc<dyn Log>, partition: Partition) -> Offset {
    for _ in 0..10 {
        append(log, &[(partition, "x".repeat(LARGE))]);
    }
    log.bounds(partition).unwrap().start
}

fn append(log: &Arc<dyn Log>, records: &[(Partition, String)]) -> Vec<Offset> {
    let record = |(partition, text): &(Partition, String)| NewRecord {
        partition: *partition,
        bytes: text.clone().into(),
    };
    log.append(records.iter().map(record).collect()).wait().unwrap()
}

fn read_all(log: &Arc<dyn Log>, partition: Partition) -> Vec<Logged> {
    read_from(log, partition, 0)
}

fn read_from(log: &Arc<dyn Log>, partition: Partition, first: Offset) -> Vec<Logged> {
    let mut out: Vec<Logged> = Vec::new();
    loop {
        let from = out.last().map_or(first, |logged| logged.offset + 1);
        let had = out.len();
        log.read(partition, from, 1_000, &mut out).unwrap();
        if out.len() == had {
            return out;
        }
    }
}

/// The numbers of a record's text.
fn words(logged: &Logged) -> Vec<usize> {
    let text = std::str::from_utf8(&logged.bytes).unwrap();
    text.split(' ').map(|word| word.parse().unwrap()).collect()
}
