//! The live socket: a picture, then every change, numbered without a hole.

mod lease;
mod moved;
mod slow;

use std::sync::Arc;

use futures_util::StreamExt;
use hyper::Method;
use model::desk::{Event, SendResult};
use model::id::{MessageId, UserId};
use model::limit;
use model::people::Presence;
use model::service::ReceiptStatus;
use model::time::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::house::{
    ANA, BIA, House, MAX, SALES, SOL, ZOE, assigned, begun, closed, conversation, opened, queued,
    received, sent,
};

/// A client of the live socket that checks each frame's number.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
}

impl Client {
    /// A user's socket.
    pub(crate) async fn connect(house: &House, user: UserId) -> Self {
        let token = house.token(user).await;
        Self::by(house, &[("authorization", &format!("Bearer {token}"))]).await.unwrap()
    }

    async fn by(house: &House, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let url = format!("ws://{}/v1/live", house.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket, next: 0 })
    }

    /// The next frame's type and data, or the code the server closed with.
    pub(crate) async fn next(&mut self) -> Result<(String, Value), u16> {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) => {
                    let mut frame: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(frame["seq"], self.next, "frames are numbered without a hole");
                    self.next += 1;
                    let kind = frame["type"].as_str().unwrap().to_owned();
                    return Ok((kind, frame["data"].take()));
                }
                Message::Close(frame) => return Err(frame.unwrap().code.into()),
                _ => {}
            }
        }
    }

    async fn expect(&mut self, kind: &str) -> Value {
        let (got, data) = self.next().await.unwrap();
        assert_eq!(got, kind, "{data}");
        data
    }
}

#[tokio::test]
async fn the_first_frame_is_the_whole_picture() {
    let house = House::open().await;
    let (mine, hers) = (conversation(1), conversation(2));
    house.show([begun(mine, ANA), begun(hers, BIA)].concat()).await;
    house.show(vec![opened(conversation(3)), queued(conversation(3), 1)]).await;
    let presence = Presence::Available;
    house.show(vec![Event::PresenceChanged { user: ANA, presence, grace_until: None }]).await;
    let hello = Client::connect(&house, ANA).await.expect("hello").await;
    assert_eq!((&hello["user"]["login"], &hello["presence"]), (&json!("ana"), &json!("available")));
    let ids: Vec<&str> = hello["conversations"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|c| c["id"].as_str())
        .collect();
    assert_eq!(ids, [mine.to_string()]);
    assert_eq!(hello["queues"], json!([{ "group": 1, "name": "sales", "waiting": 1 }]));
}

#[tokio::test]
async fn a_conversation_is_told_from_assignment_to_close() {
    let house = House::open().await;
    let mut client = Client::connect(&house, ANA).await;
    client.expect("hello").await;
    let id = conversation(1);
    let name = id.to_string();
    house.happen(vec![opened(id), received(id, 1, "hello"), queued(id, 2)]);
    assert_eq!(client.expect("queue").await, json!({ "group": 1, "waiting": 1 }));
    house.clock.advance(limit::QUEUE_NOTICE);
    house.happen(vec![assigned(id, 3, ANA)]);
    let told = client.expect("conversation.assigned").await;
    assert_eq!(told["conversation"]["messages"][0]["text"], "hello");
    assert_eq!(client.expect("queue").await["waiting"], 0);
    house.happen(vec![received(id, 4, "are you there?")]);
    let told = client.expect("message").await;
    assert_eq!((&told["conversation"], &told["message"]["seq"]), (&json!(name), &json!(4)));
    house.happen(vec![sent(id, 5, ANA, "yes")]);
    assert_eq!(client.expect("message").await["message"]["author"]["user"], 1);
    let status = |status: &str| json!({ "conversation": name, "seq": 5, "status": status });
    house.happen(vec![accepted(id), receipt(id, ReceiptStatus::Read)]);
    assert_eq!(client.expect("message.status").await, status("sent"));
    assert_eq!(client.expect("message.status").await, status("read"));
    house.happen(vec![receipt(id, ReceiptStatus::Delivered), closed(id, 6, ANA)]);
    let told = client.expect("conversation.closed").await;
    let over = json!({ "conversation": name, "reason": "agent" });
    assert_eq!(told, over, "a receipt that moves nothing is not told");
}

#[tokio::test]
async fn others_hear_nothing_of_it_and_watchers_of_presence() {
    let house = House::open().await;
    let mut bia = Client::connect(&house, BIA).await;
    let mut sol = Client::connect(&house, SOL).await;
    bia.expect("hello").await;
    sol.expect("hello").await;
    house.happen(begun(conversation(1), ANA));
    assert_eq!(sol.expect("conversation.state").await["conversation"]["agent"], ANA.0);
    let changed = |user, presence| Event::PresenceChanged { user, presence, grace_until: None };
    house.happen(vec![changed(ANA, Presence::Paused), changed(BIA, Presence::Available)]);
    let of_ana = json!({ "user": 1, "presence": "paused" });
    let of_bia = json!({ "user": 2, "presence": "available" });
    assert_eq!(bia.expect("presence").await, of_bia);
    assert_eq!(sol.expect("presence").await, of_ana);
    assert_eq!(sol.expect("presence").await, of_bia);
}

#[tokio::test]
async fn a_watcher_hears_of_his_own_operation_only() {
    let house = House::open().await;
    let mut max = Client::connect(&house, MAX).await;
    max.expect("hello").await;
    let changed =
        |user| Event::PresenceChanged { user, presence: Presence::Paused, grace_until: None };
    house.happen(vec![changed(ANA), changed(SOL), changed(ZOE)]);
    assert_eq!(max.expect("presence").await["user"], ZOE.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_opened_in_the_middle_misses_nothing_and_sees_nothing_twice() {
    const BURST: u32 = 500;
    let house = Arc::new(House::open().await);
    house.show(begun(conversation(1), ANA)).await;
    for round in 0..10 {
        let (first, last) = (3 + round * BURST, 2 + (round + 1) * BURST);
        let writer = Arc::clone(&house);
        let writing = tokio::task::spawn_blocking(move || {
            for seq in first..=last {
                writer.happen(vec![received(conversation(1), seq, "more")]);
            }
        });
        let mut client = Client::connect(&house, ANA).await;
        let hello = client.expect("hello").await;
        let messages = hello["conversations"][0]["messages"].as_array().unwrap();
        // The assignment took place 2.
        let mut seen = messages.last().unwrap()["seq"].as_u64().unwrap().max(2);
        while seen < u64::from(last) {
            let told = client.expect("message").await;
            assert_eq!(told["message"]["seq"], seen + 1);
            seen += 1;
        }
        writing.await.unwrap();
    }
}

#[tokio::test]
async fn the_end_of_the_process_closes_sockets_with_1001() {
    let mut house = House::open().await;
    let mut client = Client::connect(&house, ANA).await;
    client.expect("hello").await;
    house.stop.send_replace(true);
    assert_eq!(client.next().await, Err(1001));
    drop(client);
    (&mut house.serving).await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_says_goodbye_does_not_hold_up_the_end() {
    let mut house = House::open().await;
    let mut client = Client::connect(&house, ANA).await;
    client.expect("hello").await;
    tokio::time::pause();
    let begun = Instant::now();
    house.stop.send_replace(true);
    (&mut house.serving).await.unwrap();
    assert!(begun.elapsed() < limit::DRAIN_LISTENER, "{:?}", begun.elapsed());
    drop(client);
}

#[tokio::test]
async fn a_logout_closes_the_sessions_sockets_with_1008() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    let bearer = format!("Bearer {token}");
    let mut client = Client::by(&house, &[("authorization", &bearer)]).await.unwrap();
    client.expect("hello").await;
    assert_eq!(house.ask(Method::POST, "/v1/logout", &token, None).await.status, 200);
    // Paused only now: the clock of timers runs ahead while everybody waits.
    tokio::time::pause();
    assert_eq!(client.next().await, Err(1008));
}

#[tokio::test]
async fn another_sites_page_gets_no_socket() {
    let house = House::open().await;
    let cookie = format!("chasqui_session={}", house.token(ANA).await);
    let status = |outcome: Result<Client, Error>| match outcome {
        Ok(_) => 101,
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("{error}"),
    };
    let own = format!("http://{}", house.address);
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    assert_eq!(status(Client::by(&house, &foreign).await), 403);
    let own = [("cookie", cookie.as_str()), ("origin", own.as_str())];
    assert_eq!(status(Client::by(&house, &own).await), 101);
    assert_eq!(status(Client::by(&house, &[]).await), 401);
}

#[tokio::test]
async fn a_user_has_so_many_sockets_and_no_more() {
    let house = House::open().await;
    let mut open = Vec::new();
    for _ in 0..limit::SOCKETS_PER_USER {
        let mut client = Client::connect(&house, ANA).await;
        client.expect("hello").await;
        open.push(client);
    }
    assert_eq!(Client::connect(&house, ANA).await.next().await, Err(1008));
    assert_eq!(
        Client::connect(&house, BIA).await.expect("hello").await["queues"][0]["group"],
        SALES.0
    );
}

fn accepted(id: model::id::ConversationId) -> Event {
    let result = SendResult::Accepted { provider_id: "wamid.5".to_owned() };
    Event::SendAnswered { message: MessageId { conversation: id, seq: 5 }, result, tries: 1 }
}

fn receipt(id: model::id::ConversationId, status: ReceiptStatus) -> Event {
    let message = MessageId { conversation: id, seq: 5 };
    Event::ReceiptApplied { message, status, at: Timestamp::default(), code: None }
}
