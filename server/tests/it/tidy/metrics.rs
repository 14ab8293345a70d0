use std::collections::BTreeMap;

use syn::visit::Visit;

use super::{File, files, no_complaints, parsed};

/// Suffixes that carry a metric's kind or unit; two names that differ only here are one metric.
const SUFFIXES: [&str; 5] = ["_total", "_seconds", "_bytes", "_info", "_records"];

/// String literals that are a whole metric name.
#[derive(Default)]
struct Names(Vec<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        let text = literal.value();
        let lawful = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if text.starts_with("chasqui_") && text.chars().all(lawful) {
            self.0.push(text);
        }
    }
}

fn stem(name: &str) -> &str {
    let cut = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
    cut.map_or(name, stem)
}

/// A metric is named once, in its crate's table, and no other name means the same.
fn complaints(files: &[File]) -> Vec<String> {
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files.iter().filter(|f| f.is_source()) {
        let mut names = Names::default();
        let items = parsed(file).map(|file| file.items).unwrap_or_default();
        items.iter().filter(|item| !is_test(item)).for_each(|item| names.visit_item(item));
        for name in names.0 {
            let places = seen.entry(stem(&name).to_owned()).or_default();
            places.push(format!("{name} in {}", file.path));
        }
    }
    seen.into_values().filter(|places| places.len() > 1).map(|p| p.join(" and ")).collect()
}

fn is_test(item: &syn::Item) -> bool {
    matches!(item, syn::Item::Mod(module) if module.ident == "tests")
}

#[test]
fn every_metric_has_one_name() {
    no_complaints(&complaints(&files()));
}

#[test]
fn a_second_name_is_seen() {
    let table = "pub const A: &str = \"chasqui_sends_total\";";
    let other =
        "pub const B: &str = \"chasqui_sends_seconds\"; mod tests { fn f() { g(\"chasqui_x\") } }";
    let bad = [File::new("gateway/src/metric.rs", table), File::new("server/src/m.rs", other)];
    assert_eq!(complaints(&bad).len(), 1);
    assert!(complaints(&bad[..1]).is_empty());
}
