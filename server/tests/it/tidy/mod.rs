//! The house keeps its own rules: floors, sizes, words, links. Each rule is a function from files
//! to complaints, run over the tree and, to prove that it bites, over a small bad example.

mod floors;
mod links;
mod metrics;
mod sizes;
mod words;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the tree: its path from the root, with `/`, and its text (empty for binary files).
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is code that ships, not a test.
    pub fn is_source(&self) -> bool {
        self.is_rust() && self.path.contains("/src/") && !self.path.ends_with("/tests.rs")
    }
}

/// A file's syntax; `None` for one that does not parse, of which its own test complains.
pub fn parsed(file: &File) -> Option<syn::File> {
    syn::parse_file(&file.text).ok()
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file git tracks or would track.
pub fn files() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("the tidy test asks git which files belong to the project: git is missing");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut names: Vec<&str> = names.split('\0').filter(|n| !n.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(read).collect()
}

/// A file, unless it was deleted and git does not know yet.
fn read(name: &str) -> Option<File> {
    let bytes = std::fs::read(root().join(name)).ok()?;
    Some(File { path: name.to_owned(), text: String::from_utf8(bytes).unwrap_or_default() })
}

/// Fails with every complaint, one a line.
pub fn no_complaints(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_file_parses() {
    let files = files();
    let wrong = files.iter().filter(|f| f.is_rust()).filter_map(|file| {
        let error = syn::parse_file(&file.text).err()?;
        Some(format!("{}:{}: {error}", file.path, error.span().start().line))
    });
    no_complaints(&wrong.collect::<Vec<_>>());
}

#[test]
fn the_tree_is_the_projects() {
    let files = files();
    for wanted in ["Cargo.toml", "model/src/lib.rs", "server/src/main.rs", "README.md"] {
        assert!(files.iter().any(|f| f.path == wanted), "{wanted} was not found");
    }
}
