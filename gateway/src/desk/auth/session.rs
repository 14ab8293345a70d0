use std::sync::Arc;

use dashmap::DashMap;
use model::id::UserId;
use model::limit;
use model::time::{Clock, Timestamp};
use storage::port::{Directory, RowKey};

use super::row::{self, SESSION, TokenRow};
use super::{AuthError, Token};

/// Sessions: rows that expire [`limit::SESSION`] after the login, trusted from memory for at most
/// [`limit::SESSION_TRUST`].
pub(super) struct Sessions {
    directory: Arc<dyn Directory>,
    clock: Arc<dyn Clock>,
    cache: DashMap<String, Cached>,
}

#[derive(Clone, Copy)]
struct Cached {
    user: UserId,
    expires: Timestamp,
    read_at: Timestamp,
}

impl Sessions {
    pub(super) fn new(directory: Arc<dyn Directory>, clock: Arc<dyn Clock>) -> Self {
        Self { directory, clock, cache: DashMap::new() }
    }

    /// A new session of `user`.
    pub(super) async fn create(&self, user: UserId) -> Result<Token, AuthError> {
        let token = Token::random()?;
        let key = session_key(&token);
        let value = TokenRow { user, expires: self.clock.now() + limit::SESSION };
        if !row::write(&*self.directory, &key, 0, &value).await? {
            return Err(AuthError::Contended { table: SESSION });
        }
        self.sweep(&key).await?;
        Ok(token)
    }

    /// Whose session it is, if it is one in force.
    pub(super) async fn find(&self, token: &Token) -> Result<Option<UserId>, AuthError> {
        let key = session_key(token);
        let now = self.clock.now();
        if let Some(cached) = self.cache.get(&key.key).map(|entry| *entry)
            && now.since(cached.read_at) < limit::SESSION_TRUST
        {
            return Ok((now < cached.expires).then_some(cached.user));
        }
        self.look(key, now).await
    }

    /// As [`Self::find`], and never from memory.
    pub(super) async fn confirm(&self, token: &Token) -> Result<Option<UserId>, AuthError> {
        self.look(session_key(token), self.clock.now()).await
    }

    /// Ends a session; here at once, elsewhere within [`limit::SESSION_TRUST`].
    pub(super) async fn end(&self, token: &Token) -> Result<(), AuthError> {
        let key = session_key(token);
        if let Some(row) = self.directory.get(&key).await? {
            self.directory.put(&key, row.version, None).await?;
        }
        self.cache.remove(&key.key);
        Ok(())
    }

    async fn look(&self, key: RowKey, now: Timestamp) -> Result<Option<UserId>, AuthError> {
        match row::read::<TokenRow>(&*self.directory, &key).await? {
            Some((_, TokenRow { user, expires })) if now < expires => {
                self.remember(key.key, Cached { user, expires, read_at: now });
                Ok(Some(user))
            }
            _ => {
                self.cache.remove(&key.key);
                Ok(None)
            }
        }
    }

    fn remember(&self, key: String, cached: Cached) {
        if self.cache.len() >= limit::SESSIONS_CACHED {
            let now = cached.read_at;
            self.cache.retain(|_, old| now.since(old.read_at) < limit::SESSION_TRUST);
        }
        if self.cache.len() < limit::SESSIONS_CACHED {
            self.cache.insert(key, cached);
        }
    }

    /// Removes expired rows among the next few after `from`. Keys are hashes, so `from` is a
    /// random place, and one login looking at more rows than it adds keeps the table small.
    async fn sweep(&self, from: &RowKey) -> Result<(), AuthError> {
        let now = self.clock.now();
        for (key, row) in self.directory.scan(SESSION, &from.key, SWEEP_ROWS).await? {
            let key = RowKey { table: SESSION, key };
            if row::parse::<TokenRow>(&key, &row.bytes).is_ok_and(|old| old.expires <= now) {
                self.directory.put(&key, row.version, None).await?;
            }
        }
        Ok(())
    }
}

const SWEEP_ROWS: usize = 8;

fn session_key(token: &Token) -> RowKey {
    RowKey { table: SESSION, key: token.key() }
}
