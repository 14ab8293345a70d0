use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::service::Secret;
use sha2::{Digest, Sha256};

use super::AuthError;

/// An opaque bearer token: 256 random bits, base64url in its text form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(Secret);

impl Token {
    /// A new token from the operating system's randomness.
    pub fn random() -> Result<Self, AuthError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|source| AuthError::Entropy { source })?;
        Ok(Self::from_text(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token as a client sent it; any text, since only a stored one opens anything.
    pub const fn from_text(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The text to hand to its user; every use is a place to look at.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored in its place: hex of its SHA-256.
    pub(super) fn key(&self) -> String {
        let digest = Sha256::digest(self.expose().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_random_and_its_key_is_the_published_hash() {
        let (a, b) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.expose().len(), 43);
        // FIPS 180-2, appendix B.1.
        let abc = Token::from_text("abc".to_owned());
        let want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(abc.key(), want);
        assert!(!format!("{abc:?}").contains("abc"));
    }
}
