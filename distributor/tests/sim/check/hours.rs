//! What time may do: nothing happens before it is due, nor after somebody answered or came back,
//! nor twice; and at a quiet point nothing is overdue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::desk::{Body, Cause, Entity, Event, MoveKind, Record, Sweep, Timer, wire};
use model::id::{ConversationId, GroupId, LaneId, UserId};
use model::limit;
use model::people::{GroupRules, Inactivity, OnAbsence, Presence, Silence};
use model::service::{Author, CloseReason, ConversationState};
use model::time::Timestamp;
use parking_lot::Mutex;
use storage::port::{NewRecord, Offset};

/// How long a customer's message lets anybody write to him: 24 hours less a minute.
const WINDOW: Duration = Duration::from_secs(24 * 3_600 - 60);
/// The most that lane time may be ahead of a clock that was set back.
const AHEAD: Duration = Duration::from_secs(3_600);

/// What there was when a record was handed over.
#[derive(Clone, Default)]
pub(crate) struct Moment {
    /// The ends of the lanes' partitions of `inbound`.
    pub(crate) inbound: BTreeMap<LaneId, Offset>,
    /// Whether its lane may have decided by what another lane has changed since.
    is_stale: bool,
}

/// The moments of one shard's records, by epoch and number.
#[derive(Default)]
pub(crate) struct Moments {
    of: BTreeMap<(u32, u64), Moment>,
    /// Whether another lane has had a turn in the middle of this one.
    pub(crate) is_nested: bool,
}

/// An open conversation, as far as time is concerned.
struct Hour {
    state: ConversationState,
    group: Option<GroupId>,
    agent: Option<UserId>,
    customer: Timestamp,
    customer_sent: Timestamp,
    wrote: Timestamp,
    queued: Timestamp,
    assigned: Timestamp,
    warned: Option<Timestamp>,
}

/// The hours of one shard.
#[derive(Default)]
pub(crate) struct Hours {
    pub(crate) moments: Arc<Mutex<Moments>>,
    talks: BTreeMap<ConversationId, Hour>,
    gone: BTreeMap<UserId, Timestamp>,
    /// Of whoever came back, until when he was waited for.
    back: BTreeMap<UserId, Timestamp>,
    there: BTreeMap<UserId, Presence>,
    renewed: BTreeMap<UserId, Timestamp>,
    /// The rules of each group since the last quiet point, the newest last.
    rules: BTreeMap<GroupId, Vec<GroupRules>>,
}

impl Moments {
    /// Records are handed over.
    pub(crate) fn hand_over(&mut self, records: &[NewRecord], inbound: &BTreeMap<LaneId, Offset>) {
        for record in records {
            let stamped = wire::decode(&record.bytes).unwrap();
            if let Body::Record(_) = stamped.body {
                let key = (stamped.envelope.epoch, stamped.envelope.number);
                let moment = Moment { inbound: inbound.clone(), is_stale: self.is_nested };
                self.of.insert(key, moment);
            }
        }
    }

    pub(crate) fn of(&self, epoch: u32, number: u64) -> Moment {
        self.of.get(&(epoch, number)).cloned().unwrap_or_default()
    }
}

impl Hours {
    /// An entity is in force from now on.
    pub(crate) fn rule(&mut self, entity: Entity) {
        if let Entity::Group(group) = entity {
            self.rules.entry(group.id).or_default().push(group.rules);
        }
    }

    /// A quiet point: everybody knows the newest rules.
    pub(crate) fn settle(&mut self) {
        for versions in self.rules.values_mut() {
            versions.drain(..versions.len() - 1);
        }
        self.back.clear();
    }

    /// Judges what time caused, before it changes the hours.
    pub(crate) fn judge(&self, record: &Record, moment: &Moment) {
        match record.cause {
            Cause::Timer(Timer::Lease(user)) => self.runs_out(user, record),
            Cause::Timer(Timer::Pending(id)) => self.is_set_aside(id, record),
            Cause::Timer(Timer::Warning(id)) => self.is_warned(id, record),
            Cause::Timer(Timer::Silence(id)) => self.ends(id, record),
            Cause::Sweep(Sweep::Absence { user, conversation }) => {
                self.is_swept(user, conversation, (record, moment));
            }
            _ => {}
        }
        for event in &record.events {
            self.grace(event, record.at);
        }
    }

    pub(crate) fn apply(&mut self, record: &Record) {
        for event in &record.events {
            self.event(event, record.at);
        }
    }

    /// C7: at a quiet point at `now` nothing is overdue in a lane that is not held up.
    pub(crate) fn nothing_is_overdue(&self, now: Timestamp, held: impl Fn(LaneId) -> bool) {
        for (id, hour) in self.talks.iter().filter(|(id, _)| !held(id.lane())) {
            let Some(rules) = hour.group.and_then(|group| self.rules.get(&group)?.last()) else {
                continue;
            };
            let gone = hour.agent.and_then(|agent| self.gone.get(&agent));
            let stays = gone.is_some_and(|until| *until <= now);
            let kept = rules.on_absence == OnAbsence::Keep;
            assert!(!stays || kept, "C7: {id} stays with {:?}, who is gone", hour.agent);
            let idle = hour.idle(rules).is_some_and(|due| due <= now);
            assert!(!idle, "C7: nobody writes in {id}, and it holds a seat");
            let Some((inactivity, began)) = hour.silence(rules) else { continue };
            let (end, warn) = hour.course(inactivity, began);
            let warn = warn.filter(|_| now + AHEAD < hour.customer_sent + WINDOW);
            let overdue = warn.unwrap_or(end) <= now;
            assert!(!overdue, "C7: silence in {id} since {began}, and it is {now}");
        }
    }

    fn versions(&self, hour: &Hour) -> &[GroupRules] {
        let versions = hour.group.and_then(|group| self.rules.get(&group));
        versions.map_or(&[], |versions| &versions[..])
    }

    fn hour(&self, id: ConversationId, record: &Record) -> &Hour {
        let hour = self.talks.get(&id);
        hour.unwrap_or_else(|| panic!("C6: {id} is not open: {record:?}"))
    }

    fn runs_out(&self, user: UserId, record: &Record) {
        let [Event::PresenceChanged { user: of, presence: Presence::Offline, .. }] =
            &record.events[..]
        else {
            panic!("C4: {record:?}")
        };
        assert_eq!(*of, user, "C4: {record:?}");
        let renewed = self.renewed.get(&user).copied();
        let over = renewed.is_some_and(|renewed| renewed + limit::LEASE <= record.at);
        assert!(over, "C4: {user}, renewed {renewed:?}, runs out at {}", record.at);
    }

    fn is_set_aside(&self, id: ConversationId, record: &Record) {
        let hour = self.hour(id, record);
        let mut versions = self.versions(hour).iter();
        let due = versions.any(|rules| hour.idle(rules).is_some_and(|due| due <= record.at));
        let [Event::Pended { by: Author::System, .. }] = &record.events[..] else {
            panic!("C6: {record:?}")
        };
        assert!(due, "C6: {id} is set aside too early: {record:?}");
    }

    fn is_warned(&self, id: ConversationId, record: &Record) {
        let hour = self.hour(id, record);
        let [Event::MessageSent { author: Author::System, .. }, Event::Warned { until, .. }] =
            record.events[..]
        else {
            panic!("C6: {record:?}")
        };
        let lawful = self.versions(hour).iter().any(|rules| {
            let Some((inactivity, began)) = hour.silence(rules) else { return false };
            let (end, warn) = hour.course(inactivity, began);
            let left = inactivity.warning.as_ref().map_or(0, |warning| 100 - warning.percent);
            let whole = record.at + inactivity.limit * u32::from(left) / 100;
            warn.is_some_and(|due| due <= record.at) && until == end.max(whole)
        });
        assert!(lawful, "C6: {id} is warned again, or too early: {record:?}");
    }

    fn ends(&self, id: ConversationId, record: &Record) {
        let hour = self.hour(id, record);
        let [Event::Closed { by: Author::System, reason, .. }] = record.events[..] else {
            panic!("C6: {record:?}")
        };
        let lawful = self.versions(hour).iter().any(|rules| {
            let Some((inactivity, began)) = hour.silence(rules) else { return false };
            let (end, warn) = hour.course(inactivity, began);
            let window = record.at < hour.customer_sent + WINDOW;
            let whose = match inactivity.silence {
                Silence::Customer => CloseReason::CustomerSilent,
                Silence::Both => CloseReason::BothSilent,
            };
            reason == whose && end <= record.at && !(warn.is_some() && window)
        });
        assert!(lawful, "C6: {id} ends too early or unwarned: {record:?}");
    }

    fn is_swept(&self, user: UserId, id: ConversationId, (record, moment): (&Record, &Moment)) {
        let hour = self.hour(id, record);
        assert_eq!(hour.agent, Some(user), "C4: {record:?}");
        let stale = self.back.get(&user).filter(|_| moment.is_stale);
        let until = self.gone.get(&user);
        let over = until.into_iter().chain(stale).any(|until| *until <= record.at);
        assert!(over, "C4: {id} is taken from {user}, gone until {until:?}: {record:?}");
        let lawful = |policy| match (&record.events[..], policy) {
            ([Event::Closed { reason: CloseReason::Absence, .. }], policy) => {
                policy == OnAbsence::Close
            }
            ([Event::Moved(moved), Event::Queued(_) | Event::Assigned(_)], policy) => {
                let system = moved.kind == MoveKind::Redirect && moved.by == Author::System;
                policy == OnAbsence::Redirect && system
            }
            ([Event::Closed { reason, .. }], policy) => {
                policy == OnAbsence::Redirect && *reason == CloseReason::GroupClosed
            }
            _ => false,
        };
        let any = self.versions(hour).iter().any(|rules| lawful(rules.on_absence));
        assert!(any, "C4: not what the group says: {record:?}");
    }

    /// Whoever leaves is waited for as one of the groups says, from when he left first.
    fn grace(&self, event: &Event, at: Timestamp) {
        let Event::PresenceChanged { user, presence: Presence::Offline, grace_until } = event
        else {
            return;
        };
        let Some(until) = grace_until else { panic!("C4: {event:?}") };
        if let Some(before) = self.gone.get(user) {
            return assert_eq!(until, before, "C4: {user} left before");
        }
        let said = self.rules.values().flatten().map(|rules| rules.grace);
        let lawful = said.chain([GroupRules::GRACE]).any(|grace| *until == at + grace);
        assert!(lawful, "C4: nobody asked for this at {at}: {event:?}");
    }

    fn event(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Opened(opened) => drop(self.talks.insert(opened.conversation, Hour::at(at))),
            Event::Closed { conversation, .. } => drop(self.talks.remove(conversation)),
            Event::PresenceChanged { user, presence, grace_until } => {
                self.appear(*user, *presence, (*grace_until, at));
            }
            Event::LeasesRenewed { users } => {
                let is_there = |user: &&UserId| {
                    self.there.get(user).is_some_and(|there| *there != Presence::Offline)
                };
                let renewed: Vec<_> = users.iter().filter(is_there).copied().collect();
                self.renewed.extend(renewed.into_iter().map(|user| (user, at)));
            }
            event => {
                let of = event.conversation().and_then(|id| self.talks.get_mut(&id));
                of.into_iter().for_each(|hour| hour.event(event, at));
            }
        }
    }

    fn appear(
        &mut self,
        user: UserId,
        presence: Presence,
        (until, at): (Option<Timestamp>, Timestamp),
    ) {
        self.there.insert(user, presence);
        if presence == Presence::Offline {
            self.renewed.remove(&user);
            self.gone.insert(user, until.unwrap_or_default());
            return;
        }
        self.renewed.entry(user).and_modify(|renewed| *renewed = at);
        let until = self.gone.remove(&user);
        self.back.extend(until.map(|until| (user, until)));
    }
}

impl Hour {
    const fn at(at: Timestamp) -> Self {
        Self {
            state: ConversationState::Bot,
            group: None,
            agent: None,
            customer: at,
            customer_sent: at,
            wrote: at,
            queued: at,
            assigned: at,
            warned: None,
        }
    }

    fn event(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::MessageReceived { sent_at, .. } => {
                self.customer = at;
                self.customer_sent = self.customer_sent.max(*sent_at);
                self.warned = None;
            }
            Event::MessageSent { author: Author::User(_), .. } => self.wrote = at,
            Event::Queued(queued) => {
                (self.state, self.queued) = (ConversationState::Queued, at);
                (self.group, self.agent) = (Some(queued.group), queued.agent);
            }
            Event::Assigned(assigned) => {
                (self.state, self.assigned) = (ConversationState::Assigned, at);
                (self.group, self.agent) = (Some(assigned.group), Some(assigned.agent));
            }
            Event::Moved(_) => (self.state, self.agent) = (ConversationState::Queued, None),
            Event::Pended { .. } => self.state = ConversationState::Pending,
            Event::Warned { until, .. } => self.warned = Some(*until),
            _ => {}
        }
    }

    /// When a conversation nobody writes in is set aside.
    fn idle(&self, rules: &GroupRules) -> Option<Timestamp> {
        let last = self.customer.max(self.wrote).max(self.assigned);
        let runs = self.state == ConversationState::Assigned;
        rules.pending_after.filter(|_| runs).map(|after| last + after)
    }

    /// The silence that counts here, and since when it lasts.
    fn silence<'a>(&self, rules: &'a GroupRules) -> Option<(&'a Inactivity, Timestamp)> {
        let (inactivity, came) = match self.state {
            ConversationState::Queued => (rules.queued.as_ref()?, self.queued),
            ConversationState::Assigned | ConversationState::Pending => {
                (rules.running.as_ref()?, self.assigned)
            }
            _ => return None,
        };
        let agent = if inactivity.silence == Silence::Both { self.wrote } else { came };
        Some((inactivity, came.max(self.customer).max(agent)))
    }

    /// When a silence ends the conversation, and when it is to be warned of, if it was not.
    fn course(&self, inactivity: &Inactivity, began: Timestamp) -> (Timestamp, Option<Timestamp>) {
        let end = began + inactivity.limit;
        if let Some(warned) = self.warned.filter(|warned| *warned >= end) {
            return (warned, None);
        }
        let part = |percent: u8| began + inactivity.limit * u32::from(percent) / 100;
        (end, inactivity.warning.as_ref().map(|warning| part(warning.percent)))
    }
}
