//! `chasqui backup` and `chasqui restore`.

use std::path::Path;
use std::process::ExitCode;

use storage::engine::OpenError;

use super::{Failure, RunArgs, load, say, tell_findings, tell_reports};
use crate::admin::task::{self, Task};

/// Takes a backup of the installation of `of` in the new directory `to`.
pub(super) fn backup(to: &Path, of: &RunArgs) -> Result<(), Failure> {
    let loaded = load(of)?;
    let config = &loaded.config.storage;
    let to = std::path::absolute(to)?;
    task::run(config, Task::Backup { to: to.clone() })?;
    Ok(say(format!("{} is a backup of {}", to.display(), config.data.display()))?)
}

/// Makes the installation of `into` from the backup in `from`, and says what its logs hold.
pub(super) fn restore(from: &Path, into: &RunArgs) -> Result<ExitCode, Failure> {
    let loaded = load(into)?;
    let data = &loaded.config.storage.data;
    match storage::engine::restore(from, data) {
        Ok(reports) => {
            let code = tell_reports(&reports)?;
            say(format!("{} is restored from {}", data.display(), from.display()))?;
            Ok(code)
        }
        Err(error) => {
            if let OpenError::Unsound { reports, .. } = &error {
                tell_findings(reports)?;
            }
            Err(error.into())
        }
    }
}
