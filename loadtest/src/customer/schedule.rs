use std::collections::VecDeque;
use std::time::Duration;

use super::MessageKey;
use crate::random::{Evenly, Random};

/// When messages are planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// Independent customers: exponential gaps.
    #[default]
    Poisson,
    /// Even gaps.
    Constant,
}

/// How much load, and of which shape. Everything follows from it and the seed.
#[derive(Clone, Debug)]
pub struct Load {
    /// Customer messages a second, above 0.
    pub rate: f64,
    /// How long messages are planned.
    pub duration: Duration,
    /// Contacts that may write.
    pub contacts: u32,
    /// Contacts in the middle of a conversation at any time.
    pub conversations: u32,
    /// Texts of one conversation, least and most.
    pub texts: (u32, u32),
    /// The gaps between messages.
    pub arrivals: Arrivals,
    /// The share of webhooks that carry the messages of two contacts.
    pub batched_share: f64,
    /// The share of webhooks sent twice.
    pub repeated_share: f64,
    /// What all choices follow from.
    pub seed: u64,
}

impl Load {
    /// Load of `rate` messages a second for `duration`: conversations of 2 to 6 texts, 5 % of
    /// webhooks batched, 6.25 % sent twice.
    pub const fn new(rate: f64, duration: Duration, contacts: u32, conversations: u32) -> Self {
        Self {
            rate,
            duration,
            contacts,
            conversations,
            texts: (2, 6),
            arrivals: Arrivals::Poisson,
            batched_share: 0.05,
            repeated_share: 0.0625,
            seed: 1,
        }
    }
}

/// One text on the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedText {
    /// Who writes, and which of his messages it is.
    pub key: MessageKey,
    /// Whether it is the last of its conversation.
    pub last: bool,
}

/// One webhook on the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When, since the first arrival could be.
    pub at: Duration,
    /// One text, or two of different contacts.
    pub texts: Vec<PlannedText>,
    /// Whether, and how, it is sent twice.
    pub repeat: Option<Repeat>,
}

/// How a webhook is sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Both at once.
    Together,
    /// Again so long after the first was answered 2xx.
    After(Duration),
}

/// The arrivals of a load, in order: an open model, no answer is asked when the next one is due.
#[derive(Clone, Debug)]
pub struct Schedule {
    load: Load,
    random: Random,
    now: Duration,
    batched: Evenly,
    repeated: Evenly,
    writing: Vec<Writer>,
    resting: VecDeque<Writer>,
}

#[derive(Clone, Copy, Debug)]
struct Writer {
    contact: u32,
    written: u32,
    texts_left: u32,
}

impl Schedule {
    /// The arrivals of `load`; none when its rate is not above 0 or nobody may write.
    pub fn new(load: &Load) -> Self {
        let mut random = Random::new(load.seed, 1);
        let mut resting: VecDeque<Writer> = (0..load.contacts)
            .map(|contact| Writer { contact, written: 0, texts_left: 0 })
            .collect();
        let mut writing = Vec::new();
        while writing.len() < load.conversations.max(1) as usize {
            let Some(mut writer) = resting.pop_front() else { break };
            // The first ones are somewhere in the middle, else all would end together.
            writer.texts_left = 1 + random.below(u64::from(load.texts.1.max(1))) as u32;
            writing.push(writer);
        }
        Self {
            load: load.clone(),
            random,
            now: Duration::ZERO,
            batched: Evenly::new(load.batched_share),
            repeated: Evenly::new(load.repeated_share),
            writing,
            resting,
        }
    }

    fn mean_gap(&self) -> Duration {
        Duration::from_secs_f64((1.0 + self.load.batched_share) / self.load.rate)
    }

    fn text(&mut self, place: usize) -> Option<PlannedText> {
        let (least, most) = self.load.texts;
        let writer = self.writing.get_mut(place)?;
        writer.written += 1;
        writer.texts_left = writer.texts_left.saturating_sub(1);
        let key = MessageKey { contact: writer.contact, number: writer.written };
        let last = writer.texts_left == 0;
        if last {
            self.resting.push_back(*writer);
            let width = u64::from(most.saturating_sub(least)) + 1;
            let texts_left = (least + self.random.below(width) as u32).max(1);
            let next = self.resting.pop_front()?;
            *writer = Writer { texts_left, ..next };
        }
        Some(PlannedText { key, last })
    }

    fn texts(&mut self) -> Vec<PlannedText> {
        let writing = self.writing.len();
        let first = self.random.below(writing as u64) as usize;
        let both = writing > 1 && self.batched.happens(&mut self.random);
        let mut texts: Vec<PlannedText> = self.text(first).into_iter().collect();
        if both {
            let second = self.random.below(writing as u64) as usize;
            let taken = texts.first().map(|text| text.key.contact);
            let other = self.writing.get(second).map(|writer| writer.contact);
            if other != taken {
                texts.extend(self.text(second));
            }
        }
        texts
    }

    fn repeat(&mut self) -> Option<Repeat> {
        if !self.repeated.happens(&mut self.random) {
            return None;
        }
        if self.random.happens(0.3) {
            return Some(Repeat::Together);
        }
        let (least, most) = (Duration::from_millis(1), Duration::from_millis(500));
        Some(Repeat::After(self.random.between(least, most)))
    }
}

impl Iterator for Schedule {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        if self.load.rate <= 0.0 || self.writing.is_empty() {
            return None;
        }
        let mean = self.mean_gap();
        self.now += match self.load.arrivals {
            Arrivals::Poisson => self.random.poisson_gap(mean),
            Arrivals::Constant => mean,
        };
        if self.now > self.load.duration {
            return None;
        }
        let (texts, repeat) = (self.texts(), self.repeat());
        Some(Arrival { at: self.now, texts, repeat })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn load() -> Load {
        Load::new(500.0, Duration::from_secs(20), 2_000, 100)
    }

    #[test]
    fn the_planned_rate_is_the_rate_asked_for() {
        for arrivals in [Arrivals::Poisson, Arrivals::Constant] {
            let schedule = Schedule::new(&Load { arrivals, ..load() });
            let texts: usize = schedule.map(|arrival| arrival.texts.len()).sum();
            assert!((9_600..=10_400).contains(&texts), "{arrivals:?}: {texts}");
        }
    }

    #[test]
    fn each_contact_counts_its_messages_from_one() {
        let mut next: HashMap<u32, u32> = HashMap::new();
        for text in Schedule::new(&load()).flat_map(|arrival| arrival.texts) {
            let number = next.entry(text.key.contact).or_insert(1);
            assert_eq!(text.key.number, *number);
            *number += 1;
        }
        assert!(next.len() > 1_500, "{} contacts wrote", next.len());
    }

    #[test]
    fn at_least_one_webhook_in_twenty_is_sent_twice_and_some_carry_two_contacts() {
        let arrivals: Vec<Arrival> = Schedule::new(&load()).collect();
        let share = |count: usize| count as f64 / arrivals.len() as f64;
        assert!(share(arrivals.iter().filter(|a| a.repeat.is_some()).count()) >= 0.05);
        assert!(share(arrivals.iter().filter(|a| a.texts.len() == 2).count()) > 0.03);
        for pair in arrivals.iter().filter(|a| a.texts.len() == 2) {
            assert_ne!(pair.texts[0].key.contact, pair.texts[1].key.contact);
        }
    }

    #[test]
    fn the_same_seed_plans_the_same_arrivals() {
        let plan = |seed| Schedule::new(&Load { seed, ..load() }).take(500).collect::<Vec<_>>();
        assert_eq!(plan(5), plan(5));
        assert_ne!(plan(5), plan(6));
    }

    #[test]
    fn nobody_writes_without_rate_or_contacts() {
        assert_eq!(Schedule::new(&Load { rate: 0.0, ..load() }).count(), 0);
        assert_eq!(Schedule::new(&Load { contacts: 0, ..load() }).count(), 0);
    }
}
