use super::{File, files, no_complaints, root};

/// Relative links of the Markdown files whose target does not exist.
fn complaints(files: &[File]) -> Vec<String> {
    let mut out = Vec::new();
    for file in files.iter().filter(|f| f.path.ends_with(".md")) {
        for (number, line) in file.text.lines().enumerate() {
            let dead = targets(line).filter(|t| !exists(&file.path, t));
            out.extend(dead.map(|t| format!("{}:{}: dead link {t}", file.path, number + 1)));
        }
    }
    out
}

/// Link targets of a line that point into the tree, without their anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or(target))
}

fn exists(from: &str, target: &str) -> bool {
    let folder = root().join(from).parent().unwrap().to_owned();
    folder.join(target).exists()
}

#[test]
fn no_link_is_dead() {
    no_complaints(&complaints(&files()));
}

#[test]
fn a_dead_link_is_seen() {
    let text = "[a](model/src/lib.rs) [b](model/absent.rs#L1) [c](#here) [d](https://example.com)";
    assert_eq!(complaints(&[File::new("README.md", text)]).len(), 1);
    assert_eq!(complaints(&[File::new("docs/x.md", "[a](../README.md) [b](README.md)")]).len(), 1);
}
