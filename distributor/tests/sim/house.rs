//! The installation of one seed: its shards, and the settings everybody starts with.

use std::time::Duration;

use distributor::assign::Sizes;
use model::desk::{Entity, Settings};
use model::id::{ChannelId, GroupId, OperationId, ShardId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Operation, Policy, User, UserKind,
};
use model::place::Place;
use model::service::{Channel, ChannelKind, Endpoint, Flow, Step};

use crate::chance::Chance;
use crate::story::hours;

/// How large an installation is.
#[derive(Clone, Copy)]
pub(crate) struct House {
    pub(crate) place: Place,
    pub(crate) groups: u32,
    pub(crate) agents: u32,
    /// Whether no conversation ends by itself.
    pub(crate) quiet: bool,
    /// Room for everybody, but at times for few conversations.
    pub(crate) sizes: Sizes,
}

/// A supervisor's number among the users of his shard.
const SUPERVISOR: u32 = 90;
/// A channel that routes nowhere, among those of its shard.
const MUTE: u32 = 90;
/// An id nobody and nothing has.
pub(crate) const NOBODY: UserId = UserId(4_000_000);

impl House {
    /// Three of four have two shards with three lanes, three groups and six agents each.
    pub(crate) fn of(seed: u64, chance: &mut Chance) -> Self {
        let large = !seed.is_multiple_of(4);
        let (shards, lanes) = if large { (2, 3) } else { (1, 1 + chance.below(3) as u8) };
        let groups = if large { 3 } else { 1 + chance.below(3) as u32 };
        let agents = if large { 6 } else { 1 + chance.below(6) as u32 };
        let slots = if chance.once_in(6) { 3 } else { 64 };
        let sizes = Sizes { agents: 64, groups: 64, slots };
        let quiet = chance.once_in(2);
        Self { place: Place::new(shards, lanes).unwrap(), groups, agents, quiet, sizes }
    }

    pub(crate) fn shards(self) -> impl Iterator<Item = ShardId> {
        self.place.each_shard()
    }

    pub(crate) fn groups_of(self, shard: ShardId) -> impl Iterator<Item = GroupId> {
        (1..=self.groups).map(move |n| GroupId(first(shard) + n))
    }

    pub(crate) fn agents_of(self, shard: ShardId) -> Vec<UserId> {
        (1..=self.agents).map(|n| UserId(first(shard) + n)).collect()
    }

    pub(crate) fn supervisor(shard: ShardId) -> UserId {
        UserId(first(shard) + SUPERVISOR)
    }

    /// The channels known from the start: one a group, and one that routes nowhere.
    pub(crate) fn channels_of(self, shard: ShardId) -> Vec<ChannelId> {
        let routed = (1..=self.groups).map(|n| ChannelId(first(shard) + n));
        routed.chain([ChannelId(first(shard) + MUTE)]).collect()
    }

    /// The shard a user, group or channel is of.
    pub(crate) fn shard_of(id: u32) -> ShardId {
        ShardId::new((id / 1_000 - 1) as u16).unwrap()
    }

    /// A channel that is added later.
    pub(crate) fn late_channel(shard: ShardId, n: u32) -> ChannelId {
        ChannelId(first(shard) + 100 + n)
    }

    pub(crate) fn entities(self, chance: &mut Chance) -> Vec<Entity> {
        let name = "starter".parse().unwrap();
        let endpoint = Endpoint { name, version: 1, kind: ChannelKind::Whatsapp };
        let mut entities = vec![Entity::Endpoint(endpoint)];
        for shard in self.shards() {
            entities.push(Entity::Operation(operation(shard)));
            let groups: Vec<Group> =
                self.groups_of(shard).map(|id| self.group(id, chance)).collect();
            entities.extend(groups.iter().cloned().map(Entity::Group));
            for mut group in groups {
                if chance.once_in(2) {
                    continue;
                }
                group.version += 1;
                group.rules = self.rules(shard, chance);
                entities.push(Entity::Group(group));
            }
            for id in self.agents_of(shard) {
                entities.push(Entity::User(self.agent(id, chance)));
            }
            let supervisor = User {
                kind: UserKind::Supervisor,
                groups: Vec::new(),
                ..self.agent(Self::supervisor(shard), chance)
            };
            entities.push(Entity::User(supervisor));
            for id in self.channels_of(shard) {
                let group = GroupId(id.0);
                let routes = self.groups_of(shard).any(|known| known == group);
                entities.push(Entity::Channel(channel(id, routes.then_some(group))));
            }
        }
        entities
    }

    fn group(self, id: GroupId, chance: &mut Chance) -> Group {
        Group {
            id,
            version: 1,
            operation: operation(House::shard_of(id.0)).id,
            name: String::new(),
            active: true,
            policy: *chance.pick(&Policy::ALL),
            newcomer: NewcomerScore::GroupMinimum,
            head_start: Duration::ZERO,
            rules: hours::rules(self.quiet, chance),
        }
    }

    fn agent(self, id: UserId, chance: &mut Chance) -> User {
        let shard = Self::shard_of(id.0);
        User {
            id,
            version: 1,
            operation: operation(shard).id,
            login: format!("user{id}"),
            name: String::new(),
            kind: UserKind::Agent,
            active: true,
            groups: self.memberships(shard, chance),
            cap: Cap::new(1 + chance.below(3) as u32).unwrap(),
            rank: AgentRank(chance.below(3) as u16),
        }
    }

    /// Random rules: at times a short queue, a group to flow over into, a list of groups.
    pub(crate) fn rules(self, shard: ShardId, chance: &mut Chance) -> GroupRules {
        let groups: Vec<GroupId> = self.groups_of(shard).collect();
        let listed: Vec<GroupId> = groups.iter().copied().filter(|_| chance.once_in(2)).collect();
        GroupRules {
            queue_limit: chance.once_in(3).then(|| chance.below(4) as u32),
            overflow: chance.once_in(2).then(|| *chance.pick(&groups)),
            transfer_to: chance.once_in(4).then_some(listed),
            takes_transfers: !chance.once_in(6),
            transfer_to_paused: chance.once_in(3),
            note_required: chance.once_in(6),
            ..hours::rules(self.quiet, chance)
        }
    }

    /// Random memberships of the shard's groups.
    pub(crate) fn memberships(self, shard: ShardId, chance: &mut Chance) -> Vec<Membership> {
        let groups: Vec<GroupId> = self.groups_of(shard).filter(|_| !chance.once_in(3)).collect();
        groups.into_iter().map(|group| Membership { group, receives: !chance.once_in(6) }).collect()
    }
}

/// What a shard's ids begin after.
fn first(shard: ShardId) -> u32 {
    1_000 * (u32::from(shard.get()) + 1)
}

fn operation(shard: ShardId) -> Operation {
    Operation {
        id: OperationId(u32::from(shard.get()) + 1),
        version: 1,
        name: String::new(),
        shard,
        zone: "UTC".to_owned(),
    }
}

/// A channel that greets, and routes to `group` if there is one.
pub(crate) fn channel(id: ChannelId, group: Option<GroupId>) -> Channel {
    let greeting = Step::Say("Hello!".to_owned());
    Channel {
        id,
        version: 1,
        operation: operation(House::shard_of(id.0)).id,
        kind: ChannelKind::Whatsapp,
        name: String::new(),
        account: format!("account-{id}"),
        endpoint: "starter".parse().unwrap(),
        provider_url: String::new(),
        flow: Flow { steps: [greeting].into_iter().chain(group.map(Step::Route)).collect() },
    }
}

/// A random change of a user's or a group's settings; its name for the tally.
pub(crate) fn edit(
    house: House,
    settings: &Settings,
    chance: &mut Chance,
) -> Option<(&'static str, Entity)> {
    let shard = ShardId::new(chance.below(usize::from(house.place.shards())) as u16).unwrap();
    if chance.once_in(2) {
        let groups: Vec<GroupId> = house.groups_of(shard).collect();
        let mut group = settings.groups.get(chance.pick(&groups))?.clone();
        group.version += 1;
        let opens = !group.active && chance.once_in(2);
        match chance.below(3) {
            _ if opens => {}
            0 => {
                group.policy = *chance.pick(&Policy::ALL);
                return Some(("policy", Entity::Group(group)));
            }
            1 => {
                group.rules = house.rules(shard, chance);
                return Some(("rules", Entity::Group(group)));
            }
            _ => {}
        }
        group.active = !group.active;
        let name = if group.active { "group-on" } else { "group-off" };
        return Some((name, Entity::Group(group)));
    }
    let mut user = settings.users.get(chance.pick(&house.agents_of(shard)))?.clone();
    user.version += 1;
    let name = match chance.below(5) {
        0 => {
            user.groups = house.memberships(shard, chance);
            "memberships"
        }
        1 => {
            user.active = !user.active;
            "user"
        }
        2 => {
            user.rank = AgentRank(chance.below(3) as u16);
            "rank"
        }
        _ => {
            let before = user.cap;
            user.cap = Cap::new(chance.below(4) as u32).unwrap();
            if user.cap < before { "cap-lowered" } else { "cap" }
        }
    };
    Some((name, Entity::User(user)))
}
