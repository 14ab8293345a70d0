//! What one finds in the field, driven like the core, so that its failures can be seen.
//!
//! **count-then-assign.** Count the agent's open chats, compare with his limit, then record the
//! new chat. Each of the three steps is sound, and a database would run each as a statement of
//! its own; nothing holds them together. Two workers that count before either records both see
//! room for one more. Rocket.Chat published exactly this of its chat limit: three instances, a
//! limit of three, four chats.
//!
//! **naive-cursor.** Seats are reserved soundly here, under a lock of each agent. The rotation is
//! not: the cursor is read, an agent is looked for behind it, the cursor is written. Two workers
//! that read the same place give the same agent two turns; one that is stopped in between and
//! goes on later writes a place of long ago, and the agents since then have their turn again.
//!
//! Both wait in plain queues: look for an agent, and if there is none, enter the queue; free a
//! seat, and then look into the queue. An arrival between the two looks of the other waits beside
//! a free seat.
//!
//! A lock around one value stands here for what in the field is a row of a database, and a yield
//! of the thread for the way there and back between two statements.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use distributor::assign::{Cancelled, Slot};
use model::desk::Settings;
use model::id::{GroupId, LaneId, UserId};
use model::people::Presence;
use parking_lot::{Mutex, RwLock};

use super::{Asked, Driven, Hold, Plan};

/// How an agent is chosen, and a seat of his taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The first agent with room, from the one found last.
    CountThenAssign,
    /// The first agent with room behind the cursor.
    NaiveCursor,
}

/// The agents' rows, the groups' queues and cursors.
#[derive(Debug)]
pub(super) struct Naive {
    choice: Choice,
    agents: Vec<Mutex<Row>>,
    groups: RwLock<BTreeMap<GroupId, Vec<UserId>>>,
    cursors: Mutex<BTreeMap<GroupId, usize>>,
    queues: Mutex<BTreeMap<GroupId, VecDeque<Slot>>>,
    ready: Vec<Mutex<VecDeque<(Slot, UserId)>>>,
}

#[derive(Clone, Debug, Default)]
struct Row {
    open: u32,
    limit: u32,
    available: bool,
    groups: Vec<GroupId>,
}

impl Naive {
    pub(super) fn new(plan: &Plan, choice: Choice) -> Self {
        Self {
            choice,
            agents: plan.agents().map(|_| Mutex::default()).collect(),
            groups: RwLock::default(),
            cursors: Mutex::default(),
            queues: Mutex::default(),
            ready: (0..plan.threads).map(|_| Mutex::default()).collect(),
        }
    }

    /// Reads the cursor, looks for an agent, writes the cursor.
    fn pick(&self, group: GroupId) -> Option<UserId> {
        let groups = self.groups.read();
        let members = groups.get(&group)?;
        let cursor = self.cursors.lock().get(&group).copied().unwrap_or(0);
        let first = match self.choice {
            Choice::CountThenAssign => cursor,
            Choice::NaiveCursor => cursor + 1,
        };
        let places = (0..members.len()).map(|n| (first + n) % members.len());
        let (place, agent) = places
            .filter_map(|place| Some((place, *members.get(place)?)))
            .find(|(_, agent)| self.take(*agent))?;
        self.cursors.lock().insert(group, place);
        Some(agent)
    }

    /// Takes a seat of the agent if he has one: in one step, or in two.
    fn take(&self, agent: UserId) -> bool {
        let Some(row) = self.row(agent) else { return false };
        match self.choice {
            Choice::NaiveCursor => {
                let room = row.lock().take_if_room();
                if room {
                    std::thread::yield_now();
                }
                room
            }
            Choice::CountThenAssign => {
                let room = row.lock().has_room();
                if room {
                    std::thread::yield_now();
                    row.lock().open += 1;
                }
                room
            }
        }
    }

    fn row(&self, agent: UserId) -> Option<&Mutex<Row>> {
        self.agents.get(usize::try_from(agent.0.checked_sub(1)?).ok()?)
    }

    /// Gives the first of the agent's queues a seat of his, if he has one.
    fn serve(&self, agent: UserId) {
        let groups = self.row(agent).map(|row| row.lock().groups.clone()).unwrap_or_default();
        for group in groups {
            let head = self.queues.lock().get(&group).and_then(|queue| queue.front().copied());
            if head.is_none() || !self.take(agent) {
                continue;
            }
            let slot = self.queues.lock().get_mut(&group).and_then(VecDeque::pop_front);
            match slot.and_then(|slot| Some((slot, self.ready.get(usize::from(slot.lane.get()))?)))
            {
                Some((slot, ready)) => return ready.lock().push_back((slot, agent)),
                None => self.give_back(agent),
            }
        }
    }

    fn give_back(&self, agent: UserId) {
        if let Some(row) = self.row(agent) {
            let mut row = row.lock();
            row.open = row.open.saturating_sub(1);
        }
    }
}

impl Row {
    const fn has_room(&self) -> bool {
        self.available && self.open < self.limit
    }

    fn take_if_room(&mut self) -> bool {
        let room = self.has_room();
        self.open += u32::from(room);
        room
    }
}

impl Driven for Naive {
    fn arrive(&self, group: GroupId, slot: Slot, _: i64) -> Asked {
        if let Some(agent) = self.pick(group) {
            return Asked::Seated(Hold::record(agent));
        }
        self.queues.lock().entry(group).or_default().push_back(slot);
        Asked::Waiting
    }

    fn free(&self, hold: Hold, _: Duration) {
        self.give_back(hold.agent);
        self.serve(hold.agent);
    }

    fn ready(&self, lane: LaneId) -> Option<(Slot, Hold)> {
        let (slot, agent) = self.ready.get(usize::from(lane.get()))?.lock().pop_front()?;
        Some((slot, Hold::record(agent)))
    }

    fn cancel(&self, slot: Slot) -> Cancelled {
        for queue in self.queues.lock().values_mut() {
            let before = queue.len();
            queue.retain(|waiting| *waiting != slot);
            if queue.len() < before {
                return Cancelled::Cancelled;
            }
        }
        let ready = self.ready.get(usize::from(slot.lane.get()));
        let handed = ready.and_then(|ready| {
            let mut ready = ready.lock();
            let at = ready.iter().position(|(waiting, _)| *waiting == slot)?;
            ready.remove(at)
        });
        let Some((_, agent)) = handed else { return Cancelled::NotWaiting };
        self.free(Hold::record(agent), Duration::ZERO);
        Cancelled::Freed
    }

    fn presence(&self, user: UserId, presence: Presence) {
        let Some(row) = self.row(user) else { return };
        row.lock().available = presence == Presence::Available;
        for _ in 0..model::limit::CAP {
            self.serve(user);
        }
    }

    fn edit(&self, settings: &Settings) {
        let mut groups: BTreeMap<GroupId, Vec<UserId>> = BTreeMap::new();
        for user in settings.users.values() {
            let receiving = user.groups.iter().filter(|membership| membership.receives);
            let receiving: Vec<GroupId> = receiving.map(|membership| membership.group).collect();
            for group in &receiving {
                groups.entry(*group).or_default().push(user.id);
            }
            if let Some(row) = self.row(user.id) {
                let mut row = row.lock();
                (row.limit, row.groups) = (u32::from(user.cap.get()), receiving);
            }
        }
        *self.groups.write() = groups;
    }
}
