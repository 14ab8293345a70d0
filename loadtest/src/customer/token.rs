use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A customer's message: who wrote it, and its number among his.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The contact's number, from 0.
    pub contact: u32,
    /// The message's number among the contact's, from 1.
    pub number: u32,
}

/// What every text begins with, so that it is known wherever it turns up:
/// `m-<run>-<contact>-<number>-<planned>`, then `-last` on a conversation's last text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// The run, so that an older run's messages are not taken for ours.
    pub run: u64,
    /// The message.
    pub key: MessageKey,
    /// When it was planned to be sent, since the run's origin.
    pub planned: Duration,
    /// Whether the customer wants nothing more in this conversation.
    pub last: bool,
}

/// The text does not begin with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no token of a virtual customer")]
pub struct NoToken;

impl Token {
    /// The token a text begins with.
    pub fn of_text(text: &str) -> Result<Self, NoToken> {
        text.split_whitespace().next().ok_or(NoToken)?.parse()
    }
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m-{}-{}", self.contact, self.number)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MessageKey { contact, number } = self.key;
        write!(f, "m-{:x}-{contact}-{number}-{}", self.run, self.planned.as_micros())?;
        if self.last { f.write_str("-last") } else { Ok(()) }
    }
}

impl FromStr for Token {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or(NoToken);
        if part()? != "m" {
            return Err(NoToken);
        }
        let run = u64::from_str_radix(part()?, 16).map_err(|_| NoToken)?;
        let contact = part()?.parse().map_err(|_| NoToken)?;
        let number = part()?.parse().map_err(|_| NoToken)?;
        let planned = part()?.parse().map(Duration::from_micros).map_err(|_| NoToken)?;
        let last = match (parts.next(), parts.next()) {
            (None, None) => false,
            (Some("last"), None) => true,
            _ => return Err(NoToken),
        };
        Ok(Self { run, key: MessageKey { contact, number }, planned, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_from_its_text() {
        for last in [false, true] {
            let key = MessageKey { contact: 17, number: 3 };
            let token = Token { run: 0xbeef, key, planned: Duration::from_micros(1_234), last };
            assert_eq!(Token::of_text(&format!("{token} olá, tudo bem?")), Ok(token));
        }
    }

    #[test]
    fn other_texts_are_no_token() {
        for text in ["", "oi", "m-1", "m-1-2-3", "m-1-2-3-4-first", "m-1-2-3-4-last-5", "r-1-2-3-4"]
        {
            assert_eq!(Token::of_text(text), Err(NoToken), "{text}");
        }
    }
}
