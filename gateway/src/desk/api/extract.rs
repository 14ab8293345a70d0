use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use model::desk::Settings;
use model::id::ConversationId;
use model::people::User;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::auth::Token;

use super::allow::{Action, Object, allow};
use super::problem::Problem;
use super::server::Desk;

/// The name of the session's cookie.
pub(crate) const COOKIE: &str = "chasqui_session";

/// Who asks: taking one is what makes a route need a login.
pub(crate) struct Subject {
    /// The user, as the settings in force have him.
    pub(crate) user: User,
    /// The token he showed.
    pub(crate) token: Token,
    /// The settings in force.
    pub(crate) settings: Arc<Settings>,
}

/// A body of JSON, in the time a body may take; a bad one is a problem that names the field.
pub(crate) struct Body<T>(pub(crate) T);

/// A query string; a bad one is a problem that names the field.
pub(crate) struct Asked<T>(pub(crate) T);

/// The conversation in the path; what is not an id names nothing.
pub(crate) struct ConversationPath(pub(crate) ConversationId);

impl Subject {
    /// A problem unless the subject may do this.
    pub(crate) fn must(&self, action: Action, object: Object) -> Result<(), Problem> {
        if allow(&self.user, action, object) {
            return Ok(());
        }
        Err(Problem::forbidden("your kind of user may not do this"))
    }
}

impl FromRequestParts<Arc<Desk>> for Subject {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let (token, by_cookie) = token(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        if by_cookie {
            check_origin(&parts.headers)?;
            check_not_a_form(parts)?;
        }
        let user = desk.auth.user_of(&token).await?.ok_or_else(Problem::unauthenticated)?;
        let settings = desk.settings.current();
        let user = settings.users.get(&user).filter(|user| user.active).cloned();
        let user = user.ok_or_else(Problem::unauthenticated)?;
        Ok(Self { user, token, settings })
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Desk>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let read = timeout(desk.body_wait, Json::<T>::from_request(request, desk)).await;
        match read.map_err(|_| Problem::too_slow())? {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::wrong_type()),
            Err(bad) if bad.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::too_large()),
            Err(bad) => Err(Problem::malformed(bad.body_text())),
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<Desk>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, desk).await;
        query.map(|Query(asked)| Self(asked)).map_err(|bad| Problem::malformed(bad.body_text()))
    }
}

impl FromRequestParts<Arc<Desk>> for ConversationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, desk).await;
        let Path(text) = path.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// A problem if a browser says that another site's page sends this.
pub(crate) fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let site = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    match (site, host) {
        (Some(site), Some(host)) if site.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Problem::forbidden("the request comes from another site's page")),
    }
}

/// A form on another site can send a cookie along, but no JSON.
fn check_not_a_form(parts: &Parts) -> Result<(), Problem> {
    if [Method::GET, Method::HEAD].contains(&parts.method) {
        return Ok(());
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if essence.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    Err(Problem::wrong_type())
}

/// The token of a request, and whether a cookie brought it.
fn token(headers: &HeaderMap) -> Option<(Token, bool)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let token = Token::from_text(token.trim().to_owned());
        return scheme.eq_ignore_ascii_case("bearer").then_some((token, false));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|c| c.split_once('='));
    let (_, token) = pairs.find(|(name, _)| name.trim() == COOKIE)?;
    Some((Token::from_text(token.trim().to_owned()), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()));
        pairs.collect()
    }

    #[test]
    fn another_sites_page_is_known_by_its_origin() {
        let at = |origin| check_origin(&headers(&[("origin", origin), ("host", "desk:8081")]));
        assert!(at("http://desk:8081").is_ok() && at("https://DESK:8081").is_ok());
        for foreign in ["null", "", "http://desk", "http://desk:8081.evil", "https://evil"] {
            assert!(at(foreign).is_err(), "{foreign}");
        }
        assert!(check_origin(&headers(&[("host", "desk")])).is_ok(), "not a browser");
        assert!(check_origin(&headers(&[("origin", "http://desk")])).is_err(), "no host");
    }

    #[test]
    fn a_token_comes_as_bearer_or_cookie() {
        let of = |name, value| token(&headers(&[(name, value)]));
        let text = |found: Option<(Token, bool)>| found.map(|(t, c)| (t.expose().to_owned(), c));
        assert_eq!(text(of("authorization", "bearer abc")), Some(("abc".to_owned(), false)));
        assert_eq!(text(of("authorization", "Basic abc")), None);
        let cookies = "a=b; chasqui_session=abc; c=d";
        assert_eq!(text(of("cookie", cookies)), Some(("abc".to_owned(), true)));
        assert_eq!(text(of("cookie", "xchasqui_session=abc")), None);
    }
}
