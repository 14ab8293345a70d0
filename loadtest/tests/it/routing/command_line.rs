//! `loadtest core` as it is called: exit codes, files, and what it says of bad flags.

use std::process::{Command, Output};

fn core(flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.arg("core").args(flags).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_bad_flag_is_refused_with_its_name_and_bound() {
    let bad: [(&[&str], &[&str]); 13] = [
        (&["--cap", "81"], &["--cap", "1..=80"]),
        (&["--cap", "0"], &["--cap", "1..=80"]),
        (&["--agents", "0"], &["--agents 0", "1..=1048576"]),
        (&["--agents", "2000000"], &["--agents 2000000", "1..=1048576"]),
        (&["--threads", "65"], &["--threads 65", "1..=64"]),
        (&["--groups", "1001"], &["--groups 1001", "1..=1000"]),
        (&["--groups", "3", "--groups-per-agent", "4"], &["--groups-per-agent 4", "1..=3"]),
        (&["--utilisation", "201"], &["--utilisation 201", "1..=200"]),
        (&["--operations", "0"], &["--operations 0", "1..="]),
        (&["--policy", "fastest"], &["--policy", "least-count, all"]),
        (&["--structure", "magic"], &["--structure", "naive-cursor"]),
        (&["--agents", "100000", "--threads", "1"], &["--threads", "475000", "253952"]),
        (&["--structure", "naive-cursor", "--policy", "random"], &["naive-cursor", "--policy"]),
    ];
    for (flags, said) in bad {
        let output = core(flags);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{flags:?}: {error}");
        assert!(output.stdout.is_empty());
        for part in said {
            assert!(error.contains(part), "{flags:?}: {error}");
        }
    }
}

#[test]
fn a_sound_run_ends_with_0_and_leaves_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.json");
    let flags = ["--agents", "20", "--operations", "20000", "--churn", "--twin", "mutex", "--json"];
    let flags = [&flags[..], &[file.to_str().unwrap()]].concat();
    let output = core(&flags);
    let (told, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}{error}");
    assert!(told.contains("violations 0") && told.contains("against the mutex twin"), "{told}");
    assert!(error.contains("100 %"), "{error}");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&report["policy"], &report["threads"]), (&"circular".into(), &4.into()));
}

#[test]
fn a_report_that_cannot_be_written_ends_with_73() {
    let output = core(&["--agents", "2", "--operations", "100", "--json", "/"]);
    assert_eq!(output.status.code(), Some(73), "{}", text(&output.stderr));
}
