use std::io;

use distributor::shard::ShardError;
use gateway::dispatch::DispatchError;
use gateway::follow::FollowError;
use storage::engine::OpenError;
use storage::port::StoreError;
use storage::recorder::RecorderError;

use crate::bootstrap::{PlantError, SimulateError, StarterError};

/// Why an installation was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error("{section}.listen: the address cannot be listened on")]
    Listen {
        /// The section of the configuration that names it.
        section: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The engines did not open.
    #[error("the storage engine did not open")]
    Engine(#[from] OpenError),
    /// What the installation was to begin with could not be written.
    #[error("the installation could not be begun")]
    Plant(#[from] PlantError),
    /// There is no starter to begin with.
    #[error("the starter could not be made")]
    Starter(#[from] StarterError),
    /// The starter's simulated provider did not start.
    #[error("the starter's simulated provider did not start")]
    Simulator(#[from] SimulateError),
    /// The directory could not be read.
    #[error("the directory could not be read")]
    Store(#[from] StoreError),
    /// The settings could not be followed.
    #[error("the settings could not be followed")]
    Follow(#[from] FollowError),
    /// A shard did not start.
    #[error("a shard did not start")]
    Shard(#[from] ShardError),
    /// Nothing can be sent to providers.
    #[error("dispatch did not start")]
    Dispatch(#[from] DispatchError),
    /// No thread or runtime from the operating system.
    #[error("no thread or runtime from the operating system")]
    Thread(#[from] io::Error),
}

/// Why an installation did not end cleanly. Nothing acknowledged is lost: the next start goes on
/// from the log.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// It took longer than it may.
    #[error("the drain took longer than {} s and was given up", model::limit::DRAIN.as_secs())]
    TooLong,
    /// History did not come to the end of the log.
    #[error("the recorder did not finish")]
    Recorder(#[from] RecorderError),
    /// The engines did not close.
    #[error("the storage engine did not close")]
    Engine(#[from] OpenError),
    /// No thread from the operating system.
    #[error("no thread from the operating system")]
    Thread(#[from] io::Error),
}

impl StartError {
    /// Whether the configuration must change before a start can succeed.
    pub const fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::Listen { .. }
                | Self::Engine(OpenError::Place { .. } | OpenError::Config { .. })
                | Self::Plant(PlantError::Password { .. } | PlantError::Void(_))
        )
    }
}
