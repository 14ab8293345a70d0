use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::id::OperationId;
use model::people::{Group, Presence};
use model::service::Channel;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::allow::{Action, Object};
use crate::api::extract::Subject;
use crate::api::problem::Problem;
use crate::api::server::Desk;
use crate::view::shown::ShownUser;

#[derive(Serialize)]
struct Colleague {
    #[serde(flatten)]
    user: ShownUser,
    presence: Presence,
}

/// `GET /v1/queues`
pub(crate) async fn queues(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
) -> Result<Response, Problem> {
    readable(&subject)?;
    Ok(Json(json!({ "items": desk.view.queues_of(&subject.user) })).into_response())
}

/// `GET /v1/groups`: of the user's operation.
pub(crate) async fn groups(subject: Subject) -> Result<Response, Problem> {
    let operation = readable(&subject)?;
    let groups = subject.settings.groups.values().filter(|group| group.operation == operation);
    Ok(items(groups.map(shown_group)))
}

/// `GET /v1/users`: of the user's operation, each with his presence.
pub(crate) async fn users(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
) -> Result<Response, Problem> {
    let operation = readable(&subject)?;
    let users = subject.settings.users.values().filter(|user| user.operation == operation);
    let shown =
        |user| Colleague { user: ShownUser::of(user), presence: desk.view.presence_of(user) };
    Ok(items(users.map(|user| json!(shown(user)))))
}

/// `GET /v1/channels`: of the user's operation.
pub(crate) async fn channels(subject: Subject) -> Result<Response, Problem> {
    let operation = readable(&subject)?;
    let channels = subject.settings.channels.values().filter(|c| c.operation == operation);
    Ok(items(channels.map(shown_channel)))
}

fn readable(subject: &Subject) -> Result<OperationId, Problem> {
    let operation = subject.user.operation;
    subject.must(Action::Read, Object::Settings { operation })?;
    Ok(operation)
}

fn items(items: impl Iterator<Item = Value>) -> Response {
    Json(json!({ "items": items.collect::<Vec<_>>() })).into_response()
}

fn shown_group(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "active": group.active,
        "policy": group.policy,
    })
}

fn shown_channel(channel: &Channel) -> Value {
    json!({
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "account": channel.account,
        "endpoint": channel.endpoint,
    })
}
