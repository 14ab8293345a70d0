use std::path::PathBuf;
use std::time::Duration;

use model::id::{ChannelId, EndpointName, GroupId, OperationId, ShardId, UserId};
use model::people::{AgentRank, Cap, NewcomerScore, Policy, UserKind};
use model::service::{ChannelKind, Secret, Step};
use model::unit::Period;
use serde::Deserialize;
use toml::Spanned;

use super::rules::RulesRow;

/// The settings file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    #[serde(default)]
    pub(super) operation: Vec<Spanned<OperationRow>>,
    #[serde(default)]
    pub(super) group: Vec<Spanned<GroupRow>>,
    #[serde(default)]
    pub(super) user: Vec<Spanned<UserRow>>,
    #[serde(default)]
    pub(super) endpoint: Vec<Spanned<EndpointRow>>,
    #[serde(default)]
    pub(super) channel: Vec<Spanned<ChannelRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationRow {
    pub(super) id: OperationId,
    pub(super) name: String,
    pub(super) shard: ShardId,
    #[serde(default = "utc")]
    pub(super) zone: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupRow {
    pub(super) id: GroupId,
    pub(super) operation: OperationId,
    pub(super) name: String,
    pub(super) policy: Policy,
    #[serde(default)]
    pub(super) newcomer: NewcomerScore,
    #[serde(default = "no_head_start")]
    pub(super) head_start: Period,
    pub(super) rules: Option<Spanned<RulesRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRow {
    pub(super) id: UserId,
    pub(super) operation: OperationId,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) kind: UserKind,
    #[serde(default)]
    pub(super) groups: Vec<GroupId>,
    #[serde(default)]
    pub(super) cap: Cap,
    #[serde(default)]
    pub(super) rank: AgentRank,
    pub(super) password: Option<Spanned<Secret>>,
    pub(super) password_file: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointRow {
    pub(super) name: EndpointName,
    pub(super) kind: Spanned<ChannelKind>,
    pub(super) verify_token: Option<Spanned<Secret>>,
    pub(super) verify_token_file: Option<Spanned<PathBuf>>,
    pub(super) app_secret: Option<Spanned<Secret>>,
    pub(super) app_secret_file: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelRow {
    pub(super) id: ChannelId,
    pub(super) operation: OperationId,
    pub(super) endpoint: EndpointName,
    pub(super) name: String,
    pub(super) account: String,
    pub(super) provider_url: Spanned<String>,
    pub(super) flow: Vec<Step>,
    pub(super) token: Option<Spanned<Secret>>,
    pub(super) token_file: Option<Spanned<PathBuf>>,
}

fn utc() -> Spanned<String> {
    Spanned::new(0..0, "UTC".to_owned())
}

const fn no_head_start() -> Period {
    Period(Duration::ZERO)
}
