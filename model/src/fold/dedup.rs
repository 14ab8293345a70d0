use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use crate::id::ChannelId;
use crate::time::Timestamp;

/// What was seen within a window, in chunks of an hour: forgetting is dropping a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Dedup {
    window: Duration,
    chunks: VecDeque<(i64, HashSet<u128>)>,
}

/// The key of a provider's message within an account.
pub fn message_key(channel: ChannelId, provider_id: &str) -> u128 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(&channel.0.to_be_bytes());
    hash.update(provider_id.as_bytes());
    hash.digest128()
}

impl Dedup {
    const HOUR_MICROS: i64 = 3_600_000_000;

    /// An empty memory that forgets after `window`.
    pub const fn new(window: Duration) -> Self {
        Self { window, chunks: VecDeque::new() }
    }

    /// Whether `key` was seen within the window.
    pub fn contains(&self, key: u128) -> bool {
        self.chunks.iter().rev().any(|(_, chunk)| chunk.contains(&key))
    }

    /// Remembers `key` as seen at `at`, and forgets what is older than the window.
    pub fn insert(&mut self, key: u128, at: Timestamp) {
        let hour = at.as_micros().div_euclid(Self::HOUR_MICROS);
        let newest = self.chunks.back().map_or(i64::MIN, |(hour, _)| *hour);
        if hour > newest {
            self.chunks.push_back((hour, HashSet::new()));
            self.forget(at);
        }
        if let Some((_, chunk)) = self.chunks.back_mut() {
            chunk.insert(key);
        }
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|(_, chunk)| chunk.len()).sum()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn forget(&mut self, at: Timestamp) {
        let oldest = (at - self.window).as_micros().div_euclid(Self::HOUR_MICROS);
        while self.chunks.front().is_some_and(|(hour, _)| *hour < oldest) {
            self.chunks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_for_the_window_and_not_much_longer() {
        let mut dedup = Dedup::new(Duration::from_secs(2 * 3_600));
        let at = |hours: i64| Timestamp::from_seconds(hours * 3_600);
        dedup.insert(1, at(0));
        dedup.insert(2, at(1));
        assert!(dedup.contains(1) && dedup.contains(2) && !dedup.contains(3));
        dedup.insert(3, at(2));
        assert!(dedup.contains(1), "still within the window");
        dedup.insert(4, at(4));
        assert!(!dedup.contains(1) && !dedup.contains(2) && dedup.contains(3));
        assert_eq!(dedup.len(), 2);
    }

    #[test]
    fn an_earlier_time_is_remembered_too() {
        let mut dedup = Dedup::new(Duration::from_secs(3_600));
        dedup.insert(1, Timestamp::from_seconds(7_200));
        dedup.insert(2, Timestamp::from_seconds(10));
        assert!(dedup.contains(2));
    }

    #[test]
    fn a_key_names_account_and_id() {
        assert_ne!(message_key(ChannelId(1), "a"), message_key(ChannelId(2), "a"));
        assert_ne!(message_key(ChannelId(1), "a"), message_key(ChannelId(1), "b"));
    }
}
