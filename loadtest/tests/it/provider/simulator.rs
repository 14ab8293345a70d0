//! The simulated Graph API holds Meta's contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use loadtest::http::{Answer, Call, HttpClient};
use loadtest::provider::whatsapp::webhook::sign;
use loadtest::provider::whatsapp::{ReceiptTarget, Simulator, SimulatorPlan};
use model::service::Secret;
use model::time::SteadyClock;
use serde_json::{Value, json};

use crate::sink::sink;

const ACCOUNT: &str = "106540352242922";

fn plan() -> SimulatorPlan {
    let tokens = BTreeMap::from([(ACCOUNT.to_owned(), Secret::new("token".to_owned()))]);
    SimulatorPlan::well_behaved(([127, 0, 0, 1], 0).into(), tokens)
}

async fn start(plan: SimulatorPlan) -> (Simulator, HttpClient) {
    let simulator = Simulator::start(plan, Arc::new(SteadyClock::start()), None).await.unwrap();
    let client = HttpClient::new(simulator.local_addr());
    (simulator, client)
}

fn text(own_id: &str) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual",
           "to": "5511912345678", "type": "text", "text": {"body": "olá"},
           "biz_opaque_callback_data": own_id})
}

async fn post(client: &HttpClient, token: &str, body: &Value) -> Answer {
    let path = format!("/v23.0/{ACCOUNT}/messages");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let body = Bytes::from(body.to_string());
    client.call(Call { method: Method::POST, path: &path, headers: &headers, body }).await.unwrap()
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn a_send_is_accepted_listed_and_recorded() {
    let (simulator, client) = start(plan()).await;
    let answer = post(&client, "token", &text("7.1")).await;
    assert_eq!(answer.status, 200);
    let id = json_of(&answer)["messages"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("wamid."));
    post(&client, "token", &text("7.2")).await;
    let body = Bytes::new();
    let list = Call { method: Method::GET, path: "/sent", headers: &[], body };
    let list = json_of(&client.call(list).await.unwrap());
    assert_eq!(list[0]["provider_id"], id);
    assert_eq!((&list[0]["own_id"], &list[1]["own_id"]), (&json!("7.1"), &json!("7.2")));
    assert_eq!(list[0]["text"], "olá");
    let record = simulator.record();
    assert_eq!((record.sends.len(), record.sends[0].provider_id.as_str()), (2, id.as_str()));
}

#[tokio::test]
async fn a_wrong_token_account_path_or_body_is_refused_in_metas_words() {
    let (simulator, client) = start(plan()).await;
    let wrong = post(&client, "other", &text("7.1")).await;
    assert_eq!((wrong.status.as_u16(), &json_of(&wrong)["error"]["code"]), (401, &json!(190)));
    let wrong = post(&client, "token", &json!({"to": "1"})).await;
    assert_eq!((wrong.status.as_u16(), &json_of(&wrong)["error"]["code"]), (400, &json!(100)));
    for path in ["/v23.0/999/messages", "/messages"] {
        let headers = [("authorization", "Bearer token")];
        let body = Bytes::from(text("7.1").to_string());
        let call = Call { method: Method::POST, path, headers: &headers, body };
        assert!(client.call(call).await.unwrap().status.is_client_error(), "{path}");
    }
    let record = simulator.record();
    assert_eq!((record.sends.len(), record.wrong), (0, 4));
}

#[tokio::test]
async fn a_repeated_own_id_is_accepted_and_noted() {
    let (simulator, client) = start(plan()).await;
    for own_id in ["7.1", "7.2", "7.1"] {
        assert_eq!(post(&client, "token", &text(own_id)).await.status, 200);
    }
    let repeated: Vec<bool> = simulator.record().sends.iter().map(|send| send.repeated).collect();
    assert_eq!(repeated, [false, false, true]);
}

#[tokio::test]
async fn refused_sends_are_not_accepted_and_the_seed_decides_which() {
    let run = async |seed| {
        let (simulator, client) = start(SimulatorPlan { refused_share: 0.3, seed, ..plan() }).await;
        let mut statuses = Vec::new();
        for number in 0..60 {
            let answer = post(&client, "token", &text(&format!("7.{number}"))).await;
            if !answer.status.is_success() {
                assert!(json_of(&answer)["error"]["code"].is_u64());
            }
            statuses.push(answer.status.as_u16());
        }
        let record = simulator.record();
        let accepted = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(record.sends.len(), accepted);
        let times = |status| statuses.iter().filter(|s| **s == status).count() as u64;
        assert_eq!((record.throttled, record.failed), (times(429), times(500)));
        assert!(record.throttled > 0 && record.failed > 0, "{statuses:?}");
        statuses
    };
    let (first, again, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn receipts_come_signed_in_order_and_again_until_they_are_taken() {
    let (simulator, client) = start(plan()).await;
    let (ingest, mut noted) = sink(|number| if number == 1 { 503 } else { 200 }).await;
    let app_secret = Secret::new("secret".to_owned());
    let endpoint = "starter".to_owned();
    simulator.deliver_to(ReceiptTarget { ingest, endpoint, app_secret: app_secret.clone() });
    post(&client, "token", &text("7.1")).await;
    let mut statuses = Vec::new();
    let mut refused = None;
    while statuses.len() < 3 {
        let webhook = noted.recv().await.unwrap();
        assert_eq!(webhook.path, "/webhooks/starter");
        assert_eq!(webhook.signature, sign(&app_secret, &webhook.body));
        if webhook.answered != 200 {
            refused = Some(webhook.body);
            continue;
        }
        if refused.as_ref() == Some(&webhook.body) {
            refused = None;
        }
        for status in webhook.elements("statuses") {
            assert_eq!(status["biz_opaque_callback_data"], "7.1");
            assert_eq!(status["recipient_id"], "5511912345678");
            statuses.push(status["status"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(refused, None, "what was refused came again, the same bytes");
    statuses.sort();
    assert_eq!(statuses, ["delivered", "read", "sent"]);
}

#[tokio::test]
async fn receipts_out_of_order_bring_read_before_delivered() {
    let (simulator, client) = start(SimulatorPlan { reordered_share: 0.34, ..plan() }).await;
    let (ingest, mut noted) = sink(|_| 200).await;
    let app_secret = Secret::new("secret".to_owned());
    simulator.deliver_to(ReceiptTarget { ingest, endpoint: "a".to_owned(), app_secret });
    post(&client, "token", &text("7.1")).await;
    let mut statuses = Vec::new();
    while statuses.len() < 3 {
        let webhook = noted.recv().await.unwrap();
        let came = webhook.elements("statuses").into_iter();
        statuses.extend(came.map(|status| status["status"].as_str().unwrap().to_owned()));
    }
    assert_eq!(statuses, ["sent", "read", "delivered"]);
    assert_eq!(simulator.record().receipts_reordered, 1);
}

#[tokio::test]
async fn accepted_sends_are_printed_where_asked() {
    #[derive(Clone, Default)]
    struct Paper(Arc<parking_lot::Mutex<Vec<u8>>>);
    impl std::io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let paper = Paper::default();
    let clock = Arc::new(SteadyClock::start());
    let simulator = Simulator::start(plan(), clock, Some(Box::new(paper.clone()))).await.unwrap();
    post(&HttpClient::new(simulator.local_addr()), "token", &text("7.1")).await;
    let printed = String::from_utf8(paper.0.lock().clone()).unwrap();
    assert!(printed.contains("5511912345678") && printed.contains("olá"), "{printed}");
}
