use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use model::id::UserId;
use model::limit;
use storage::port::{Directory, RowKey};
use tokio::sync::Semaphore;

use super::AuthError;
use super::row::{self, CREDENTIAL, CredentialRow};

/// Gives `user` the password with which he logs in as `login`. Hashes on this thread (about
/// 20 ms): for set-up and tests, not for a request.
pub async fn set_password(
    directory: &dyn Directory,
    login: &str,
    user: UserId,
    password: &str,
) -> Result<(), AuthError> {
    let long_enough = password.chars().count() >= limit::PASSWORD_CHARACTERS;
    if !long_enough || password.len() > limit::PASSWORD_BYTES {
        let (min, max) = (limit::PASSWORD_CHARACTERS, limit::PASSWORD_BYTES);
        return Err(AuthError::PasswordLength { min, max });
    }
    let phc = hash(password)?;
    let key = RowKey { table: CREDENTIAL, key: login.to_owned() };
    let value = CredentialRow { user, phc };
    for _ in 0..WRITE_TRIES {
        let version = directory.get(&key).await?.map_or(0, |row| row.version);
        if row::write(directory, &key, version, &value).await? {
            return Ok(());
        }
    }
    Err(AuthError::Contended { table: CREDENTIAL })
}

/// Verifies passwords on the blocking pool, [`limit::PASSWORD_HASHES`] at a time: a flood of
/// logins takes neither all the memory nor all the threads.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    waiting: Arc<Semaphore>,
    hashing: Arc<Semaphore>,
}

/// What came of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verified {
    /// The password is the one.
    Right,
    /// It is not.
    Wrong,
    /// Too many are waiting; nothing was verified.
    Busy,
}

impl Verifier {
    pub(super) fn new() -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(limit::LOGINS_WAITING)),
            hashing: Arc::new(Semaphore::new(limit::PASSWORD_HASHES)),
        }
    }

    /// Compares `password` with a stored hash; without one it takes the same time and is wrong.
    pub(super) async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<Verified, AuthError> {
        let Ok(_place) = self.waiting.try_acquire() else { return Ok(Verified::Busy) };
        let hashing = Arc::clone(&self.hashing).acquire_owned().await;
        let permit = hashing.map_err(|_| AuthError::Ending)?;
        let verify = move || {
            // Held by the hash itself: a client that goes away frees no place before its time.
            let _permit = permit;
            verify(&password, stored.as_deref())
        };
        tokio::task::spawn_blocking(verify).await.map_err(|_| AuthError::Ending)?
    }
}

const WRITE_TRIES: usize = 8;

/// Verified against where there is no credential, so that an unknown login takes as long as a
/// known one. Of a password nobody knows, with the parameters of [`argon2id`].
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y2hhc3F1aS1ub2JvZHkuLg\
                      $XKn8LqkkCqBnDhZ2nWBvUo6Eaz2xuyFGUXoVyoqkZzQ";

/// Argon2id with the least OWASP recommends: 19 MiB, 2 passes, 1 lane (Password Storage Cheat
/// Sheet).
fn argon2id() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| Error::ParamsInvalid)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, AuthError> {
    let hashed = argon2id().and_then(|argon| argon.hash_password(password.as_bytes()));
    hashed.map(|phc| phc.to_string()).map_err(|source| AuthError::Hash { source })
}

fn verify(password: &str, stored: Option<&str>) -> Result<Verified, AuthError> {
    let failed = |source| AuthError::Hash { source };
    let argon = argon2id().map_err(failed)?;
    let phc = PasswordHash::new(stored.unwrap_or(NOBODY)).map_err(|e| failed(e.into()))?;
    match argon.verify_password(password.as_bytes(), &phc) {
        Ok(()) if stored.is_some() => Ok(Verified::Right),
        Ok(()) | Err(Error::PasswordInvalid) => Ok(Verified::Wrong),
        Err(source) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_carries_the_parameters_and_a_salt_of_its_own() {
        let (a, b) = (hash("correct horse").unwrap(), hash("correct horse").unwrap());
        assert!(a.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{a}");
        assert_ne!(a, b);
        assert_eq!(verify("correct horse", Some(&a)).unwrap(), Verified::Right);
        assert_eq!(verify("correct horsf", Some(&a)).unwrap(), Verified::Wrong);
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let somebody = hash("correct horse").unwrap();
        let parameters = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(NOBODY), parameters(&somebody));
        let lengths = |phc: &str| phc.split('$').map(str::len).collect::<Vec<_>>();
        assert_eq!(lengths(NOBODY), lengths(&somebody));
        assert_eq!(verify("", None).unwrap(), Verified::Wrong);
    }

    #[test]
    fn a_damaged_hash_is_an_error_and_never_a_match() {
        assert!(verify("x", Some("plain")).is_err());
        assert!(verify("x", Some("")).is_err());
    }
}
