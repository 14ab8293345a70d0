//! What is done to an installation by command: a backup, and dead letters.
//!
//! A data directory has one process at a time. When a server has it, a command gives the server its
//! task through the socket in the directory; otherwise the command takes the directory and does the
//! same work itself. Whoever may enter the directory may do so: it has no other lock.

mod error;
mod perform;
mod replay;
mod meet;
mod serve;

use std::path::PathBuf;

use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use storage::dead::{Line, Page};
use storage::port::Offset;

pub use error::{Refused, TaskError, code_of};
pub use meet::run;
pub use perform::Tasks;
pub use serve::{SOCKET, serve};

/// A point in time for people, in UTC.
pub fn civil(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| at.to_string(), |at| format!("{at:.3}"))
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A backup in a new directory.
    Backup {
        /// Its absolute path.
        to: PathBuf,
    },
    /// A page of dead letters.
    List {
        /// The first offset in `dead`.
        from: Offset,
        /// At most so many.
        most: usize,
        /// Only those of this reason, if any.
        reason: Option<String>,
    },
    /// One dead letter.
    Show {
        /// Its offset in `dead`.
        letter: Offset,
    },
    /// That a dead letter is handled again.
    Replay {
        /// Its offset in `dead`.
        letter: Offset,
        /// Even if that was done before.
        again: bool,
    },
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// The backup is whole.
    Backup,
    /// The page.
    List(Page),
    /// The letter.
    Show {
        /// What is known of it.
        line: Line,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// It stands in the log again.
    Replay {
        /// The places of the records appended, as `inbound/3@17`.
        to: Vec<String>,
    },
}
