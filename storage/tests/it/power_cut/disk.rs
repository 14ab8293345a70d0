//! A disk in memory whose power can be cut. Until a sync, what was written may or may not be there
//! afterwards, sector by sector and in any order; so may the names of new files.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use storage::engine::embedded::log::disk::{Disk, DiskFile};

/// The power of several disks, and what else goes wrong with them.
pub(crate) struct Power {
    state: Mutex<State>,
    gate: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Calls until the power goes.
    fuse: Option<u64>,
    is_off: bool,
    fail_next_sync: bool,
    lies: bool,
    random: u64,
    bytes_read: u64,
}

pub(crate) struct PowerDisk {
    power: Arc<Power>,
    files: Mutex<BTreeMap<String, Named>>,
}

struct Named {
    is_durable: bool,
    file: Arc<PowerFile>,
}

struct PowerFile {
    power: Arc<Power>,
    bytes: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { size: usize },
}

const SECTOR_BYTES: usize = 512;

impl Power {
    pub(crate) fn on(seed: u64) -> Arc<Self> {
        let state = State { random: seed, ..State::default() };
        Arc::new(Self { state: Mutex::new(state), gate: Mutex::new(()) })
    }

    /// An empty disk.
    pub(crate) fn disk(self: &Arc<Self>) -> Arc<PowerDisk> {
        Arc::new(PowerDisk { power: Arc::clone(self), files: Mutex::default() })
    }

    /// The power goes at the call after the next `calls`.
    pub(crate) fn cut_after(&self, calls: u64) {
        self.state.lock().fuse = Some(calls);
    }

    /// The power is back, and stays.
    pub(crate) fn restore(&self) {
        let mut state = self.state.lock();
        (state.fuse, state.is_off) = (None, false);
    }

    /// From now on a sync does nothing and says it did.
    pub(crate) fn lie(&self) {
        self.state.lock().lies = true;
    }

    pub(crate) fn fail_next_sync(&self) {
        self.state.lock().fail_next_sync = true;
    }

    /// No sync ends while the guard is held.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock()
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.state.lock().bytes_read
    }

    /// A number below `below` (SplitMix64: Steele, Lea, Flood 2014).
    pub(crate) fn random(&self, below: u64) -> u64 {
        let mut state = self.state.lock();
        state.random = state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// One call to the disk: an error when the power is off; the call at which it goes has an
    /// effect that is not durable.
    fn spend(&self, effect: impl FnOnce()) -> io::Result<()> {
        let mut state = self.state.lock();
        if state.is_off {
            return Err(io::Error::other("the power is off"));
        }
        effect();
        match &mut state.fuse {
            Some(0) => {
                state.is_off = true;
                Err(io::Error::other("the power is going"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether a sync that was asked for is one.
    fn syncs(&self) -> io::Result<bool> {
        drop(self.gate.lock());
        self.spend(|| ())?;
        let mut state = self.state.lock();
        if std::mem::take(&mut state.fail_next_sync) {
            return Err(io::Error::other("the sync failed"));
        }
        Ok(!state.lies)
    }
}

impl PowerDisk {
    /// What the power cut left.
    pub(crate) fn after_cut(&self) -> Arc<Self> {
        let mut files = BTreeMap::new();
        // Of what was pending nothing, about half, or everything is there.
        let odds = self.power.random(3);
        let luck = || self.power.random(2) < odds;
        for (name, named) in &*self.files.lock() {
            if named.is_durable || luck() {
                let bytes = named.file.bytes.lock().after_cut(luck);
                let file = PowerFile { power: Arc::clone(&self.power), bytes: Mutex::new(bytes) };
                files.insert(name.clone(), Named { is_durable: true, file: Arc::new(file) });
            }
        }
        Arc::new(Self { power: Arc::clone(&self.power), files: Mutex::new(files) })
    }
}

impl Disk for PowerDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        self.power.spend(|| ())?;
        Ok(self.files.lock().keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let bytes = Mutex::default();
        let file = Arc::new(PowerFile { power: Arc::clone(&self.power), bytes });
        let mut files = self.files.lock();
        if files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let named = Named { is_durable: false, file: Arc::clone(&file) };
        self.power.spend(|| drop(files.insert(name.to_owned(), named)))?;
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.power.spend(|| ())?;
        let files = self.files.lock();
        let named = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::<PowerFile>::clone(&named.file))
    }

    fn sync_names(&self) -> io::Result<()> {
        if self.power.syncs()? {
            self.files.lock().values_mut().for_each(|named| named.is_durable = true);
        }
        Ok(())
    }
}

impl DiskFile for PowerFile {
    fn size(&self) -> io::Result<u64> {
        self.power.spend(|| ())?;
        Ok(self.bytes.lock().seen.len() as u64)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        // Reading neither wears the fuse nor minds the power: it changes nothing.
        let bytes = self.bytes.lock();
        let from = bytes.seen.get(at as usize..).unwrap_or_default();
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        self.power.state.lock().bytes_read += count as u64;
        Ok(count)
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let change = Change::Write { at: at as usize, bytes: bytes.to_vec() };
        self.power.spend(|| self.bytes.lock().change(change))
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        let change = Change::Truncate { size: size as usize };
        self.power.spend(|| self.bytes.lock().change(change))
    }

    fn sync(&self) -> io::Result<()> {
        if self.power.syncs()? {
            let bytes = &mut *self.bytes.lock();
            bytes.durable.clone_from(&bytes.seen);
            bytes.pending.clear();
        }
        Ok(())
    }
}

impl Contents {
    fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change, || true);
        self.pending.push(change);
    }

    fn after_cut(&self, mut luck: impl FnMut() -> bool) -> Self {
        let mut left = self.durable.clone();
        for change in &self.pending {
            apply(&mut left, change, &mut luck);
        }
        Self { seen: left.clone(), durable: left, pending: Vec::new() }
    }
}

/// Makes a change, as far as there is luck.
fn apply(bytes: &mut Vec<u8>, change: &Change, mut luck: impl FnMut() -> bool) {
    match change {
        Change::Truncate { size } if luck() => bytes.truncate(*size),
        Change::Truncate { .. } => {}
        Change::Write { at, bytes: new } => {
            let mut done = 0;
            while done < new.len() {
                let place = at + done;
                let sector = (SECTOR_BYTES - place % SECTOR_BYTES).min(new.len() - done);
                if luck() {
                    let end = place + sector;
                    bytes.resize(bytes.len().max(end), 0);
                    bytes[place..end].copy_from_slice(&new[done..done + sector]);
                }
                done += sector;
            }
        }
    }
}
