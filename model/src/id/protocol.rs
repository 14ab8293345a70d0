use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ConversationId, IdError};

/// What a customer is told to quote: opening date in the operation's zone, the conversation's
/// id in base 10, and a check digit (Luhn, ISO/IEC 7812-1) over both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProtocolNumber(String);

impl ProtocolNumber {
    /// For a conversation opened on the civil date `(year, month, day)`.
    pub fn new(date: (i16, i8, i8), conversation: ConversationId) -> Self {
        let digits = format!("{:04}{:02}{:02}{}", date.0, date.1, date.2, conversation.get());
        let check = luhn(&digits);
        Self(format!("{digits}{check}"))
    }

    /// Back from its text form; refuses a wrong check digit.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let malformed = || IdError::malformed("protocol number", text);
        let cut = text.len().checked_sub(1).filter(|&n| n >= 9).ok_or_else(malformed)?;
        let (digits, check) = text.split_at_checked(cut).ok_or_else(malformed)?;
        let all_digits = text.bytes().all(|b| b.is_ascii_digit());
        if !all_digits || check != luhn(digits).to_string() {
            return Err(malformed());
        }
        Ok(Self(text.to_owned()))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProtocolNumber {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<ProtocolNumber> for String {
    fn from(number: ProtocolNumber) -> Self {
        number.0
    }
}

impl fmt::Display for ProtocolNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn luhn(digits: &str) -> u32 {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| (i, u32::from(b - b'0')))
        .map(|(i, d)| if i % 2 == 0 { doubled(d) } else { d })
        .sum();
    (10 - sum % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_number_shows_a_slip_of_the_finger() {
        let id = ConversationId::from_u64(7992739871).unwrap();
        let number = ProtocolNumber::new((2026, 11, 2), id);
        assert_eq!(ProtocolNumber::parse(number.as_str()), Ok(number.clone()));
        for i in 0..number.as_str().len() {
            let mut wrong = number.as_str().as_bytes().to_vec();
            wrong[i] = b'0' + (wrong[i] - b'0' + 1) % 10;
            assert!(ProtocolNumber::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
        }
    }

    #[test]
    fn luhn_agrees_with_the_published_example() {
        // 7992739871 has check digit 3 (the example of ISO/IEC 7812-1 annex B in common use).
        assert_eq!(luhn("7992739871"), 3);
    }

    #[test]
    fn a_slip_is_refused_in_json_too() {
        let number = ProtocolNumber::new((2026, 11, 2), ConversationId::from_u64(7).unwrap());
        let json = serde_json::to_string(&number).unwrap();
        assert_eq!(serde_json::from_str::<ProtocolNumber>(&json).unwrap(), number);
        let slip = json.replacen("2026", "2036", 1);
        assert!(serde_json::from_str::<ProtocolNumber>(&slip).is_err());
    }
}
