//! Presence is a lease: this gateway renews it for whoever has a socket here, and for nobody else.

use std::time::Duration;

use hyper::Method;
use model::desk::Body;
use model::id::UserId;
use model::limit;
use storage::port::{Partition, Topic};

use super::Client;
use crate::desk::house::{ANA, BIA, House, SOL, ZOE, shard};
use crate::installation::bodies;

/// The renewals so far, all of them in the `control` of the shard.
fn renewals(house: &House) -> Vec<Vec<UserId>> {
    let users = |(partition, body): (Partition, Body)| match body {
        Body::Lease(lease) => {
            assert_eq!(partition, Partition::new(Topic::Control, u32::from(shard().get())));
            assert_eq!(lease.at, house.ports.clock.now());
            lease.users
        }
        other => panic!("{other:?}"),
    };
    bodies(&house.ports, Topic::Control).into_iter().map(users).collect()
}

/// Lets time pass by seconds, until `seconds` are over or `done` says so.
async fn pass(house: &House, seconds: u64, done: impl Fn(&[Vec<UserId>]) -> bool) {
    for _ in 0..seconds {
        if done(&renewals(house)) {
            return;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn everybody_with_a_socket_is_renewed_in_one_record() {
    let house = House::open().await;
    let mut open = Vec::new();
    for user in [BIA, ANA, ANA, ZOE] {
        let mut client = Client::connect(&house, user).await;
        client.expect("hello").await;
        open.push(client);
    }
    let by_api = house.token(SOL).await;
    assert_eq!(house.get("/v1/me", &by_api).await.status, 200);
    assert_eq!(renewals(&house).len(), 0, "not before it is time");
    tokio::time::pause();
    pass(&house, 2 * limit::LEASE_RENEWAL.as_secs(), |seen| !seen.is_empty()).await;
    assert_eq!(renewals(&house), [[ANA, BIA, ZOE]]);
}

#[tokio::test]
async fn whose_last_socket_is_gone_is_renewed_no_more() {
    let house = House::open().await;
    let token = house.token(BIA).await;
    let bearer = format!("Bearer {token}");
    let mut bia = Client::by(&house, &[("authorization", &bearer)]).await.unwrap();
    bia.expect("hello").await;
    let mut ana = Client::connect(&house, ANA).await;
    ana.expect("hello").await;
    assert_eq!(house.ask(Method::POST, "/v1/logout", &token, None).await.status, 200);
    tokio::time::pause();
    assert_eq!(bia.next().await, Err(1008), "her session ended, and with it her socket");
    let of_ana = |seen: &[Vec<UserId>]| seen.iter().any(|users| *users == [ANA]);
    pass(&house, 2 * limit::LEASE_RENEWAL.as_secs(), of_ana).await;
    assert_eq!(renewals(&house).last(), Some(&vec![ANA]));
}

#[tokio::test]
async fn where_nobody_is_nothing_is_renewed() {
    let house = House::open().await;
    let token = house.token(ANA).await;
    assert_eq!(house.get("/v1/me", &token).await.status, 200);
    tokio::time::pause();
    pass(&house, 5 * limit::LEASE_RENEWAL.as_secs(), |_| false).await;
    assert_eq!(renewals(&house).len(), 0);
}
