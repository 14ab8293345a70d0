use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use gateway::follow::FollowError;
use serde::{Deserialize, Serialize};
use storage::engine::OpenError;
use storage::port::{LogError, Offset};

use crate::cli::exit;

/// Why a task was not done.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The engines could not do it, or were not opened.
    #[error(transparent)]
    Engine(#[from] OpenError),
    /// The log could not be read or written.
    #[error("the log could not be used")]
    Log(#[from] LogError),
    /// The settings could not be read.
    #[error(transparent)]
    Settings(#[from] FollowError),
    /// A backup is asked for where none can be.
    #[error("no backup can be taken in {}: {why}", to.display())]
    Place {
        /// Where.
        to: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// There is no such letter.
    #[error("there is no dead letter {letter}")]
    NoLetter {
        /// Its number.
        letter: Offset,
    },
    /// There is no such reason.
    #[error("`{name}` is not a reason: there are {}", model::desk::DeadReason::ALL.map(model::desk::DeadReason::name).join(", "))]
    NoReason {
        /// What was asked for.
        name: String,
    },
    /// The letter cannot be handled again, or was.
    #[error("dead letter {letter} is not replayed: {why}")]
    NotReplayed {
        /// Its number.
        letter: Offset,
        /// Why not.
        why: String,
    },
    /// It was replayed, and nobody will see that it was.
    #[error("dead letter {letter} was replayed to {}, but that could not be noted", to.join(", "))]
    Unmarked {
        /// Its number.
        letter: Offset,
        /// Where it stands now.
        to: Vec<String>,
        /// What the log said.
        #[source]
        source: LogError,
    },
    /// A server has the data directory and could not be asked.
    #[error("{} is in use by a process that does not answer: is it starting or ending?", data.display())]
    Unreachable {
        /// The data directory.
        data: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The server that has the data directory ended, or said what cannot be understood.
    #[error(
        "the server gave no answer that can be understood: it may have ended, and the task may be done or not"
    )]
    NoAnswer,
    /// The server that has the data directory refused.
    #[error("{0}")]
    Refused(Refused),
}

/// An error told by the server that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The exit code of the command.
    pub code: u8,
    /// What went wrong, then why, one line each.
    pub said: Vec<String>,
}

impl TaskError {
    /// The exit code, as in `sysexits.h`.
    pub fn code(&self) -> u8 {
        match self {
            Self::Engine(error) => code_of(error),
            Self::Log(_) | Self::Settings(_) | Self::Unmarked { .. } => exit::IOERR,
            Self::Place { .. } => exit::CANTCREAT,
            Self::NoLetter { .. } => exit::NOINPUT,
            Self::NoReason { .. } => exit::USAGE,
            Self::NotReplayed { .. } => exit::DATAERR,
            Self::Unreachable { .. } | Self::NoAnswer => exit::UNAVAILABLE,
            Self::Refused(refused) => refused.code,
        }
    }
}

/// The exit code for what an engine says.
pub fn code_of(error: &OpenError) -> u8 {
    match error {
        OpenError::NoInstallation { .. } => exit::NOINPUT,
        OpenError::Unsound { .. } | OpenError::Headless { .. } => exit::DATAERR,
        OpenError::Io { what, .. } if what.starts_with("cannot make") => exit::CANTCREAT,
        OpenError::Io { what, .. } if what.starts_with("cannot restore into") => exit::CANTCREAT,
        OpenError::Place { .. } | OpenError::Config { .. } => exit::CONFIG,
        _ => exit::UNAVAILABLE,
    }
}

impl From<&TaskError> for Refused {
    fn from(error: &TaskError) -> Self {
        let mut said = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            said.push(error.to_string());
            cause = error.source();
        }
        Self { code: error.code(), said }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said.join("\n  because: "))
    }
}
