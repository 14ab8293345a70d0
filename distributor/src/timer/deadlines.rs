use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use model::time::Timestamp;

/// When to look at what: one moment for each key at most. Every operation takes a time that grows
/// with the logarithm of the number of keys; a key takes about four times its own size and four
/// timestamps.
#[derive(Debug)]
pub(crate) struct Deadlines<K> {
    order: BTreeSet<(Timestamp, K)>,
    of: HashMap<K, Timestamp>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { order: BTreeSet::new(), of: HashMap::new() }
    }
}

impl<K: Copy + Ord + Hash> Deadlines<K> {
    /// Looks at `key` at `at` and not before; never, where that is `None`.
    pub(crate) fn set(&mut self, key: K, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.of.insert(key, at),
            None => self.of.remove(&key),
        };
        if let Some(before) = before {
            self.order.remove(&(before, key));
        }
        if let Some(at) = at {
            self.order.insert((at, key));
        }
    }

    /// Looks at `key` no later than `at`. A look that comes too early does no harm: whoever looks
    /// sets the next one.
    pub(crate) fn hasten(&mut self, key: K, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        if self.of.get(&key).is_none_or(|known| at < *known) {
            self.set(key, Some(at));
        }
    }

    /// Takes the first key to be looked at by `now`.
    pub(crate) fn take(&mut self, now: Timestamp) -> Option<K> {
        let (at, key) = *self.order.first()?;
        if now < at {
            return None;
        }
        self.order.pop_first();
        self.of.remove(&key);
        Some(key)
    }

    /// When the first look is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u8, Option<i64>),
        Hasten(u8, Option<i64>),
        Take(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = || proptest::option::of(0..40_i64);
        prop_oneof![
            (0..6_u8, at()).prop_map(|(key, at)| Step::Set(key, at)),
            (0..6_u8, at()).prop_map(|(key, at)| Step::Hasten(key, at)),
            (0..40_i64).prop_map(Step::Take),
        ]
    }

    proptest! {
        #[test]
        fn each_key_has_one_moment_and_the_first_comes_first(
            steps in proptest::collection::vec(step(), 0..60),
        ) {
            let (mut deadlines, mut plain) = (Deadlines::default(), BTreeMap::new());
            let stamp = |at: Option<i64>| at.map(Timestamp::from_seconds);
            for step in steps {
                match step {
                    Step::Set(key, at) => {
                        deadlines.set(key, stamp(at));
                        plain.remove(&key);
                        plain.extend(at.map(|at| (key, at)));
                    }
                    Step::Hasten(key, at) => {
                        deadlines.hasten(key, stamp(at));
                        let sooner = at.into_iter().chain(plain.get(&key).copied()).min();
                        plain.extend(sooner.map(|at| (key, at)));
                    }
                    Step::Take(now) => {
                        let first = plain.iter().map(|(key, at)| (*at, *key)).min();
                        let first = first.filter(|(at, _)| *at <= now).map(|(_, key)| key);
                        prop_assert_eq!(deadlines.take(Timestamp::from_seconds(now)), first);
                        first.map(|key| plain.remove(&key));
                    }
                }
                let next = plain.values().min().copied();
                prop_assert_eq!(deadlines.next(), stamp(next));
                prop_assert_eq!(deadlines.of.len(), deadlines.order.len());
            }
        }
    }
}
