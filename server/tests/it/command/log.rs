//! `chasqui log check` on a log with and without damage.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use model::place::Place;
use model::time::SteadyClock;
use storage::engine::{EngineConfig, open};
use storage::port::{NewRecord, Partition, Topic};

use crate::process::chasqui;

fn write(data: &Path) {
    let config = EngineConfig { data: data.to_path_buf(), ..EngineConfig::default() };
    let place = Place::new(1, 1).unwrap();
    let engines = open(&config, place, Arc::new(SteadyClock::start())).unwrap();
    for text in ["one", "two", "three"] {
        let partition = Partition::new(Topic::Events, 0);
        engines.log.append(vec![NewRecord { partition, bytes: text.into() }]).wait().unwrap();
    }
    engines.close().unwrap();
}

fn check(folder: &Path) -> (Option<i32>, String) {
    let output = chasqui(folder).args(["log", "check", "data"]).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_damaged_log_is_told_from_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("data"));
    let (code, said) = check(folder.path());
    let whole = "data/log: 1 segments, 134 bytes, 3 records\n\
                 data/log-kept: 1 segments, 24 bytes, 0 records\n\
                 all that was durable is there\n";
    assert_eq!((code, said.as_str()), (Some(0), whole));

    let segment = folder.path().join("data/log/0000000000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[24 + 36 + 34] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let (code, said) = check(folder.path());
    assert_eq!(code, Some(65), "{said}");
    assert!(said.contains("0000000000000001.log, bytes 60 to 96: damaged"), "{said}");
    assert!(said.contains("lost: events/0, offset 1 (it shows in 0000000000000001.log)"), "{said}");
    assert!(said.ends_with("1 records are known to be lost; nothing was changed\n"), "{said}");
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}
