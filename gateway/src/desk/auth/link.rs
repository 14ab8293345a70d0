use std::time::Duration;

use model::id::UserId;
use model::time::Clock;
use storage::port::{Directory, RowKey};

use super::row::{self, LOGIN_LINK, TokenRow};
use super::{AuthError, Token};

/// A link token with which `user` may log in once, within `ttl`. It is stored hashed, so this is
/// the only time it is seen.
pub async fn create_login_link(
    directory: &dyn Directory,
    user: UserId,
    clock: &dyn Clock,
    ttl: Duration,
) -> Result<Token, AuthError> {
    let token = Token::random()?;
    let value = TokenRow { user, expires: clock.now() + ttl };
    if row::write(directory, &link_key(&token), 0, &value).await? {
        return Ok(token);
    }
    Err(AuthError::Contended { table: LOGIN_LINK })
}

/// Uses a link up. Of several who try at once, the one whose removal compares equal is in.
pub(super) async fn take(
    directory: &dyn Directory,
    clock: &dyn Clock,
    token: &Token,
) -> Result<Option<UserId>, AuthError> {
    let key = link_key(token);
    let Some((version, link)) = row::read::<TokenRow>(directory, &key).await? else {
        return Ok(None);
    };
    let removed = directory.put(&key, version, None).await?.is_some();
    Ok((removed && clock.now() < link.expires).then_some(link.user))
}

fn link_key(token: &Token) -> RowKey {
    RowKey { table: LOGIN_LINK, key: token.key() }
}
