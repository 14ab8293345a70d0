use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};
use model::limit;

use crate::console;

use super::OPENAPI;
use super::agent::{assignment, conversation, listing, live, message, myself, session};
use super::problem::Problem;
use super::server::{Desk, guard};

/// One route of the API.
pub struct Route {
    /// How it is asked.
    pub verb: Verb,
    /// Its path; `{name}` stands for one segment.
    pub path: &'static str,
    /// Whether it answers without a login.
    pub open: bool,
    handler: fn() -> MethodRouter<Arc<Desk>>,
}

/// How a route is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// To read.
    Get,
    /// To do.
    Post,
    /// To set.
    Put,
}

const CONVERSATION: &str = "/v1/conversations/{id}";
const MESSAGES: &str = "/v1/conversations/{id}/messages";

const TRANSFER: &str = "/v1/conversations/{id}/transfer";
const REASSIGN: &str = "/v1/conversations/{id}/reassign";

/// Every route of the API; the console's files are beside it.
pub const ROUTES: [Route; 19] = [
    open(Verb::Post, "/v1/login", || post(session::login)),
    open(Verb::Get, "/v1/openapi.json", || get(openapi)),
    route(Verb::Post, "/v1/logout", || post(session::logout)),
    route(Verb::Get, "/v1/live", || get(live::open)),
    route(Verb::Get, "/v1/me", || get(myself::show)),
    route(Verb::Put, "/v1/me/presence", || put(myself::set_presence)),
    route(Verb::Get, "/v1/conversations", || get(conversation::list)),
    route(Verb::Get, CONVERSATION, || get(conversation::show)),
    route(Verb::Get, MESSAGES, || get(message::list)),
    route(Verb::Post, MESSAGES, || post(message::send)),
    route(Verb::Post, "/v1/conversations/{id}/close", || post(conversation::close)),
    route(Verb::Post, TRANSFER, || post(assignment::transfer)),
    route(Verb::Post, REASSIGN, || post(assignment::reassign)),
    route(Verb::Post, "/v1/conversations/{id}/pend", || post(assignment::pend)),
    route(Verb::Post, "/v1/conversations/{id}/resume", || post(assignment::resume)),
    route(Verb::Get, "/v1/queues", || get(listing::queues)),
    route(Verb::Get, "/v1/groups", || get(listing::groups)),
    route(Verb::Get, "/v1/users", || get(listing::users)),
    route(Verb::Get, "/v1/channels", || get(listing::channels)),
];

/// The desk's router: the API, the console, and a problem for everything else.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.handler)());
    }
    for asset in console::ASSETS {
        let serve = move |request: HeaderMap| async move { console::serve(&asset, &request) };
        router = router.route(asset.path, get(serve));
    }
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::wrong_method() })
        .layer(DefaultBodyLimit::max(limit::API_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard))
        .with_state(desk)
}

const fn route(verb: Verb, path: &'static str, handler: fn() -> MethodRouter<Arc<Desk>>) -> Route {
    Route { verb, path, open: false, handler }
}

const fn open(verb: Verb, path: &'static str, handler: fn() -> MethodRouter<Arc<Desk>>) -> Route {
    Route { verb, path, open: true, handler }
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
