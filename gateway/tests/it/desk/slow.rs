//! A client that does not read.

use model::limit;

use super::house::{ANA, House, begun, conversation, received, shard};
use super::live::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_does_not_keep_up_is_closed_with_1013() {
    let house = House::open().await;
    let id = conversation(1);
    house.show(begun(id, ANA)).await;
    let mut client = Client::connect(&house, ANA).await;
    assert_eq!(client.next().await.unwrap().0, "hello");
    // More than the queue holds and the kernel's buffers of a connection take together.
    let text = "x".repeat(limit::TEXT_BYTES);
    let mut last = 0;
    for seq in 3..3 + 3 * limit::SOCKET_FRAMES as u32 {
        last = house.happen(vec![received(id, seq, &text)]);
    }
    house.view.reached(shard(), last).await;
    let mut seen = 0;
    let code = loop {
        match client.next().await {
            Ok((kind, data)) => {
                assert_eq!(
                    (kind.as_str(), &data["message"]["seq"]),
                    ("message", &(seen + 3).into())
                );
                seen += 1;
            }
            Err(code) => break code,
        }
    };
    assert_eq!(code, 1013);
    assert!(seen < 2 * limit::SOCKET_FRAMES as u64, "{seen} frames were kept for it");
}
