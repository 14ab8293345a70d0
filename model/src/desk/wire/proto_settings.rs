//! Whole entities of the `settings` topic.

use prost::{Message, Oneof};

use super::DecodeError;
use super::convert::{Wire, by_field, by_variant};
use crate::id::GroupId;
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
    #[prost(message, optional, tag = "9")]
    pub(super) rules: Option<GroupRules>,
}

/// Rules that are the default are not written: they are read as that.
impl Wire for people::Group {
    type Form = Group;

    fn to_wire(&self) -> Group {
        let told = self.rules != people::GroupRules::default();
        Group {
            id: self.id.to_wire(),
            version: self.version.to_wire(),
            operation: self.operation.to_wire(),
            name: self.name.to_wire(),
            active: self.active.to_wire(),
            policy: self.policy.to_wire(),
            newcomer: self.newcomer.to_wire(),
            head_start: self.head_start.to_wire(),
            rules: told.then(|| self.rules.to_wire()),
        }
    }

    fn from_wire(form: Group) -> Result<Self, DecodeError> {
        let rules: Option<people::GroupRules> = Wire::from_wire(form.rules)?;
        Ok(Self {
            id: Wire::from_wire(form.id)?,
            version: Wire::from_wire(form.version)?,
            operation: Wire::from_wire(form.operation)?,
            name: Wire::from_wire(form.name)?,
            active: Wire::from_wire(form.active)?,
            policy: Wire::from_wire(form.policy)?,
            newcomer: Wire::from_wire(form.newcomer)?,
            head_start: Wire::from_wire(form.head_start)?,
            rules: rules.unwrap_or_default(),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GroupRules {
    #[prost(int32, tag = "1")]
    pub(super) on_absence: i32,
    #[prost(uint64, tag = "2")]
    pub(super) grace: u64,
    #[prost(uint32, optional, tag = "3")]
    pub(super) queue_limit: Option<u32>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) overflow: Option<u32>,
    #[prost(message, optional, tag = "5")]
    pub(super) transfer_to: Option<Groups>,
    #[prost(bool, tag = "6")]
    pub(super) takes_transfers: bool,
    #[prost(bool, tag = "7")]
    pub(super) transfer_to_paused: bool,
    #[prost(bool, tag = "8")]
    pub(super) note_required: bool,
    #[prost(uint64, optional, tag = "9")]
    pub(super) pending_after: Option<u64>,
    #[prost(message, optional, tag = "10")]
    pub(super) running: Option<Inactivity>,
    #[prost(message, optional, tag = "11")]
    pub(super) queued: Option<Inactivity>,
}

/// A list that may be absent is a message: protobuf cannot tell an empty list from none.
impl Wire for people::GroupRules {
    type Form = GroupRules;

    fn to_wire(&self) -> GroupRules {
        let groups = |list: &Vec<GroupId>| Groups { groups: list.to_wire() };
        GroupRules {
            on_absence: self.on_absence.to_wire(),
            grace: self.grace.to_wire(),
            queue_limit: self.queue_limit.to_wire(),
            overflow: self.overflow.to_wire(),
            transfer_to: self.transfer_to.as_ref().map(groups),
            takes_transfers: self.takes_transfers.to_wire(),
            transfer_to_paused: self.transfer_to_paused.to_wire(),
            note_required: self.note_required.to_wire(),
            pending_after: self.pending_after.to_wire(),
            running: self.running.to_wire(),
            queued: self.queued.to_wire(),
        }
    }

    fn from_wire(form: GroupRules) -> Result<Self, DecodeError> {
        let groups = |list: Groups| Wire::from_wire(list.groups);
        Ok(Self {
            on_absence: Wire::from_wire(form.on_absence)?,
            grace: Wire::from_wire(form.grace)?,
            queue_limit: Wire::from_wire(form.queue_limit)?,
            overflow: Wire::from_wire(form.overflow)?,
            transfer_to: form.transfer_to.map(groups).transpose()?,
            takes_transfers: Wire::from_wire(form.takes_transfers)?,
            transfer_to_paused: Wire::from_wire(form.transfer_to_paused)?,
            note_required: Wire::from_wire(form.note_required)?,
            pending_after: Wire::from_wire(form.pending_after)?,
            running: Wire::from_wire(form.running)?,
            queued: Wire::from_wire(form.queued)?,
        })
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Groups {
    #[prost(uint32, repeated, tag = "1")]
    pub(super) groups: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Inactivity {
    #[prost(uint64, tag = "1")]
    pub(super) limit: u64,
    #[prost(message, optional, tag = "2")]
    pub(super) warning: Option<Warning>,
    #[prost(int32, tag = "3")]
    pub(super) silence: i32,
}

by_field!(people::Inactivity => Inactivity { limit, warning, silence });

#[derive(Clone, PartialEq, Message)]
pub(super) struct Warning {
    #[prost(uint32, tag = "1")]
    pub(super) percent: u32,
    #[prost(string, tag = "2")]
    pub(super) text: String,
}

by_field!(people::Warning => Warning { percent, text });

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
