//! An entity comes into force only in order and with everything it names.

use model::desk::{Entity, Settings, SettingsError};
use model::id::{ChannelId, GroupId, OperationId, ShardId, UserId};
use model::people::{
    AgentRank, Cap, Group, GroupRules, Membership, NewcomerScore, Operation, Policy, User, UserKind,
};
use model::service::{Channel, ChannelKind, Endpoint, Flow, Step};
use proptest::prelude::*;

fn operation(id: u32, version: u64) -> Entity {
    let (id, shard) = (OperationId(id), ShardId::default());
    Entity::Operation(Operation {
        id,
        version,
        name: "o".to_owned(),
        shard,
        zone: "UTC".to_owned(),
    })
}

fn group(id: u32, version: u64, operation: u32) -> Entity {
    Entity::Group(Group {
        id: GroupId(id),
        version,
        operation: OperationId(operation),
        name: format!("g{version}"),
        active: true,
        policy: Policy::Circular,
        newcomer: NewcomerScore::default(),
        head_start: std::time::Duration::ZERO,
        rules: GroupRules::default(),
    })
}

/// Group 3 of operation 1, which transfers to these; what it flows over into, or group 9.
fn to_groups(groups: &[u32], overflow: Option<u32>) -> Entity {
    let Entity::Group(group) = group(3, 1, 1) else { unreachable!() };
    let transfer_to = Some(groups.iter().copied().map(GroupId).collect());
    let overflow = Some(GroupId(overflow.unwrap_or(9)));
    Entity::Group(Group { rules: GroupRules { transfer_to, overflow, ..group.rules }, ..group })
}

fn user(operation: u32, group: u32) -> Entity {
    Entity::User(User {
        id: UserId(1),
        version: 1,
        operation: OperationId(operation),
        login: "ana".to_owned(),
        name: "Ana".to_owned(),
        kind: UserKind::Agent,
        active: true,
        groups: vec![Membership { group: GroupId(group), receives: true }],
        cap: Cap::new(3).unwrap(),
        rank: AgentRank::default(),
    })
}

fn endpoint(name: &str) -> Entity {
    let (name, kind) = (name.parse().unwrap(), ChannelKind::Whatsapp);
    Entity::Endpoint(Endpoint { name, version: 1, kind })
}

fn channel(id: u32, endpoint: &str, group: u32) -> Entity {
    Entity::Channel(Channel {
        id: ChannelId(id),
        version: 1,
        operation: OperationId(1),
        kind: ChannelKind::Whatsapp,
        name: "c".to_owned(),
        account: format!("account-{id}"),
        endpoint: endpoint.parse().unwrap(),
        provider_url: "http://127.0.0.1".to_owned(),
        flow: Flow { steps: vec![Step::Say("Hi".to_owned()), Step::Route(GroupId(group))] },
    })
}

/// Two operations with a group each, and an endpoint.
fn installed() -> Settings {
    let mut settings = Settings::default();
    let entities =
        [operation(1, 1), operation(2, 1), group(1, 1, 1), group(2, 1, 2), endpoint("wa")];
    for entity in entities {
        settings.apply(entity).unwrap();
    }
    settings
}

#[test]
fn what_names_something_missing_is_void() {
    let cases = [
        (group(3, 1, 9), "group 3 names operation 9, which does not exist"),
        (to_groups(&[3, 1], None), "group 3 names group 9 of operation 1, which does not exist"),
        (to_groups(&[3, 9], Some(1)), "group 3 names group 9 of operation 1, which does not exist"),
        (to_groups(&[2], Some(1)), "group 3 names group 2 of operation 1, which does not exist"),
        (user(9, 1), "user 1 names operation 9, which does not exist"),
        (user(1, 2), "user 1 names group 2 of operation 1, which does not exist"),
        (channel(1, "sms", 1), "channel 1 names endpoint sms, which does not exist"),
        (channel(1, "wa", 2), "channel 1 names group 2 of operation 1, which does not exist"),
    ];
    for (entity, want) in cases {
        let mut settings = installed();
        let error = settings.apply(entity).unwrap_err();
        assert!(matches!(error, SettingsError::Missing { .. }));
        assert_eq!((error.to_string().as_str(), settings), (want, installed()));
    }
}

#[test]
fn what_names_only_what_is_there_comes_into_force() {
    let mut settings = installed();
    settings.apply(to_groups(&[3, 1], Some(1))).unwrap();
    settings.apply(user(1, 1)).unwrap();
    settings.apply(channel(1, "wa", 1)).unwrap();
    settings.apply(channel(2, "wa", 1)).unwrap();
    assert!(settings.users.contains_key(&UserId(1)));
    let wa = "wa".parse().unwrap();
    let found = settings.channel_of(&wa, "account-2").map(|c| c.id);
    assert_eq!(found, Some(ChannelId(2)));
    assert_eq!(settings.channel_of(&wa, "account-3"), None);
    assert_eq!(settings.channel_of(&"sms".parse().unwrap(), "account-2"), None);
    assert_eq!(settings.operation_of(ChannelId(2)).map(|o| o.id), Some(OperationId(1)));
    assert_eq!(settings.operation_of(ChannelId(3)), None);
}

proptest! {
    #[test]
    fn versions_count_from_one_without_a_gap(
        offered in prop::collection::vec((1..4_u32, 0..6_u64), 0..40),
    ) {
        let mut settings = installed();
        let mut last = std::collections::BTreeMap::from([(1, 1), (2, 1)]);
        for (id, version) in offered {
            let before = settings.clone();
            let want = last.get(&id).copied().unwrap_or(0) + 1;
            // Group 2 lives in operation 2, the others in 1.
            let entity = group(id, version, if id == 2 { 2 } else { 1 });
            let what = entity.describe();
            match settings.apply(entity) {
                Ok(()) => {
                    prop_assert_eq!(version, want);
                    prop_assert_eq!(&settings.groups[&GroupId(id)].name, &format!("g{version}"));
                    last.insert(id, version);
                }
                Err(error) => {
                    prop_assert_ne!(version, want);
                    prop_assert_eq!(error, SettingsError::Version { what, want, got: version });
                    prop_assert_eq!(&settings, &before);
                }
            }
        }
    }
}
