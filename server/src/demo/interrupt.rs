use std::io;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::cli::say;

/// Whether somebody pressed Ctrl-C (SIGINT), listened for from the demo's beginning.
pub(super) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    pub(super) fn listen(runtime: &Runtime) -> io::Result<Self> {
        let entered = runtime.enter();
        let signal = signal(SignalKind::interrupt())?;
        drop(entered);
        let (sender, receiver) = watch::channel(false);
        runtime.spawn(watch(signal, sender));
        Ok(Self(receiver))
    }

    /// What `work` comes to, or `None` if it was interrupted before.
    pub(super) async fn or<T>(mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            Ok(_) = self.0.wait_for(|interrupted| *interrupted) => None,
            done = work => Some(done),
        }
    }
}

async fn watch(mut signal: Signal, sender: watch::Sender<bool>) {
    signal.recv().await;
    // A closed terminal does not keep the demo from ending.
    drop(say("interrupted: the load stops; a second time ends at once"));
    sender.send_replace(true);
    signal.recv().await;
    std::process::exit(i32::from(super::INTERRUPTED));
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[test]
    fn what_is_done_is_kept_and_what_is_interrupted_is_not_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let interrupt = Interrupt::listen(&runtime).unwrap();
        assert_eq!(runtime.block_on(interrupt.or(std::future::ready(7))), Some(7));
        let interrupt = Interrupt::listen(&runtime).unwrap();
        kill_process(getpid(), Signal::INT).unwrap();
        let never = interrupt.or(std::future::pending::<()>());
        assert_eq!(runtime.block_on(never), None);
    }
}
