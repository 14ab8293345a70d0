use syn::visit::Visit;

use super::{File, files, no_complaints, parsed};

/// What each crate may use: only floors below its own, never a sibling.
const MAY_USE: [(&str, &[&str]); 7] = [
    ("model", &[]),
    ("storage", &["model"]),
    ("distributor", &["model", "storage"]),
    ("gateway", &["model", "storage"]),
    ("loadtest", &["model", "storage", "distributor"]),
    ("benches", &["model", "storage", "distributor"]),
    ("server", &["model", "storage", "distributor", "gateway", "loadtest"]),
];

fn may_use(crate_name: &str, other: &str) -> bool {
    let is_crate = MAY_USE.iter().any(|(name, _)| *name == other);
    let floor = MAY_USE.iter().find(|(name, _)| *name == crate_name);
    !is_crate || crate_name == other || floor.is_some_and(|(_, below)| below.contains(&other))
}

fn complaints(files: &[File]) -> Vec<String> {
    let mut out = Vec::new();
    for file in files {
        let Some((crate_name, rest)) = file.path.split_once('/') else { continue };
        let names = match rest {
            "Cargo.toml" => dependencies(&file.text),
            _ if file.is_rust() => first_segments(file),
            _ => continue,
        };
        for name in names.iter().filter(|name| !may_use(crate_name, name)) {
            out.push(format!("{}: {crate_name} may not use {name}", file.path));
        }
    }
    out
}

fn dependencies(manifest: &str) -> Vec<String> {
    let table: toml::Table = toml::from_str(manifest).expect("a Cargo.toml that parses");
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = kinds.iter().filter_map(|kind| table.get(*kind)?.as_table());
    tables.flat_map(|t| t.keys().cloned()).collect()
}

/// The first segment of every path of more than one, in `use` and in code.
#[derive(Default)]
struct Paths(Vec<String>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        self.0.push(path.ident.to_string());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.0.extend(path.segments.first().map(|s| s.ident.to_string()));
        }
        syn::visit::visit_path(self, path);
    }
}

fn first_segments(file: &File) -> Vec<String> {
    let mut paths = Paths::default();
    let Some(syntax) = parsed(file) else { return Vec::new() };
    paths.visit_file(&syntax);
    // A module declared here hides a crate of its name.
    let own: Vec<String> = syntax.items.iter().filter_map(module).collect();
    paths.0.retain(|name| !own.contains(name));
    paths.0
}

fn module(item: &syn::Item) -> Option<String> {
    match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    }
}

#[test]
fn no_crate_uses_a_floor_above_or_beside_it() {
    no_complaints(&complaints(&files()));
}

#[test]
fn every_crate_has_a_floor() {
    let manifests = files().into_iter().filter(|f| f.path.ends_with("/Cargo.toml"));
    for manifest in manifests {
        let name = manifest.path.split('/').next().unwrap();
        assert!(MAY_USE.iter().any(|(n, _)| *n == name), "{name} has no floor");
    }
}

#[test]
fn an_import_upwards_is_seen() {
    let bad = [
        File::new("storage/src/a.rs", "use gateway::api;"),
        File::new("gateway/src/b.rs", "fn f() { distributor::shard::run() }"),
        File::new("loadtest/Cargo.toml", "[dependencies]\ngateway.workspace = true"),
        File::new("server/src/c.rs", "use gateway::api; use model::id;"),
        File::new("gateway/src/d.rs", "mod server; pub use server::Desk;"),
    ];
    assert_eq!(complaints(&bad).len(), 3);
}
