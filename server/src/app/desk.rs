use std::sync::Arc;
use std::thread::JoinHandle;

use gateway::Ports;
use gateway::api::DeskServer;
use gateway::follow::SettingsFollower;
use gateway::view::View;
use tokio::sync::watch;

/// Threads that serve the desk.
const THREADS: usize = 2;

/// The desk in service, on a runtime of its own: a busy console never delays a webhook.
pub(super) struct DeskRoom {
    thread: JoinHandle<()>,
}

impl DeskRoom {
    pub(super) fn open(
        server: DeskServer,
        ports: &Ports,
        settings: &Arc<SettingsFollower>,
        view: &Arc<View>,
        stop: watch::Receiver<bool>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("desk")
            .enable_all()
            .build()?;
        let (ports, settings, view) = (ports.clone(), Arc::clone(settings), Arc::clone(view));
        let serve = move || {
            if let Err(error) = runtime.block_on(server.serve(ports, settings, view, stop)) {
                tracing::error!(%error, "the desk ended");
            }
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("desk".to_owned()).spawn(serve)?;
        Ok(Self { thread })
    }

    /// Waits until it has ended.
    pub(super) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the desk panicked");
        }
    }
}
