use tokio::sync::watch;

/// Stop signals, one for each stage of the end, given in this order.
#[derive(Debug)]
pub(super) struct Stages {
    ingest: watch::Sender<bool>,
    desk: watch::Sender<bool>,
    shards: watch::Sender<bool>,
    followers: watch::Sender<bool>,
    last: watch::Sender<bool>,
}

impl Default for Stages {
    fn default() -> Self {
        let signal = || watch::Sender::new(false);
        Self {
            ingest: signal(),
            desk: signal(),
            shards: signal(),
            followers: signal(),
            last: signal(),
        }
    }
}

impl Stages {
    pub(super) fn ingest(&self) -> watch::Receiver<bool> {
        self.ingest.subscribe()
    }

    pub(super) fn desk(&self) -> watch::Receiver<bool> {
        self.desk.subscribe()
    }

    pub(super) fn shards(&self) -> watch::Receiver<bool> {
        self.shards.subscribe()
    }

    pub(super) fn followers(&self) -> watch::Receiver<bool> {
        self.followers.subscribe()
    }

    pub(super) fn last(&self) -> watch::Receiver<bool> {
        self.last.subscribe()
    }

    pub(super) fn stop_ingest(&self) {
        self.ingest.send_replace(true);
    }

    pub(super) fn stop_desk(&self) {
        self.desk.send_replace(true);
    }

    pub(super) fn stop_shards(&self) {
        self.shards.send_replace(true);
    }

    pub(super) fn stop_followers(&self) {
        self.followers.send_replace(true);
    }

    pub(super) fn stop_last(&self) {
        self.last.send_replace(true);
    }
}

/// A start that fails half-way stops what it had started.
impl Drop for Stages {
    fn drop(&mut self) {
        self.stop_ingest();
        self.stop_desk();
        self.stop_shards();
        self.stop_followers();
        self.stop_last();
    }
}
