//! Who is at the desk: passwords, one-time login links, sessions.
//!
//! Nothing secret is stored in the clear: passwords as argon2id, tokens as SHA-256 (they are 256
//! random bits, so a slow hash would add nothing). All are rows of the directory; tables
//! `credential`, `session` and `login-link`. Non-goal: what a user may do, which is decided per
//! request by `api`.
//!
//! Reading order: [`Auth`], `password`, `session`, `link`, `attempt`.

mod attempt;
mod gate;
mod link;
mod password;
mod row;
mod session;
mod token;

pub use gate::{Auth, LoginError};
pub use link::create_login_link;
pub use password::set_password;
pub use row::AuthError;
pub use token::Token;
