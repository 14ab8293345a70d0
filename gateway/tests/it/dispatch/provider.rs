//! A provider over real HTTP, which answers as the test says and remembers what it was asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::{Condvar, Mutex};
use tokio::runtime::Runtime;

use crate::installation::PATIENCE;

/// One request as the provider saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) id: String,
    /// How often this message was asked for before.
    pub(crate) before: usize,
}

/// What the provider says; `None` hangs up without a word.
pub(crate) type Said = Option<Response<Full<Bytes>>>;

type Answering = Pin<Box<dyn Future<Output = Said> + Send>>;
type Manner = dyn Fn(Asked) -> Answering + Send + Sync;

/// The provider; it ends with the test.
pub(crate) struct Provider {
    pub(crate) url: String,
    book: Arc<Book>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Book {
    asked: Mutex<Vec<Asked>>,
    came: Condvar,
}

impl Provider {
    /// A provider that answers each request with what `manner` makes of it.
    pub(crate) fn start<F, M>(manner: M) -> Self
    where
        M: Fn(Asked) -> F + Send + Sync + 'static,
        F: Future<Output = Said> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let book = Arc::new(Book::default());
        let manner: Arc<Manner> = Arc::new(move |asked| Box::pin(manner(asked)));
        runtime.spawn(serve(listener, Arc::clone(&book), manner));
        Self { url, book, _runtime: runtime }
    }

    /// Everything asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.book.asked.lock().clone()
    }

    /// Waits until `count` requests came, and answers them.
    pub(crate) fn wait_asked(&self, count: usize) -> Vec<Asked> {
        let mut asked = self.book.asked.lock();
        while asked.len() < count {
            let late = self.book.came.wait_for(&mut asked, PATIENCE).timed_out();
            assert!(!late, "{} of {count} requests came", asked.len());
        }
        asked.clone()
    }
}

/// 200 with an id made of the message's own.
pub(crate) fn accept(asked: &Asked) -> Said {
    let id = format!("wamid.{}", asked.id);
    let body = serde_json::json!({"messaging_product": "whatsapp", "messages": [{"id": id}]});
    Some(Response::new(Full::new(Bytes::from(body.to_string()))))
}

/// A refusal with this status and, unless it is 0, Meta's error code.
pub(crate) fn refuse(status: u16, code: i64) -> Said {
    let body = match code {
        0 => String::new(),
        _ => serde_json::json!({"error": {"message": "no", "code": code}}).to_string(),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    Some(response)
}

async fn serve(listener: tokio::net::TcpListener, book: Arc<Book>, manner: Arc<Manner>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (book, manner) = (Arc::clone(&book), Arc::clone(&manner));
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &book, &manner));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            drop(connection.await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    book: &Book,
    manner: &Arc<Manner>,
) -> Result<Response<Full<Bytes>>, &'static str> {
    let path = request.uri().path().to_owned();
    let token = request.headers()["authorization"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let id = text(&body["biz_opaque_callback_data"]);
    let asked = {
        let mut asked = book.asked.lock();
        let before = asked.iter().filter(|other| other.id == id).count();
        let (to, text) = (text(&body["to"]), text(&body["text"]["body"]));
        asked.push(Asked { path, token, to, text, id, before });
        book.came.notify_all();
        asked.last().unwrap().clone()
    };
    manner(asked).await.ok_or("hang up")
}
