//! A copy of engines in use is an installation as it was at one moment.

use std::sync::Arc;
use std::thread;

use storage::engine::{self, EngineConfig, Engines, OpenError, check_log};
use storage::port::{Partition, Reader, RowKey, Topic};

use crate::recording::script::{append as append_events, lives};
use crate::setup::{self, EVENTS, INBOUND, append, now, read_all, texts};

fn open(data: &std::path::Path) -> Engines {
    let config = EngineConfig { data: data.to_path_buf(), ..setup::config(data) };
    engine::open(&config, storage::suite::place(), setup::clock()).unwrap()
}

#[test]
fn a_backup_taken_under_load_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let [live, backup, restored] = ["live", "backup", "restored"].map(|n| directory.path().join(n));
    let engines = open(&live);
    let row = RowKey { table: "session", key: "a".into() };
    now(engines.directory.put(&row, 0, Some("secret".into())));
    let padding = "x".repeat(1_000);
    for n in 0..300 {
        append(&*engines.log, INBOUND, &format!("{n} {padding}")).unwrap();
    }
    append(&*engines.log, Partition::SETTINGS, "an entity").unwrap();

    let acknowledged = thread::scope(|scope| {
        let load = scope.spawn(|| {
            (300..600)
                .map(|n| append(&*engines.log, INBOUND, &format!("{n} {padding}")).unwrap())
                .count()
        });
        engines.backup(&backup).unwrap();
        load.join().unwrap()
    });
    assert_eq!(acknowledged, 300);
    append(&*engines.log, EVENTS, "after the backup").unwrap();

    engine::restore(&backup, &restored).unwrap();
    assert!(check_log(&restored).unwrap().iter().all(|(_, report)| report.findings.is_empty()));
    let copy = open(&restored);
    let found = texts(&*copy.log, INBOUND);
    assert!((300..=600).contains(&found.len()), "{} of 600", found.len());
    assert!(found.iter().enumerate().all(|(n, text)| text.starts_with(&format!("{n} "))));
    assert_eq!(texts(&*copy.log, Partition::SETTINGS), ["an entity"]);
    assert_eq!(texts(&*copy.log, EVENTS), Vec::<String>::new());
    assert_eq!(now(copy.directory.get(&row)).unwrap().bytes, "secret");

    // They are two installations: what one does the other does not see.
    append(&*copy.log, EVENTS, "in the copy").unwrap();
    assert_eq!(texts(&*engines.log, EVENTS), ["after the backup"]);
    copy.close().unwrap();
    engines.close().unwrap();
    assert!(check_log(&live).unwrap().iter().all(|(_, report)| report.findings.is_empty()));
}

#[test]
fn history_in_a_backup_is_never_ahead_of_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let engines = open(&directory.path().join("live"));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (log, history) = (Arc::clone(&engines.log), Arc::clone(&engines.history));
    let recorder =
        storage::recorder::Recorder::start(log, history, storage::suite::place(), stopped);
    let records = lives(200);
    thread::scope(|scope| {
        scope.spawn(|| records.chunks(7).for_each(|some| append_events(&*engines.log, some)));
        for n in 0..3 {
            let backup = directory.path().join(format!("backup-{n}"));
            engines.backup(&backup).unwrap();
            let copy = open(&backup);
            let shard = 1;
            let position = now(copy.history.position(shard)).next;
            let end = copy.log.bounds(Partition::new(Topic::Events, shard.into())).unwrap().end;
            assert!(position <= end, "history at {position}, log to {end}");
        }
    });
    stop.send_replace(true);
    recorder.join().unwrap();
}

#[test]
fn a_backup_holds_what_readers_let_go_of_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let [live, backup] = ["live", "backup"].map(|n| directory.path().join(n));
    let engines = open(&live);
    let large = "x".repeat(10_000);
    for _ in 0..60 {
        append(&*engines.log, INBOUND, &large).unwrap();
    }
    engines.log.release(Reader::Lanes, INBOUND, 20);
    append(&*engines.log, INBOUND, &large).unwrap();
    append(&*engines.log, INBOUND, &large).unwrap();
    let first = engines.log.bounds(INBOUND).unwrap().start;
    assert!(first > 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for done in 20..60 {
                engines.log.release(Reader::Lanes, INBOUND, done);
                append(&*engines.log, INBOUND, &large).unwrap();
            }
        });
        engines.backup(&backup).unwrap();
    });
    let copy = open(&backup);
    let bounds = copy.log.bounds(INBOUND).unwrap();
    let mut found = Vec::new();
    copy.log.read(INBOUND, bounds.start, 1 << 30, &mut found).unwrap();
    assert_eq!(found.len() as u64, bounds.end - bounds.start);
    assert!(bounds.start >= first && bounds.start < 60, "{bounds:?}");
    assert!(read_all(&*copy.log, EVENTS, 100).is_empty());
}

#[test]
fn a_backup_that_lost_anything_since_leaves_the_directory_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let [live, backup, restored] = ["live", "backup", "restored"].map(|n| directory.path().join(n));
    let engines = open(&live);
    append(&*engines.log, INBOUND, "a message").unwrap();
    engines.backup(&backup).unwrap();
    assert_eq!(engine::place_of(&backup).unwrap(), storage::suite::place());
    assert!(check_log(&backup).unwrap().iter().all(|(_, report)| report.findings.is_empty()));

    // In the log of a process that was killed this would be a torn tail, and lawful.
    let segment = backup.join("log/0000000000000001.log");
    let whole = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &whole[..whole.len() - 1]).unwrap();
    let refused = engine::restore(&backup, &restored);
    assert!(matches!(refused, Err(OpenError::Unsound { path, .. }) if path == backup.join("log")));
    assert!(!restored.exists());

    // What shows only when it is copied is taken away again, the directory itself is not.
    std::fs::write(&segment, whole).unwrap();
    std::fs::rename(backup.join("log-kept"), backup.join("away")).unwrap();
    std::fs::create_dir(backup.join("log-kept")).unwrap();
    std::fs::remove_dir_all(backup.join("store")).unwrap();
    std::fs::create_dir(&restored).unwrap();
    assert!(engine::restore(&backup, &restored).is_err());
    assert_eq!(std::fs::read_dir(&restored).unwrap().count(), 0);
}

#[test]
fn what_a_copy_that_broke_off_left_is_no_installation() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    open(&data).close().unwrap();
    std::fs::remove_file(data.join("installation")).unwrap();
    let config = EngineConfig { data: data.clone(), ..EngineConfig::default() };
    let opened = engine::open(&config, storage::suite::place(), setup::clock());
    assert!(matches!(opened, Err(OpenError::Headless { .. })));
    assert!(!data.join("installation").exists(), "it does not become a new one");
}

#[test]
fn nothing_is_written_over_and_nothing_half_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let [live, backup, restored] = ["live", "backup", "restored"].map(|n| directory.path().join(n));
    let engines = open(&live);
    engines.backup(&backup).unwrap();
    assert!(matches!(engines.backup(&backup), Err(OpenError::Io { .. })));
    assert!(matches!(engine::restore(&backup, &live), Err(OpenError::Io { .. })));
    std::fs::remove_file(backup.join("installation")).unwrap();
    let refused = engine::restore(&backup, &restored);
    assert!(matches!(refused, Err(OpenError::NoInstallation { .. })));
    assert!(!restored.exists());
    assert!(matches!(setup::memory().backup(&backup), Err(OpenError::Config { .. })));
}
