use bytes::Bytes;
use model::id::UserId;
use model::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use storage::port::{Directory, RowKey, StoreError, Version};

/// Why something about credentials or sessions could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The directory could not be read or written.
    #[error("the directory failed")]
    Store {
        /// What it said.
        #[from]
        source: StoreError,
    },
    /// The operating system gave no randomness.
    #[error("no randomness from the operating system")]
    Entropy {
        /// What it said.
        #[source]
        source: getrandom::Error,
    },
    /// A password could not be hashed, or a stored hash not be read.
    #[error("the password hash failed")]
    Hash {
        /// What the library said.
        #[source]
        source: argon2::password_hash::Error,
    },
    /// A new password is too short or too long.
    #[error("a password has at least {min} characters and at most {max} bytes")]
    PasswordLength {
        /// The least number of characters.
        min: usize,
        /// The greatest number of bytes.
        max: usize,
    },
    /// A row is not what this version writes.
    #[error("row `{key}` of `{table}` cannot be read")]
    Row {
        /// Its table.
        table: &'static str,
        /// Its key.
        key: String,
        /// What was wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Somebody else writes the same row again and again.
    #[error("a row of `{table}` is being changed by somebody else")]
    Contended {
        /// Its table.
        table: &'static str,
    },
    /// The hashing thread is gone: the process is ending.
    #[error("the process is ending")]
    Ending,
}

/// A row of `credential`, by login.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CredentialRow {
    pub(super) user: UserId,
    /// The hash in PHC string format.
    pub(super) phc: String,
}

/// A row of `session` or `login-link`, by the token's key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TokenRow {
    pub(super) user: UserId,
    pub(super) expires: Timestamp,
}

pub(super) const CREDENTIAL: &str = "credential";
pub(super) const SESSION: &str = "session";
pub(super) const LOGIN_LINK: &str = "login-link";

/// The row at `key` with its version, if there is one.
pub(super) async fn read<T: DeserializeOwned>(
    directory: &dyn Directory,
    key: &RowKey,
) -> Result<Option<(Version, T)>, AuthError> {
    let Some(row) = directory.get(key).await? else { return Ok(None) };
    parse(key, &row.bytes).map(|value| Some((row.version, value)))
}

/// Writes a row if its version is `expect`; whether it was.
pub(super) async fn write<T: Serialize + Sync>(
    directory: &dyn Directory,
    key: &RowKey,
    expect: Version,
    value: &T,
) -> Result<bool, AuthError> {
    let bytes = serde_json::to_vec(value).map_err(|source| damaged(key, source))?;
    Ok(directory.put(key, expect, Some(Bytes::from(bytes))).await?.is_some())
}

pub(super) fn parse<T: DeserializeOwned>(key: &RowKey, bytes: &[u8]) -> Result<T, AuthError> {
    serde_json::from_slice(bytes).map_err(|source| damaged(key, source))
}

fn damaged(key: &RowKey, source: serde_json::Error) -> AuthError {
    AuthError::Row { table: key.table, key: key.key.clone(), source }
}
