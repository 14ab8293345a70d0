//! Whole entities of the `settings` topic.

use prost::{Message, Oneof};

use super::DecodeError;
use super::convert::{Wire, by_field, by_variant};
use crate::{desk, people, service};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Entity {
    #[prost(oneof = "EntityKind", tags = "1, 2, 3, 4, 5")]
    pub(super) kind: Option<EntityKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum EntityKind {
    #[prost(message, tag = "1")]
    Operation(Operation),
    #[prost(message, tag = "2")]
    Group(Group),
    #[prost(message, tag = "3")]
    User(User),
    #[prost(message, tag = "4")]
    Endpoint(Endpoint),
    #[prost(message, tag = "5")]
    Channel(Channel),
}

by_variant!(
    desk::Entity => Entity { kind: EntityKind }
    units {}
    values { Operation, Group, User, Endpoint, Channel }
    fields {}
);

#[derive(Clone, PartialEq, Message)]
pub(super) struct Operation {
    #[prost(uint32, tag = "1")]
    pub(super) id: u32,
    #[prost(uint64, tag = "2")]
    pub(super) version: u64,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(uint32, tag = "4")]
    pub(super) shard: u32,
    #[prost(string, tag = "5")]
    pub(super) zone: String,
}

by_field!(people::Operation => Operation { id, version, name, shard, zone });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Group {
    #[prost(uint32, tag = "1")]
    pub(super) id: u32,
    #[prost(uint64, tag = "2")]
    pub(super) version: u64,
    #[prost(uint32, tag = "3")]
    pub(super) operation: u32,
    #[prost(string, tag = "4")]
    pub(super) name: String,
    #[prost(bool, tag = "5")]
    pub(super) active: bool,
    #[prost(int32, tag = "6")]
    pub(super) policy: i32,
    #[prost(int32, tag = "7")]
    pub(super) newcomer: i32,
    #[prost(uint64, tag = "8")]
    pub(super) head_start: u64,
}

by_field!(people::Group => Group {
    id, version, operation, name, active, policy, newcomer, head_start,
});

#[derive(Clone, PartialEq, Message)]
pub(super) struct User {
    #[prost(uint32, tag = "1")]
    pub(super) id: u32,
    #[prost(uint64, tag = "2")]
    pub(super) version: u64,
    #[prost(uint32, tag = "3")]
    pub(super) operation: u32,
    #[prost(string, tag = "4")]
    pub(super) login: String,
    #[prost(string, tag = "5")]
    pub(super) name: String,
    #[prost(int32, tag = "6")]
    pub(super) kind: i32,
    #[prost(bool, tag = "7")]
    pub(super) active: bool,
    #[prost(message, repeated, tag = "8")]
    pub(super) groups: Vec<Membership>,
    #[prost(uint32, tag = "9")]
    pub(super) cap: u32,
    #[prost(uint32, tag = "10")]
    pub(super) rank: u32,
}

by_field!(people::User => User {
    id, version, operation, login, name, kind, active, groups, cap, rank,
});

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Membership {
    #[prost(uint32, tag = "1")]
    pub(super) group: u32,
    #[prost(bool, tag = "2")]
    pub(super) receives: bool,
}

by_field!(people::Membership => Membership { group, receives });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Endpoint {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(uint64, tag = "2")]
    pub(super) version: u64,
    #[prost(int32, tag = "3")]
    pub(super) kind: i32,
}

by_field!(service::Endpoint => Endpoint { name, version, kind });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Channel {
    #[prost(uint32, tag = "1")]
    pub(super) id: u32,
    #[prost(uint64, tag = "2")]
    pub(super) version: u64,
    #[prost(uint32, tag = "3")]
    pub(super) operation: u32,
    #[prost(int32, tag = "4")]
    pub(super) kind: i32,
    #[prost(string, tag = "5")]
    pub(super) name: String,
    #[prost(string, tag = "6")]
    pub(super) account: String,
    #[prost(string, tag = "7")]
    pub(super) endpoint: String,
    #[prost(string, tag = "8")]
    pub(super) provider_url: String,
    #[prost(message, required, tag = "9")]
    pub(super) flow: Flow,
}

by_field!(service::Channel => Channel {
    id, version, operation, kind, name, account, endpoint, provider_url, flow,
});

#[derive(Clone, PartialEq, Message)]
pub(super) struct Flow {
    #[prost(message, repeated, tag = "1")]
    pub(super) steps: Vec<Step>,
}

by_field!(service::Flow => Flow { steps });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Step {
    #[prost(oneof = "StepKind", tags = "1, 2")]
    pub(super) kind: Option<StepKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum StepKind {
    #[prost(string, tag = "1")]
    Say(String),
    #[prost(uint32, tag = "2")]
    Route(u32),
}

by_variant!(
    service::Step => Step { kind: StepKind }
    units {}
    values { Say, Route }
    fields {}
);
