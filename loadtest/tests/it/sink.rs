//! A product that only notes what it is sent, and answers as it is told.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// One webhook as it came in, and what it was answered.
pub(crate) struct Noted {
    pub(crate) path: String,
    pub(crate) signature: String,
    pub(crate) body: Bytes,
    pub(crate) answered: u16,
}

impl Noted {
    /// Every element of this name in every change: `messages`, `statuses`.
    pub(crate) fn elements(&self, name: &str) -> Vec<Value> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let changes = body["entry"][0]["changes"].as_array().unwrap().clone();
        let values = changes.iter().filter_map(|change| change["value"][name].as_array().cloned());
        values.flatten().collect()
    }
}

/// Starts it; `answer` is given each request's number and says the status.
pub(crate) async fn sink(
    answer: impl Fn(u64) -> u16 + Send + Sync + 'static,
) -> (SocketAddr, mpsc::UnboundedReceiver<Noted>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (notes, noted) = mpsc::unbounded_channel();
    let count = Arc::new(parking_lot::Mutex::new(0));
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (notes, count, answer) = (notes.clone(), Arc::clone(&count), Arc::clone(&answer));
            let service = service_fn(move |request: Request<Incoming>| {
                let (notes, count, answer) =
                    (notes.clone(), Arc::clone(&count), Arc::clone(&answer));
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let number = {
                        let mut count = count.lock();
                        *count += 1;
                        *count
                    };
                    let answered = answer(number);
                    let signature = head.headers.get("x-hub-signature-256");
                    let signature = signature.map_or("", |value| value.to_str().unwrap());
                    let (path, signature) = (head.uri.path().to_owned(), signature.to_owned());
                    drop(notes.send(Noted { path, signature, body, answered }));
                    let mut response = Response::new(Full::<Bytes>::default());
                    *response.status_mut() = answered.try_into().unwrap();
                    Ok::<_, Infallible>(response)
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (address, noted)
}
