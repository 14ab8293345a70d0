use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Element, Source, Trouble, json, parse};

/// By what a piece of a webhook is known.
#[derive(Deserialize)]
struct Piece {
    object: Option<IgnoredAny>,
    changes: Option<IgnoredAny>,
    field: Option<IgnoredAny>,
}

/// What goes around a change, and around an entry, to make a body of it.
const AROUND_CHANGE: [&str; 2] =
    [r#"{"object":"whatsapp_business_account","entry":[{"changes":["#, "]}]}"];
const AROUND_ENTRY: [&str; 2] = [r#"{"object":"whatsapp_business_account","entry":["#, "]}"];

/// The elements of what was put to `dead`, read as if it came now: a whole body, one of its
/// entries, or one change. What cannot be read within it is an element, as in [`parse`].
///
/// # Errors
/// What is wrong, for people, where nothing of it can be taken.
pub fn read_again(source: &Source<'_>, bytes: &Bytes) -> Result<Vec<Element>, Trouble> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let piece: Piece = json::read(text)?;
    let body = match piece {
        Piece { object: Some(_), .. } => bytes.clone(),
        Piece { changes: Some(_), .. } => AROUND_ENTRY.join(text).into(),
        Piece { field: Some(_), .. } => AROUND_CHANGE.join(text).into(),
        _ => return Err("a part of a webhook that does not say for which account it is".to_owned()),
    };
    let elements = parse(source, &body);
    let taken = elements.iter().any(|element| !matches!(element, Element::Dead(_)));
    match elements.first() {
        Some(Element::Dead(dead)) if !taken => Err(dead.detail.clone()),
        None => Err("nothing is in it".to_owned()),
        _ => Ok(elements),
    }
}
