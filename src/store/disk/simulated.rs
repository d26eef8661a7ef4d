//! A disk that behaves at a power cut as real ones may: of what was not synced, any part survives, down to single sectors.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile};

/// What reaches the disk whole or not at all.
const SECTOR: usize = 512;

/// Chance that a seed repeats.
pub(in crate::store) struct Dice(u64);

impl Dice {
    pub(in crate::store) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// A number under `end`.
    pub(in crate::store) fn roll(&mut self, end: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(in crate::store) fn half(&mut self) -> bool {
        self.roll(2) == 0
    }
}

/// A disk; clones are the same one.
#[derive(Clone)]
pub(in crate::store) struct SimulatedDisk(Arc<Mutex<World>>);

struct World {
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    /// Each state of the names since they were synced, the newest last.
    name_history: Vec<BTreeMap<String, usize>>,
    files: Vec<Contents>,
    dice: Dice,
    faults: Faults,
    dead: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Faults {
    /// After that many operations the power is gone.
    pub(in crate::store) power_lasts: Option<u64>,
    /// The next writes, as many, stop half-way.
    pub(in crate::store) short_writes: u32,
    /// The next truncations, as many, are refused.
    pub(in crate::store) failing_truncations: u32,
    /// The next syncs, as many, fail; what they should have written counts as clean afterwards.
    pub(in crate::store) failing_syncs: u32,
    /// Bytes that all files may take together.
    pub(in crate::store) capacity: Option<u64>,
    /// Syncs say yes and do nothing.
    pub(in crate::store) lies: bool,
}

#[derive(Clone, Default)]
struct Contents {
    /// What a reader sees.
    now: Vec<u8>,
    /// What is on the platter for sure.
    synced: Vec<u8>,
    /// What happened since.
    since: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

impl SimulatedDisk {
    pub(in crate::store) fn new(seed: u64) -> Self {
        Self::with(BTreeMap::new(), Vec::new(), Dice::new(seed))
    }

    fn with(names: BTreeMap<String, usize>, files: Vec<Contents>, dice: Dice) -> Self {
        SimulatedDisk(Arc::new(Mutex::new(World {
            synced_names: names.clone(),
            names,
            name_history: Vec::new(),
            files,
            dice,
            faults: Faults::default(),
            dead: false,
        })))
    }

    /// Sets what goes wrong from now on.
    pub(in crate::store) fn set(&self, faults: Faults) {
        self.world().faults = faults;
    }

    /// Cuts the power: this disk answers no more; the one returned is what the next start finds.
    pub(in crate::store) fn crash(&self) -> SimulatedDisk {
        let mut world = self.world();
        world.dead = true;
        let seed = world.dice.roll(u64::MAX);
        let names = world.names_after_crash(&mut Dice::new(seed));
        let mut dice = Dice::new(seed);
        let files = world.files.iter().map(|file| file.after_crash(&mut dice)).collect();
        Self::with(names, files, dice)
    }

    /// Ends the process only: this disk answers no more, but what was written is all there, synced or not.
    pub(in crate::store) fn kill(&self) -> SimulatedDisk {
        let mut world = self.world();
        world.dead = true;
        let seed = world.dice.roll(u64::MAX);
        let survivor = Self::with(world.synced_names.clone(), world.files.clone(), Dice::new(seed));
        survivor.world().names = world.names.clone();
        survivor.world().name_history = world.name_history.clone();
        survivor
    }

    /// Changes bytes of a file behind everybody's back.
    pub(in crate::store) fn scribble(&self, name: &str, offset: usize, bytes: &[u8]) {
        let mut world = self.world();
        let file = world.names[name];
        let file = &mut world.files[file];
        file.now[offset..offset + bytes.len()].copy_from_slice(bytes);
        file.synced.resize(file.now.len(), 0);
        file.synced[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Fails when the power is gone; one operation.
    pub(in crate::store) fn pulse(&self) -> io::Result<()> {
        self.alive().map(drop)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// The world for one operation, unless the power is gone.
    fn alive(&self) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.world();
        if let Some(left) = &mut world.faults.power_lasts {
            match left.checked_sub(1) {
                Some(rest) => *left = rest,
                None => world.dead = true,
            }
        }
        if world.dead { Err(io::Error::other("the power is gone")) } else { Ok(world) }
    }
}

impl World {
    fn used(&self) -> u64 {
        self.names.values().map(|file| self.files[*file].now.len() as u64).sum()
    }

    /// Each name as it was at some time since the names were synced, whatever the others were then.
    fn names_after_crash(&self, dice: &mut Dice) -> BTreeMap<String, usize> {
        let states: Vec<_> = std::iter::once(&self.synced_names).chain(&self.name_history).collect();
        let all: BTreeSet<&String> = states.iter().flat_map(|names| names.keys()).collect();
        let mut pick = |name: &String| states[dice.roll(states.len() as u64) as usize].get(name).copied();
        all.into_iter().filter_map(|name| pick(name).map(|file| (name.clone(), file))).collect()
    }

    fn rename(&mut self, change: impl FnOnce(&mut BTreeMap<String, usize>)) {
        change(&mut self.names);
        self.name_history.push(self.names.clone());
    }

    fn file(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Contents {
    fn change(&mut self, change: Change) {
        apply(&mut self.now, &change);
        self.since.push(change);
    }

    fn after_crash(&self, dice: &mut Dice) -> Contents {
        let mut bytes = self.synced.clone();
        for change in &self.since {
            match change {
                Change::Truncate { .. } if dice.half() => apply(&mut bytes, change),
                Change::Truncate { .. } => {}
                Change::Write { offset, bytes: written } => {
                    // Kept, lost, or torn by sectors in any order.
                    let fate = dice.roll(3);
                    let mut at = 0;
                    while at < written.len() {
                        let end = written.len().min(at + SECTOR - (offset + at) % SECTOR);
                        if fate == 0 || fate == 1 && dice.half() {
                            apply(&mut bytes, &Change::Write { offset: offset + at, bytes: written[at..end].to_vec() });
                        }
                        at = end;
                    }
                }
            }
        }
        Contents { now: bytes.clone(), synced: bytes, since: Vec::new() }
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Truncate { length } => bytes.truncate(*length),
        Change::Write { offset, bytes: written } => {
            let end = offset + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(written);
        }
    }
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.alive()?.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.alive()?;
        let file = world.files.len();
        world.files.push(Contents::default());
        world.rename(|names| {
            names.insert(name.to_owned(), file);
        });
        Ok(Arc::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.alive()?.file(name)?;
        Ok(Arc::new(SimulatedFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.alive()?;
        let file = world.file(from)?;
        world.rename(|names| {
            names.remove(from);
            names.insert(to.to_owned(), file);
        });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.alive()?;
        world.file(name)?;
        world.rename(|names| {
            names.remove(name);
        });
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut world = self.alive()?;
        if !world.faults.lies {
            world.synced_names = world.names.clone();
            world.name_history.clear();
        }
        Ok(())
    }

    fn free_space(&self) -> io::Result<u64> {
        let world = self.alive()?;
        Ok(world.faults.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(world.used())))
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.alive()?.files[self.file].now.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let world = self.disk.alive()?;
        let bytes = world.files[self.file].now.get(offset as usize..).unwrap_or_default();
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.disk.alive()?;
        let growth = (offset + bytes.len() as u64).saturating_sub(world.files[self.file].now.len() as u64);
        let room = world.faults.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(world.used()));
        let fails = growth > room || world.faults.short_writes > 0;
        world.faults.short_writes = world.faults.short_writes.saturating_sub(1);
        let written = if fails { world.dice.roll(bytes.len() as u64) as usize } else { bytes.len() };
        world.files[self.file].change(Change::Write { offset: offset as usize, bytes: bytes[..written].to_vec() });
        if fails { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut world = self.disk.alive()?;
        if world.faults.failing_truncations > 0 {
            world.faults.failing_truncations -= 1;
            return Err(io::Error::other("truncation refused"));
        }
        world.files[self.file].change(Change::Truncate { length: length as usize });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.disk.alive()?;
        let World { files, dice, faults, .. } = &mut *world;
        let file = &mut files[self.file];
        if faults.failing_syncs > 0 {
            faults.failing_syncs -= 1;
            // The pages stay readable and count as clean: later syncs do not write them either.
            file.synced = Contents { now: Vec::new(), ..file.clone() }.after_crash(dice).now;
            file.since.clear();
            return Err(io::Error::other("sync failed"));
        }
        if !faults.lies {
            let changes = std::mem::take(&mut file.since);
            changes.iter().for_each(|change| apply(&mut file.synced, change));
        }
        Ok(())
    }
}
