use std::time::Duration;

use model::time::Timestamp;

/// How far lane time may be behind the node's clock and still goes with it.
const CLOSE: Duration = Duration::from_secs(1);

/// How current one input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether it was read to its end in this turn.
    pub(crate) at_end: bool,
    /// When the last record handled of it was appended.
    pub(crate) handled: Timestamp,
    /// When the next was appended, where it was read and is not handled yet.
    pub(crate) unread: Option<Timestamp>,
}

/// Lane time: the node's clock where every input was read to its end and all of it is handled; else the append time of what is to be handled next, or was last, of the
/// input that is furthest behind. It never goes back, so a backlog after an outage cannot let a
/// timer fire on a customer who has already answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneTime {
    last: Timestamp,
}

impl Standing {
    /// Nothing was read yet; the records handled so far were appended by `handled`.
    pub(crate) const fn new(handled: Timestamp) -> Self {
        Self { at_end: false, handled, unread: None }
    }

    fn time(self, now: Timestamp) -> Timestamp {
        match self.unread {
            Some(unread) => unread.min(now),
            None if self.at_end => now,
            None => self.handled.min(now),
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

    /// Whether lane time goes with the node's clock, which shows `now`.
    pub(crate) fn is_close_to(&self, now: Timestamp) -> bool {
        now.since(self.last) <= CLOSE
    }

    /// Lane time for what is due by it: nothing that was appended before is unread. `None` where a
    /// clock that was set back leaves something unread: lane time stands still then, and what is
    /// written meanwhile is not after it.
    pub(crate) fn for_timers(
        &mut self,
        now: Timestamp,
        inputs: impl Iterator<Item = Standing> + Clone,
    ) -> Option<Timestamp> {
        let all_handled = inputs.clone().all(|input| input.at_end && input.unread.is_none());
        let lowest = inputs.clone().map(|input| input.time(now)).min();
        let at = self.at(now, inputs);
        (all_handled || lowest == Some(at)).then_some(at)
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
        let current = Standing { at_end: true, ..Standing::new(at(3)) };
        let behind = Standing::new(at(40));
        assert_eq!(time.at(at(100), [current].into_iter()), at(100));
        let mut time = LaneTime::from(at(0));
        assert_eq!(time.at(at(100), [current, behind].into_iter()), at(40));
    }

    #[test]
    fn lane_time_never_goes_back() {
        let mut time = LaneTime::from(at(50));
        assert_eq!(time.at(at(100), [Standing::new(at(40))].into_iter()), at(50));
    }

    #[test]
    fn what_was_read_and_is_not_handled_holds_lane_time() {
        let current = Standing { at_end: true, ..Standing::new(at(3)) };
        let unread = Standing { unread: Some(at(70)), ..current };
        let mut time = LaneTime::from(at(0));
        assert_eq!(time.at(at(100), [current, unread].into_iter()), at(70));
        assert_eq!(time.for_timers(at(100), [current, unread].into_iter()), Some(at(70)));
        assert_eq!(time.for_timers(at(100), [current].into_iter()), Some(at(100)));
    }

    #[test]
    fn nothing_is_due_while_a_clock_that_was_set_back_left_something_unread() {
        let current = Standing { at_end: true, ..Standing::new(at(3)) };
        let unread = Standing { unread: Some(at(50)), ..current };
        let mut time = LaneTime::from(at(100));
        assert_eq!(time.for_timers(at(50), [unread].into_iter()), None);
        assert_eq!(time.for_timers(at(50), [current].into_iter()), Some(at(100)));
    }
}
