use std::sync::Arc;

use bytes::Bytes;
use gateway::auth::AuthError;
use gateway::secret::{ChannelSecret, EndpointSecrets};
use model::desk::{Body, Entity, Envelope, Settings, SettingsError, Stamped, wire};
use model::id::{ChannelId, EndpointName, UserId};
use model::service::Secret;
use model::time::Clock;
use serde::{Deserialize, Serialize};
use storage::port::{Directory, Log, LogError, Logged, NewRecord, Partition, RowKey, StoreError};

/// What is put into an empty installation: entities for the log, secrets for the directory.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// Entities of version 1, each after those it names.
    pub entities: Vec<Entity>,
    /// Secrets of endpoints.
    pub endpoints: Vec<(EndpointName, EndpointSecrets)>,
    /// Tokens of channels.
    pub channels: Vec<(ChannelId, ChannelSecret)>,
    /// Passwords by login.
    pub passwords: Vec<(String, UserId, Secret)>,
}

/// What an installation was begun with; a row of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planted {
    /// The compiled-in starter.
    Starter,
    /// A settings file.
    File,
    /// The demo.
    Demo,
}

/// Why the seed could not be planted.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// The log did not take the entities.
    #[error("the settings could not be written to the log")]
    Log(#[from] LogError),
    /// The directory did not take the secrets.
    #[error("the secrets could not be written to the directory")]
    Store(#[from] StoreError),
    /// A password was refused or could not be hashed.
    #[error("the password of `{login}` was not set")]
    Password {
        /// Whose.
        login: String,
        /// Why.
        #[source]
        source: AuthError,
    },
    /// An entity is void.
    #[error("the settings contradict themselves")]
    Void(#[from] SettingsError),
}

#[derive(Serialize, Deserialize)]
struct Marker {
    planted: Planted,
}

impl Seed {
    /// Whether every entity may come into force after those before it; the first that may not,
    /// with its place in the list.
    pub fn check(&self) -> Result<(), (usize, SettingsError)> {
        let mut settings = Settings::default();
        for (index, entity) in self.entities.iter().enumerate() {
            settings.apply(entity.clone()).map_err(|error| (index, error))?;
        }
        Ok(())
    }

    /// Writes secrets, then entities, then the mark that it was done. After a crash in between
    /// the next start does the same again: what already stands in the log is left out.
    pub async fn plant(
        &self,
        log: &Arc<dyn Log>,
        directory: &dyn Directory,
        clock: &dyn Clock,
        planted: Planted,
    ) -> Result<(), PlantError> {
        self.plant_secrets(directory).await?;
        let mut settings = standing(log.as_ref())?;
        let mut records = Vec::new();
        for entity in &self.entities {
            if settings.check(entity).is_err_and(|e| matches!(e, SettingsError::Version { .. })) {
                continue;
            }
            settings.apply(entity.clone())?;
            records.push(record(entity, clock));
        }
        if !records.is_empty() {
            log.append(records).await?;
        }
        mark(directory, planted).await?;
        Ok(())
    }

    async fn plant_secrets(&self, directory: &dyn Directory) -> Result<(), PlantError> {
        for (name, secrets) in &self.endpoints {
            gateway::secret::put_endpoint(directory, name, secrets).await?;
        }
        for (channel, secret) in &self.channels {
            gateway::secret::put_channel(directory, *channel, secret).await?;
        }
        for (login, user, password) in &self.passwords {
            gateway::auth::set_password(directory, login, *user, password.expose())
                .await
                .map_err(|source| PlantError::Password { login: login.clone(), source })?;
        }
        Ok(())
    }
}

/// What the installation was begun with; `None` when nothing was planted yet.
pub async fn origin(directory: &dyn Directory) -> Result<Option<Planted>, StoreError> {
    let Some(row) = directory.get(&marker()).await? else { return Ok(None) };
    let damaged = |error: serde_json::Error| StoreError::Damaged {
        store: "directory",
        what: format!("installation/bootstrap: {error}"),
    };
    let marker: Marker = serde_json::from_slice(&row.bytes).map_err(damaged)?;
    Ok(Some(marker.planted))
}

async fn mark(directory: &dyn Directory, planted: Planted) -> Result<(), StoreError> {
    let key = marker();
    let version = directory.get(&key).await?.map_or(0, |row| row.version);
    let bytes = serde_json::to_vec(&Marker { planted }).unwrap_or_default();
    directory.put(&key, version, Some(Bytes::from(bytes))).await.map(drop)
}

fn marker() -> RowKey {
    RowKey { table: "installation", key: "bootstrap".to_owned() }
}

fn record(entity: &Entity, clock: &dyn Clock) -> NewRecord {
    let envelope = Envelope::of_input(clock.now());
    let stamped = Stamped { envelope, body: Body::Entity(entity.clone()) };
    NewRecord { partition: Partition::SETTINGS, bytes: wire::encode(&stamped) }
}

/// The entities that stand in the log.
pub(super) fn standing(log: &dyn Log) -> Result<Settings, LogError> {
    let mut settings = Settings::default();
    let mut batch: Vec<Logged> = Vec::new();
    let mut from = log.bounds(Partition::SETTINGS)?.start;
    loop {
        batch.clear();
        log.read(Partition::SETTINGS, from, READ_BYTES, &mut batch)?;
        let Some(last) = batch.last() else { return Ok(settings) };
        from = last.offset + 1;
        for logged in &batch {
            if let Ok(Body::Entity(entity)) = wire::decode(&logged.bytes).map(|s| s.body) {
                // A void entity is void here too: it changes nothing.
                drop(settings.apply(entity));
            }
        }
    }
}

const READ_BYTES: usize = 1024 * 1024;
