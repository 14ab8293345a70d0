use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::desk::wire::DecodeError;
use crate::desk::{Assigned, Body, Event, Record, Stamped, Why};
use crate::id::{ConversationId, GroupId, LaneId, UserId};
use crate::people::Policy;

use super::{EpochOrder, Lane, Roll, Verdict};

/// Everything the log shows of a shard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shard {
    /// Which records count.
    pub order: EpochOrder,
    /// Its lanes.
    pub lanes: BTreeMap<LaneId, Lane>,
    /// Who is there.
    pub roll: Roll,
    /// Scores of the window.
    pub scores: BTreeMap<UserId, Score>,
    /// The agent last reserved by policy in each group under circular or agent-priority.
    pub cursors: BTreeMap<GroupId, UserId>,
    /// Offset in `settings` after the last entity in force.
    pub settings_next: u64,
}

/// What an agent's window holds: conversations assigned, and service time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Conversations assigned.
    pub count: u32,
    /// Service time in units of 16 s, each conversation rounded up.
    pub time: u32,
}

impl Score {
    /// The length of a unit of service time.
    pub const UNIT: Duration = Duration::from_secs(16);

    /// Service time in units, rounded up; time below a millisecond does not count.
    pub fn units(handled: Duration) -> u32 {
        let unit = Self::UNIT.as_secs();
        let (whole, rest) = (handled.as_secs() / unit, handled.as_secs() % unit);
        let begun = rest != 0 || handled.subsec_millis() != 0;
        u32::try_from(whole.saturating_add(u64::from(begun))).unwrap_or(u32::MAX)
    }

    /// Counts a reservation that charged `charge` units.
    pub const fn reserve(&mut self, charge: u8) {
        self.count = self.count.saturating_add(1);
        self.time = self.time.saturating_add(charge as u32);
    }

    /// Corrects the charge of a reservation by the time it really took.
    pub fn correct(&mut self, charge: u8, handled: Duration) {
        let time = self.time.saturating_add(Self::units(handled));
        self.time = time.saturating_sub(u32::from(charge));
    }
}

impl Shard {
    /// Folds the next record of the shard's `events`; anything but [`Verdict::Apply`] changes
    /// nothing but the order itself.
    pub fn apply(&mut self, stamped: &Stamped) -> Verdict {
        let verdict = self.order.judge(stamped);
        if let (Verdict::Apply, Body::Record(record)) = (verdict, &stamped.body) {
            self.apply_record(record);
        }
        verdict
    }

    /// The same from the record's bytes, as [`EpochOrder::read`].
    ///
    /// # Errors
    /// As [`EpochOrder::read`]; then nothing was folded.
    pub fn read(&mut self, bytes: &Bytes) -> Result<(Verdict, Option<Stamped>), DecodeError> {
        let (verdict, stamped) = self.order.read(bytes)?;
        if let (Verdict::Apply, Some(Body::Record(record))) =
            (verdict, stamped.as_ref().map(|stamped| &stamped.body))
        {
            self.apply_record(record);
        }
        Ok((verdict, stamped))
    }

    fn apply_record(&mut self, record: &Record) {
        self.lanes.entry(record.lane).or_default().begin(record);
        for event in &record.events {
            self.apply_event(record, event);
            let lane = self.lanes.entry(record.lane).or_default();
            lane.apply_event(event, record);
        }
    }

    fn apply_event(&mut self, record: &Record, event: &Event) {
        if self.roll.apply(event, record.at) {
            return;
        }
        match event {
            Event::SettingsApplied { next } => self.settings_next = self.settings_next.max(*next),
            Event::Assigned(assigned) => self.reserve(assigned),
            Event::Moved(moved) => self.correct(record.lane, moved.conversation, moved.handled),
            Event::Pended { conversation, handled, .. }
            | Event::Closed { conversation, handled, .. } => {
                self.correct(record.lane, *conversation, *handled);
            }
            _ => {}
        }
    }

    /// Corrects the score of the agent whose seat a conversation gives back, if it holds one.
    fn correct(&mut self, lane: LaneId, conversation: ConversationId, handled: Duration) {
        let open = self.lanes.get(&lane).and_then(|lane| lane.conversations.get(&conversation));
        if let Some((agent, charge)) = open.and_then(|open| Some((open.seated()?, open.charge))) {
            self.scores.entry(agent).or_default().correct(charge, handled);
        }
    }

    fn reserve(&mut self, assigned: &Assigned) {
        self.scores.entry(assigned.agent).or_default().reserve(assigned.charge);
        let turning = [Policy::Circular, Policy::AgentPriority];
        if matches!(assigned.why, Why::Policy { policy, .. } if turning.contains(&policy)) {
            self.cursors.insert(assigned.group, assigned.agent);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn units_are_milliseconds_rounded_up(
            secs in prop_oneof![0..100_u64, 0..=u64::MAX],
            nanos in prop_oneof![Just(0), 999_999..=1_000_000_u32, 0..1_000_000_000_u32],
        ) {
            let handled = Duration::new(secs, nanos);
            let units = handled.as_millis().div_ceil(16_000);
            prop_assert_eq!(u128::from(Score::units(handled)), units.min(u128::from(u32::MAX)));
        }
    }
}
