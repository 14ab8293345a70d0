use super::{File, files, no_complaints};

/// Written in two halves, so that this file does not contain what it looks for.
const ANYWHERE: [(&str, &str); 6] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("/ho", "me/"),
    ("/wo", "rk/"),
    ("/tm", "p/"),
    ("index.crates", ".io"),
];
const IN_RUST: [(&str, &str); 4] =
    [("to", "do!"), ("unimple", "mented!"), ("#[ig", "nore"), ("#[al", "low")];

fn complaints(files: &[File]) -> Vec<String> {
    let mut out = Vec::new();
    for file in files.iter().filter(|f| f.path != "Cargo.lock") {
        for (number, line) in file.text.lines().enumerate() {
            let rust = IN_RUST.iter().filter(|_| file.is_rust());
            for (a, b) in ANYWHERE.iter().chain(rust) {
                if line.contains(&format!("{a}{b}")) {
                    out.push(format!("{}:{}: `{a}{b}`", file.path, number + 1));
                }
            }
        }
        out.extend(atomics(file));
    }
    out
}

/// Atomics live where their orderings are argued and model-checked, in the clock, and in the books
/// that watch the routing core under load: a lock there would put in order what they look at.
fn atomics(file: &File) -> Option<String> {
    let homes = ["distributor/src/assign/", "model/src/time.rs", "loadtest/src/scenario/routing/"];
    let home = homes.iter().any(|home| file.path.starts_with(home));
    let used = file.is_source() && file.text.contains("sync::atomic");
    (used && !home).then(|| format!("{}: atomics outside distributor/src/assign", file.path))
}

/// Each dependency of the workspace says why it is there, once.
fn unexplained(manifest: &str) -> Vec<String> {
    let lines = manifest.lines().skip_while(|l| *l != "[workspace.dependencies]").skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with('#') && !line.contains("path ="))
        .filter(|line| line.split_once("# ").is_none_or(|(_, why)| why.trim().len() < 6))
        .map(|line| format!("Cargo.toml: no reason beside `{line}`"))
        .collect()
}

#[test]
fn no_banned_word_is_written() {
    no_complaints(&complaints(&files()));
}

#[test]
fn every_dependency_has_its_reason() {
    let files = files();
    let manifest = files.iter().find(|f| f.path == "Cargo.toml").unwrap();
    no_complaints(&unexplained(&manifest.text));
    assert_eq!(
        unexplained("[workspace.dependencies]\na = \"1\"\nb = \"1\" # why it is here").len(),
        1
    );
}

#[test]
fn a_banned_word_is_seen() {
    let line = |(a, b): &(&str, &str)| File::new("a/src/b.rs", &format!("// {a}{b}"));
    let mut bad: Vec<File> = ANYWHERE.iter().chain(&IN_RUST).map(line).collect();
    bad.push(File::new("gateway/src/x.rs", "use std::sync::atomic::AtomicU8;"));
    assert_eq!(complaints(&bad).len(), bad.len());
    assert!(complaints(&[File::new("model/src/time.rs", "use std::sync::atomic::A;")]).is_empty());
}
