use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::limit;
use model::service::Secret;
use tower_service::Service;

use super::DispatchConfig;
use crate::connector::Request;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(60);

/// Asks providers over HTTP/1.1, with TLS where the URL says so. Follows no redirect: a token goes
/// only where the settings say.
pub(super) struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    answer_wait: Duration,
}

/// Connects within a time limit over all of it: name, socket and handshake. What goes beyond has
/// certainly sent nothing, which the limit on the answer could not tell.
#[derive(Clone)]
struct Connector {
    https: HttpsConnector<HttpConnector>,
    wait: Duration,
}

/// What a provider answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// Empty when it could not be read to its end.
    pub(super) body: Bytes,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoReply {
    /// The URL or the token is not one: nothing was sent.
    #[error("the request cannot be made")]
    Request(#[from] hyper::http::Error),
    /// There was no connection: nothing was sent.
    #[error("no connection to the provider")]
    Connect(#[source] legacy::Error),
    /// The connection broke after something was sent.
    #[error("the connection broke before the answer")]
    Broken(#[source] legacy::Error),
    /// No answer in time, after something was sent.
    #[error("no answer in time")]
    Slow,
}

impl Client {
    /// Connects to nobody yet.
    pub(super) fn new(config: &DispatchConfig) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(config.connect_wait.0));
        http.enforce_http(false);
        let https = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let connector = Connector { https, wait: config.connect_wait.0 };
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(limit::DISPATCH_IN_FLIGHT)
            .build(connector);
        Self { pool, answer_wait: config.answer_wait.0 }
    }

    /// Asks once.
    pub(super) async fn post(&self, request: &Request, token: &Secret) -> Result<Reply, NoReply> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut bearer = bearer.map_err(hyper::http::Error::from)?;
        bearer.set_sensitive(true);
        let request = hyper::Request::builder()
            .method(Method::POST)
            .uri(&request.url)
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(request.body.clone()))?;
        match tokio::time::timeout(self.answer_wait, self.ask(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(NoReply::Slow),
        }
    }

    async fn ask(&self, request: hyper::Request<Full<Bytes>>) -> Result<Reply, NoReply> {
        match self.pool.request(request).await {
            Ok(response) => Ok(read(response).await),
            Err(error) if error.is_connect() => Err(NoReply::Connect(error)),
            Err(error) => Err(NoReply::Broken(error)),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.wait, self.https.call(to));
        Box::pin(async move { connecting.await? })
    }
}

/// The status is known even when the body breaks off: what that means is the connector's to say.
async fn read(response: Response<Incoming>) -> Reply {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let body = Limited::new(response.into_body(), limit::PROVIDER_BODY_BYTES).collect().await;
    Reply { status, retry_after, body: body.map(|body| body.to_bytes()).unwrap_or_default() }
}

/// Seconds; a date is as good as none.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

/// A provider that asks for more is asked again sooner.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;
    use model::unit::Period;
    use tokio::net::TcpListener;

    async fn post(url: String, connect: Duration, answer: Duration) -> NoReply {
        let (connect_wait, answer_wait) = (Period(connect), Period(answer));
        let config = DispatchConfig { connect_wait, answer_wait, ..DispatchConfig::default() };
        let request = Request { url, body: Bytes::new() };
        Client::new(&config).post(&request, &Secret::new("t".to_owned())).await.unwrap_err()
    }

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn without_a_connection_nothing_was_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // It never says a word of the handshake.
        let silent = post(format!("https://{address}"), SHORT, LONG).await;
        assert!(matches!(silent, NoReply::Connect(_)), "{silent:?}");
        let slow = post(format!("http://{address}"), LONG, SHORT).await;
        assert!(matches!(slow, NoReply::Slow), "{slow:?}");
        drop(listener);
        let refused = post(format!("http://{address}"), LONG, LONG).await;
        assert!(matches!(refused, NoReply::Connect(_)), "{refused:?}");
    }
}
