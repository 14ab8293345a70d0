//! Benches of Chasqui: one question a file under `benches/`, each with its baseline beside it.
//!
//! `cargo bench -p benches --bench append` asks what the embedded log costs over the bare file;
//! `--bench pair` asks what one assignment and its release cost, and how that grows with the
//! group. Read ratios within one run: absolute times are the machine's.
//!
//! This library holds what the benches share: groups of agents to seat.

use distributor::assign::Assign;
use distributor::assign::reference::MutexAssign;
use model::desk::{Entity, Settings, SettingsError};
use model::id::{GroupId, OperationId, ShardId, UserId};
use model::people::{
    AgentRank, Cap, Group, Membership, NewcomerScore, Operation, Policy, Presence, User, UserKind,
};
use storage::port::Bell;

/// The one group of a bench.
pub const GROUP: GroupId = GroupId(1);

/// The reference core with one group of `agents` available agents of cap 5 under `policy`.
pub fn staffed(policy: Policy, agents: u32) -> Result<MutexAssign, SettingsError> {
    let core = MutexAssign::new(vec![Bell::new()], 1);
    core.edit(&settings(policy, agents)?);
    for agent in 1..=agents {
        core.presence(UserId(agent), Presence::Available);
    }
    Ok(core)
}

/// One operation with one group of `agents` agents of cap 5, ranks 0 to 3.
pub fn settings(policy: Policy, agents: u32) -> Result<Settings, SettingsError> {
    let mut settings = Settings::default();
    let operation = OperationId(1);
    settings.apply(Entity::Operation(Operation {
        id: operation,
        version: 1,
        name: "bench".to_owned(),
        shard: ShardId::default(),
        zone: "UTC".to_owned(),
    }))?;
    settings.apply(Entity::Group(Group {
        id: GROUP,
        version: 1,
        operation,
        name: policy.name().to_owned(),
        active: true,
        policy,
        newcomer: NewcomerScore::GroupMinimum,
        head_start: std::time::Duration::ZERO,
    }))?;
    for agent in 1..=agents {
        settings.apply(Entity::User(user(agent, operation)))?;
    }
    Ok(settings)
}

fn user(number: u32, operation: OperationId) -> User {
    User {
        id: UserId(number),
        version: 1,
        operation,
        login: format!("agent{number}"),
        name: format!("Agent {number}"),
        kind: UserKind::Agent,
        active: true,
        groups: vec![Membership { group: GROUP, receives: true }],
        cap: Cap::new(5).unwrap_or_default(),
        rank: AgentRank((number % 4) as u16),
    }
}
