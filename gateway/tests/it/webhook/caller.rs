//! A listener on port 0, and a caller who writes its requests byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use gateway::Ports;
use gateway::connector::whatsapp::SignatureKeys;
use gateway::follow::SettingsFollower;
use gateway::http::{IngestConfig, IngestServer, Serving};
use model::service::Secret;
use tokio::sync::watch;

use crate::installation::{APP_SECRET, Installation, PATIENCE, installation};

/// A listener that serves until it is dropped.
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    pub(crate) ports: Ports,
    stop: watch::Sender<bool>,
    serving: Option<Serving>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Listener {
    /// Of a fresh installation, with one thread.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// The same with another configuration.
    pub(crate) fn with(change: impl FnOnce(&mut IngestConfig)) -> Self {
        let Installation { ports, settings, .. } = installation("http://127.0.0.1:9");
        Self::of(ports, settings, change)
    }

    /// On these ports.
    pub(crate) fn of(
        ports: Ports,
        settings: Arc<SettingsFollower>,
        change: impl FnOnce(&mut IngestConfig),
    ) -> Self {
        let mut config = IngestConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            threads: std::num::NonZeroUsize::MIN,
            ..IngestConfig::default()
        };
        change(&mut config);
        let server = IngestServer::bind(&config).unwrap();
        let address = server.local_addr();
        let (stop, stopped) = watch::channel(false);
        let serving = server.serve(ports.clone(), settings, stopped).unwrap();
        Self { address, ports, stop, serving: Some(serving) }
    }

    /// Opens a connection.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends `request` on a connection of its own, and reads until the listener closes it.
    pub(crate) fn call(&self, request: &[u8]) -> Reply {
        let mut stream = self.connect();
        // The listener may answer and close before everything is written.
        drop(stream.write_all(request));
        read_to_close(&mut stream)
    }

    /// A signed webhook.
    pub(crate) fn deliver(&self, body: &[u8]) -> Reply {
        self.call(&signed("starter", APP_SECRET, body))
    }

    /// Says stop and waits for the drain.
    pub(crate) fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            self.say_stop();
            serving.join();
        }
    }

    /// Says stop.
    pub(crate) fn say_stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What can be read until the connection is closed; a reset after the answer is as good.
pub(crate) fn read_to_close(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    Reply { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// The header value a provider with `secret` sends with `body`.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    SignatureKeys::new(&[Secret::new(secret.to_owned())]).sign(body).unwrap()
}

/// A POST with these further header lines.
pub(crate) fn post(endpoint: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /webhooks/{endpoint} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\
         content-length: {}\r\n",
        body.len()
    );
    for line in headers {
        request.push_str(line);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    [request.as_bytes(), body].concat()
}

/// A POST signed with `secret`.
pub(crate) fn signed(endpoint: &str, secret: &str, body: &[u8]) -> Vec<u8> {
    let header = format!("X-Hub-Signature-256: {}", signature(secret, body));
    post(endpoint, &[&header], body)
}

/// A webhook of these `values`.
pub(crate) fn body_of(values: &[serde_json::Value]) -> Vec<u8> {
    let changes: Vec<_> =
        values.iter().map(|v| serde_json::json!({"field": "messages", "value": v})).collect();
    let entry = serde_json::json!([{"id": "waba", "changes": changes}]);
    let body = serde_json::json!({"object": "whatsapp_business_account", "entry": entry});
    serde_json::to_vec(&body).unwrap()
}

/// The value of one text message to `account`.
pub(crate) fn text(account: &str, from: &str, id: &str, text: &str) -> serde_json::Value {
    serde_json::json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": account},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": from}],
        "messages": [{"from": from, "id": id, "timestamp": "1751247548", "type": "text",
                      "text": {"body": text}}],
    })
}
