//! A disk in memory whose power can be cut. Until a sync, what was written may or may not be there
//! afterwards: sector by sector, torn within a sector, and in any order; a file may have grown
//! without its bytes, and hold old ones there. So may the names of files, each on its own.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use storage::engine::embedded::log::disk::{Disk, DiskFile};

use super::power::{Fault, Power};

pub(crate) struct PowerDisk {
    power: Arc<Power>,
    names: Mutex<BTreeMap<String, Named>>,
}

/// A name: which file it is, is durably, and was made to be since the last sync of names.
#[derive(Default)]
struct Named {
    seen: Option<Arc<PowerFile>>,
    durable: Option<Arc<PowerFile>>,
    pending: Vec<Option<Arc<PowerFile>>>,
}

struct PowerFile {
    name: String,
    power: Arc<Power>,
    bytes: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// A sync that was answered and is to be done at the next call.
    owes_sync: bool,
    was_cut: bool,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { size: usize },
}

const SECTOR_BYTES: usize = 512;

impl PowerDisk {
    pub(super) fn empty(power: &Arc<Power>) -> Arc<Self> {
        Arc::new(Self { power: Arc::clone(power), names: Mutex::default() })
    }

    /// What the power cut left.
    pub(crate) fn after_cut(&self) -> Arc<Self> {
        let left = Self::empty(&self.power);
        // Of what was pending nothing, about half, or everything is there.
        let odds = self.power.random(3);
        for (name, named) in &*self.names.lock() {
            let Some(file) = named.after_cut(&self.power, odds) else { continue };
            let bytes = file.bytes.lock().after_cut(&self.power, odds);
            let file = PowerFile::new(name, &self.power, bytes);
            left.names.lock().insert(name.clone(), Named::durable(file));
        }
        left
    }

    /// A call to the disk; what it still owed is done first.
    fn spend(&self, what: &str, effect: impl FnOnce()) -> io::Result<()> {
        if self.power.fault() == Some(Fault::LateSync) && !self.power.is_going() {
            let names = self.names.lock();
            for file in names.values().filter_map(|named| named.seen.as_ref()) {
                file.bytes.lock().pay();
            }
        }
        self.power.spend(what, effect)
    }
}

impl Named {
    fn durable(file: Arc<PowerFile>) -> Self {
        Self { seen: Some(Arc::clone(&file)), durable: Some(file), pending: Vec::new() }
    }

    fn change(&mut self, file: Option<Arc<PowerFile>>) {
        self.seen.clone_from(&file);
        self.pending.push(file);
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.seen);
        self.pending.clear();
    }

    fn after_cut(&self, power: &Power, odds: u64) -> Option<Arc<PowerFile>> {
        let done = self.pending.iter().take_while(|_| power.random(2) < odds).last();
        done.unwrap_or(&self.durable).clone()
    }
}

impl Disk for PowerDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        self.spend("list the names", || ())?;
        let names = self.names.lock();
        let is_there = names.iter().filter(|(_, named)| named.seen.is_some());
        Ok(is_there.map(|(name, _)| name.clone()).collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        if self.names.lock().get(name).is_some_and(|named| named.seen.is_some()) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = PowerFile::new(name, &self.power, Contents::default());
        self.spend(&format!("create {name}"), || {
            let made = Some(Arc::clone(&file));
            self.names.lock().entry(name.to_owned()).or_default().change(made);
        })?;
        Ok(file)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.spend(&format!("open {name}"), || ())?;
        let names = self.names.lock();
        let file = names.get(name).and_then(|named| named.seen.as_ref());
        Ok(Arc::<PowerFile>::clone(file.ok_or(io::ErrorKind::NotFound)?))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.spend(&format!("remove {name}"), || ())?;
        let mut names = self.names.lock();
        let named = names.get_mut(name).filter(|named| named.seen.is_some());
        named.ok_or(io::ErrorKind::NotFound)?.change(None);
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        self.power.spend_sync("sync the names")?;
        if self.power.fault() != Some(Fault::NoNameSync) {
            self.names.lock().values_mut().for_each(Named::sync);
        }
        Ok(())
    }
}

impl PowerFile {
    fn new(name: &str, power: &Arc<Power>, bytes: Contents) -> Arc<Self> {
        let (name, power) = (name.to_owned(), Arc::clone(power));
        Arc::new(Self { name, power, bytes: Mutex::new(bytes) })
    }

    fn spend(&self, what: &str, effect: impl FnOnce()) -> io::Result<()> {
        if self.power.fault() == Some(Fault::LateSync) && !self.power.is_going() {
            self.bytes.lock().pay();
        }
        self.power.spend(&format!("{what} {}", self.name), effect)
    }
}

impl DiskFile for PowerFile {
    fn size(&self) -> io::Result<u64> {
        self.spend("size of", || ())?;
        Ok(self.bytes.lock().seen.len() as u64)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes.lock();
        let from = bytes.seen.get(at as usize..).unwrap_or_default();
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        drop(bytes);
        self.power.count_read(count);
        Ok(count)
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let change = Change::Write { at: at as usize, bytes: bytes.to_vec() };
        self.spend("write", || self.bytes.lock().change(change))
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        let change = Change::Truncate { size: size as usize };
        self.spend("cut", || self.bytes.lock().change(change))
    }

    fn sync(&self) -> io::Result<()> {
        self.power.spend_sync(&format!("sync {}", self.name))?;
        let mut bytes = self.bytes.lock();
        let was_cut = std::mem::take(&mut bytes.was_cut);
        match self.power.fault() {
            Some(Fault::NoSync) => {}
            Some(Fault::NoSyncAfterTruncate) if was_cut => {}
            Some(Fault::NoOriginSync) if self.name.ends_with(".origin") => {}
            Some(Fault::LateSync) => bytes.owes_sync = true,
            _ => bytes.sync(),
        }
        Ok(())
    }
}

impl Contents {
    fn change(&mut self, change: Change) {
        match &change {
            Change::Write { at, bytes } => put(&mut self.seen, *at, bytes),
            Change::Truncate { size } => {
                self.seen.truncate(*size);
                self.was_cut |= *size > 0;
            }
        }
        self.pending.push(change);
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.seen);
        self.pending.clear();
    }

    fn pay(&mut self) {
        if std::mem::take(&mut self.owes_sync) {
            self.sync();
        }
    }

    fn after_cut(&self, power: &Power, odds: u64) -> Self {
        let mut left = self.durable.clone();
        for change in &self.pending {
            match change {
                Change::Write { at, bytes } => tear(&mut left, *at, bytes, (power, odds)),
                Change::Truncate { size } if power.random(2) < odds => left.truncate(*size),
                Change::Truncate { .. } => {}
            }
        }
        Self { seen: left.clone(), durable: left, ..Self::default() }
    }
}

fn put(into: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    into.resize(into.len().max(end), 0);
    into[at..end].copy_from_slice(bytes);
}

/// Writes `bytes` as far as there is luck: a sector whole, in part, or not; one that is not there
/// may still have made the file longer, and then holds zeros or what the disk had there before.
fn tear(into: &mut Vec<u8>, at: usize, bytes: &[u8], (power, odds): (&Power, u64)) {
    let mut done = 0;
    while let Some(left) = bytes.get(done..).filter(|left| !left.is_empty()) {
        let place = at + done;
        let size = (SECTOR_BYTES - place % SECTOR_BYTES).min(left.len());
        let sector = &left[..size];
        if power.random(2) < odds {
            put(into, place, sector);
        } else {
            match power.random(4) {
                0 => put(into, place, &sector[..power.random(size as u64) as usize]),
                1 if into.len() < place + size => into.resize(place + size, 0),
                // An old block: here, what another part of the same write looks like.
                2 if into.len() < place + size => {
                    let from = power.random(bytes.len() as u64) as usize;
                    let old: Vec<u8> =
                        bytes.iter().cycle().skip(from).take(size).copied().collect();
                    put(into, place, &old);
                }
                _ => {}
            }
        }
        done += size;
    }
}
