use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::id::UserId;
use model::limit;
use model::time::Clock;
use storage::port::{Directory, RowKey};

use super::attempt::{Attempt, Attempts};
use super::password::{Verified, Verifier};
use super::row::{self, CREDENTIAL, CredentialRow};
use super::session::Sessions;
use super::{AuthError, Token, link};

/// The gate of the desk: who may come in, and whose token this is.
pub struct Auth {
    directory: Arc<dyn Directory>,
    clock: Arc<dyn Clock>,
    verifier: Verifier,
    attempts: Attempts,
    sessions: Sessions,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown login, wrong password, or a link that is unknown, used or expired: which of them
    /// is nobody's business.
    #[error("the login or its proof is wrong")]
    Wrong,
    /// Too many failures of this login from this network.
    #[error("too many failures; again in {} s", wait.as_secs())]
    TooMany {
        /// How long until it may be tried again.
        wait: Duration,
    },
    /// Too many logins are waiting for their hash.
    #[error("too many logins at once")]
    Busy,
    /// It could not be found out.
    #[error(transparent)]
    Failed(#[from] AuthError),
}

impl Auth {
    /// A gate over the directory's credentials.
    pub fn new(directory: Arc<dyn Directory>, clock: Arc<dyn Clock>) -> Self {
        Self {
            sessions: Sessions::new(Arc::clone(&directory), Arc::clone(&clock)),
            directory,
            clock,
            verifier: Verifier::new(),
            attempts: Attempts::default(),
        }
    }

    /// The user with this login and password, tried by the peer at `address`.
    pub async fn by_password(
        &self,
        login: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<UserId, LoginError> {
        if login.len() > limit::LOGIN_BYTES || password.len() > limit::PASSWORD_BYTES {
            return Err(LoginError::Wrong);
        }
        let attempt = Attempt::new(login, address);
        let begun = self.attempts.begin(&attempt, self.clock.now());
        begun.map_err(|wait| LoginError::TooMany { wait })?;
        let proven = self.prove(login, password).await;
        match proven {
            Ok(_) => self.attempts.succeed(&attempt),
            Err(LoginError::Wrong | LoginError::TooMany { .. }) => {}
            Err(LoginError::Busy | LoginError::Failed(_)) => self.attempts.take_back(&attempt),
        }
        proven
    }

    async fn prove(&self, login: &str, password: &str) -> Result<UserId, LoginError> {
        let key = RowKey { table: CREDENTIAL, key: login.to_owned() };
        let found = row::read::<CredentialRow>(&*self.directory, &key).await?;
        let (user, phc) = found.map(|(_, row)| (row.user, row.phc)).unzip();
        match (self.verifier.verify(password.to_owned(), phc).await?, user) {
            (Verified::Right, Some(user)) => Ok(user),
            (Verified::Busy, _) => Err(LoginError::Busy),
            _ => Err(LoginError::Wrong),
        }
    }

    /// The user a one-time link was made for; the link is used up.
    pub async fn by_link(&self, token: &Token) -> Result<UserId, LoginError> {
        let taken = link::take(&*self.directory, &*self.clock, token).await?;
        taken.ok_or(LoginError::Wrong)
    }

    /// Opens a session of `user`, for [`limit::SESSION`].
    pub async fn open(&self, user: UserId) -> Result<Token, AuthError> {
        self.sessions.create(user).await
    }

    /// Whose session it is; an end elsewhere is seen within [`limit::SESSION_TRUST`].
    pub async fn user_of(&self, token: &Token) -> Result<Option<UserId>, AuthError> {
        self.sessions.find(token).await
    }

    /// As [`Self::user_of`], from the directory itself: for whoever asks seldom.
    pub async fn confirm(&self, token: &Token) -> Result<Option<UserId>, AuthError> {
        self.sessions.confirm(token).await
    }

    /// Ends a session.
    pub async fn close(&self, token: &Token) -> Result<(), AuthError> {
        self.sessions.end(token).await
    }
}
