//! What the embedded engine keeps, and for whom.

use std::os::unix::fs::PermissionsExt;

use model::place::Place;
use storage::engine::{self, EngineConfig, OpenError};
use storage::port::{Log, Position, Reader, RowKey, SnapshotKey, Topic};
use storage::{port::HistoryWrite, suite};

use crate::power_cut::as_disk;
use crate::power_cut::power::Power;
use crate::setup::{self, EVENTS, INBOUND, SMALL, append, log_on, now, read_all, small_log, texts};

#[test]
fn everything_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let row = RowKey { table: "session", key: "a".into() };
    let snapshot = SnapshotKey { shard: 1, next: 5, epoch: 2 };
    let position = Position { next: 7, epoch: 2, number: 3 };

    let engines = setup::embedded(directory.path()).unwrap();
    append(&*engines.log, EVENTS, "an event").unwrap();
    let step = HistoryWrite { shard: 1, position, ..HistoryWrite::default() };
    now(engines.history.write(step));
    now(engines.directory.put(&row, 0, Some("secret".into())));
    now(engines.snapshot.put(snapshot, "folded".into()));
    engines.close().unwrap();

    let engines = setup::embedded(directory.path()).unwrap();
    assert_eq!(texts(&*engines.log, EVENTS), ["an event"]);
    assert_eq!(now(engines.history.position(1)), position);
    assert_eq!(now(engines.directory.get(&row)).unwrap().bytes, "secret");
    assert_eq!(now(engines.snapshot.get(snapshot)).unwrap(), "folded");
}

#[test]
fn a_log_goes_on_over_many_segments_and_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let mut wanted = Vec::new();
    for life in 0..4 {
        let log = small_log(directory.path()).unwrap();
        for n in 0..60 {
            let text = format!("{life} {n} {}", "x".repeat(n * 7 % 400));
            append(&log, EVENTS, &text).unwrap();
            append(&log, INBOUND, "other").unwrap();
            wanted.push(text);
        }
        assert_eq!(texts(&log, EVENTS), wanted);
    }
    let segments = std::fs::read_dir(directory.path().join("flowing")).unwrap().count() / 2;
    assert!(segments > 10, "{segments} segments");
    let log = small_log(directory.path()).unwrap();
    for max_bytes in [0, 500, 5_000, 1 << 20] {
        let records = read_all(&log, EVENTS, max_bytes);
        assert!(records.iter().map(|logged| &logged.bytes).eq(&wanted));
        assert!(records.is_sorted_by_key(|logged| logged.at));
    }
}

#[test]
fn a_start_reads_the_last_segment_and_no_other() {
    let power = Power::on(3);
    let disks = [power.disk(), power.disk()].map(as_disk);
    let read_by_a_start = || {
        let before = power.bytes_read();
        let log = log_on(disks.clone(), SMALL).unwrap();
        let read = power.bytes_read() - before;
        (read, log)
    };
    let (_, log) = read_by_a_start();
    for n in 0..400 {
        append(&log, EVENTS, &format!("{n} {}", "x".repeat(1_000))).unwrap();
    }
    drop(log);
    let (read, log) = read_by_a_start();
    assert!(read < 30_000, "{read} bytes read of 400 KiB, in segments of 4 KiB");
    assert_eq!(texts(&log, EVENTS).len(), 400);
    drop(log);

    // Outlines are of use and no more.
    for name in disks[0].names().unwrap() {
        if name.ends_with(".outline") {
            disks[0].open(&name).unwrap().truncate(20).unwrap();
        }
    }
    let (read, log) = read_by_a_start();
    assert!(read > 400_000, "{read} bytes read");
    assert_eq!(texts(&log, EVENTS).len(), 400);
    drop(log);
    assert!(read_by_a_start().0 < 30_000, "they were made anew");
}

#[test]
fn a_log_goes_on_where_it_was_when_its_old_end_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(directory.path().join("flowing")).unwrap().count();
    let mut wanted = Vec::new();
    for life in 0..5 {
        let log = small_log(directory.path()).unwrap();
        assert_eq!(log.bounds(INBOUND).unwrap().end, life, "however little of it is left");
        append(&log, INBOUND, "once a life").unwrap();
        for n in 0..60 {
            wanted.push(format!("{life} {n} {}", "x".repeat(300)));
            append(&log, EVENTS, &wanted[wanted.len() - 1]).unwrap();
        }
        let before = files();
        log.release(Reader::Lanes, INBOUND, life + 1);
        for reader in Topic::Events.readers() {
            log.release(*reader, EVENTS, wanted.len() as u64);
        }
        log.close();
        assert!(files() < before, "{before} files");
    }
    let log = small_log(directory.path()).unwrap();
    assert_eq!(log.bounds(INBOUND).unwrap(), 5..5);
    let kept = log.bounds(EVENTS).unwrap();
    assert!(kept.start > 200 && kept.end == 300, "{kept:?}");
    assert!(files() < 10, "{} files", files());
    let mut found = Vec::new();
    log.read(EVENTS, kept.start, 1 << 20, &mut found).unwrap();
    assert!(found.iter().map(|logged| &logged.bytes).eq(&wanted[kept.start as usize..]));
    drop(log);

    let names = std::fs::read_dir(directory.path().join("flowing")).unwrap();
    let is_origin = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "origin");
    let origins: Vec<_> = names.map(|entry| entry.unwrap().path()).filter(is_origin).collect();
    assert_eq!(origins.len(), 1);
    std::fs::remove_file(&origins[0]).unwrap();
    let refused = small_log(directory.path()).err().unwrap().to_string();
    assert!(refused.contains("0000000000000001.log") && refused.contains("missing"), "{refused}");
}

#[test]
fn a_closed_log_refuses_and_what_was_appended_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let log = small_log(directory.path()).unwrap();
    let record = |n: usize| setup::record(EVENTS, &n.to_string());
    let answers: Vec<_> =
        (0..500).map(|n| storage::port::Log::append(&log, vec![record(n)])).collect();
    log.close();
    assert!(append(&log, EVENTS, "late").is_err());
    assert_eq!(answers.into_iter().filter_map(|answer| answer.wait().ok()).count(), 500);
    assert_eq!(texts(&log, EVENTS).len(), 500);
}

#[test]
fn a_second_process_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let first = setup::embedded(directory.path()).unwrap();
    let second = setup::embedded(directory.path()).err().unwrap();
    assert!(matches!(&second, OpenError::Busy { .. }));
    assert!(second.to_string().ends_with("is in use by another process"));
    drop(first);
    assert!(setup::embedded(directory.path()).is_ok());
}

#[test]
fn engines_that_were_let_go_write_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let engines = setup::embedded(directory.path()).unwrap();
    let log = std::sync::Arc::clone(&engines.log);
    drop(engines);
    assert!(append(&*log, EVENTS, "late").is_err());
}

#[test]
fn an_installation_keeps_its_size() {
    let directory = tempfile::tempdir().unwrap();
    setup::embedded(directory.path()).unwrap().close().unwrap();
    let config = setup::config(directory.path());
    for (shards, lanes, words) in [(4, 2, "2 shards"), (2, 4, "2 lanes")] {
        let place = Place::new(shards, lanes).unwrap();
        let error = engine::open(&config, place, setup::clock()).err().unwrap().to_string();
        assert!(error.contains(words) && error.contains("says 4"), "{error}");
    }
}

#[test]
fn another_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    setup::embedded(directory.path()).unwrap().close().unwrap();
    let facts = directory.path().join("data/installation");
    let text = std::fs::read_to_string(&facts).unwrap();
    std::fs::write(&facts, text.replace("format = 1", "format = 2")).unwrap();
    let error = setup::embedded(directory.path()).err().unwrap();
    assert!(matches!(error, OpenError::Format { recorded: 2, supported: 1, .. }));
    std::fs::write(&facts, "shards = 2").unwrap();
    assert!(matches!(setup::embedded(directory.path()).err(), Some(OpenError::Io { .. })));
}

#[test]
fn only_its_owner_may_enter_the_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    setup::embedded(directory.path()).unwrap().close().unwrap();
    let data = directory.path().join("data");
    for path in [data.clone(), data.join("log"), data.join("store")] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", path.display());
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let good = setup::config(directory.path());
    let segment = EngineConfig { segment_bytes: model::unit::ByteSize(1), ..good.clone() };
    let linger = model::unit::Period(std::time::Duration::from_secs(1));
    for (bad, key) in [(segment, "segment_bytes"), (EngineConfig { linger, ..good }, "linger")] {
        let error = engine::open(&bad, suite::place(), setup::clock()).err().unwrap();
        assert!(matches!(error, OpenError::Config { key: found, .. } if found == key));
    }
}
