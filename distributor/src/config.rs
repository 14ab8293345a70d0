use serde::{Deserialize, Serialize};

/// What an operator may choose about the distributor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which routing core a shard's lanes share.
    pub assign: AssignKind,
}

/// The routing cores there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssignKind {
    /// The lock-free core: no lane waits for another.
    #[default]
    Lockfree,
    /// The sequential reference under a mutex: the same decisions by the plainest means.
    Reference,
}
