use std::collections::VecDeque;

use distributor::assign::SeatKind;
use model::desk::Settings;
use model::id::{GroupId, UserId};
use model::limit;
use model::people::{AgentRank, Cap, Policy, Presence};

use super::{Asking, Lane, Line, World};
use crate::random::Random;
use crate::scenario::routing::Plan;

/// The changes a lane makes while conversations come and go. Presences and settings are the first
/// lane's alone, as in a shard, where the first lane reads `control`.
#[derive(Debug)]
pub(super) struct Churn {
    every: u64,
    left: u64,
    staff: Option<Staff>,
}

/// Who is there, and what the settings say.
#[derive(Debug)]
struct Staff {
    /// Those who are paused or gone, the longest first.
    away: VecDeque<UserId>,
    settings: Settings,
    /// Whose settings differ from the plan, the longest first.
    changed: VecDeque<UserId>,
    /// The group whose policy is not the plan's.
    turned: Option<GroupId>,
    edit_in: u64,
}

impl Churn {
    pub(super) fn new(plan: &Plan, lane: u8) -> Option<Self> {
        let every = plan.churn?;
        let staff = (lane == 0).then(|| Staff {
            away: VecDeque::new(),
            settings: plan.settings(),
            changed: VecDeque::new(),
            turned: None,
            edit_in: Staff::CHANGES_PER_EDIT,
        });
        Some(Self { every, left: every, staff })
    }

    /// Whether a change is due after one more operation.
    pub(super) const fn is_due(&mut self) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        self.left = self.every;
        true
    }

    /// Brings everybody back and the settings to those of the plan.
    pub(super) fn restore(&mut self, world: &World<'_>) {
        let Some(staff) = &mut self.staff else { return };
        while let Some(agent) = staff.away.pop_front() {
            world.back(agent);
        }
        while let Some(agent) = staff.changed.pop_front() {
            staff.restore(world, agent);
        }
        if let Some(group) = staff.turned.take() {
            staff.policy(world, group, world.plan.policy);
        }
    }
}

impl Staff {
    /// One in so many agents may be away.
    const AWAY_PART: u32 = 20;
    /// Agents whose settings differ from the plan at once.
    const CHANGED: usize = 16;
    /// Changes of presence between two edits of the settings: an edit reads every agent.
    const CHANGES_PER_EDIT: u64 = 64;

    fn change(&mut self, world: &World<'_>, random: &mut Random) {
        self.presence(world, random);
        self.edit_in -= 1;
        if self.edit_in == 0 {
            self.edit_in = Self::CHANGES_PER_EDIT;
            self.edit(world, random);
        }
    }

    /// Sends one agent away, or brings the one back who was away longest.
    fn presence(&mut self, world: &World<'_>, random: &mut Random) {
        let most = (world.plan.agents / Self::AWAY_PART).max(1) as usize;
        if (self.away.len() >= most || random.happens(0.4))
            && let Some(agent) = self.away.pop_front()
        {
            return world.back(agent);
        }
        let agent = anybody(world.plan, random);
        if self.away.contains(&agent) {
            return;
        }
        let gone = random.happens(0.3);
        world.away(agent, if gone { Presence::Offline } else { Presence::Paused });
        self.away.push_back(agent);
    }

    /// Changes one agent's settings, or changes back those of the one who was changed first; now and
    /// then a group's policy instead.
    fn edit(&mut self, world: &World<'_>, random: &mut Random) {
        if random.below(4) == 0 {
            return self.turn(world, random);
        }
        if self.changed.len() >= Self::CHANGED
            && let Some(agent) = self.changed.pop_front()
        {
            return self.restore(world, agent);
        }
        let agent = anybody(world.plan, random);
        if self.changed.contains(&agent) {
            return;
        }
        self.changed.push_back(agent);
        match random.below(3) {
            0 => self.cap(world, agent, random.below(u64::from(limit::CAP) + 1) as u32),
            1 => self.rank(world, agent, AgentRank(random.below(4) as u16)),
            _ => self.receives(world, agent, false),
        }
    }

    /// Changes a group's policy, or changes back the one that was changed.
    fn turn(&mut self, world: &World<'_>, random: &mut Random) {
        if let Some(group) = self.turned.take() {
            return self.policy(world, group, world.plan.policy);
        }
        let group = GroupId(1 + random.below(u64::from(world.plan.groups)) as u32);
        if let Some(policy) = one_of(&Policy::ALL, random) {
            self.turned = Some(group);
            self.policy(world, group, policy);
        }
    }

    fn policy(&mut self, world: &World<'_>, group: GroupId, policy: Policy) {
        let Some(group) = self.settings.groups.get_mut(&group) else { return };
        if std::mem::replace(&mut group.policy, policy) != policy {
            world.edit(&self.settings);
        }
    }

    fn restore(&mut self, world: &World<'_>, agent: UserId) {
        self.rank(world, agent, world.plan.rank_of(agent));
        self.cap(world, agent, u32::from(world.plan.cap.get()));
        self.receives(world, agent, true);
    }

    fn cap(&mut self, world: &World<'_>, agent: UserId, cap: u32) {
        let (Some(user), Ok(cap)) = (self.settings.users.get_mut(&agent), Cap::new(cap)) else {
            return;
        };
        let before = std::mem::replace(&mut user.cap, cap);
        if before == cap {
            return;
        }
        world.books.raise(agent, cap.get());
        world.edit(&self.settings);
        if cap < before {
            world.books.lower(agent, cap.get(), world.clock.nanos());
        }
    }

    fn rank(&mut self, world: &World<'_>, agent: UserId, rank: AgentRank) {
        let Some(user) = self.settings.users.get_mut(&agent) else { return };
        if std::mem::replace(&mut user.rank, rank) != rank {
            world.edit(&self.settings);
        }
    }

    /// Changes whether the agent receives his first group's conversations.
    fn receives(&mut self, world: &World<'_>, agent: UserId, receives: bool) {
        let user = self.settings.users.get_mut(&agent);
        let Some(membership) = user.and_then(|user| user.groups.first_mut()) else { return };
        let group = membership.group;
        if std::mem::replace(&mut membership.receives, receives) == receives {
            return;
        }
        if receives {
            world.books.joins(agent, group);
        }
        world.edit(&self.settings);
        if !receives {
            world.books.leaves(agent, group, world.clock.nanos());
        }
    }
}

impl Lane {
    /// One change: of a presence, of the settings, or of what one conversation wants.
    pub(super) fn disturb(&mut self, world: &World<'_>) {
        let staff = self.churn.as_mut().and_then(|churn| churn.staff.as_mut());
        match (self.random.below(4), staff) {
            (0 | 1, Some(staff)) => {
                staff.change(world, &mut self.random);
                self.take_ready(world, world.clock.nanos());
            }
            (0 | 2, _) => self.ask_by_name(world),
            _ => self.move_waiter(world),
        }
    }

    /// A new conversation asks for one agent, or one that waits does.
    fn ask_by_name(&mut self, world: &World<'_>) {
        let agent = anybody(world.plan, &mut self.random);
        let kinds = [
            SeatKind::Owner,
            SeatKind::Start,
            SeatKind::Reassign,
            SeatKind::Transfer { paused_ok: false },
            SeatKind::Back,
        ];
        let Some(kind) = one_of(&kinds, &mut self.random) else { return };
        let waiter = if self.is_one_in(2) { self.waiter() } else { None };
        let Some(slot) = waiter.or_else(|| self.slots.pop()) else { return };
        let (since_ns, key) = self.stamp(world);
        let asked =
            self.during(world, since_ns, || world.core.seat(agent, self.at(slot), key, kind));
        self.came(world, slot, asked, Asking { line: Line::Own(agent), key, since_ns });
        self.take_ready(world, world.clock.nanos());
    }

    /// A conversation that waits moves to another group.
    fn move_waiter(&mut self, world: &World<'_>) {
        let Some(slot) = self.waiter() else { return };
        let group = GroupId(1 + self.random.below(u64::from(world.plan.groups)) as u32);
        let (since_ns, key) = self.stamp(world);
        let asked = self.during(world, since_ns, || world.core.requeue(self.at(slot), group, key));
        if let Some(asked) = asked {
            self.came(world, slot, asked, Asking { line: Line::Group(group), key, since_ns });
        }
        self.take_ready(world, world.clock.nanos());
    }
}

fn anybody(plan: &Plan, random: &mut Random) -> UserId {
    UserId(1 + random.below(u64::from(plan.agents)) as u32)
}

fn one_of<T: Copy>(all: &[T], random: &mut Random) -> Option<T> {
    all.get(random.below(all.len() as u64) as usize).copied()
}
