//! The desk's API as an agent's console calls it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use model::id::{ConversationId, MessageId};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, http};

use super::AgentPlan;
use crate::http::{Answer, Call, CallError, HttpClient};

/// The desk, as one agent reaches it.
pub(super) struct Desk {
    client: HttpClient,
    address: SocketAddr,
    pub(super) plan: AgentPlan,
    session: Mutex<Option<String>>,
    /// Hashing a password is dear on purpose: not all at once.
    logins: Arc<Semaphore>,
}

/// Why the desk did not do it.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    #[error("the desk does not answer")]
    Call(#[from] CallError),
    #[error("the desk is not reachable")]
    Connect(#[from] std::io::Error),
    #[error("the live socket failed")]
    Socket(#[from] Box<tungstenite::Error>),
    #[error("the session is not valid")]
    Unauthorized,
    #[error("not now: {0}")]
    Later(StatusCode),
    #[error("refused: {0}")]
    Refused(String),
    #[error("the answer is not as described")]
    Shape(#[from] serde_json::Error),
    #[error("the request is not lawful HTTP")]
    Request(#[from] http::header::InvalidHeaderValue),
}

#[derive(Deserialize)]
struct LoggedIn {
    token: String,
}

#[derive(Deserialize)]
struct Replied {
    id: String,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
}

impl Desk {
    pub(super) fn new(address: SocketAddr, plan: AgentPlan, logins: Arc<Semaphore>) -> Self {
        let client = HttpClient::new(address);
        Self { client, address, plan, session: Mutex::new(None), logins }
    }

    /// The session's token; logs in when there is none.
    async fn token(&self) -> Result<String, DeskError> {
        let known = self.session.lock().clone();
        if let Some(token) = known {
            return Ok(token);
        }
        let _turn = self.logins.acquire().await;
        let body = json!({"login": self.plan.login, "password": self.plan.password.expose()});
        let body = Bytes::from(body.to_string());
        let call = Call { method: Method::POST, path: "/v1/login", headers: &[], body };
        let answer = judged(self.client.call(call).await?)?;
        let token = serde_json::from_slice::<LoggedIn>(&answer.body)?.token;
        *self.session.lock() = Some(token.clone());
        Ok(token)
    }

    fn forget_session_if(&self, error: &DeskError) {
        if matches!(error, DeskError::Unauthorized) {
            *self.session.lock() = None;
        }
    }

    /// Opens the live socket.
    pub(super) async fn live(&self) -> Result<WebSocketStream<TcpStream>, DeskError> {
        let result = self.open_live().await;
        result.inspect_err(|error| self.forget_session_if(error))
    }

    async fn open_live(&self) -> Result<WebSocketStream<TcpStream>, DeskError> {
        let bearer = format!("Bearer {}", self.token().await?);
        let url = format!("ws://{}/v1/live", self.address);
        let mut request = url.into_client_request().map_err(Box::new)?;
        request.headers_mut().insert("authorization", bearer.parse()?);
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) if answer.status() == 401 => {
                Err(DeskError::Unauthorized)
            }
            Err(error) => Err(DeskError::Socket(Box::new(error))),
        }
    }

    pub(super) async fn available(&self, key: &str) -> Result<(), DeskError> {
        let body = json!({"presence": "available"}).to_string();
        self.ask(Method::PUT, "/v1/me/presence", key, body).await.map(drop)
    }

    /// The own id of the reply. A repeat with the same key has one effect.
    pub(super) async fn reply(
        &self,
        conversation: ConversationId,
        key: &str,
        text: &str,
    ) -> Result<MessageId, DeskError> {
        let path = format!("/v1/conversations/{conversation}/messages");
        let body = json!({"text": text}).to_string();
        let answer = self.ask(Method::POST, &path, key, body).await?;
        let id = serde_json::from_slice::<Replied>(&answer.body)?.id;
        id.parse().map_err(|_| DeskError::Refused("own id not as described".to_owned()))
    }

    pub(super) async fn close(
        &self,
        conversation: ConversationId,
        key: &str,
    ) -> Result<(), DeskError> {
        let path = format!("/v1/conversations/{conversation}/close");
        self.ask(Method::POST, &path, key, "{}".to_owned()).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: String,
    ) -> Result<Answer, DeskError> {
        let bearer = format!("Bearer {}", self.token().await?);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let call = Call { method, path, headers: &headers, body: Bytes::from(body) };
        let result = judged(self.client.call(call).await?);
        result.inspect_err(|error| self.forget_session_if(error))
    }
}

/// 200 is an answer; 202, 429 and 5xx mean to ask again; the rest is a refusal.
fn judged(answer: Answer) -> Result<Answer, DeskError> {
    match answer.status {
        StatusCode::OK => Ok(answer),
        StatusCode::UNAUTHORIZED => Err(DeskError::Unauthorized),
        StatusCode::ACCEPTED | StatusCode::TOO_MANY_REQUESTS => {
            Err(DeskError::Later(answer.status))
        }
        status if status.is_server_error() => Err(DeskError::Later(status)),
        status => {
            let problem = serde_json::from_slice::<Problem>(&answer.body);
            let kind = problem.map_or_else(|_| status.to_string(), |problem| problem.kind);
            let name = kind.strip_prefix("urn:chasqui:problem:").unwrap_or(&kind).to_owned();
            Err(DeskError::Refused(name))
        }
    }
}
