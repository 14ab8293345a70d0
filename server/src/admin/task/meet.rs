use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use gateway::Ports;
use gateway::follow::SettingsFollower;
use model::place::Place;
use model::time::{Clock, SteadyClock};
use storage::engine::{self, EngineConfig, EngineKind, Engines, OpenError};
use tokio::sync::watch;

use super::{Done, Refused, SOCKET, Task, TaskError, Tasks};

/// More than any answer has.
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// Does `task` on the installation in the data directory of `config`: by the server that has it, or
/// here if none does.
pub fn run(config: &EngineConfig, task: Task) -> Result<Done, TaskError> {
    if config.engine != EngineKind::Embedded {
        let what = "this engine keeps nothing on a disk".to_owned();
        return Err(OpenError::Config { key: "engine", what }.into());
    }
    let place = engine::place_of(&config.data)?;
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::start());
    match engine::open(config, place, Arc::clone(&clock)) {
        Ok(engines) => perform(&config.data, (engines, place, clock), task),
        Err(OpenError::Busy { .. }) => ask(&config.data, &task),
        Err(error) => Err(error.into()),
    }
}

fn perform(
    data: &Path,
    (engines, place, clock): (Engines, Place, Arc<dyn Clock>),
    task: Task,
) -> Result<Done, TaskError> {
    let ports = Ports {
        log: Arc::clone(&engines.log),
        history: Arc::clone(&engines.history),
        directory: Arc::clone(&engines.directory),
        clock,
        place,
    };
    let (stop, stopped) = watch::channel(false);
    let settings = SettingsFollower::start(Arc::clone(&ports.log), stopped)?;
    let done = Tasks::new(data, &ports, &settings, engines.backups()).perform(task);
    stop.send_replace(true);
    settings.join();
    drop(ports);
    let closed = engines.close();
    let done = done?;
    closed?;
    Ok(done)
}

fn ask(data: &Path, task: &Task) -> Result<Done, TaskError> {
    let unreachable = |source| TaskError::Unreachable { data: data.to_owned(), source };
    let mut stream = UnixStream::connect(data.join(SOCKET)).map_err(unreachable)?;
    let mut line = serde_json::to_vec(task).map_err(|_| TaskError::NoAnswer)?;
    line.push(b'\n');
    stream.write_all(&line).map_err(unreachable)?;
    let mut answer = String::new();
    // However long it takes: a backup may.
    let read = BufReader::new(stream.take(ANSWER_BYTES)).read_line(&mut answer);
    read.map_err(|_| TaskError::NoAnswer)?;
    let answer: Result<Done, Refused> =
        serde_json::from_str(&answer).map_err(|_| TaskError::NoAnswer)?;
    answer.map_err(TaskError::Refused)
}
