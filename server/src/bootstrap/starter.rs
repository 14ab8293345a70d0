use std::net::{SocketAddr, TcpListener};

use gateway::secret::{ChannelSecret, EndpointSecrets};
use model::desk::Entity;
use model::id::{ChannelId, EndpointName, GroupId, IdError, OperationId, ShardId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Operation, Policy, User, UserKind,
};
use model::service::{Channel, ChannelKind, Endpoint, Flow, Secret, Step};

use super::Seed;

/// What an empty installation gets when nothing is configured: one of each, and secrets of its
/// own. They are shown once.
#[derive(Clone, Debug)]
pub struct Starter {
    /// What is planted.
    pub seed: Seed,
    /// The agent's login.
    pub login: String,
    /// The agent's password.
    pub password: Secret,
    /// What webhooks to the endpoint are signed with.
    pub app_secret: Secret,
    /// What the provider's handshake must show.
    pub verify_token: Secret,
}

/// Why there is no starter.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[from] getrandom::Error),
    /// A compiled-in name is not lawful: never.
    #[error("the compiled-in starter is wrong")]
    Id(#[from] IdError),
    /// Its provider could not listen there.
    #[error("the simulated provider cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// The starter's endpoint.
pub const ENDPOINT: &str = "starter";
/// The starter's account (phone number id) at the simulated provider.
pub const ACCOUNT: &str = "100000000000001";
/// The starter's agent.
pub const AGENT: UserId = UserId(1);
/// The starter's channel.
pub const CHANNEL: ChannelId = ChannelId(1);

const OPERATION: OperationId = OperationId(1);
const GROUP: GroupId = GroupId(1);
const LOGIN: &str = "agent";

/// A starter with fresh secrets, whose provider is a simulator at `simulator`. The address must be
/// free: a starter is planted, and its secrets shown, only where its provider can be started.
pub fn starter(simulator: SocketAddr) -> Result<Starter, StarterError> {
    TcpListener::bind(simulator)
        .map_err(|source| StarterError::Listen { address: simulator, source })?;
    let name: EndpointName = ENDPOINT.parse()?;
    let (password, app_secret, verify_token) = (random()?, random()?, random()?);
    let secrets = EndpointSecrets {
        verify_token: verify_token.clone(),
        app_secrets: vec![app_secret.clone()],
    };
    let seed = Seed {
        entities: entities(&name, simulator)?,
        endpoints: vec![(name, secrets)],
        channels: vec![(CHANNEL, ChannelSecret { token: random()? })],
        passwords: vec![(LOGIN.to_owned(), AGENT, password.clone())],
    };
    Ok(Starter { seed, login: LOGIN.to_owned(), password, app_secret, verify_token })
}

fn entities(endpoint: &EndpointName, simulator: SocketAddr) -> Result<Vec<Entity>, IdError> {
    let operation = Operation {
        id: OPERATION,
        version: 1,
        name: "Starter".to_owned(),
        shard: ShardId::new(0)?,
        zone: "UTC".to_owned(),
    };
    let channel = Channel {
        id: CHANNEL,
        version: 1,
        operation: OPERATION,
        kind: ChannelKind::Whatsapp,
        name: "WhatsApp (simulated)".to_owned(),
        account: ACCOUNT.to_owned(),
        endpoint: endpoint.clone(),
        provider_url: format!("http://{simulator}"),
        flow: Flow {
            steps: vec![
                Step::Say("Hello! An agent will be with you in a moment.".to_owned()),
                Step::Route(GROUP),
            ],
        },
    };
    let endpoint = Endpoint { name: endpoint.clone(), version: 1, kind: ChannelKind::Whatsapp };
    Ok(vec![
        Entity::Operation(operation),
        Entity::Group(group()),
        Entity::User(agent()),
        Entity::Endpoint(endpoint),
        Entity::Channel(channel),
    ])
}

fn group() -> Group {
    Group {
        id: GROUP,
        version: 1,
        operation: OPERATION,
        name: "Service".to_owned(),
        active: true,
        policy: Policy::Circular,
        newcomer: NewcomerScore::default(),
        head_start: std::time::Duration::ZERO,
        rules: GroupRules::default(),
    }
}

fn agent() -> User {
    User {
        id: AGENT,
        version: 1,
        operation: OPERATION,
        login: LOGIN.to_owned(),
        name: "Agent".to_owned(),
        kind: UserKind::Agent,
        active: true,
        groups: vec![Membership { group: GROUP, receives: true }],
        cap: Cap::new(10).unwrap_or_default(),
        rank: AgentRank::default(),
    }
}

/// 128 bits in hex: safe in a shell, in a header and in a URL.
pub fn random() -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_is_lawful_and_its_secrets_are_its_own() {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (a, b) = (starter(address).unwrap(), starter(address).unwrap());
        assert_eq!(a.seed.check(), Ok(()));
        assert_ne!(a.app_secret, b.app_secret);
        assert_ne!(a.password, a.app_secret);
    }
}
