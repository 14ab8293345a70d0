use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use model::desk::Command;
use model::people::Presence;
use serde::Deserialize;
use serde_json::json;

use crate::api::allow::{Action, Object};
use crate::api::command::submit;
use crate::api::extract::{Body, Subject};
use crate::api::key::CommandKey;
use crate::api::problem::Problem;
use crate::api::server::Desk;
use crate::view::shown::ShownUser;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresenceBody {
    presence: Presence,
}

/// `GET /v1/me`
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
) -> Result<Response, Problem> {
    subject.must(Action::Read, Object::Oneself { user: subject.user.id })?;
    let presence = desk.view.presence_of(&subject.user);
    let body = json!({ "user": ShownUser::of(&subject.user), "presence": presence });
    Ok(Json(body).into_response())
}

/// `PUT /v1/me/presence`
pub(crate) async fn set_presence(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    key: CommandKey,
    Body(body): Body<PresenceBody>,
) -> Result<Response, Problem> {
    subject.must(Action::Command, Object::Oneself { user: subject.user.id })?;
    let command = Command::SetPresence { presence: body.presence };
    Ok(submit(&desk, &subject, &key, command).await?.into_response())
}
