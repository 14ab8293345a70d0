//! Quiet points: nothing is under way and nobody has anything to do. Then core, lanes and log say
//! the same, and no work lies about.

use std::collections::{BTreeMap, BTreeSet};

use distributor::assign::Slot;
use model::id::{ConversationId, GroupId, LaneId, UserId};
use model::people::{Presence, UserKind};
use model::service::ConversationState;
use storage::port::{Partition, Topic};

use crate::check::books::{Books, Stage};
use crate::world::{Owner, World};

/// The lines of a shard at a quiet point, to be compared at the next.
pub(crate) type Lines = BTreeMap<GroupId, BTreeMap<ConversationId, i64>>;

impl World {
    /// Lets everything run until nothing is left to do, and checks what must hold then.
    pub(crate) fn rest(&mut self, before: &mut Vec<Lines>) {
        self.log.mend();
        for at in 0..self.shards.len() {
            if let Some(zombie) = self.shards[at].zombie.take() {
                drop(zombie);
            }
        }
        for round in 0.. {
            assert!(round < 200, "C6: the shards do not come to rest");
            self.log.land_all();
            self.check();
            let mut any = false;
            for at in 0..self.shards.len() {
                self.check();
                self.look(at);
                for lane in 0..usize::from(self.house.place.lanes()) {
                    any |= self.turn(at, lane);
                }
                self.log.land_all();
                self.check();
                self.look(at);
                any |= self.shards[at].owner.is_none();
            }
            if !any {
                break;
            }
        }
        for at in 0..self.shards.len() {
            let shard = &mut self.shards[at];
            let lines = lines(&shard.books);
            let owner = shard.owner.as_ref().unwrap();
            core_is_its_log((owner, shard.plan.sizes.slots), &shard.books, &lines);
            lanes_are_their_log(owner, &shard.books);
            if let Some(before) = before.get(at).filter(|_| !shard.books.restless) {
                nobody_is_overtaken(&shard.books, before, &lines);
            }
            self.nothing_is_overdue(at);
            let shard = &mut self.shards[at];
            (shard.books.restless, shard.books.served) = (false, Vec::new());
        }
        *before = self.shards.iter().map(|shard| lines(&shard.books)).collect();
        self.all_is_handled();
    }

    /// C7: what was due has happened, where lane time is not held up by a message without room.
    fn nothing_is_overdue(&mut self, at: usize) {
        let (now, books) = (self.now(), &self.shards[at].books);
        books.hours.nothing_is_overdue(now, |lane| self.is_crowded(books, lane));
        self.shards[at].books.hours.settle();
    }

    /// Whether a message may wait for room in its lane.
    pub(crate) fn is_held(&self) -> bool {
        let lanes = || self.house.place.each_lane();
        self.shards.iter().any(|shard| lanes().any(|lane| self.is_crowded(&shard.books, lane)))
    }

    /// Whether a lane may open no more conversations: then messages wait.
    fn is_crowded(&self, books: &Books, lane: LaneId) -> bool {
        let open = books.open.values().filter(|id| id.lane() == lane).count();
        open >= self.house.sizes.slots as usize
    }

    /// C6, C8: every input has its record.
    fn all_is_handled(&mut self) {
        let place = self.house.place;
        let mut held = 0;
        for shard in &self.shards {
            let books = &shard.books;
            let first = LaneId::FIRST;
            let control = Partition::new(Topic::Control, books.events.index);
            let mut inputs = vec![(first, control), (first, Partition::SETTINGS)];
            for lane in place.each_lane() {
                let index = place.of_lane(books.shard, lane).index();
                inputs.push((lane, Partition::new(Topic::Inbound, index)));
                inputs.push((lane, Partition::new(Topic::Commands, index)));
            }
            for (lane, partition) in inputs {
                let (said, handled) =
                    (self.ledger.len(partition), books.handled(lane, partition.topic));
                if partition.topic == Topic::Inbound && self.is_crowded(books, lane) {
                    assert!(handled <= said, "C6: more than was said to {partition}");
                    held += usize::from(handled < said);
                    continue;
                }
                assert_eq!(handled, said, "C6: inputs of {partition} without a record");
            }
        }
        (0..held).for_each(|_| self.tally.count("input", "held for want of room"));
    }
}

/// Who waits where, by the log.
fn lines(books: &Books) -> Lines {
    let mut lines = Lines::new();
    for (id, talk) in &books.talks {
        if let Stage::Queued { group, key } = talk.stage {
            lines.entry(group).or_default().insert(*id, key);
        }
    }
    lines
}

/// Who may be given a conversation of `group`, by the log.
fn eligible(books: &Books, group: GroupId) -> BTreeSet<UserId> {
    let is_active = books.settings.groups.get(&group).is_some_and(|group| group.active);
    let users = books.settings.users.values().filter(|user| {
        let receives = user.groups.iter().any(|of| of.group == group && of.receives);
        is_active && receives && has_room(books, user.id)
    });
    users.map(|user| user.id).collect()
}

/// Whether an agent is there and has a seat free, by the log.
fn has_room(books: &Books, agent: UserId) -> bool {
    let there = books.presence.get(&agent) == Some(&Presence::Available);
    books.settings.users.get(&agent).is_some_and(|user| {
        let room = books.load(agent) < usize::from(user.cap.get());
        user.active && user.kind == UserKind::Agent && there && room
    })
}

/// Who waits in agents' own lines, by the log.
fn own_lines(books: &Books) -> BTreeMap<UserId, BTreeSet<ConversationId>> {
    let mut lines: BTreeMap<UserId, BTreeSet<ConversationId>> = BTreeMap::new();
    for (id, talk) in &books.talks {
        if let Stage::Own { agent, .. } = talk.stage {
            lines.entry(agent).or_default().insert(*id);
        }
    }
    lines
}

/// C5, C7, C9: the core holds what the log shows, no more and no less.
fn core_is_its_log((owner, slots): (&Owner, u32), books: &Books, lines: &Lines) {
    let core = &owner.tenure.core;
    assert_eq!(core.audit(), Default::default(), "C5, C7, C9: the core's own audit");
    let own = books
        .settings
        .groups
        .values()
        .filter(|group| books.settings.operations[&group.operation].shard == books.shard);
    for group in own {
        let want = eligible(books, group.id);
        let said = core.explain_arrival(group.id).unwrap_or_default();
        let got: BTreeSet<UserId> = said.ranking.order.iter().map(|ranked| ranked.agent).collect();
        let (id, passed) = (group.id, said.passed);
        assert_eq!(got, want, "C9: who has a free seat in group {id}; passed by {passed:?}");
        let waiting = lines.get(&group.id).map_or(0, BTreeMap::len);
        let idle = waiting > 0 && !want.is_empty();
        assert!(!idle, "C7: {waiting} wait in group {} while {want:?} are free", group.id);
    }
    for (group, line) in lines {
        let known = books.settings.groups.get(group);
        assert!(known.is_none_or(|known| known.active), "C6: {line:?} wait for {group}, closed");
        assert_eq!(core.waiting(*group) as usize, line.len(), "C9: who waits for {group}");
    }
    let own = own_lines(books);
    for agent in own.keys() {
        let free = has_room(books, *agent);
        assert!(!free, "C7: {:?} wait in the own line of {agent}, who is free", own[agent]);
    }
    let all = lines.values().map(BTreeMap::len).chain(own.values().map(BTreeSet::len));
    let want: Vec<u32> = sorted(all.flat_map(|line| 1..=line as u32));
    let got: Vec<u32> = sorted(owner.tenure.workers.iter().flat_map(|worker| {
        let lane = worker.lane().id();
        (0..slots).filter_map(move |index| core.position(Slot { lane, index }))
    }));
    assert_eq!(got, want, "C9: places in the lines");
}

fn sorted(places: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut places: Vec<u32> = places.collect();
    places.sort_unstable();
    places
}

/// C9: a lane holds a seat for each conversation it has assigned, and no other.
fn lanes_are_their_log(owner: &Owner, books: &Books) {
    for worker in &owner.tenure.workers {
        let lane = worker.lane();
        let empty = model::fold::Lane::default();
        let folded = books.fold.lanes.get(&lane.id()).unwrap_or(&empty);
        assert!(lane.state() == folded, "C8: lane {} is not its log", lane.id().get());
        let open = lane.state().conversations.values();
        let held = open.filter(|open| open.state == ConversationState::Assigned).count();
        let all = lane.state().conversations.len();
        assert_eq!(lane.load(), (all - held, held), "C9: lane {}", lane.id().get());
    }
}

/// C7: of those who waited at the last quiet point, nobody was served before one who came first.
fn nobody_is_overtaken(books: &Books, before: &Lines, now: &Lines) {
    for (group, line) in before {
        let here = books.served.iter().filter(|(of, _)| of == group);
        let served = here.filter_map(|(_, id)| line.get(id)).max();
        let waits = now.get(group).into_iter().flatten();
        let first = waits.filter(|(id, _)| line.contains_key(id)).map(|(_, key)| key).min();
        if let (Some(served), Some(first)) = (served, first) {
            assert!(served <= first, "C7: {first} of group {group} waits, {served} was served");
        }
    }
}
