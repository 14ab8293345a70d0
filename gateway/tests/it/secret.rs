//! Secrets: written, read, kept for a while, and used on while the directory is away.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway::secret::{
    ChannelSecret, EndpointSecrets, FRESH, Secrets, channel, endpoint, put_channel, put_endpoint,
};
use model::id::ChannelId;
use model::service::Secret;
use model::time::ManualClock;
use parking_lot::Mutex;
use storage::engine::memory::MemoryDirectory;
use storage::port::{Answer, Directory, Row, RowKey, StoreError, Version};

use crate::installation::name;

/// A directory that can be told to be away, and counts who asks.
#[derive(Default)]
struct Away {
    inner: MemoryDirectory,
    away: Mutex<bool>,
    asked: Mutex<usize>,
}

impl Directory for Away {
    fn get<'a>(&'a self, key: &'a RowKey) -> Answer<'a, Option<Row>> {
        *self.asked.lock() += 1;
        if *self.away.lock() {
            let source = Box::new(io::Error::other("away"));
            return Box::pin(async { Err(StoreError::Unavailable { store: "directory", source }) });
        }
        self.inner.get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a RowKey,
        expect: Version,
        bytes: Option<Bytes>,
    ) -> Answer<'a, Option<Version>> {
        self.inner.put(key, expect, bytes)
    }

    fn scan<'a>(
        &'a self,
        table: &'static str,
        after: &'a str,
        most: usize,
    ) -> Answer<'a, Vec<(String, Row)>> {
        self.inner.scan(table, after, most)
    }
}

fn token(text: &str) -> ChannelSecret {
    ChannelSecret { token: Secret::new(text.to_owned()) }
}

#[tokio::test]
async fn a_secret_is_read_as_it_was_written_last() {
    let directory = Away::default();
    let secret = |text: &str| Secret::new(text.to_owned());
    let mut secrets =
        EndpointSecrets { verify_token: secret("v\"é"), app_secrets: vec![secret("current")] };
    assert_eq!(endpoint(&directory, &name("a")).await.unwrap(), None);
    put_endpoint(&directory, &name("a"), &secrets).await.unwrap();
    secrets.app_secrets.insert(0, secret("next"));
    put_endpoint(&directory, &name("a"), &secrets).await.unwrap();
    assert_eq!(endpoint(&directory, &name("a")).await.unwrap(), Some(secrets));
    put_channel(&directory, ChannelId(7), &token("t")).await.unwrap();
    assert_eq!(channel(&directory, ChannelId(7)).await.unwrap(), Some(token("t")));
    assert_eq!(channel(&directory, ChannelId(8)).await.unwrap(), None);
}

#[tokio::test]
async fn a_secret_is_asked_for_again_when_it_is_no_longer_fresh() {
    let directory = Arc::new(Away::default());
    let clock = Arc::new(ManualClock::default());
    let secrets = Secrets::new(directory.clone(), clock.clone());
    let shown = async || {
        let secret = secrets.channel(ChannelId(1)).await.unwrap();
        secret.map(|secret| secret.token.expose().to_owned())
    };
    put_channel(&*directory, ChannelId(1), &token("old")).await.unwrap();
    assert_eq!(shown().await.as_deref(), Some("old"));
    put_channel(&*directory, ChannelId(1), &token("new")).await.unwrap();
    clock.advance(FRESH - Duration::from_micros(1));
    let asked = *directory.asked.lock();
    assert_eq!(shown().await.as_deref(), Some("old"));
    assert_eq!(*directory.asked.lock(), asked, "fresh: nobody was asked");
    clock.advance(Duration::from_micros(1));
    assert_eq!(shown().await.as_deref(), Some("new"));
    *directory.away.lock() = true;
    clock.advance(FRESH);
    assert_eq!(shown().await.as_deref(), Some("new"), "the last one known");
    assert!(secrets.channel(ChannelId(2)).await.is_err(), "never known");
}

#[tokio::test]
async fn a_damaged_row_does_not_show_what_it_holds() {
    let directory = Away::default();
    let key = RowKey { table: "secret", key: "channel/1".to_owned() };
    let row = Bytes::from_static(b"{\"token\":\"hunter2\",\"x\":\"hunter2\"}");
    directory.put(&key, 0, Some(row)).await.unwrap();
    let error = channel(&directory, ChannelId(1)).await.unwrap_err();
    assert!(error.to_string().contains("channel/1"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
