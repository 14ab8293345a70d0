//! Quantities of the configuration: what a person writes with its unit.
//!
//! A bare number is refused: `30` may be seconds or milliseconds, `"30s"` is not in doubt.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time: `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"7d"`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Period(pub Duration);

/// A number of bytes: `"512B"`, `"64KiB"`, `"128MiB"`, `"2GiB"`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(pub u64);

/// A quantity that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: write a whole number and one of {units}, like {example}")]
pub struct UnitError {
    /// The text, cut to 32 characters.
    pub text: String,
    what: &'static str,
    units: &'static str,
    example: &'static str,
}

const PERIODS: [(&str, u64); 6] =
    [("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), DAY];
const DAY: (&str, u64) = ("d", 86_400_000_000);
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl FromStr for Period {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        quantity(text, &PERIODS)
            .map(|us| Self(Duration::from_micros(us)))
            .ok_or_else(|| refuse(text, "a length of time", "us, ms, s, m, h, d", "\"30s\""))
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        quantity(text, &SIZES)
            .map(Self)
            .ok_or_else(|| refuse(text, "a number of bytes", "B, KiB, MiB, GiB", "\"64KiB\""))
    }
}

impl TryFrom<String> for Period {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        text.parse()
    }
}

impl TryFrom<String> for ByteSize {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        text.parse()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX);
        show(f, micros, &PERIODS)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0, &SIZES)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl From<ByteSize> for String {
    fn from(size: ByteSize) -> Self {
        size.to_string()
    }
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let cut = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(cut)?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

fn refuse(text: &str, what: &'static str, units: &'static str, example: &'static str) -> UnitError {
    UnitError { text: text.chars().take(32).collect(), what, units, example }
}

/// In the largest unit that shows the value whole.
fn show(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    let whole = units.iter().rev().find(|(_, scale)| value != 0 && value.is_multiple_of(*scale));
    match whole {
        Some((unit, scale)) => write!(f, "{}{unit}", value / scale),
        None => write!(f, "{value}{}", units.first().map_or("", |(unit, _)| unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_reads_back_as_it_is_shown() {
        for text in ["0us", "250ms", "30s", "90s", "5m", "36h", "7d"] {
            assert_eq!(text.parse::<Period>().map(|p| p.to_string()).as_deref(), Ok(text));
        }
        for text in ["0B", "1000B", "64KiB", "128MiB", "3GiB"] {
            assert_eq!(text.parse::<ByteSize>().map(|s| s.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("90 s".parse(), Ok(Period(Duration::from_secs(90))));
    }

    #[test]
    fn a_number_without_its_unit_is_refused() {
        for bad in ["", "30", "s", "-1s", "1.5s", "30sec", "1e3s", "99999999999999999999s", "٣s"] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
        for bad in ["", "64", "64KB", "64kib", "KiB", "18446744073709551615GiB"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }
}
