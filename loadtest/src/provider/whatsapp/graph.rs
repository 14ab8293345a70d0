//! The Graph API's side of one send: what is asked, what is wrong with it, and Meta's words.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest text body, in characters (Cloud API reference, text object).
const TEXT_CHARS: usize = 4_096;
/// Longest callback datum, in characters.
const CALLBACK_CHARS: usize = 512;

/// A lawful request to `…/messages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Send a text.
    Text {
        /// To whom.
        to: String,
        /// What.
        text: String,
        /// The sender's own id.
        own_id: Option<String>,
    },
    /// Mark a received message as read.
    MarkRead,
}

/// An error as Meta words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GraphError {
    /// HTTP status.
    pub(super) status: StatusCode,
    /// Meta's code: what a sender branches on.
    pub(super) code: u32,
    /// In words.
    pub(super) details: &'static str,
}

#[derive(Deserialize)]
struct Body {
    messaging_product: Option<String>,
    to: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<Text>,
    biz_opaque_callback_data: Option<String>,
    status: Option<String>,
    message_id: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    body: Option<String>,
}

/// The phone number id of `/v<digits>.0/<id>/messages`.
pub(super) fn account_of(path: &str) -> Option<&str> {
    let mut parts = path.strip_prefix('/')?.split('/');
    let version = parts.next()?.strip_prefix('v')?.strip_suffix(".0")?;
    let account = parts.next()?;
    let ends = (parts.next(), parts.next()) == (Some("messages"), None);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (ends && digits(version) && digits(account)).then_some(account)
}

/// Reads a request's body.
pub(super) fn read(bytes: &[u8]) -> Result<Asked, GraphError> {
    let Ok(body) = serde_json::from_slice::<Body>(bytes) else {
        return Err(bad(100, "the body is not the JSON expected"));
    };
    if body.messaging_product.as_deref() != Some("whatsapp") {
        return Err(bad(100, "messaging_product must be whatsapp"));
    }
    if body.status.as_deref() == Some("read") && body.message_id.is_some() {
        return Ok(Asked::MarkRead);
    }
    text_of(body)
}

fn text_of(body: Body) -> Result<Asked, GraphError> {
    let to = body.to.filter(|to| !to.is_empty() && to.bytes().all(|b| b.is_ascii_digit()));
    let to = to.ok_or_else(|| bad(100, "to must be digits"))?;
    if body.kind.as_deref() != Some("text") {
        return Err(bad(131_051, "only type text is simulated"));
    }
    let text = body.text.and_then(|text| text.body).unwrap_or_default();
    if text.is_empty() || text.chars().count() > TEXT_CHARS {
        return Err(bad(131_009, "text.body must have 1 to 4096 characters"));
    }
    let own_id = body.biz_opaque_callback_data;
    if own_id.as_ref().is_some_and(|id| id.chars().count() > CALLBACK_CHARS) {
        return Err(bad(100, "biz_opaque_callback_data is too long"));
    }
    Ok(Asked::Text { to, text, own_id })
}

const fn bad(code: u32, details: &'static str) -> GraphError {
    GraphError { status: StatusCode::BAD_REQUEST, code, details }
}

impl GraphError {
    /// No or an unknown access token.
    pub(super) const TOKEN: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        code: 190,
        details: "the access token is missing or wrong",
    };
    /// No such path.
    pub(super) const PATH: Self =
        Self { status: StatusCode::NOT_FOUND, code: 33, details: "no such object" };
    /// Too fast; to be tried again.
    pub(super) const THROTTLED: Self =
        Self { status: StatusCode::TOO_MANY_REQUESTS, code: 130_429, details: "Rate limit hit" };
    /// Meta's own trouble; to be tried again.
    pub(super) const FAILED: Self = Self {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: 131_000,
        details: "Something went wrong",
    };

    /// Its JSON.
    pub(super) fn body(&self) -> Value {
        json!({"error": {
            "message": format!("(#{}) {}", self.code, self.details),
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "simulated",
        }})
    }
}

/// The answer to an accepted send.
pub(super) fn accepted(to: &str, provider_id: &str) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": to}],
        "messages": [{"id": provider_id, "message_status": "accepted"}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_account() {
        assert_eq!(account_of("/v23.0/106540352242922/messages"), Some("106540352242922"));
        for bad in ["/v23.0/1", "/v.0/1/messages", "/23.0/1/messages", "/v1.0/a/messages", "/"] {
            assert_eq!(account_of(bad), None, "{bad}");
        }
        assert_eq!(account_of("/v23.0/1/messages/more"), None);
    }

    #[test]
    fn a_text_is_read() {
        let body = br#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"551",
            "type":"text","text":{"body":"oi","preview_url":false},
            "biz_opaque_callback_data":"7.1"}"#;
        let asked = Asked::Text {
            to: "551".to_owned(),
            text: "oi".to_owned(),
            own_id: Some("7.1".to_owned()),
        };
        assert_eq!(read(body), Ok(asked));
    }

    #[test]
    fn a_wrong_shape_is_refused_with_metas_code() {
        let code = |body: &str| read(body.as_bytes()).map_err(|e| e.code);
        assert_eq!(code("{"), Err(100));
        assert_eq!(code(r#"{"to":"1","type":"text","text":{"body":"a"}}"#), Err(100));
        let whatsapp = |rest: &str| format!(r#"{{"messaging_product":"whatsapp",{rest}}}"#);
        assert_eq!(code(&whatsapp(r#""to":"+1","type":"text","text":{"body":"a"}"#)), Err(100));
        assert_eq!(
            code(&whatsapp(r#""to":"1","type":"image"}"#.trim_end_matches('}'))),
            Err(131_051)
        );
        assert_eq!(code(&whatsapp(r#""to":"1","type":"text","text":{"body":""}"#)), Err(131_009));
        let long = format!(r#""to":"1","type":"text","text":{{"body":"{}"}}"#, "a".repeat(4_097));
        assert_eq!(code(&whatsapp(&long)), Err(131_009));
    }
}
