//! Secrets of endpoints and channels: rows of the directory, never of the log.
//!
//! Table `secret`: `endpoint/<name>` holds `{"verify_token","app_secrets":[current, previous …]}`,
//! `channel/<id>` holds `{"token"}`. [`Secrets`] keeps what was read for [`FRESH`]; while the
//! directory cannot answer, the last secrets known go on being used.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dashmap::DashMap;
use model::id::{ChannelId, EndpointName};
use model::service::Secret;
use model::time::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::json;
use storage::port::{Directory, RowKey, StoreError};

use crate::connector::whatsapp::SignatureKeys;

/// How long a secret that was read is used without asking again.
pub const FRESH: Duration = Duration::from_secs(4);

const PUT_TRIES: usize = 16;

/// What an endpoint's provider and we share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSecrets {
    /// What the provider's handshake must show.
    pub verify_token: Secret,
    /// What webhooks are signed with: the current one, then previous ones still accepted.
    pub app_secrets: Vec<Secret>,
}

/// What a channel's sends are authorised with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSecret {
    /// The bearer token.
    pub token: Secret,
}

/// An endpoint's secrets in the form webhooks are checked with.
#[derive(Debug)]
pub struct EndpointKeys {
    /// What the provider's handshake must show.
    pub verify_token: Secret,
    /// What webhooks are signed with.
    pub signatures: SignatureKeys,
}

/// Secrets in memory, read again when they are older than [`FRESH`].
pub struct Secrets {
    directory: Arc<dyn Directory>,
    clock: Arc<dyn Clock>,
    endpoints: Cache<EndpointName, EndpointKeys>,
    channels: Cache<ChannelId, ChannelSecret>,
}

struct Cache<K, V>(DashMap<K, Cached<V>>);

struct Cached<V> {
    checked_at: Timestamp,
    value: Option<Arc<V>>,
}

/// Writes an endpoint's secrets, whatever stood there.
pub async fn put_endpoint(
    directory: &dyn Directory,
    name: &EndpointName,
    secrets: &EndpointSecrets,
) -> Result<(), StoreError> {
    let app_secrets: Vec<&str> = secrets.app_secrets.iter().map(Secret::expose).collect();
    let row = json!({
        "verify_token": secrets.verify_token.expose(),
        "app_secrets": app_secrets,
    });
    put(directory, &endpoint_key(name), &row).await
}

/// Reads an endpoint's secrets.
pub async fn endpoint(
    directory: &dyn Directory,
    name: &EndpointName,
) -> Result<Option<EndpointSecrets>, StoreError> {
    get(directory, &endpoint_key(name)).await
}

/// Writes a channel's token, whatever stood there.
pub async fn put_channel(
    directory: &dyn Directory,
    channel: ChannelId,
    secret: &ChannelSecret,
) -> Result<(), StoreError> {
    let row = json!({ "token": secret.token.expose() });
    put(directory, &channel_key(channel), &row).await
}

/// Reads a channel's token.
pub async fn channel(
    directory: &dyn Directory,
    channel: ChannelId,
) -> Result<Option<ChannelSecret>, StoreError> {
    get(directory, &channel_key(channel)).await
}

impl Secrets {
    /// Nothing read yet.
    pub fn new(directory: Arc<dyn Directory>, clock: Arc<dyn Clock>) -> Self {
        Self { directory, clock, endpoints: Cache::new(), channels: Cache::new() }
    }

    /// An endpoint's keys, if it has any. Ask only for endpoints that exist: each answer is kept.
    pub async fn endpoint(
        &self,
        name: &EndpointName,
    ) -> Result<Option<Arc<EndpointKeys>>, StoreError> {
        let read = async {
            let secrets = endpoint(&*self.directory, name).await?;
            Ok(secrets.map(|secrets| EndpointKeys {
                signatures: SignatureKeys::new(&secrets.app_secrets),
                verify_token: secrets.verify_token,
            }))
        };
        self.endpoints.get(name, self.clock.now(), read).await
    }

    /// A channel's token, if it has one. Ask only for channels that exist: each answer is kept.
    pub async fn channel(&self, id: ChannelId) -> Result<Option<Arc<ChannelSecret>>, StoreError> {
        self.channels.get(&id, self.clock.now(), channel(&*self.directory, id)).await
    }
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    fn new() -> Self {
        Self(DashMap::new())
    }

    async fn get(
        &self,
        key: &K,
        now: Timestamp,
        read: impl Future<Output = Result<Option<V>, StoreError>>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        if let Some(value) = self.fresh(key, now) {
            return Ok(value);
        }
        match read.await {
            Ok(value) => {
                let value = value.map(Arc::new);
                self.0.insert(key.clone(), Cached { checked_at: now, value: value.clone() });
                Ok(value)
            }
            Err(error) => match self.0.get(key) {
                Some(known) => Ok(known.value.clone()),
                None => Err(error),
            },
        }
    }

    /// What is known, unless this caller is the one who has to read it again: the others go on
    /// with what is known meanwhile.
    fn fresh(&self, key: &K, now: Timestamp) -> Option<Option<Arc<V>>> {
        if let Some(cached) = self.0.get(key)
            && now.since(cached.checked_at) < FRESH
        {
            return Some(cached.value.clone());
        }
        let mut cached = self.0.get_mut(key)?;
        if now.since(cached.checked_at) < FRESH {
            return Some(cached.value.clone());
        }
        cached.checked_at = now;
        None
    }
}

fn endpoint_key(name: &EndpointName) -> RowKey {
    RowKey { table: "secret", key: format!("endpoint/{name}") }
}

fn channel_key(channel: ChannelId) -> RowKey {
    RowKey { table: "secret", key: format!("channel/{channel}") }
}

async fn get<T: for<'de> Deserialize<'de>>(
    directory: &dyn Directory,
    key: &RowKey,
) -> Result<Option<T>, StoreError> {
    let Some(row) = directory.get(key).await? else { return Ok(None) };
    serde_json::from_slice(&row.bytes).map(Some).map_err(|error| StoreError::Damaged {
        store: "directory",
        // Where, never what: the row holds a secret.
        what: format!("secret {} at column {}", key.key, error.column()),
    })
}

/// Last writer wins: another's write between our read and ours is simply older.
async fn put(
    directory: &dyn Directory,
    key: &RowKey,
    row: &serde_json::Value,
) -> Result<(), StoreError> {
    let bytes = Bytes::from(row.to_string());
    for _ in 0..PUT_TRIES {
        let version = directory.get(key).await?.map_or(0, |row| row.version);
        if directory.put(key, version, Some(bytes.clone())).await?.is_some() {
            return Ok(());
        }
    }
    let source = format!("{} changed {PUT_TRIES} times while it was written", key.key).into();
    Err(StoreError::Unavailable { store: "directory", source })
}
