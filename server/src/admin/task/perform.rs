use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway::Ports;
use gateway::follow::SettingsFollower;
use gateway::ingest::Ingest;
use model::desk::DeadReason;
use parking_lot::Mutex;
use storage::dead;
use storage::engine::Backups;

use super::{Done, Task, TaskError, replay};

/// Does tasks on an installation that is open.
#[derive(Clone)]
pub struct Tasks {
    pub(super) ports: Ports,
    pub(super) settings: Arc<SettingsFollower>,
    pub(super) ingest: Arc<Ingest>,
    backups: Backups,
    data: PathBuf,
    /// Held while a backup is taken.
    backing_up: Arc<Mutex<()>>,
}

impl Tasks {
    /// Of the installation in `data`.
    pub fn new(
        data: &Path,
        ports: &Ports,
        settings: &Arc<SettingsFollower>,
        backups: Backups,
    ) -> Self {
        Self {
            ports: ports.clone(),
            settings: Arc::clone(settings),
            ingest: Arc::new(Ingest::new(ports.clone(), Arc::clone(settings))),
            backups,
            data: data.to_owned(),
            backing_up: Arc::default(),
        }
    }

    /// Does it; blocks for as long as it takes.
    pub fn perform(&self, task: Task) -> Result<Done, TaskError> {
        let log = self.ports.log.as_ref();
        match task {
            Task::Backup { to } => self.backup(&to),
            Task::List { from, most, reason } => {
                let reason = reason.map(reason_of).transpose()?;
                Ok(Done::List(dead::list(log, from, most, reason)?))
            }
            Task::Show { letter } => {
                let found = dead::letter(log, letter)?.ok_or(TaskError::NoLetter { letter })?;
                Ok(Done::Show { line: found.line, bytes: found.dead.bytes.into() })
            }
            Task::Replay { letter, again } => replay::replay(self, letter, again),
        }
    }

    fn backup(&self, to: &Path) -> Result<Done, TaskError> {
        let refused = |why| Err(TaskError::Place { to: to.to_owned(), why });
        if !to.is_absolute() {
            return refused("the path is not absolute");
        }
        if self.holds(to) {
            return refused("it lies in the data directory");
        }
        let Some(_alone) = self.backing_up.try_lock() else {
            return refused("another backup is being taken");
        };
        self.backups.take(to)?;
        Ok(Done::Backup)
    }

    /// Whether `path`, which need not be there, lies in the data directory.
    fn holds(&self, path: &Path) -> bool {
        let Ok(data) = self.data.canonicalize() else { return false };
        let mut above = path.ancestors().filter_map(|above| above.canonicalize().ok());
        above.next().is_some_and(|nearest| nearest.starts_with(data))
    }
}

fn reason_of(name: String) -> Result<DeadReason, TaskError> {
    let found = DeadReason::ALL.into_iter().find(|reason| reason.name() == name);
    found.ok_or(TaskError::NoReason { name })
}
