use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::desk::{Command, Target};
use model::id::{GroupId, UserId};
use model::limit;
use serde::Deserialize;

use crate::api::allow::Action;
use crate::api::command::submit;
use crate::api::extract::{Body, ConversationPath, Subject};
use crate::api::key::CommandKey;
use crate::api::problem::Problem;
use crate::api::server::Desk;

use super::conversation::{find, wish};

/// Whom a conversation is to go to, and what for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveBody {
    to: TargetBody,
    #[serde(default)]
    note: String,
}

/// `{"agent": 2}` or `{"group": 1}`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TargetBody {
    Agent(UserId),
    Group(GroupId),
}

/// `POST /v1/conversations/{id}/transfer`
pub(crate) async fn transfer(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(conversation): ConversationPath,
    key: CommandKey,
    Body(body): Body<MoveBody>,
) -> Result<Response, Problem> {
    let (to, note) = body.checked()?;
    let command = Command::Transfer { conversation, to, note };
    Ok(wish(&desk, &subject, &key, (conversation, command)).await?.into_response())
}

/// `POST /v1/conversations/{id}/reassign`
pub(crate) async fn reassign(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(conversation): ConversationPath,
    key: CommandKey,
    Body(body): Body<MoveBody>,
) -> Result<Response, Problem> {
    let object = find(&desk, &subject, Action::Command, conversation).await?;
    subject.must(Action::Reassign, object)?;
    let (to, note) = body.checked()?;
    let command = Command::Reassign { conversation, to, note };
    Ok(submit(&desk, &subject, &key, command).await?.into_response())
}

/// `POST /v1/conversations/{id}/pend`
pub(crate) async fn pend(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(conversation): ConversationPath,
    key: CommandKey,
) -> Result<Response, Problem> {
    let command = Command::Pend { conversation };
    Ok(wish(&desk, &subject, &key, (conversation, command)).await?.into_response())
}

/// `POST /v1/conversations/{id}/resume`
pub(crate) async fn resume(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(conversation): ConversationPath,
    key: CommandKey,
) -> Result<Response, Problem> {
    let command = Command::Resume { conversation };
    Ok(wish(&desk, &subject, &key, (conversation, command)).await?.into_response())
}

impl MoveBody {
    fn checked(self) -> Result<(Target, String), Problem> {
        if self.note.len() > limit::NOTE_BYTES {
            let most = limit::NOTE_BYTES;
            return Err(Problem::malformed(format!("`note` has at most {most} bytes")));
        }
        let to = match self.to {
            TargetBody::Agent(agent) => Target::Agent(agent),
            TargetBody::Group(group) => Target::Group(group),
        };
        Ok((to, self.note))
    }
}
