use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;

use super::{File, files, no_complaints, parsed};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;
const FUNCTION_P90_LINES: usize = 35;
const FOLDER_ENTRIES: usize = 10;
const MAIN_LINES: usize = 100;
const BANNED_NAMES: [&str; 4] = ["common", "utils", "helpers", "core"];

/// Functions with the lines from their signature to their closing brace.
#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let lines = block.brace_token.span.close().end().line + 1 - first;
        self.0.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

fn functions(file: &File) -> Vec<(String, usize)> {
    let mut functions = Functions::default();
    parsed(file).iter().for_each(|file| functions.visit_file(file));
    functions.0
}

fn complaints(files: &[File]) -> Vec<String> {
    let mut out = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        let lines = file.text.lines().count();
        let most = if file.path.ends_with("src/main.rs") { MAIN_LINES - 1 } else { FILE_LINES };
        if lines > most {
            out.push(format!("{}: {lines} lines, at most {most}", file.path));
        }
        for (name, lines) in functions(file).iter().filter(|(_, n)| *n > FUNCTION_LINES) {
            out.push(format!("{}: {name} has {lines} lines", file.path));
        }
    }
    out.extend(folder_complaints(files));
    out
}

fn folder_complaints(files: &[File]) -> Vec<String> {
    let mut folders: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut out = Vec::new();
    for file in files {
        let parts: Vec<&str> = file.path.split('/').collect();
        for (depth, name) in parts.iter().enumerate().skip(1) {
            folders.entry(parts[..depth].join("/")).or_default().insert(name);
        }
        let banned = |p: &&&str| BANNED_NAMES.contains(&p.split('.').next().unwrap_or(p));
        out.extend(parts.iter().find(banned).map(|p| format!("{}: a `{p}`", file.path)));
    }
    // The list of decisions grows for ever; that is its nature.
    folders.remove("docs/decisions");
    let full = folders.iter().filter(|(_, entries)| entries.len() > FOLDER_ENTRIES);
    out.extend(full.map(|(folder, entries)| format!("{folder}: {} entries", entries.len())));
    out
}

#[test]
fn files_functions_and_folders_stay_small() {
    no_complaints(&complaints(&files()));
}

#[test]
fn most_functions_are_a_few_lines() {
    let files = files();
    let mut lines: Vec<usize> =
        files.iter().filter(|f| f.is_source()).flat_map(functions).map(|(_, n)| n).collect();
    lines.sort_unstable();
    let (median, p90) = (lines[lines.len() / 2], lines[lines.len() * 9 / 10]);
    println!("{} functions: median {median} lines, p90 {p90}", lines.len());
    assert!(p90 <= FUNCTION_P90_LINES, "p90 of function lines is {p90}");
}

#[test]
fn what_is_too_large_is_seen() {
    let long = format!("fn f() {{\n{}}}", "f();\n".repeat(FUNCTION_LINES));
    let mut bad = vec![
        File::new("a/src/long.rs", &long),
        File::new("a/src/file.rs", &"\n".repeat(FILE_LINES + 1)),
        File::new("a/src/main.rs", &"\n".repeat(MAIN_LINES)),
        File::new("b/src/utils/x.rs", ""),
        File::new("b/src/common.rs", ""),
    ];
    bad.extend((0..=FOLDER_ENTRIES).map(|i| File::new(&format!("c/src/{i}.rs"), "")));
    assert_eq!(complaints(&bad).len(), 6);
}
