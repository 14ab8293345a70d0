use std::time::Duration;

use bytes::Bytes;
use model::id::MessageId;
use model::service::Channel;
use serde::{Deserialize, Serialize};

use crate::connector::{Answer, Request, Retry, Scope};

/// The version of the Graph API we speak.
const VERSION: &str = "v23.0";

#[derive(Serialize)]
struct Body<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    text: Text<'a>,
    biz_opaque_callback_data: String,
}

#[derive(Serialize)]
struct Text<'a> {
    preview_url: bool,
    body: &'a str,
}

#[derive(Deserialize)]
struct Accepted {
    messages: Vec<AcceptedMessage>,
}

#[derive(Deserialize)]
struct AcceptedMessage {
    id: String,
}

#[derive(Deserialize)]
struct Refused {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    code: i64,
    #[serde(default)]
    message: String,
    error_data: Option<ErrorData>,
}

#[derive(Deserialize)]
struct ErrorData {
    details: Option<String>,
}

/// What to ask the provider so that `text` reaches `address` as `message`, whose id travels as
/// the callback datum. A phone number goes to `to`, a business-scoped user id to `recipient`.
pub fn request(channel: &Channel, message: MessageId, address: &str, text: &str) -> Request {
    let is_number = address.bytes().all(|b| b.is_ascii_digit());
    let body = Body {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to: is_number.then_some(address),
        recipient: (!is_number).then_some(address),
        kind: "text",
        text: Text { preview_url: false, body: text },
        biz_opaque_callback_data: message.to_string(),
    };
    Request {
        url: format!("{}/{VERSION}/{}/messages", channel.provider_url, channel.account),
        body: Bytes::from(serde_json::to_vec(&body).unwrap_or_default()),
    }
}

/// What to do after the provider's answer to the try number `tries` (from 1): by its error code,
/// never by its title; by the HTTP status where there is no code. The codes are of the Cloud API
/// error reference.
pub fn classify(status: u16, body: &[u8], tries: u32) -> Answer {
    if let Ok(Refused { error }) = serde_json::from_slice(body) {
        return by_code(status, error, tries);
    }
    match serde_json::from_slice::<Accepted>(body) {
        Ok(accepted) if status == 200 => match accepted.messages.into_iter().next() {
            Some(message) => Answer::Accepted { provider_id: message.id },
            None => unknown(status),
        },
        _ => by_status(status, body),
    }
}

fn by_code(status: u16, error: Error, tries: u32) -> Answer {
    let code = error.code;
    let wait = |seconds| Some(Duration::from_secs(seconds));
    match code {
        // The token, the account or its standing: nothing can be sent until a person acts.
        0 | 3 | 10 | 190 | 200..=299 | 368 | 131_031 | 130_497 | 131_042 | 131_045 | 131_037 => {
            Answer::StopChannel { code, detail: error.into_detail() }
        }
        // Too much to this one contact: Meta asks for 4^n seconds.
        131_056 => retry(code, Scope::Contact, wait(4_u64.saturating_pow(tries.min(8) - 1))),
        // Reported as spam: slow, for long.
        131_048 => retry(code, Scope::Channel, wait(600)),
        // Too much on the whole number or account.
        4 | 80_007 | 130_429 | 133_016 | 131_064 => retry(code, Scope::Channel, None),
        131_057 => retry(code, Scope::Channel, wait(60)),
        1 | 2 | 131_000 | 131_016 | 131_053 | 133_004 => retry(code, Scope::Channel, None),
        _ if is_passing(status) => retry(code, Scope::Channel, None),
        _ => Answer::Fail { code, detail: error.into_detail() },
    }
}

/// Without a code of Meta's this may be any proxy on the way: it judges no message. Below 500 it
/// let none through either.
fn by_status(status: u16, body: &[u8]) -> Answer {
    match status {
        200..=299 | 500.. => unknown(status),
        401 | 403 => Answer::StopChannel { code: i64::from(status), detail: shown(body) },
        _ => retry(i64::from(status), Scope::Channel, None),
    }
}

const fn is_passing(status: u16) -> bool {
    status == 429 || status >= 500
}

const fn retry(code: i64, scope: Scope, after: Option<Duration>) -> Answer {
    Answer::Retry(Retry { after, scope, maybe_sent: false, code })
}

/// An answer that does not say whether the message was taken.
fn unknown(status: u16) -> Answer {
    let code = i64::from(status);
    Answer::Retry(Retry { after: None, scope: Scope::Channel, maybe_sent: true, code })
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(512).collect()
}

impl Error {
    fn into_detail(self) -> String {
        let details = self.error_data.and_then(|data| data.details);
        match details {
            Some(details) => format!("{}: {details}", self.message),
            None => self.message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::{ChannelId, OperationId};
    use model::service::{ChannelKind, Flow};

    fn channel() -> Channel {
        Channel {
            id: ChannelId(1),
            version: 1,
            operation: OperationId(1),
            kind: ChannelKind::Whatsapp,
            name: String::new(),
            account: "106540352242922".to_owned(),
            endpoint: "starter".parse().unwrap(),
            provider_url: "http://127.0.0.1:9".to_owned(),
            flow: Flow::default(),
        }
    }

    fn answer(code: i64, tries: u32) -> Answer {
        let body = format!(r#"{{"error":{{"message":"m","code":{code},"fbtrace_id":"x"}}}}"#);
        classify(400, body.as_bytes(), tries)
    }

    #[test]
    fn a_text_names_its_account_its_contact_and_itself() {
        let id: MessageId = "42.7".parse().unwrap();
        let sent = request(&channel(), id, "5511987654321", "a\"b\né");
        assert_eq!(sent.url, "http://127.0.0.1:9/v23.0/106540352242922/messages");
        let want = serde_json::json!({
            "messaging_product": "whatsapp", "recipient_type": "individual",
            "to": "5511987654321", "type": "text",
            "text": { "preview_url": false, "body": "a\"b\né" },
            "biz_opaque_callback_data": "42.7",
        });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&sent.body).unwrap(), want);
        let sent = request(&channel(), id, "US.13491208655302741918", "hi");
        let got: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(
            (got["recipient"].as_str(), got.get("to")),
            (Some("US.13491208655302741918"), None)
        );
    }

    #[test]
    fn only_200_with_an_id_is_accepted() {
        let body = br#"{"messaging_product":"whatsapp","messages":[{"id":"wamid.A","message_status":"accepted"}]}"#;
        assert_eq!(classify(200, body, 1), Answer::Accepted { provider_id: "wamid.A".to_owned() });
        for body in [&b"{\"messages\":[]}"[..], b"<html>", b""] {
            assert!(matches!(classify(200, body, 1), Answer::Retry(r) if r.maybe_sent));
        }
        assert!(matches!(classify(200, br#"{"error":{"code":131047}}"#, 1), Answer::Fail { .. }));
    }

    #[test]
    fn codes_decide_before_the_status_does() {
        for code in [0, 3, 10, 190, 200, 299, 368, 131_031, 131_042] {
            assert!(matches!(answer(code, 1), Answer::StopChannel { .. }), "{code}");
        }
        for code in [131_047, 131_026, 131_050, 100, 33, 131_008, 132_001, 999_999] {
            let want = Answer::Fail { code, detail: "m".to_owned() };
            assert_eq!(answer(code, 1), want, "{code}");
        }
        for code in [1, 2, 131_000, 131_016, 4, 80_007, 130_429] {
            assert!(matches!(answer(code, 1), Answer::Retry(r) if !r.maybe_sent), "{code}");
        }
    }

    #[test]
    fn the_pair_limit_waits_four_to_the_n() {
        let wait = |tries| match answer(131_056, tries) {
            Answer::Retry(retry) => retry.after,
            _ => None,
        };
        assert_eq!(wait(1), Some(Duration::from_secs(1)));
        assert_eq!(wait(2), Some(Duration::from_secs(4)));
        assert_eq!(wait(4), Some(Duration::from_secs(64)));
    }

    #[test]
    fn a_status_without_a_code_decides_alone() {
        assert!(matches!(classify(429, b"", 1), Answer::Retry(r) if !r.maybe_sent));
        assert!(matches!(classify(502, b"<html>", 1), Answer::Retry(r) if r.maybe_sent));
        assert!(matches!(classify(401, b"", 1), Answer::StopChannel { code: 401, .. }));
        for status in [302, 400, 404, 408, 413] {
            let answer = classify(status, b"<html>", 1);
            assert!(
                matches!(answer, Answer::Retry(r) if !r.maybe_sent && r.scope == Scope::Channel),
                "{status}: a proxy's word is not the provider's"
            );
        }
    }
}
