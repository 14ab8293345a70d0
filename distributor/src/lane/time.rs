use std::time::Duration;

use model::time::Timestamp;

/// How long reading an input to its end counts.
const AT_END: Duration = Duration::from_secs(1);

/// How current one input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// When it was last read to its end, on the node's clock.
    pub(crate) at_end: Option<Timestamp>,
    /// When the last record handled of it was appended.
    pub(crate) handled: Timestamp,
}

/// Lane time: the node's clock where every input was read to its end within the last second,
/// else the append time of the last record handled of the input that is furthest behind. It
/// never goes back, so a backlog after an outage cannot let a timer fire on a customer who has
/// already answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneTime {
    last: Timestamp,
}

impl Standing {
    /// Nothing was read yet; the records handled so far were appended by `handled`.
    pub(crate) const fn new(handled: Timestamp) -> Self {
        Self { at_end: None, handled }
    }

    fn time(self, now: Timestamp) -> Timestamp {
        match self.at_end {
            Some(at_end) if now.since(at_end) <= AT_END => now,
            _ => self.handled.min(now),
        }
    }
}

impl LaneTime {
    /// Lane time goes on from `last`.
    pub(crate) const fn from(last: Timestamp) -> Self {
        Self { last }
    }

    /// Lane time when the node's clock shows `now`.
    pub(crate) fn at(
        &mut self,
        now: Timestamp,
        inputs: impl Iterator<Item = Standing>,
    ) -> Timestamp {
        let lowest = inputs.map(|input| input.time(now)).min().unwrap_or(now);
        self.last = self.last.max(lowest);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_input_furthest_behind_sets_the_time() {
        let mut time = LaneTime::from(at(0));
        let current = Standing { at_end: Some(at(100)), handled: at(3) };
        let behind = Standing { at_end: Some(at(90)), handled: at(40) };
        assert_eq!(time.at(at(100), [current].into_iter()), at(100));
        let mut time = LaneTime::from(at(0));
        assert_eq!(time.at(at(100), [current, behind].into_iter()), at(40));
    }

    #[test]
    fn lane_time_never_goes_back() {
        let mut time = LaneTime::from(at(50));
        let behind = Standing { at_end: None, handled: at(40) };
        assert_eq!(time.at(at(100), [behind].into_iter()), at(50));
    }

    #[test]
    fn reading_to_the_end_counts_for_a_second() {
        let input = Standing { at_end: Some(at(100)), handled: at(3) };
        assert_eq!(LaneTime::from(at(0)).at(at(101), [input].into_iter()), at(101));
        assert_eq!(LaneTime::from(at(0)).at(at(102), [input].into_iter()), at(3));
    }
}
