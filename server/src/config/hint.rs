use std::net::SocketAddr;

use model::unit::{ByteSize, Period};

/// As [`explain`], for the value of a key whose default is known: a number without its unit is
/// told the units, an address that is none is shown one.
pub(super) fn explain_value(message: &str, written: &str, default: &toml::Value) -> String {
    let default = default.as_str().unwrap_or("");
    if default.parse::<SocketAddr>().is_ok() {
        return format!("`{written}` is not an address with its port, like `{default}`");
    }
    if message.starts_with("invalid type") {
        let period = default.parse::<Period>().and_then(|_| written.parse::<Period>());
        let size = default.parse::<ByteSize>().and_then(|_| written.parse::<ByteSize>());
        // Of a default that is neither, both speak of the default itself.
        let wrong = [period.err(), size.err()].into_iter().flatten();
        if let Some(error) = wrong.into_iter().find(|error| error.text == written) {
            return error.to_string();
        }
    }
    explain(message)
}

/// A parser's message in words of the person who wrote the file: "field" is "key", and what was
/// probably meant stands beside an unknown one.
pub(super) fn explain(message: &str) -> String {
    for (kind, shown) in [("unknown field ", "unknown key"), ("unknown variant ", "unknown value")]
    {
        if let Some((word, expected)) = message.strip_prefix(kind).and_then(split_expected) {
            return unknown(shown, word, &expected);
        }
    }
    message.to_owned()
}

/// `unknown key x`, with the closest of `known`, or all of them when none is close.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match closest(word, known) {
        Some(meant) => format!("{what} `{word}`; did you mean `{meant}`?"),
        None if known.is_empty() => format!("{what} `{word}`"),
        None => format!("{what} `{word}`; known are {}", listed(known)),
    }
}

/// The known word that takes the fewest edits to reach, if that is at most a third of its length
/// (and one edit is always allowed).
pub(super) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let (edits, meant) = known.iter().map(|k| (distance(word, k), *k)).min()?;
    (edits <= (meant.chars().count() / 3).max(1)).then_some(meant)
}

/// Edits (insert, delete, replace, swap of neighbours) between two words: optimal string
/// alignment, Damerau-Levenshtein without overlapping swaps.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&row, j) + usize::from(x != y);
            best = best.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x) {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

/// serde's "`x`, expected one of `a`, `b`" as the word and the list.
fn split_expected(rest: &str) -> Option<(&str, Vec<&str>)> {
    let mut words = rest.split('`').skip(1).step_by(2);
    Some((words.next()?, words.collect()))
}

fn listed(known: &[&str]) -> String {
    known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["listen", "threads", "in_flight"];
        assert_eq!(closest("lisen", &known), Some("listen"));
        assert_eq!(closest("lsiten", &known), Some("listen"));
        assert_eq!(closest("thread", &known), Some("threads"));
        assert_eq!(closest("colour", &known), None);
        assert_eq!(closest("", &[]), None);
    }

    #[test]
    fn a_parsers_message_is_put_in_our_words() {
        let message = "unknown field `lisen`, expected `listen` or `threads`";
        assert_eq!(explain(message), "unknown key `lisen`; did you mean `listen`?");
        let message = "unknown variant `disk`, expected one of `memory`, `embedded`";
        assert_eq!(explain(message), "unknown value `disk`; known are `memory`, `embedded`");
        assert_eq!(explain("invalid type"), "invalid type");
    }
}
