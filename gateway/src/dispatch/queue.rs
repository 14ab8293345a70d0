use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use super::work::Job;

/// A channel's waiting messages: first in, first out for each contact, at most one of a contact in
/// flight, contacts taking turns. A message to be tried again goes back before all others of its
/// contact, so a retry never changes their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Contacts with something waiting or in flight.
    lines: HashMap<Arc<str>, VecDeque<Job>>,
    /// Contacts whose next message may go now.
    ready: VecDeque<Arc<str>>,
    /// Contacts whose next message may go later.
    later: BinaryHeap<Reverse<(Instant, Arc<str>)>>,
    in_flight: usize,
    waiting: usize,
}

impl Queue {
    /// Puts a message behind the others of its contact.
    pub(super) fn push(&mut self, job: Job) {
        let address = Arc::clone(&job.address);
        self.waiting += 1;
        match self.lines.get_mut(&address) {
            Some(line) => line.push_back(job),
            None => {
                self.lines.insert(Arc::clone(&address), VecDeque::from([job]));
                self.ready.push_back(address);
            }
        }
    }

    /// The next message that may go at `now`; its contact is in flight until [`Queue::done`] or
    /// [`Queue::again`].
    pub(super) fn next(&mut self, now: Instant) -> Option<Job> {
        while self.later.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            self.ready.extend(self.later.pop().map(|Reverse((_, address))| address));
        }
        let address = self.ready.pop_front()?;
        let job = self.lines.get_mut(&address)?.pop_front()?;
        self.waiting -= 1;
        self.in_flight += 1;
        Some(job)
    }

    /// The contact's message in flight has its answer.
    pub(super) fn done(&mut self, address: &Arc<str>) {
        self.in_flight -= 1;
        match self.lines.get(address) {
            Some(line) if line.is_empty() => drop(self.lines.remove(address)),
            Some(_) => self.ready.push_back(Arc::clone(address)),
            None => {}
        }
    }

    /// The contact's message in flight is to go again, not before `at`.
    pub(super) fn again(&mut self, job: Job, at: Instant) {
        let address = Arc::clone(&job.address);
        self.in_flight -= 1;
        self.waiting += 1;
        self.lines.entry(Arc::clone(&address)).or_default().push_front(job);
        self.later.push(Reverse((at, address)));
    }

    /// When something may go, if it depends on time alone: at once while a contact is ready.
    pub(super) fn due_at(&self, now: Instant) -> Option<Instant> {
        if !self.ready.is_empty() {
            return Some(now);
        }
        self.later.peek().map(|Reverse((at, _))| *at)
    }

    /// Messages in flight.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Messages waiting, those to be tried again included.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::{ChannelId, MessageId};
    use model::service::Content;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u8),
        Next,
        Done(usize),
        Again(usize, u8),
        Pass(u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0_u8..5).prop_map(Step::Push),
            4 => Just(Step::Next),
            2 => any::<usize>().prop_map(Step::Done),
            1 => (any::<usize>(), any::<u8>()).prop_map(|(n, wait)| Step::Again(n, wait)),
            1 => any::<u8>().prop_map(Step::Pass),
        ];
        proptest::collection::vec(step, 0..200)
    }

    fn job(contact: u8, seq: u32) -> Job {
        let conversation = model::id::ConversationId::from_u64(u64::from(contact)).unwrap();
        Job {
            message: MessageId { conversation, seq },
            channel: ChannelId(1),
            address: Arc::from(contact.to_string()),
            content: Content::Text(String::new()),
            at: model::time::Timestamp::default(),
            tries: 0,
            unknown: 0,
            again: false,
        }
    }

    /// Each contact's messages as they were pushed, and who is in flight.
    #[derive(Default)]
    struct Reference {
        waiting: BTreeMap<Arc<str>, VecDeque<Job>>,
        in_flight: Vec<Job>,
    }

    impl Reference {
        fn take(&mut self, job: &Job) {
            let line = self.waiting.get_mut(&job.address).unwrap();
            assert_eq!(line.pop_front().as_ref(), Some(job), "in the order of its contact");
            self.in_flight.push(job.clone());
            let contacts: BTreeSet<&Arc<str>> = self.in_flight.iter().map(|j| &j.address).collect();
            assert_eq!(contacts.len(), self.in_flight.len(), "one in flight per contact");
        }

        fn pick(&mut self, n: usize) -> Option<Job> {
            let most = self.in_flight.len();
            (most > 0).then(|| self.in_flight.swap_remove(n % most))
        }
    }

    fn play(steps: Vec<Step>) {
        let mut now = Instant::now();
        let (mut queue, mut reference, mut seq) = (Queue::default(), Reference::default(), 0);
        for step in steps {
            match step {
                Step::Push(contact) => {
                    seq += 1;
                    let job = job(contact, seq);
                    let line = reference.waiting.entry(Arc::clone(&job.address)).or_default();
                    line.push_back(job.clone());
                    queue.push(job);
                }
                Step::Next => {
                    let due = queue.due_at(now).is_some_and(|at| at <= now);
                    let next = queue.next(now);
                    assert_eq!(next.is_some(), due);
                    next.iter().for_each(|job| reference.take(job));
                }
                Step::Done(n) => {
                    reference.pick(n).iter().for_each(|job| queue.done(&job.address));
                }
                Step::Again(n, wait) => {
                    let Some(job) = reference.pick(n) else { continue };
                    reference.waiting.get_mut(&job.address).unwrap().push_front(job.clone());
                    queue.again(job, now + Duration::from_millis(u64::from(wait)));
                }
                Step::Pass(millis) => now += Duration::from_millis(u64::from(millis)),
            }
            assert_eq!(queue.in_flight(), reference.in_flight.len());
            assert_eq!(
                queue.waiting(),
                reference.waiting.values().map(VecDeque::len).sum::<usize>()
            );
        }
        finish(queue, reference, now + Duration::from_secs(1));
    }

    /// Nothing is forgotten: with every answer in and every wait over, all of it goes out.
    fn finish(mut queue: Queue, mut reference: Reference, now: Instant) {
        while let Some(job) = reference.pick(0) {
            queue.done(&job.address);
        }
        while let Some(job) = queue.next(now) {
            reference.take(&job);
            reference.in_flight.clear();
            queue.done(&job.address);
        }
        assert!(reference.waiting.values().all(VecDeque::is_empty));
        assert_eq!((queue.waiting(), queue.in_flight(), queue.lines.len()), (0, 0, 0));
    }

    proptest! {
        #[test]
        fn order_per_contact_survives_every_retry(steps in steps()) {
            play(steps);
        }
    }
}
