use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::desk::Rejection;
use serde_json::json;
use storage::port::LogError;

use crate::auth::AuthError;

/// An error as the API tells it: RFC 9457, `application/problem+json`, nothing of our insides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: String,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// 400: the request cannot be understood; `detail` says where.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        let title = "The request cannot be understood";
        Self::new(StatusCode::BAD_REQUEST, "malformed", title, detail)
    }

    /// 401: nobody known asks.
    pub(crate) fn unauthenticated() -> Self {
        let detail = "send `Authorization: Bearer TOKEN` or log in";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "You are not logged in", detail)
    }

    /// 401: one answer to every wrong login.
    pub(crate) fn wrong_login() -> Self {
        let detail = "the login is unknown, or the password or link is wrong";
        Self::new(StatusCode::UNAUTHORIZED, "wrong-login", "Login failed", detail)
    }

    /// 403: known, and may not.
    pub(crate) fn forbidden(detail: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this", detail)
    }

    /// 404: there is no such thing, or none for you.
    pub(crate) fn not_found() -> Self {
        let detail = "there is no such thing, or none that you may see";
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405: the path exists, not this way.
    pub(crate) fn wrong_method() -> Self {
        let detail = "the path does not take this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "Wrong method", detail)
    }

    /// 408: the body came too slowly.
    pub(crate) fn too_slow() -> Self {
        let detail = "the body did not come in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow", detail)
    }

    /// 422: the key names another command already.
    pub(crate) fn reused_key() -> Self {
        let detail = "this `Idempotency-Key` was used for another command; take a new one";
        let title = "The key names another command";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", title, detail)
    }

    /// 409: lawfully refused.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        let title = "The command was refused";
        Self::new(StatusCode::CONFLICT, rejection.name(), title, why(rejection))
    }

    /// 413: the body is over its bound.
    pub(crate) fn too_large() -> Self {
        let detail = format!("a body has at most {} bytes", model::limit::API_BODY_BYTES);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
    }

    /// 415: not JSON.
    pub(crate) fn wrong_type() -> Self {
        let detail = "send `Content-Type: application/json`";
        let title = "The body is not JSON";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-type", title, detail)
    }

    /// 429: too often.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let detail = "too many failures; wait before the next try";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too often", detail)
            .after(wait)
    }

    /// 500: our fault.
    pub(crate) fn internal() -> Self {
        let detail = "the server failed; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed", detail)
    }

    /// 503: not now.
    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now", detail)
            .after(Duration::from_secs(1))
    }

    fn new(
        status: StatusCode,
        name: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, name, title, detail: detail.into(), retry_after_s: None }
    }

    fn after(mut self, wait: Duration) -> Self {
        self.retry_after_s = Some(wait.as_secs().max(1));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:chasqui:problem:{}", self.name),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "credentials failed");
        match error {
            AuthError::Store { .. } | AuthError::Contended { .. } | AuthError::Ending => {
                Self::unavailable("the directory does not answer")
            }
            _ => Self::internal(),
        }
    }
}

impl From<storage::port::StoreError> for Problem {
    fn from(error: storage::port::StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a store failed");
        Self::unavailable("the store does not answer")
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "a command was not appended");
        match error {
            LogError::TooLarge { .. } => Self::too_large(),
            LogError::Full { .. } => Self::unavailable("the log takes no more now"),
            _ => Self::unavailable("the log does not answer; the command may have been taken"),
        }
    }
}

const fn why(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::ConversationNotFound => "there is no such open conversation",
        Rejection::ConversationClosed => "the conversation is over",
        Rejection::NotResponsible => "another agent, or nobody yet, is responsible for it",
        Rejection::WindowClosed => "the provider's session window is over",
        Rejection::ChannelBacklog => "too many messages are waiting to be sent on the channel",
        Rejection::UnsendableContent => "the text is empty or longer than the channel takes",
        Rejection::AgentFull => "the agent holds as many conversations as the cap allows",
        Rejection::NotAvailable => "the agent is not available",
        Rejection::NotAllowed => "the user may not do this",
        Rejection::TransferNotAllowed => "conversations of its group may not go there",
        Rejection::NoteRequired => "its group wants a note with each transfer",
        Rejection::QueueFull => "the queue it would wait in is full",
        Rejection::AlreadyPending => "the conversation is set aside already",
        Rejection::NotPending => "the conversation is not set aside",
    }
}
