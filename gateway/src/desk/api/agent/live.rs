use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use model::limit;

use crate::api::allow::{Action, Object};
use crate::api::extract::{Subject, check_origin};
use crate::api::problem::Problem;
use crate::api::server::Desk;

/// `GET /v1/live`
pub(crate) async fn open(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    check_origin(&headers)?;
    let user = subject.user.id;
    subject.must(Action::Read, Object::Oneself { user })?;
    let upgrade = upgrade.map_err(|bad| Problem::malformed(bad.body_text()))?;
    let admission = desk.live.admit().ok_or_else(|| Problem::unavailable("too many sockets"))?;
    let live = desk.live.clone();
    Ok(upgrade
        .max_message_size(limit::SOCKET_BYTES)
        .max_frame_size(limit::SOCKET_BYTES)
        .on_upgrade(move |socket| live.serve(admission, user, subject.token, socket)))
}
