use std::collections::BTreeMap;
use std::time::Duration;

use gateway::secret::{ChannelSecret, EndpointSecrets};
use loadtest::agent::AgentPlan;
use model::desk::Entity;
use model::id::{ChannelId, EndpointName, GroupId, IdError, OperationId, ShardId, UserId};
use model::people::{
    AgentRank, Cap, CapError, Group, GroupRules, Membership, NewcomerScore, Operation, Policy,
    User, UserKind,
};
use model::place::Place;
use model::service::{Channel, ChannelKind, Endpoint, Flow, Secret, Step};

use crate::bootstrap::Seed;

/// The people and accounts of the demo: an operation on each shard, a group for each policy, a
/// channel for each group behind one endpoint, and the agents spread over the groups.
#[derive(Clone, Debug)]
pub struct World {
    place: Place,
    agents: u32,
    secrets: Secrets,
}

#[derive(Clone, Debug)]
struct Secrets {
    app: Secret,
    verify: Secret,
    token: Secret,
    password: Secret,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A number does not fit its id.
    #[error("a number does not fit its id")]
    Id(#[from] IdError),
    /// A cap is not lawful.
    #[error("a cap is not lawful")]
    Cap(#[from] CapError),
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[from] getrandom::Error),
}

/// The most conversations an agent of the demo holds at once.
const CAP: u8 = 8;
const GREETING: &str = "Hello! An agent will be with you in a moment.";

impl World {
    /// The name of the only endpoint.
    pub const ENDPOINT: &'static str = "demo";

    /// A world of `agents` agents for an installation of the size `place`, with fresh secrets.
    pub fn new(place: Place, agents: u32) -> Result<Self, WorldError> {
        let secret = crate::bootstrap::random;
        let secrets =
            Secrets { app: secret()?, verify: secret()?, token: secret()?, password: secret()? };
        Ok(Self { place, agents, secrets })
    }

    /// What webhooks are signed with.
    pub fn app_secret(&self) -> Secret {
        self.secrets.app.clone()
    }

    /// The accounts (phone number ids), one for each group.
    pub fn accounts(&self) -> Vec<String> {
        Self::groups().map(account).collect()
    }

    /// The bearer token of each account.
    pub fn tokens(&self) -> BTreeMap<String, Secret> {
        self.accounts().into_iter().map(|a| (a, self.secrets.token.clone())).collect()
    }

    /// The agents, as the outside knows them.
    pub fn agents(&self) -> Vec<AgentPlan> {
        let plan = |n| AgentPlan { login: login(n), password: self.password(), cap: CAP };
        (1..=self.agents).map(plan).collect()
    }

    /// What the installation begins with; providers are at `provider_url`.
    pub fn seed(&self, provider_url: &str) -> Result<Seed, WorldError> {
        let endpoint: EndpointName = Self::ENDPOINT.parse()?;
        let mut seed = Seed::default();
        for shard in self.place.each_shard() {
            seed.entities.push(Entity::Operation(operation(shard)));
        }
        for group in Self::groups() {
            seed.entities.push(Entity::Group(self.group(group)));
        }
        for n in 1..=self.agents {
            seed.entities.push(Entity::User(self.agent(n)?));
            seed.passwords.push((login(n), UserId(n), self.password()));
        }
        let (name, kind) = (endpoint.clone(), ChannelKind::Whatsapp);
        seed.entities.push(Entity::Endpoint(Endpoint { name, version: 1, kind }));
        for group in Self::groups() {
            seed.entities.push(Entity::Channel(self.channel(group, &endpoint, provider_url)));
            let token = self.secrets.token.clone();
            seed.channels.push((ChannelId(group.0), ChannelSecret { token }));
        }
        let verify_token = self.secrets.verify.clone();
        let secrets = EndpointSecrets { verify_token, app_secrets: vec![self.app_secret()] };
        seed.endpoints.push((endpoint, secrets));
        Ok(seed)
    }

    fn groups() -> impl Iterator<Item = GroupId> {
        (1..).take(Policy::ALL.len()).map(GroupId)
    }

    fn password(&self) -> Secret {
        self.secrets.password.clone()
    }

    /// Groups go round the operations, and with them round the shards.
    fn operation_of(&self, group: GroupId) -> OperationId {
        OperationId((group.0 - 1) % u32::from(self.place.shards()) + 1)
    }

    fn group(&self, id: GroupId) -> Group {
        let policy = Policy::ALL.get(id.0 as usize - 1).copied().unwrap_or(Policy::Circular);
        Group {
            id,
            version: 1,
            operation: self.operation_of(id),
            name: format!("Group {id}, {}", policy.name()),
            active: true,
            policy,
            newcomer: NewcomerScore::default(),
            head_start: Duration::ZERO,
            rules: GroupRules::default(),
        }
    }

    fn agent(&self, number: u32) -> Result<User, CapError> {
        let group = GroupId((number - 1) % Policy::ALL.len() as u32 + 1);
        Ok(User {
            id: UserId(number),
            version: 1,
            operation: self.operation_of(group),
            login: login(number),
            name: format!("Agent {number}"),
            kind: UserKind::Agent,
            active: true,
            groups: vec![Membership { group, receives: true }],
            cap: Cap::new(u32::from(CAP))?,
            rank: AgentRank((number / 10) as u16),
        })
    }

    fn channel(&self, group: GroupId, endpoint: &EndpointName, provider_url: &str) -> Channel {
        Channel {
            id: ChannelId(group.0),
            version: 1,
            operation: self.operation_of(group),
            kind: ChannelKind::Whatsapp,
            name: format!("WhatsApp {group}"),
            account: account(group),
            endpoint: endpoint.clone(),
            provider_url: provider_url.to_owned(),
            flow: Flow { steps: vec![Step::Say(GREETING.to_owned()), Step::Route(group)] },
        }
    }
}

fn operation(shard: ShardId) -> Operation {
    Operation {
        id: OperationId(u32::from(shard.get()) + 1),
        version: 1,
        name: format!("Operation {}", shard.get() + 1),
        shard,
        zone: "UTC".to_owned(),
    }
}

fn account(group: GroupId) -> String {
    format!("20000000000000{group}")
}

fn login(number: u32) -> String {
    format!("agent{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_lawful_and_uses_every_policy_and_shard() {
        let world = World::new(Place::new(4, 2).unwrap(), 11).unwrap();
        let seed = world.seed("http://127.0.0.1:1").unwrap();
        assert_eq!(seed.check(), Ok(()));
        let policies = seed.entities.iter().filter_map(|entity| match entity {
            Entity::Group(group) => Some(group.policy),
            _ => None,
        });
        assert_eq!(policies.collect::<Vec<_>>(), Policy::ALL);
        let agents = world.agents();
        assert_eq!((agents.len(), world.accounts().len()), (11, 5));
        let shard = |n| world.operation_of(GroupId(n)).0;
        assert_eq!([1, 2, 3, 4, 5].map(shard), [1, 2, 3, 4, 1]);
    }
}
