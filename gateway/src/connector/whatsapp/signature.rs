use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use model::service::Secret;
use sha2::Sha256;

/// An endpoint's app secrets as keyed MAC states, ready to be cloned for each webhook.
///
/// `X-Hub-Signature-256: sha256=<64 lowercase hex digits>` is HMAC-SHA256 over the raw body with
/// the app's secret (Graph API webhooks documentation, "Validating payloads").
#[derive(Clone)]
pub struct SignatureKeys {
    keyed: Vec<Hmac<Sha256>>,
}

impl SignatureKeys {
    /// Keys for the current secret and previous ones still accepted. An empty secret is left out:
    /// anybody could sign with it.
    pub fn new(secrets: &[Secret]) -> Self {
        let secrets = secrets.iter().map(Secret::expose).filter(|secret| !secret.is_empty());
        Self { keyed: secrets.filter_map(|secret| keyed(secret.as_bytes())).collect() }
    }

    /// Whether `body` was signed with one of the secrets. `headers` are all values of the
    /// signature's header: exactly one is lawful. Every refusal takes the time of a wrong MAC.
    pub fn verify(&self, body: &[u8], headers: &[&[u8]]) -> bool {
        let tag = match headers {
            [one] => decode(one),
            _ => None,
        };
        let claimed = tag.unwrap_or_default();
        let matches = self.keyed.iter().filter(|key| {
            let mac = Hmac::clone(key).chain_update(body);
            mac.verify_slice(&claimed).is_ok()
        });
        // Counting them all, not stopping at the first: the time does not tell which secret.
        matches.count() > 0 && tag.is_some()
    }

    /// The header a provider with the current secret would send: for simulators and tests.
    pub fn sign(&self, body: &[u8]) -> Option<String> {
        let mac = self.keyed.first()?.clone().chain_update(body).finalize().into_bytes();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("sha256={hex}"))
    }
}

impl fmt::Debug for SignatureKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureKeys({})", self.keyed.len())
    }
}

/// HMAC takes a key of any length.
fn keyed(secret: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(secret).ok()
}

/// The 32 bytes of `sha256=<64 lowercase hex digits>`; anything else is no signature.
fn decode(header: &[u8]) -> Option<[u8; 32]> {
    let digits = header.strip_prefix(b"sha256=")?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs
        .iter()
        .map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?))
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[&str]) -> SignatureKeys {
        let secrets: Vec<Secret> = secrets.iter().map(|s| Secret::new((*s).to_owned())).collect();
        SignatureKeys::new(&secrets)
    }

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const SIGNED: &str = "sha256=c236c758c9b2bd40b388a550eeca09eaca72384dd0aa5e7c31d19cddac5bba46";

    #[test]
    fn the_raw_bytes_are_what_is_signed() {
        assert!(keys(&["app_secret"]).verify(BODY, &[SIGNED.as_bytes()]));
        // Escapes stay escapes: these 16 bytes, not the text they stand for.
        let escaped = br#"{"a":"\u00e9\/"}"#;
        let signed = "sha256=72c64f0cc96f0bfccabad8ed3033dd49009e1d4490ab7bfbf8b5c91eaa508b43";
        assert!(keys(&["test-secret"]).verify(escaped, &[signed.as_bytes()]));
        assert!(!keys(&["test-secret"]).verify("{\"a\":\"é/\"}".as_bytes(), &[signed.as_bytes()]));
    }

    #[test]
    fn the_previous_secret_is_accepted_while_it_is_listed() {
        assert!(keys(&["new", "app_secret"]).verify(BODY, &[SIGNED.as_bytes()]));
        assert!(!keys(&["new"]).verify(BODY, &[SIGNED.as_bytes()]));
        assert!(!keys(&[]).verify(BODY, &[SIGNED.as_bytes()]));
        assert_eq!(keys(&[""]).sign(BODY), None, "an empty secret signs nothing");
    }

    #[test]
    fn anything_but_one_exact_header_is_refused() {
        let keys = keys(&["app_secret"]);
        let hex = SIGNED.strip_prefix("sha256=").unwrap();
        let wrong = [
            String::new(),
            hex.to_owned(),
            format!("sha1={hex}"),
            format!("SHA256={hex}"),
            format!("sha256={}", hex.to_uppercase()),
            format!("sha256={}", &hex[..62]),
            format!("sha256={}", &hex[..63]),
            format!("sha256={hex}00"),
            format!("sha256=sha256={hex}"),
            format!("{SIGNED},{SIGNED}"),
            format!("{SIGNED} "),
            format!("sha256={}", "0".repeat(64)),
            format!("sha256={}", "zz".repeat(32)),
        ];
        for header in &wrong {
            assert!(!keys.verify(BODY, &[header.as_bytes()]), "{header}");
        }
        assert!(!keys.verify(BODY, &[]), "missing");
        assert!(!keys.verify(BODY, &[SIGNED.as_bytes(), SIGNED.as_bytes()]), "doubled");
        assert!(!keys.verify(BODY, &[b"\xff\xfe"]), "not text");
    }

    #[test]
    fn what_is_signed_here_verifies_here() {
        let keys = keys(&["a", "b"]);
        let header = keys.sign(b"body").unwrap();
        assert!(keys.verify(b"body", &[header.as_bytes()]));
        assert!(!keys.verify(b"bodY", &[header.as_bytes()]));
    }
}
