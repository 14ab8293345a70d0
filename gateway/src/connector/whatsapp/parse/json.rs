//! What Meta's bodies look like, as far as we read them.

use model::limit;
use model::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Trouble;

/// The body.
#[derive(Deserialize)]
pub(super) struct Webhook<'a> {
    pub(super) object: String,
    #[serde(borrow)]
    pub(super) entry: Vec<&'a RawValue>,
}

/// One business account's news.
#[derive(Deserialize)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) changes: Option<Vec<&'a RawValue>>,
}

/// One piece of news.
#[derive(Deserialize)]
pub(super) struct Change<'a> {
    pub(super) field: String,
    #[serde(borrow)]
    pub(super) value: &'a RawValue,
}

/// The news of one phone number.
#[derive(Deserialize)]
pub(super) struct Value<'a> {
    pub(super) metadata: Metadata,
    #[serde(borrow)]
    pub(super) contacts: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) messages: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) statuses: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) errors: Option<Vec<&'a RawValue>>,
}

/// Which phone number.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) phone_number_id: String,
}

/// Who wrote. Absent for system messages, and nameless at times.
#[derive(Deserialize)]
pub(super) struct Contact {
    pub(super) profile: Option<Profile>,
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
}

/// How a customer is called.
#[derive(Deserialize)]
pub(super) struct Profile {
    pub(super) name: Option<String>,
}

/// What every message has, whatever its type.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    pub(super) id: String,
    pub(super) from: Option<String>,
    pub(super) from_user_id: Option<String>,
    #[serde(borrow)]
    pub(super) timestamp: Option<&'a RawValue>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(borrow)]
    pub(super) text: Option<&'a RawValue>,
}

/// The object of a text message.
#[derive(Deserialize)]
pub(super) struct Text {
    pub(super) body: String,
}

/// How far a message of ours came.
#[derive(Deserialize)]
pub(super) struct Status<'a> {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(borrow)]
    pub(super) timestamp: Option<&'a RawValue>,
    pub(super) recipient_id: Option<String>,
    pub(super) recipient_user_id: Option<String>,
    pub(super) biz_opaque_callback_data: Option<String>,
    #[serde(borrow)]
    pub(super) errors: Option<Vec<&'a RawValue>>,
}

/// Why a message of ours failed.
#[derive(Deserialize)]
pub(super) struct Failure {
    pub(super) code: i64,
}

impl Value<'_> {
    /// The contacts that can be read; the others only cost a name.
    pub(super) fn contacts(&self) -> Vec<Contact> {
        let pieces = self.contacts.iter().flatten();
        pieces.filter(|p| shallow(p).is_ok()).filter_map(|p| read(p.get()).ok()).collect()
    }
}

/// Reads one piece.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Trouble> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Refuses a piece nested deeper than [`limit::JSON_DEPTH`].
pub(super) fn shallow(piece: &RawValue) -> Result<(), Trouble> {
    if depth(piece.get().as_bytes()) > limit::JSON_DEPTH {
        return Err(format!("nested deeper than {}", limit::JSON_DEPTH));
    }
    Ok(())
}

/// Seconds since the epoch, sent as text; milliseconds have been seen, told by their size.
pub(super) fn timestamp(piece: Option<&RawValue>) -> Option<Timestamp> {
    const FIRST_MILLIS: i64 = 1_000_000_000_000;
    let number: i64 = piece?.get().trim_matches('"').parse().ok()?;
    match number {
        ..0 => None,
        0..FIRST_MILLIS => Some(Timestamp::from_seconds(number)),
        _ => Some(Timestamp::from_micros(number.saturating_mul(1_000))),
    }
}

/// How deep lawful JSON is nested: brackets outside text.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_text() {
        assert_eq!(depth(br#"{"a":[1,{"b":"]][[\"[[\\"}],"c":{}}"#), 3);
        assert_eq!(depth(b"1"), 0);
        assert_eq!(depth("[".repeat(100_000).as_bytes()), 100_000);
    }

    #[test]
    fn a_timestamp_is_text_in_seconds_and_guarded_against_milliseconds() {
        let read = |text: &str| {
            let piece: &RawValue = serde_json::from_str(text).unwrap();
            timestamp(Some(piece)).map(Timestamp::as_micros)
        };
        assert_eq!(read("\"1751247548\""), Some(1_751_247_548_000_000));
        assert_eq!(read("1751247548"), Some(1_751_247_548_000_000));
        assert_eq!(read("\"1751247548123\""), Some(1_751_247_548_123_000));
        for bad in ["\"\"", "\"-1\"", "-1", "1e9", "null", "\"soon\"", "[]", "1e400"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(timestamp(None), None);
    }
}
