//! A desk that only notes what it is asked, and answers as it is told; its socket is the test's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// One request as it came in, and what it was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) what: String,
    pub(crate) key: String,
    pub(crate) body: Value,
    pub(crate) answered: u16,
}

/// What the desk answers: status and body, by `METHOD path` and the number of the request.
pub(crate) type Answers = dyn Fn(&str, u64) -> (u16, Value) + Send + Sync;

/// A running desk.
pub(crate) struct FalseDesk {
    pub(crate) address: SocketAddr,
    /// Requests other than logins.
    pub(crate) asked: mpsc::UnboundedReceiver<Asked>,
    /// Sockets as they are opened.
    pub(crate) sockets: mpsc::UnboundedReceiver<LiveEnd>,
}

/// The desk's end of an agent's socket.
pub(crate) struct LiveEnd {
    socket: WebSocketStream<TcpStream>,
    next_seq: u64,
}

impl FalseDesk {
    pub(crate) async fn open(
        answers: impl Fn(&str, u64) -> (u16, Value) + Send + Sync + 'static,
    ) -> Self {
        let answers: Arc<Answers> = Arc::new(answers);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (notes, asked) = mpsc::unbounded_channel();
        let (opened, sockets) = mpsc::unbounded_channel();
        let count = Arc::new(parking_lot::Mutex::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (notes, opened) = (notes.clone(), opened.clone());
                let (count, answers) = (Arc::clone(&count), Arc::clone(&answers));
                tokio::spawn(async move {
                    let mut head = [0; 12];
                    while stream.peek(&mut head).await.unwrap() < head.len() {}
                    if &head == b"GET /v1/live" {
                        let socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                        drop(opened.send(LiveEnd { socket, next_seq: 0 }));
                    } else {
                        serve(stream, notes, count, answers).await;
                    }
                });
            }
        });
        Self { address, asked, sockets }
    }

    /// The next request whose `METHOD path` ends so; others are skipped.
    pub(crate) async fn ask_ending(&mut self, end: &str) -> Asked {
        loop {
            let asked = self.asked.recv().await.unwrap();
            if asked.what.ends_with(end) {
                return asked;
            }
        }
    }
}

impl LiveEnd {
    pub(crate) async fn send(&mut self, kind: &str, data: Value) {
        let frame = json!({"seq": self.next_seq, "type": kind, "data": data});
        self.next_seq += 1;
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Leaves a number out.
    pub(crate) fn skip(&mut self) {
        self.next_seq += 1;
    }

    /// Resolves when the agent has left.
    pub(crate) async fn left(mut self) {
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}

async fn serve(
    stream: TcpStream,
    notes: mpsc::UnboundedSender<Asked>,
    count: Arc<parking_lot::Mutex<u64>>,
    answers: Arc<Answers>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (notes, count, answers) = (notes.clone(), Arc::clone(&count), Arc::clone(&answers));
        async move { Ok::<_, Infallible>(answer(request, &notes, &count, answers.as_ref()).await) }
    });
    let serving = hyper::server::conn::http1::Builder::new();
    drop(serving.serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(
    request: Request<Incoming>,
    notes: &mpsc::UnboundedSender<Asked>,
    count: &parking_lot::Mutex<u64>,
    answers: &Answers,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let what = format!("{} {}", head.method, head.uri.path());
    let (status, answer) = if what == "POST /v1/login" {
        (200, json!({"token": "t", "user": {}}))
    } else {
        assert_eq!(head.headers["authorization"], "Bearer t");
        let number = {
            let mut count = count.lock();
            *count += 1;
            *count
        };
        let (status, answer) = answers(&what, number);
        let key = head.headers["idempotency-key"].to_str().unwrap().to_owned();
        drop(notes.send(Asked { what, key, body, answered: status }));
        (status, answer)
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    *response.status_mut() = status.try_into().unwrap();
    response
}
