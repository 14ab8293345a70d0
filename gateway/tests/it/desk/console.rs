//! The console's files: all there, of the right type, compressed, and speaking two languages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gateway::console::ASSETS;
use hyper::Request;

use super::house::House;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/desk/console/static");

fn files(below: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let name = path.strip_prefix(FILES).unwrap().to_str().unwrap().to_owned();
            found.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn all_files() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    files(Path::new(FILES), &mut found);
    found
}

#[tokio::test]
async fn every_file_is_served_as_it_is() {
    let house = House::open().await;
    let files = all_files();
    assert_eq!(files.len(), ASSETS.len());
    for (name, content) in files {
        let path = if name == "index.html" { "/".to_owned() } else { format!("/console/{name}") };
        let answer = house.get(&path, "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(content.as_bytes() == answer.body, "{path} differs from the file");
        let kind = answer.headers["content-type"].to_str().unwrap();
        let want = match name.rsplit_once('.').unwrap().1 {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "json" => "application/json",
            other => panic!("what is .{other}?"),
        };
        assert_eq!(kind, want);
    }
}

#[tokio::test]
async fn a_browser_gets_it_compressed_and_once() {
    let house = House::open().await;
    let get = |name: &'static str, value: String| {
        let request = Request::get(house.url("/console/style.css")).header(name, value);
        house.send(request.body(String::new()).unwrap())
    };
    let first = get("accept-encoding", "gzip, deflate, br".to_owned()).await;
    assert_eq!(first.headers["content-encoding"], "gzip");
    assert!(first.body.starts_with(&[0x1f, 0x8b]), "a gzip member");
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = get("if-none-match", tag).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
}

fn catalogue(files: &BTreeMap<String, String>, name: &str) -> BTreeMap<String, String> {
    serde_json::from_str(&files[name]).unwrap()
}

#[test]
fn both_languages_say_the_same_things() {
    let files = all_files();
    let (en, pt) = (catalogue(&files, "words/en.json"), catalogue(&files, "words/pt-BR.json"));
    assert!(en.keys().eq(pt.keys()), "keys differ");
    for (key, words) in &en {
        assert!(!words.is_empty() && !pt[key].is_empty(), "{key}");
        assert_eq!(placeholders(words), placeholders(&pt[key]), "{key}");
    }
}

fn placeholders(words: &str) -> BTreeSet<&str> {
    words.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

#[test]
fn every_word_used_is_in_the_catalogue_and_every_word_there_is_used() {
    let files = all_files();
    let en = catalogue(&files, "words/en.json");
    let scripts: String =
        files.iter().filter(|(name, _)| name.ends_with(".js")).map(|f| &**f.1).collect();
    let mut used = BTreeSet::new();
    for call in ["t('", "plural('"] {
        for (at, _) in scripts.match_indices(call) {
            let before = scripts[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '.') {
                continue;
            }
            used.insert(scripts[at + call.len()..].split('\'').next().unwrap().to_owned());
        }
    }
    for key in &used {
        let there = en.contains_key(key) || en.contains_key(&format!("{key}.other"));
        assert!(there, "{key} is used and has no words");
    }
    // Keys with a variable last part.
    let families =
        ["error.", "presence.", "connection.", "status.", "message.author.", "state.", "gone."];
    for key in en.keys() {
        let plural = key.rsplit_once('.').is_some_and(|(stem, _)| used.contains(stem));
        let family = families.iter().any(|family| key.starts_with(family));
        let named = scripts.contains(&format!("'{key}'"));
        assert!(named || plural || family, "{key} has words and is not used");
    }
}

#[test]
fn nothing_comes_from_elsewhere_and_text_stays_text() {
    let files = all_files();
    for (name, content) in &files {
        for banned in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!content.contains(banned), "{name}: {banned}");
        }
        let elsewhere = content.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http://") && !elsewhere.contains("https://"), "{name}");
    }
    let page = &files["index.html"];
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" on"));
    assert!(page.matches("<script").count() == 1 && page.contains("src=\"/console/js/main.js\""));
}
