use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use model::limit;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use super::{Refused, Task, Tasks};
use crate::cli::exit;

/// The socket's name in the data directory.
pub const SOCKET: &str = "socket";

/// The wait after a connection that the system could not give.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Takes tasks through the socket in the data directory, which is this process's, on a thread of
/// its own until `stop`. A backup that goes on then is broken off when the process ends.
pub fn serve(data: &Path, tasks: Tasks, stop: watch::Receiver<bool>) -> io::Result<JoinHandle<()>> {
    let path = data.join(SOCKET);
    let listener = bind(&path)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("tasks".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(accept(listener, tasks, stop)) {
            tracing::error!(%error, "no command reaches this server any more");
        }
        remove(&path);
        runtime.shutdown_background();
    })
}

/// What a process left that was killed is replaced.
fn bind(path: &PathBuf) -> io::Result<std::os::unix::net::UnixListener> {
    remove(path);
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn remove(path: &Path) {
    // It may not be there.
    drop(std::fs::remove_file(path));
}

async fn accept(
    listener: std::os::unix::net::UnixListener,
    tasks: Tasks,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = UnixListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(limit::TASKS));
    loop {
        let stream = tokio::select! {
            // An error means that the sender is gone, which is a stop as well.
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = stream else {
            // Too many files are open, most likely; that passes.
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let place = Arc::clone(&places).try_acquire_owned();
        let tasks = place.is_ok().then(|| tasks.clone());
        tokio::spawn(async move {
            // Who has gone is told nothing.
            drop(answer(stream, tasks).await);
            drop(place);
        });
    }
}

/// Answers one command; `None` takes no more of them now.
async fn answer(mut stream: UnixStream, tasks: Option<Tasks>) -> io::Result<()> {
    let read = tokio::time::timeout(limit::TASK_WAIT, line_of(&mut stream));
    let line = read.await.map_err(|_| io::ErrorKind::TimedOut)??;
    let refused = |code, said: &str| Err(Refused { code, said: vec![said.to_owned()] });
    let done = match (tasks, serde_json::from_str::<Task>(&line)) {
        (None, _) => refused(exit::UNAVAILABLE, "the server does too many such tasks already"),
        (_, Err(_)) => {
            refused(exit::SOFTWARE, "the server is of another release: it does not know this task")
        }
        (Some(tasks), Ok(task)) => {
            let work = move || tasks.perform(task).map_err(|error| Refused::from(&error));
            let done = tokio::task::spawn_blocking(work).await;
            done.unwrap_or_else(|_| refused(exit::SOFTWARE, "the task panicked"))
        }
    };
    let mut line = serde_json::to_vec(&done)?;
    line.push(b'\n');
    stream.write_all(&line).await
}

async fn line_of(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(limit::TASK_BYTES)).read_line(&mut line).await?;
    Ok(line)
}
