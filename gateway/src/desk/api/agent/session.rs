use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::id::UserId;
use model::limit;
use serde::Deserialize;
use serde_json::json;

use crate::api::allow::{Action, Object};
use crate::api::extract::{Body, COOKIE, Subject, check_origin};
use crate::api::problem::Problem;
use crate::api::server::Desk;
use crate::auth::{LoginError, Token};
use crate::view::shown::ShownUser;

/// Either login and password, or a link's token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    login: Option<String>,
    password: Option<String>,
    link: Option<String>,
}

/// `POST /v1/login`
pub(crate) async fn login(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> Result<Response, Problem> {
    check_origin(&headers)?;
    let user = prove(&desk, body, peer.ip()).await?;
    let settings = desk.settings.current();
    let user = settings.users.get(&user).filter(|user| user.active);
    let user = user.ok_or_else(Problem::wrong_login)?;
    let token = desk.auth.open(user.id).await?;
    let body = json!({ "token": token.expose(), "user": ShownUser::of(user) });
    let cookie = cookie(&desk, token.expose(), limit::SESSION.as_secs());
    Ok(([(header::SET_COOKIE, cookie)], Json(body)).into_response())
}

/// `POST /v1/logout`
pub(crate) async fn logout(
    State(desk): State<Arc<Desk>>,
    subject: Subject,
) -> Result<Response, Problem> {
    subject.must(Action::Command, Object::Oneself { user: subject.user.id })?;
    desk.auth.close(&subject.token).await?;
    let gone = [(header::SET_COOKIE, cookie(&desk, "", 0))];
    Ok((StatusCode::OK, gone, Json(json!({}))).into_response())
}

async fn prove(desk: &Desk, body: LoginBody, peer: IpAddr) -> Result<UserId, Problem> {
    let proven = match (body.login, body.password, body.link) {
        (Some(login), Some(password), None) => desk.auth.by_password(&login, &password, peer).await,
        (None, None, Some(link)) => desk.auth.by_link(&Token::from_text(link)).await,
        _ => return Err(Problem::malformed("send `login` and `password`, or `link`")),
    };
    proven.map_err(|error| match error {
        LoginError::Wrong => Problem::wrong_login(),
        LoginError::TooMany { wait } => Problem::too_many(wait),
        LoginError::Busy => Problem::unavailable("too many logins at once"),
        LoginError::Failed(error) => error.into(),
    })
}

fn cookie(desk: &Desk, value: &str, age_s: u64) -> String {
    let secure = if desk.secure_cookie { "; Secure" } else { "" };
    format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age_s}{secure}")
}
