use hmac::{Hmac, KeyInit, Mac};
use model::service::Secret;
use sha2::Sha256;

/// What a provider's handshake deserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Answer 200 with exactly this text.
    Challenge(String),
    /// Answer 403.
    Refused,
}

/// Judges `hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`, the query of Meta's GET
/// (Graph API webhooks documentation, "Verification requests").
pub fn challenge(query: &str, verify_token: &Secret) -> Handshake {
    let (mut mode, mut token, mut challenge) = (None, None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "hub.mode" => mode = Some(value),
            "hub.verify_token" => token = Some(value),
            "hub.challenge" => challenge = Some(value),
            _ => {}
        }
    }
    let token_is_right = same(token.as_deref().unwrap_or_default(), verify_token.expose());
    match challenge {
        Some(challenge) if token_is_right && mode.as_deref() == Some("subscribe") => {
            Handshake::Challenge(challenge.into_owned())
        }
        _ => Handshake::Refused,
    }
}

/// Compares without telling by its time where two texts differ: MACs of both under one fixed key.
fn same(given: &str, ours: &str) -> bool {
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(b"handshake") else { return false };
    let want = keyed.clone().chain_update(ours).finalize().into_bytes();
    keyed.chain_update(given).verify(&want).is_ok() && !ours.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(query: &str) -> Handshake {
        challenge(query, &Secret::new("t0ken &+é".to_owned()))
    }

    #[test]
    fn the_challenge_comes_back_exactly() {
        let query =
            "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=t0ken%20%26%2B%C3%A9";
        assert_eq!(judge(query), Handshake::Challenge("1158201444".to_owned()));
    }

    #[test]
    fn anything_less_is_refused() {
        let token = "hub.verify_token=t0ken+%26%2B%C3%A9";
        let refused = [
            "".to_owned(),
            token.to_owned(),
            format!("{token}&hub.challenge=1"),
            format!("{token}&hub.mode=subscribe"),
            format!("{token}&hub.challenge=1&hub.mode=unsubscribe"),
            "hub.mode=subscribe&hub.challenge=1".to_owned(),
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=".to_owned(),
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=t0ken".to_owned(),
            format!("{token}&hub.challenge=1&hub.mode=subscribe&hub.verify_token=x"),
        ];
        for query in refused {
            assert_eq!(judge(&query), Handshake::Refused, "{query}");
        }
        let empty = challenge(
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
            &Secret::new(String::new()),
        );
        assert_eq!(empty, Handshake::Refused, "an empty token of ours lets nobody in");
    }
}
