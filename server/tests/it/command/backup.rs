//! `chasqui backup` of a server under load, and `chasqui restore`.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use loadtest::auditor::{Archive, Archived};

use crate::process::Home;
use crate::under_load::World;

/// How often history has each of the customers' messages.
fn received(archive: &Archive) -> HashMap<&str, u32> {
    let mut times = HashMap::new();
    for entry in archive.conversations.iter().flat_map(|conversation| &conversation.entries) {
        if let Archived::Received { provider_id, .. } = &entry.what {
            *times.entry(provider_id.as_str()).or_default() += 1;
        }
    }
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_all_that_was_acknowledged_before_it_once() {
    let mut world = World::new().await;
    let running = world.run(200.0, Duration::from_secs(8)).await;
    while running.progress().taken < 600 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = running.customers().record();
    let (code, said, wrong) =
        tokio::task::block_in_place(|| world.home.command(&["backup", "copy"]));
    assert_eq!((code, wrong.as_str()), (Some(0), ""), "{said}");
    let after = running.progress().taken;
    let observed = running.finish(|_| {}).await;
    assert!(observed.customers.messages.len() as u64 > after, "the load went on");

    let taken: Vec<_> = before.messages.iter().filter(|message| message.taken).collect();
    assert!(taken.len() >= 500);
    println!("{} messages acknowledged before the backup, {after} after it", taken.len());
    let checked = crate::process::output(world.home.folder.path(), &["log", "check", "copy"]);
    assert_eq!(checked.status.code(), Some(0), "a backup is checked as it is");

    let server = world.server();
    server.terminate();
    assert!(tokio::task::block_in_place(|| server.wait()).success());
    let restored = crate::process::output(
        world.home.folder.path(),
        &["restore", "copy", "--data", "restored"],
    );
    let said = String::from_utf8(restored.stdout).unwrap();
    assert_eq!(restored.status.code(), Some(0), "{said}");
    assert!(
        said.contains("all that was durable is there\nrestored is restored from copy"),
        "{said}"
    );

    let server = tokio::task::block_in_place(|| world.home.start_on("restored"));
    server.terminate();
    assert!(tokio::task::block_in_place(|| server.wait()).success(), "history comes to its end");
    let archive = world.archive("restored").await;
    let times = received(&archive);
    for message in taken {
        assert_eq!(times.get(message.provider_id.as_str()), Some(&1), "{}", message.provider_id);
    }
    assert!(times.values().all(|times| *times == 1));
    let audit = world.audit_stopped(&observed).await;
    let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn a_backup_of_a_stopped_server_is_taken_by_the_command() {
    let home = Home::new("");
    let server = home.start();
    server.terminate();
    assert!(server.wait().success());
    let (code, said, wrong) = home.command(&["backup", "copy"]);
    assert_eq!(code, Some(0), "{said}{wrong}");
    let (code, _, wrong) = home.command(&["restore", "copy"]);
    assert_eq!(code, Some(73), "{wrong}");
    assert!(wrong.starts_with("chasqui: cannot restore into data\n  because: "), "{wrong}");
    fs::rename(home.path("data"), home.path("old")).unwrap();
    fs::create_dir(home.path("data")).unwrap();
    let (code, said, wrong) = home.command(&["restore", "copy"]);
    assert_eq!(code, Some(0), "into a directory that is empty: {said}{wrong}");
    assert!(!home.start().said.contains("This installation was empty"));
}

#[test]
fn no_backup_is_taken_where_none_can_be() {
    let home = Home::new("");
    let (code, _, wrong) = home.command(&["backup", "copy"]);
    let nothing = "chasqui: data is not the data directory of an installation\n";
    assert_eq!((code, wrong.as_str()), (Some(66), nothing));
    let server = home.start();
    for (to, why) in [
        ("data/copy", "it lies in the data directory"),
        ("chasqui.toml", "cannot make"),
        ("nowhere/copy", "cannot make"),
    ] {
        let (code, _, wrong) = home.command(&["backup", to]);
        assert_eq!(code, Some(73), "{wrong}");
        assert!(wrong.contains(why), "{wrong}");
    }
    server.terminate();
    assert!(server.wait().success());
    assert!(!home.path("data/socket").exists(), "it is taken away");
}

#[test]
fn a_damaged_or_unfinished_backup_is_not_restored() {
    let home = Home::new("");
    let server = home.start();
    assert_eq!(home.command(&["backup", "copy"]).0, Some(0));
    server.kill();
    fs::remove_dir_all(home.path("data")).unwrap();

    let facts = home.path("copy/installation");
    let text = fs::read(&facts).unwrap();
    fs::remove_file(&facts).unwrap();
    let (code, _, wrong) = home.command(&["restore", "copy"]);
    let unfinished = "chasqui: copy is not the data directory of an installation\n";
    assert_eq!((code, wrong.as_str()), (Some(66), unfinished));
    fs::write(&facts, text).unwrap();

    let segment = home.path("copy/log-kept/0000000000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[24 + 36 + 60] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let (code, said, wrong) = home.command(&["restore", "copy"]);
    assert_eq!(code, Some(65), "{said}{wrong}");
    assert!(said.contains("0000000000000001.log, bytes 24 to "), "{said}");
    let unsound = "chasqui: copy/log-kept: something that was durable is damaged or missing\n";
    assert_eq!(wrong, unsound);
    assert!(!home.path("data").exists(), "nothing is made of it");

    // What a restore left that was killed is no installation, and not a new one either.
    fs::create_dir_all(home.path("data/log")).unwrap();
    let output = home.command(&["run"]);
    assert_eq!(output.0, Some(69), "{}", output.2);
    assert!(output.2.contains("not brought to an end"), "{}", output.2);
}
