use model::desk::Settings;
use model::id::{GroupId, UserId};
use model::people::Presence;

use super::LockFree;
use super::roster::{Change, Edit, Layout, Room};
use super::slot::LineId;
use super::word::{Status, Word};
use crate::assign::shim::{Mutant, full_fence, wrong};
use crate::assign::{Restore, RestoredSeat, RestoredWait, Slot, Ticket};

impl LockFree {
    /// A user is available, paused or offline; see [`crate::assign::Assign::presence`].
    pub(super) fn appear_as(&self, user: UserId, presence: Presence) {
        let agent = self.layout.read().agent_named(user).or_else(|| self.learn_agent(user));
        let Some(agent) = agent else { return };
        let status = Status::from(presence);
        self.presences.set(agent as usize, status as u32);
        let (_, new) = self.update(agent, |word| {
            let there = word.status() != Status::Vacant;
            let word = if there { word.with_status(status) } else { word };
            let keeps = match status {
                Status::Paused => wrong(Mutant::PauseKeepsGeneration),
                Status::Offline => wrong(Mutant::OfflineKeepsGeneration),
                _ => true,
            };
            Some(if keeps { word } else { word.bumped() })
        });
        if new.eligible() && !wrong(Mutant::ResumeWithoutLook) {
            let mut layout = self.layout.read();
            self.appear(&mut layout, agent, new);
            self.tail_of(&mut layout, agent);
        }
    }

    /// Publishes the layout of `settings`, then changes the agents' words, then looks at everybody
    /// whose place is new.
    ///
    /// Everybody eligible is shown in the new layout before it is published: a group is not without
    /// its agents should this thread stop in between. Who leaves a group is gone from the layout
    /// before his generation moves: a reservation that read his word before then fails its compare,
    /// and one that reads it later sees the layout. Who becomes eligible while the layout is
    /// published is found by the last look, or finds the layout himself.
    pub(super) fn put_in_force(&self, settings: &Settings) {
        let _only = self.editing.lock();
        let before = self.layout.read();
        let mut edit = Edit::new(&before, settings, self.room);
        edit.raise(&before, |agent| self.word(agent).score());
        for (agent, score) in &edit.raises {
            self.update(*agent, |word| {
                let (now, count) = (word.score(), word.score().count.max(score.count));
                let raised = model::fold::Score { count, time: now.time.max(score.time) };
                (raised != now).then(|| word.with_score(raised))
            });
        }
        let Edit { layout, renewed, changes, .. } = edit;
        if wrong(Mutant::BumpBeforeLayout) {
            self.change_all(&changes);
        }
        drop(before);
        self.look_at(&layout, &renewed);
        self.layout.publish(layout);
        full_fence();
        if !wrong(Mutant::BumpBeforeLayout) {
            self.change_all(&changes);
        }
        if !wrong(Mutant::PublishWithoutLook) {
            self.look_at(&self.layout.read(), &renewed);
        }
    }

    /// What the log shows; see [`crate::assign::Assign::restore`].
    pub(super) fn take_over(&self, state: Restore) -> Vec<(Slot, Ticket)> {
        self.put_in_force(&state.settings);
        {
            let _only = self.editing.lock();
            let next = self.layout.read().with_turns(&state.cursors);
            self.layout.publish(next);
        }
        for (user, presence) in &state.presence {
            let Some(agent) = self.known(*user) else { continue };
            self.presences.set(agent as usize, Status::from(*presence) as u32);
            self.update(agent, |word| {
                let there = word.status() != Status::Vacant;
                there.then(|| word.with_status(Status::from(*presence)))
            });
        }
        for (user, score) in &state.scores {
            if let Some(agent) = self.known(*user) {
                self.update(agent, |word| Some(word.with_score(*score)));
            }
        }
        for waiting in state.waiting {
            let RestoredWait { slot, group, key, agent } = waiting;
            let named = self.layout.read().group_named(group);
            let group = named.unwrap_or_else(|| self.learn_group(group));
            let own = agent.and_then(|agent| self.known(agent)).map(Room::own);
            let line = own.unwrap_or_else(|| self.room.queue(group));
            self.lines.push(slot, key, line, group);
            self.came(slot, line);
        }
        let tickets = state.seated.iter().filter_map(|seat| self.restore_seat(seat)).collect();
        let groups: Vec<u32> = self.layout.read().groups().map(|(number, _)| number).collect();
        self.look_at(&self.layout.read(), &groups);
        self.tail_of_all();
        tickets
    }

    /// Calls for every line of the shard.
    pub(super) fn every_line(&self, mut call: impl FnMut(LineId)) {
        let layout = self.layout.read();
        for (agent, _) in layout.agents() {
            call(super::roster::Room::own(agent));
        }
        for (group, _) in layout.groups() {
            call(self.room.queue(group));
        }
    }

    /// The number of a group no settings named; [`super::roster::Room::nowhere`] when there is no
    /// more room, and then at once.
    #[cold]
    pub(super) fn learn_group(&self, id: GroupId) -> u32 {
        if !self.layout.read().has_room_for_group(self.room) {
            return self.room.nowhere();
        }
        let _only = self.editing.lock();
        let known = self.layout.read();
        if let Some(number) = known.group_named(id) {
            return number;
        }
        if let Some(next) = known.with_group(id, self.room) {
            self.layout.publish(next);
        }
        self.layout.read().group_named(id).unwrap_or(self.room.nowhere())
    }

    #[cold]
    fn learn_agent(&self, id: UserId) -> Option<u32> {
        if !self.layout.read().has_room_for_agent(self.room) {
            return None;
        }
        let _only = self.editing.lock();
        let known = self.layout.read();
        if let Some(number) = known.agent_named(id) {
            return Some(number);
        }
        if let Some(next) = known.with_agent(id, self.room) {
            self.layout.publish(next);
        }
        self.layout.read().agent_named(id)
    }

    fn known(&self, user: UserId) -> Option<u32> {
        let named = self.layout.read().agent_named(user);
        named.or_else(|| self.learn_agent(user))
    }

    fn restore_seat(&self, seat: &RestoredSeat) -> Option<(Slot, Ticket)> {
        let agent = self.known(seat.agent)?;
        let (old, new) = self.update(agent, |word| Some(word.restored()));
        assert!(
            old != new,
            "C9: agent {} has more seats in the log than a word counts",
            seat.agent
        );
        let ticket = self.mint(&self.layout.read(), agent, seat.charge)?;
        Some((seat.slot, ticket))
    }

    fn change_all(&self, changes: &[Change]) {
        let mut layout = self.layout.read();
        for (agent, change) in (0..).zip(changes) {
            let (old, new) = self.update(agent, |word| self.changed(agent, word, *change));
            self.appeared(&mut layout, agent, old, new);
        }
    }

    fn changed(&self, agent: u32, word: Word, change: Change) -> Option<Word> {
        let new = match change.cap {
            Some(cap) if word.status() == Status::Vacant => {
                let word = if wrong(Mutant::ComesBackAnew) { Word(0) } else { word };
                // Of whom nobody said anything is not there.
                let status = match Status::of(self.presences.get(agent as usize).into()) {
                    Status::Vacant => Status::Offline,
                    said => said,
                };
                word.with_cap(cap).with_status(status)
            }
            Some(cap) => word.with_cap(cap),
            None => word.with_status(Status::Vacant),
        };
        let gone = change.cap.is_none() && word.status() != Status::Vacant;
        let left = (change.left || gone) && !wrong(Mutant::LeaveKeepsGeneration);
        let lowered = new.cap() < word.cap() && !wrong(Mutant::LowerKeepsGeneration);
        let bumped = left || lowered;
        let new = if bumped { new.bumped() } else { new };
        (new != word).then_some(new)
    }

    /// Sets the bits of everybody eligible in groups whose positions are new.
    fn look_at(&self, layout: &Layout, groups: &[u32]) {
        for group in groups.iter().filter_map(|number| layout.group(*number)) {
            let word = |position| Some(self.word(group.position(position)?.agent));
            let positions = 0..group.order.len();
            group.eligible.begin(positions.len(), word);
            for position in positions {
                if let Some(word) = word(position).filter(|word| word.eligible()) {
                    group.eligible.show(position, word);
                }
            }
        }
    }
}
