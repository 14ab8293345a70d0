//! Strategies for entities of `settings`.

use model::desk::Entity;
use model::id::{OperationId, ShardId};
use model::limit;
use model::people::{
    AgentRank, Cap, Group, GroupRules, Inactivity, Membership, NewcomerScore, OnAbsence, Operation,
    Policy, Silence, User, UserKind, Warning,
};
use model::service::{Channel, ChannelKind, Endpoint, Flow, Step};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{channel, duration, endpoint_name, group, text, user};

pub(crate) fn entity() -> impl Strategy<Value = Entity> {
    prop_oneof![
        operation_entity().prop_map(Entity::Operation),
        group_entity().prop_map(Entity::Group),
        user_entity().prop_map(Entity::User),
        endpoint_entity().prop_map(Entity::Endpoint),
        channel_entity().prop_map(Entity::Channel),
    ]
}

fn operation_entity() -> impl Strategy<Value = Operation> {
    let shard = (0..=ShardId::MAX).prop_map(|n| ShardId::new(n).unwrap());
    (operation(), any::<u64>(), text(), shard, text())
        .prop_map(|(id, version, name, shard, zone)| Operation { id, version, name, shard, zone })
}

fn group_entity() -> impl Strategy<Value = Group> {
    let newcomer = select(vec![NewcomerScore::GroupMinimum, NewcomerScore::Zero]);
    let ways = (any::<bool>(), select(Policy::ALL.to_vec()), newcomer, duration());
    let rules = prop_oneof![Just(GroupRules::default()), rules()];
    (group(), any::<u64>(), operation(), text(), ways, rules).prop_map(
        |(id, version, operation, name, (active, policy, newcomer, head_start), rules)| Group {
            id,
            version,
            operation,
            name,
            active,
            policy,
            newcomer,
            head_start,
            rules,
        },
    )
}

fn rules() -> impl Strategy<Value = GroupRules> {
    use OnAbsence::{Close, Keep, Redirect};
    let absence = (select(vec![Keep, Redirect, Close]), duration());
    let queue = (option::of(any::<u32>()), option::of(group()));
    let transfer = (option::of(vec(group(), 0..3)), any::<bool>(), any::<bool>(), any::<bool>());
    let silence = (option::of(inactivity()), option::of(inactivity()));
    (absence, queue, transfer, option::of(duration()), silence).prop_map(
        |(absence, queue, transfer, pending_after, (running, queued))| GroupRules {
            on_absence: absence.0,
            grace: absence.1,
            queue_limit: queue.0,
            overflow: queue.1,
            transfer_to: transfer.0,
            takes_transfers: transfer.1,
            transfer_to_paused: transfer.2,
            note_required: transfer.3,
            pending_after,
            running,
            queued,
        },
    )
}

fn inactivity() -> impl Strategy<Value = Inactivity> {
    let warning = (any::<u8>(), text()).prop_map(|(percent, text)| Warning { percent, text });
    let silence = select(vec![Silence::Customer, Silence::Both]);
    (duration(), option::of(warning), silence).prop_map(|(limit, warning, silence)| Inactivity {
        limit,
        warning,
        silence,
    })
}

fn user_entity() -> impl Strategy<Value = User> {
    use UserKind::{Administrator, Agent, Supervisor, SupervisorAgent};
    let kind = select(vec![Agent, Supervisor, SupervisorAgent, Administrator]);
    let member = (group(), any::<bool>());
    let member = member.prop_map(|(group, receives)| Membership { group, receives });
    let seats = (0..=u32::from(limit::CAP), any::<u16>());
    let rights = (kind, any::<bool>(), vec(member, 0..4), seats);
    (user(), any::<u64>(), operation(), (text(), text()), rights).prop_map(
        |(id, version, operation, (login, name), (kind, active, groups, (cap, rank)))| User {
            id,
            version,
            operation,
            login,
            name,
            kind,
            active,
            groups,
            cap: Cap::new(cap).unwrap(),
            rank: AgentRank(rank),
        },
    )
}

fn endpoint_entity() -> impl Strategy<Value = Endpoint> {
    (endpoint_name(), any::<u64>(), channel_kind()).prop_map(|(name, version, kind)| Endpoint {
        name,
        version,
        kind,
    })
}

fn channel_entity() -> impl Strategy<Value = Channel> {
    let step = prop_oneof![text().prop_map(Step::Say), group().prop_map(Step::Route)];
    let flow = vec(step, 0..4).prop_map(|steps| Flow { steps });
    let ids = (channel(), any::<u64>(), operation());
    (ids, channel_kind(), (text(), text(), text()), endpoint_name(), flow).prop_map(
        |((id, version, operation), kind, (name, account, provider_url), endpoint, flow)| Channel {
            id,
            version,
            operation,
            kind,
            name,
            account,
            endpoint,
            provider_url,
            flow,
        },
    )
}

fn channel_kind() -> impl Strategy<Value = ChannelKind> {
    use ChannelKind::{Email, Instagram, Messenger, Sms, Telegram, Whatsapp};
    select(vec![Whatsapp, Instagram, Messenger, Telegram, Sms, Email])
}

fn operation() -> impl Strategy<Value = OperationId> {
    any::<u32>().prop_map(OperationId)
}
