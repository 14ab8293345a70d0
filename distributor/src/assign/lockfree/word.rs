use std::time::Duration;

use model::fold::Score;
use model::people::Presence;

use crate::assign::Passed;

/// An agent's word, the truth about him: `count:13 | time:19 | gen:16 | status:2 | cap:7 |
/// active:7`. Count and time are the score of the window.
///
/// What happens at the edge of each field, so that no field ever runs into the next:
///
/// | field | greatest | who could go beyond | then |
/// |---|---|---|---|
/// | active | 127 seats | nobody: a reservation stops at the cap, 80 at most; the log shows no more than the greatest cap there was | a restored 128th seat is refused (C9) |
/// | cap | 127 | nobody: [`model::people::Cap`] ends at 80 | – |
/// | gen | 65,535 | whoever is paused or edited so often | begins again at 0: a hand-over that no lane takes during exactly 65,536 bumps would be confirmed |
/// | time | 524,287 units, 97 days of service | nobody within a window of a day | stays there: under least-time he is equal to others there |
/// | count | 8,191 conversations | a window that is never reset | stays there: under least-count he is equal to others there |
/// | charge, in a ticket | 255 units, 68 minutes | a group whose mean is longer | charged so much; its end puts in the time it took |
///
/// Below 0 nothing goes: what is taken back from a score that stood at its edge, or was reset
/// meanwhile, stops at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

/// Whether an agent is there. Online is the greatest, so one comparison says whether he is eligible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The settings do not have him as an agent.
    Vacant,
    Paused,
    Offline,
    Online,
}

/// How a seat that is given back changes the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Correction {
    /// Units added: what it took.
    units: u32,
    /// Units taken off: what the reservation charged.
    charge: u8,
    /// Conversations taken off.
    count: u8,
}

const ACTIVE: Field = Field { at: 0, bits: 7 };
const CAP: Field = Field { at: 7, bits: 7 };
const STATUS: Field = Field { at: 14, bits: 2 };
const ONLINE: u64 = (Status::Online as u64) << CAP.bits;
const GENERATION: Field = Field { at: 16, bits: 16 };
const TIME: Field = Field { at: 32, bits: 19 };
const COUNT: Field = Field { at: 51, bits: 13 };

impl Word {
    #[inline]
    pub(super) const fn active(self) -> u64 {
        ACTIVE.get(self.0)
    }

    #[inline]
    pub(super) const fn cap(self) -> u8 {
        CAP.get(self.0) as u8
    }

    #[inline]
    pub(super) const fn status(self) -> Status {
        Status::of(STATUS.get(self.0))
    }

    #[inline]
    pub(super) const fn generation(self) -> u16 {
        GENERATION.get(self.0) as u16
    }

    #[inline]
    pub(super) const fn score(self) -> Score {
        Score { count: COUNT.get(self.0) as u32, time: TIME.get(self.0) as u32 }
    }

    /// Whether a part of the score is less than in another word.
    #[inline]
    pub(super) const fn is_below(self, other: Self) -> bool {
        let (now, before) = (self.score(), other.score());
        now.count < before.count || now.time < before.time
    }

    /// Whether he may be reserved for a conversation of his lines.
    #[inline]
    pub(super) const fn eligible(self) -> bool {
        self.active() + ONLINE < self.status_and_cap()
    }

    /// Whether he may be reserved by name, where that reaches paused agents.
    #[inline]
    pub(super) const fn eligible_paused(self) -> bool {
        matches!(self.status(), Status::Online | Status::Paused) && self.has_room()
    }

    /// Whether a seat he gives back may go to the next conversation at once.
    #[inline]
    pub(super) const fn saleable(self) -> bool {
        self.active() + ONLINE <= self.status_and_cap()
    }

    /// Whether he holds more than his cap.
    #[inline]
    pub(super) const fn is_over(self) -> bool {
        self.active() > CAP.get(self.0)
    }

    /// Why he takes no conversation of his lines.
    pub(super) const fn refusal(self) -> Option<Passed> {
        match self.status() {
            Status::Vacant | Status::Offline => Some(Passed::Offline),
            Status::Paused => Some(Passed::Paused),
            Status::Online if self.has_room() => None,
            Status::Online => Some(Passed::Full),
        }
    }

    /// One seat more, and its charge.
    #[inline]
    pub(super) const fn seated(self, charge: u8) -> Self {
        if self.has_room() && self.counts_on() {
            return Self(self.0 + (1 << COUNT.at | (charge as u64) << TIME.at | 1));
        }
        self.restored().charged(charge)
    }

    /// One seat less.
    #[inline]
    pub(super) const fn released(self, by: Correction) -> Self {
        let (charge, units) = (by.charge as u64, by.units as u64);
        let time = TIME.get(self.0) + units;
        if by.count == 0 && self.active() != 0 && charge <= time && time <= TIME.most() {
            // Modulo 2⁶⁴: a charge above the units borrows no more than the time has.
            return Self(self.0.wrapping_add(units.wrapping_sub(charge) << TIME.at) - 1);
        }
        Self(self.0 - (self.active() != 0) as u64).corrected(by)
    }

    /// The same seats: one came back and was sold again.
    #[inline]
    pub(super) const fn resold(self, by: Correction, charge: u8) -> Self {
        self.corrected(by).charged(charge)
    }

    /// A seat the log shows as held; its score is in the log too.
    #[inline]
    pub(super) const fn restored(self) -> Self {
        Self(self.0 + (self.active() != ACTIVE.most()) as u64)
    }

    pub(super) const fn with_cap(self, cap: u8) -> Self {
        Self(CAP.put(self.0, cap as u64))
    }

    pub(super) const fn with_status(self, status: Status) -> Self {
        Self(STATUS.put(self.0, status as u64))
    }

    pub(super) fn with_score(self, score: Score) -> Self {
        let (time, count) = (u64::from(score.time), u64::from(score.count));
        self.scored(least(time, TIME.most()), least(count, COUNT.most()))
    }

    /// Makes every hand-over under way void.
    pub(super) const fn bumped(self) -> Self {
        Self(GENERATION.put(self.0, GENERATION.get(self.0).wrapping_add(1)))
    }

    #[inline]
    const fn has_room(self) -> bool {
        self.active() < CAP.get(self.0)
    }

    /// Status and cap as one number. Online it is [`ONLINE`] and the cap, which no other status
    /// reaches.
    #[inline]
    const fn status_and_cap(self) -> u64 {
        self.0 >> CAP.at & ((1 << (CAP.bits + STATUS.bits)) - 1)
    }

    /// Whether the score is so far from its edge that any one charge fits.
    #[inline]
    const fn counts_on(self) -> bool {
        TIME.get(self.0) <= TIME.most() - u8::MAX as u64 && COUNT.get(self.0) < COUNT.most()
    }

    #[inline]
    const fn charged(self, charge: u8) -> Self {
        let time = least(TIME.get(self.0) + charge as u64, TIME.most());
        let count = least(COUNT.get(self.0) + 1, COUNT.most());
        self.scored(time, count)
    }

    /// The score put right, and nothing else.
    #[inline]
    pub(super) const fn corrected(self, by: Correction) -> Self {
        let time = least(TIME.get(self.0) + by.units as u64, TIME.most());
        let count = COUNT.get(self.0).saturating_sub(by.count as u64);
        self.scored(time.saturating_sub(by.charge as u64), count)
    }

    /// With a score whose parts fit.
    #[inline]
    const fn scored(self, time: u64, count: u64) -> Self {
        const REST: u64 = (1 << TIME.at) - 1;
        Self(self.0 & REST | time << TIME.at | count << COUNT.at)
    }
}

impl Status {
    pub(super) const fn of(number: u64) -> Self {
        match number {
            1 => Self::Paused,
            2 => Self::Offline,
            3 => Self::Online,
            _ => Self::Vacant,
        }
    }
}

impl Correction {
    /// An ordinary end: the charge becomes the time it took.
    #[inline]
    pub(super) fn handled(charge: u8, handled: Duration) -> Self {
        Self { count: 0, charge, units: Score::units(handled) }
    }

    /// A seat the log never showed: it never was.
    #[inline]
    pub(super) const fn unseen(charge: u8) -> Self {
        Self { count: 1, charge, units: 0 }
    }
}

impl From<Presence> for Status {
    fn from(presence: Presence) -> Self {
        match presence {
            Presence::Available => Self::Online,
            Presence::Paused => Self::Paused,
            Presence::Offline => Self::Offline,
        }
    }
}

#[derive(Clone, Copy)]
struct Field {
    at: u32,
    bits: u32,
}

impl Field {
    const fn most(self) -> u64 {
        (1 << self.bits) - 1
    }

    const fn get(self, word: u64) -> u64 {
        word >> self.at & self.most()
    }

    const fn put(self, word: u64, value: u64) -> u64 {
        word & !(self.most() << self.at) | (value & self.most()) << self.at
    }
}

#[inline]
const fn least(one: u64, other: u64) -> u64 {
    if one < other { one } else { other }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_seat_and_its_release_leave_the_word_as_it_was() {
        let word = Word(0).with_cap(2).with_status(Status::Online).bumped();
        let seated = word.seated(7);
        assert_eq!((seated.active(), seated.score()), (1, Score { count: 1, time: 7 }));
        assert_eq!(seated.released(Correction::unseen(7)), word);
        assert_eq!(seated.generation(), 1);
        assert!(seated.eligible() && !seated.seated(1).eligible());
    }

    #[test]
    fn every_field_stops_at_its_edge_and_touches_no_other() {
        let full = Word(u64::MAX);
        assert_eq!(full.seated(255), full);
        assert_eq!(full.bumped().generation(), 0);
        assert_eq!(full.bumped().score(), full.score());
        let zero = Word(0).released(Correction::unseen(9));
        assert_eq!(zero, Word(0));
        let long = Correction::handled(3, Duration::from_secs(16 * 5));
        assert_eq!(Word(0).seated(3).released(long).score(), Score { count: 1, time: 5 });
    }

    #[test]
    fn a_score_at_its_edge_stays_there_and_the_seats_go_on() {
        let most = Score { count: 8_191, time: 524_287 };
        let beyond = Score { count: u32::MAX, time: u32::MAX };
        let word = Word(0).with_cap(80).with_status(Status::Online).with_score(beyond);
        assert_eq!(word.score(), most);
        let seated = word.seated(255);
        assert_eq!((seated.score(), seated.active()), (most, 1));
        let years = Correction::handled(255, Duration::from_secs(u64::from(u32::MAX)));
        let resold = seated.resold(years, 255);
        assert_eq!((resold.score(), resold.active()), (most, 1));
        let undone = seated.released(Correction::unseen(255));
        assert_eq!(undone.score(), Score { count: 8_190, time: 524_032 });
        assert_eq!((undone.active(), undone.cap(), undone.status()), (0, 80, Status::Online));
    }

    #[test]
    fn seats_end_above_the_greatest_cap_and_below_the_next_field() {
        let mut word = Word(0).with_cap(80).with_status(Status::Online);
        while word.eligible() {
            word = word.seated(1);
        }
        assert_eq!((word.active(), word.is_over(), word.saleable()), (80, false, true));
        while word.restored() != word {
            word = word.restored();
        }
        assert_eq!((word.active(), word.cap(), word.saleable()), (127, 80, false));
    }

    #[test]
    fn a_score_that_was_reset_meanwhile_stops_at_zero() {
        let seated = Word(0).seated(9).with_score(Score::default());
        let short = Correction::handled(9, Duration::from_secs(1));
        assert_eq!(seated.released(short).score(), Score::default());
        assert_eq!(seated.released(Correction::unseen(9)), Word(0));
    }

    #[test]
    fn generations_begin_again_after_the_last_and_touch_nothing_else() {
        let first = Word(0).with_cap(3).seated(4);
        let mut word = first;
        for bumps in 1..=65_536_u32 {
            word = word.bumped();
            assert_eq!(word == first, bumps == 65_536);
        }
    }

    #[test]
    fn cap_zero_is_never_eligible_and_pause_reaches_transfers_only() {
        let word = Word(0).with_status(Status::Online);
        assert!(!word.eligible());
        let paused = word.with_cap(1).with_status(Status::Paused);
        assert!(!paused.eligible() && paused.eligible_paused() && !paused.saleable());
    }

    proptest! {
        #[test]
        fn the_short_way_of_a_seat_and_of_its_release_leads_where_the_long_one_does(
            word in words(),
            charge: u8,
            units in prop_oneof![0..300_u32, any::<u32>()],
        ) {
            prop_assert_eq!(word.seated(charge), word.restored().charged(charge));
            let fewer = Word(word.0 - u64::from(word.active() != 0));
            for by in [Correction { count: 0, charge, units }, Correction::unseen(charge)] {
                prop_assert_eq!(word.released(by), fewer.corrected(by));
            }
        }

        #[test]
        fn one_comparison_says_who_is_eligible_and_whose_seat_is_sold_again(word in words()) {
            let online = word.status() == Status::Online;
            let cap = u64::from(word.cap());
            prop_assert_eq!(word.eligible(), online && word.active() < cap);
            prop_assert_eq!(word.saleable(), online && word.active() <= cap);
        }
    }

    /// Words whose fields stand at their edges as often as not.
    fn words() -> impl Strategy<Value = Word> {
        let near = |field: Field| {
            let most = field.most();
            prop_oneof![0..3.min(most), most - 2.min(most)..=most, 0..=most]
        };
        let fields = [TIME, COUNT].map(near);
        (any::<u32>(), fields)
            .prop_map(|(low, [time, count])| Word(COUNT.put(TIME.put(u64::from(low), time), count)))
    }
}
