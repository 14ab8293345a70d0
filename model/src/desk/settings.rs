use std::collections::BTreeMap;

use crate::id::{ChannelId, EndpointName, GroupId, OperationId, UserId};
use crate::people::{Group, Operation, User};
use crate::service::{Channel, Endpoint};

/// A whole entity of the `settings` topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    /// An operation.
    Operation(Operation),
    /// A group.
    Group(Group),
    /// A user.
    User(User),
    /// An endpoint.
    Endpoint(Endpoint),
    /// A channel.
    Channel(Channel),
}

/// Every settings entity in force: small, in memory everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Operations by id.
    pub operations: BTreeMap<OperationId, Operation>,
    /// Groups by id.
    pub groups: BTreeMap<GroupId, Group>,
    /// Users by id.
    pub users: BTreeMap<UserId, User>,
    /// Endpoints by name.
    pub endpoints: BTreeMap<EndpointName, Endpoint>,
    /// Channels by id.
    pub channels: BTreeMap<ChannelId, Channel>,
}

/// Why an entity is void.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Its version is not the last one + 1: somebody's late write.
    #[error("{what}: version {got} where {want} was due")]
    Version {
        /// Which entity.
        what: String,
        /// The version that was due.
        want: u64,
        /// The version it has.
        got: u64,
    },
    /// It names an entity that does not exist.
    #[error("{what} names {missing}, which does not exist")]
    Missing {
        /// Which entity.
        what: String,
        /// What it names.
        missing: String,
    },
}

impl Entity {
    /// What it is, for people: `group 3`.
    pub fn describe(&self) -> String {
        match self {
            Self::Operation(e) => format!("operation {}", e.id),
            Self::Group(e) => format!("group {}", e.id),
            Self::User(e) => format!("user {}", e.id),
            Self::Endpoint(e) => format!("endpoint {}", e.name),
            Self::Channel(e) => format!("channel {}", e.id),
        }
    }

    /// Its version.
    pub const fn version(&self) -> u64 {
        match self {
            Self::Operation(e) => e.version,
            Self::Group(e) => e.version,
            Self::User(e) => e.version,
            Self::Endpoint(e) => e.version,
            Self::Channel(e) => e.version,
        }
    }
}

impl Settings {
    /// Puts `entity` in force. Void, and nothing changes, unless its version is the last + 1 and
    /// everything it names exists.
    pub fn apply(&mut self, entity: Entity) -> Result<(), SettingsError> {
        self.check(&entity)?;
        match entity {
            Entity::Operation(e) => drop(self.operations.insert(e.id, e)),
            Entity::Group(e) => drop(self.groups.insert(e.id, e)),
            Entity::User(e) => drop(self.users.insert(e.id, e)),
            Entity::Endpoint(e) => drop(self.endpoints.insert(e.name.clone(), e)),
            Entity::Channel(e) => drop(self.channels.insert(e.id, e)),
        }
        Ok(())
    }

    /// Whether `entity` may come into force.
    pub fn check(&self, entity: &Entity) -> Result<(), SettingsError> {
        let (want, got) = (self.version_of(entity) + 1, entity.version());
        if want != got {
            return Err(SettingsError::Version { what: entity.describe(), want, got });
        }
        match self.missing(entity) {
            None => Ok(()),
            Some(missing) => Err(SettingsError::Missing { what: entity.describe(), missing }),
        }
    }

    /// The channel of an account that is called at `endpoint`.
    pub fn channel_of(&self, endpoint: &EndpointName, account: &str) -> Option<&Channel> {
        self.channels.values().find(|c| c.endpoint == *endpoint && c.account == account)
    }

    /// The operation a channel serves.
    pub fn operation_of(&self, channel: ChannelId) -> Option<&Operation> {
        self.operations.get(&self.channels.get(&channel)?.operation)
    }

    fn version_of(&self, entity: &Entity) -> u64 {
        match entity {
            Entity::Operation(e) => self.operations.get(&e.id).map_or(0, |o| o.version),
            Entity::Group(e) => self.groups.get(&e.id).map_or(0, |o| o.version),
            Entity::User(e) => self.users.get(&e.id).map_or(0, |o| o.version),
            Entity::Endpoint(e) => self.endpoints.get(&e.name).map_or(0, |o| o.version),
            Entity::Channel(e) => self.channels.get(&e.id).map_or(0, |o| o.version),
        }
    }

    fn missing(&self, entity: &Entity) -> Option<String> {
        match entity {
            Entity::Operation(_) | Entity::Endpoint(_) => None,
            Entity::Group(e) => self.no_operation(e.operation).or_else(|| self.unknown_group(e)),
            Entity::User(e) => self
                .no_operation(e.operation)
                .or_else(|| e.groups.iter().find_map(|m| self.no_group(m.group, e.operation))),
            Entity::Channel(e) => self
                .no_operation(e.operation)
                .or_else(|| self.no_endpoint(&e.endpoint))
                .or_else(|| e.flow.group().and_then(|g| self.no_group(g, e.operation))),
        }
    }

    /// A group its rules name that is not there; itself it may name at once.
    fn unknown_group(&self, group: &Group) -> Option<String> {
        let listed = group.rules.transfer_to.iter().flatten();
        let mut named = listed.chain(&group.rules.overflow).filter(|named| **named != group.id);
        named.find_map(|named| self.no_group(*named, group.operation))
    }

    fn no_operation(&self, id: OperationId) -> Option<String> {
        (!self.operations.contains_key(&id)).then(|| format!("operation {id}"))
    }

    fn no_group(&self, id: GroupId, operation: OperationId) -> Option<String> {
        let found = self.groups.get(&id).is_some_and(|g| g.operation == operation);
        (!found).then(|| format!("group {id} of operation {operation}"))
    }

    fn no_endpoint(&self, name: &EndpointName) -> Option<String> {
        (!self.endpoints.contains_key(name)).then(|| format!("endpoint {name}"))
    }
}
