use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::desk::Command;
use model::id::{ConversationId, OperationId, UserId};
use model::service::ConversationState;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::port::ConversationRow;

use crate::api::allow::{Action, Object, allow};
use crate::api::command::{Outcome, repeated, submit};
use crate::api::extract::{Asked, ConversationPath, Subject};
use crate::api::key::CommandKey;
use crate::api::problem::Problem;
use crate::api::server::Desk;
use crate::view::shown::{ShownConversation, ShownHead, channel_name};

use super::message;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    scope: Scope,
    state: Option<ConversationState>,
    after: Option<ConversationId>,
}

/// Whose conversations are listed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scope {
    /// Those the user is responsible for.
    #[default]
    Mine,
    /// All open ones of his operation.
    Operation,
}

/// `GET /v1/conversations`: those the user is responsible for, with their messages, or a page of
/// his operation's, without.
pub(crate) async fn list(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    Asked(query): Asked<ListQuery>,
) -> Result<Response, Problem> {
    if query.scope == Scope::Operation {
        return Ok(Json(list_operation(&desk, &subject, &query)?).into_response());
    }
    subject.must(Action::Read, Object::Oneself { user: subject.user.id })?;
    let mut items = desk.view.conversations_of(&subject.user);
    items.retain(|item| query.state.is_none_or(|state| item.head.state == state));
    items.retain(|item| query.after.is_none_or(|after| item.head.id > after));
    Ok(Json(json!({ "items": items })).into_response())
}

fn list_operation(desk: &Desk, subject: &Subject, query: &ListQuery) -> Result<Value, Problem> {
    let operation = subject.user.operation;
    subject.must(Action::Read, Object::Conversations { operation })?;
    let page = desk.view.open_in_operation(&subject.user, query.after, query.state);
    Ok(json!({ "items": page.items, "next": page.next.filter(|_| page.more) }))
}

/// `GET /v1/conversations/{id}`
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(id): ConversationPath,
) -> Result<Response, Problem> {
    find(&desk, &subject, Action::Read, id).await?;
    if let Some(conversation) = desk.view.conversation(id) {
        return Ok(Json(conversation).into_response());
    }
    let row = desk.ports.history.conversation(id).await?.ok_or_else(Problem::not_found)?;
    let page = message::page(&desk, id, None).await?;
    let name = channel_name(&subject.settings, row.channel);
    let head = ShownHead {
        id,
        protocol: model::id::ProtocolNumber::parse(&row.protocol)
            .map_err(|_| Problem::internal())?,
        channel: row.channel,
        channel_name: name,
        address: row.address,
        name: row.name,
        state: row.state,
        group: row.group,
        agent: row.agent,
        opened_at_ms: row.opened_at.as_millis(),
        warned_until_ms: None,
    };
    let conversation = ShownConversation { head, moved: None, messages: page.messages };
    Ok(Json(conversation).into_response())
}

/// `POST /v1/conversations/{id}/close`
pub(crate) async fn close(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    ConversationPath(conversation): ConversationPath,
    key: CommandKey,
) -> Result<Response, Problem> {
    let command = Command::Close { conversation };
    Ok(wish(&desk, &subject, &key, (conversation, command)).await?.into_response())
}

/// Submits a command to a conversation; 404 unless the subject may. A repeat of a command by which
/// he lost that right, a transfer say, still has the answer of the first.
pub(super) async fn wish(
    desk: &Desk,
    subject: &Subject,
    key: &CommandKey,
    (conversation, command): (ConversationId, Command),
) -> Result<Outcome, Problem> {
    match find(desk, subject, Action::Command, conversation).await {
        Ok(_) => submit(desk, subject, key, command).await,
        Err(denied) => repeated(desk, subject, key, &command).unwrap_or(Err(denied)),
    }
}

/// 404 unless there is such a conversation and the subject may do this to it: that it exists is
/// not told to others either.
pub(super) async fn find(
    desk: &Desk,
    subject: &Subject,
    action: Action,
    id: ConversationId,
) -> Result<Object, Problem> {
    let (operation, agent) = match desk.view.facts(id) {
        Some(facts) => (facts.operation, facts.agent),
        None => past(desk, subject, id).await?,
    };
    let object = Object::Conversation { operation, agent };
    if allow(&subject.user, action, object) { Ok(object) } else { Err(Problem::not_found()) }
}

/// The operation and last agent of a conversation that only history knows.
async fn past(
    desk: &Desk,
    subject: &Subject,
    id: ConversationId,
) -> Result<(OperationId, Option<UserId>), Problem> {
    let row: Option<ConversationRow> = desk.ports.history.conversation(id).await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let operation = subject.settings.operation_of(row.channel).ok_or_else(Problem::not_found)?;
    Ok((operation.id, row.agent))
}
