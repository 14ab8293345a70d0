//! A keep-alive HTTP client towards one address, as providers and consoles use one.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The longest wait for an answer; a provider gives up about then.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// The greatest answer read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Connections kept open and idle.
const IDLE_CONNECTIONS: usize = 64;

/// A client of one server.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Its method.
    pub method: Method,
    /// Its path, with the leading slash.
    pub path: &'a str,
    /// Its headers besides `content-type`.
    pub headers: &'a [(&'static str, &'a str)],
    /// Its JSON body; may be empty.
    pub body: Bytes,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer. Whether the request was handled is unknown.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The request could not be built: a header or path is not lawful HTTP.
    #[error("the request is not lawful HTTP")]
    Request(#[source] hyper::http::Error),
    /// No connection, or it broke before an answer.
    #[error("no answer")]
    Connection(#[source] hyper_util::client::legacy::Error),
    /// The answer's body broke off or is too large.
    #[error("the answer broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
}

impl HttpClient {
    /// A client of the server at `to`; connects when first called.
    pub fn new(to: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        Self { client, base: format!("http://{to}") }
    }

    /// Sends one request and reads the whole answer. Never tries twice.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let request = self.request(call).map_err(CallError::Request)?;
        tokio::time::timeout(ANSWER_WAIT, self.exchange(request))
            .await
            .unwrap_or(Err(CallError::Timeout))
    }

    fn request(&self, call: Call<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.base, call.path))
            .header("content-type", "application/json");
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        request.body(Full::new(call.body))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, CallError> {
        let answer = self.client.request(request).await.map_err(CallError::Connection)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES);
        let body = body.collect().await.map_err(CallError::Body)?.to_bytes();
        Ok(Answer { status, body })
    }
}

/// Waits between tries: doubling from 50 ms to 2 s, as a provider backs off, only faster.
#[derive(Clone, Debug)]
pub struct BackOff {
    next: Duration,
}

impl BackOff {
    const LEAST: Duration = Duration::from_millis(50);
    const MOST: Duration = Duration::from_secs(2);

    /// Before the first wait.
    pub const fn new() -> Self {
        Self { next: Self::LEAST }
    }

    /// How long to wait before the next try.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(Self::MOST);
        pause
    }
}

impl Default for BackOff {
    fn default() -> Self {
        Self::new()
    }
}
