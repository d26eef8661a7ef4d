//! Tells the state of a data folder without changing it: reads all of its journal, and rehearses a start on a copy of its record map.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::journal::End;
use super::mark::Mark;
use super::rehearsal::Bench;
use super::sweep::{self, Sweep};
use super::{JournalFile, Options, folder, format, lock, snapshot};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::{Disk, RehearsalDisk, while_doing};

/// What a data folder holds, and what the next start makes of it.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// The folder.
    pub folder: PathBuf,
    /// The journal's files, oldest first.
    pub journal: Vec<JournalFile>,
    /// The newest snapshot, if one could be read.
    pub snapshot: Option<SnapshotFile>,
    /// The entry up to which the record map is known to be on the disk; none where there is no mark that can be read.
    pub mark: Option<u64>,
    /// The record map.
    pub map: MapState,
    /// What the records say; none where they could not be looked at.
    pub held: Option<Held>,
    /// Messages that were given up, as far as the journal reaches back.
    pub dead_letters: u64,
    /// The format of the folder, as [`EmbeddedStore::format`](super::EmbeddedStore::format) tells it; none where there is no data of a known one.
    pub format: Option<u8>,
    /// Record maps that were set aside and old folders: what may be deleted.
    pub leftovers: Vec<Leftover>,
    /// What a compaction left that was cut short; the next one ends it.
    pub unfinished: Option<PathBuf>,
    /// Bytes that the store takes.
    pub used: u64,
    /// Bytes that are free on its disk.
    pub free: u64,
    /// What is damaged or missing, and what to do; where there is nothing, a start succeeds and loses nothing.
    pub damage: Vec<String>,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The entry up to which it holds everything.
    pub sequence: u64,
    /// No entry until then was committed later.
    pub newest: Timestamp,
}

/// The state of the record map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MapState {
    /// There is no store yet; the first start makes one.
    NoStore,
    /// It can be trusted.
    Good {
        /// How many entries the next start plays into it.
        behind: u64,
    },
    /// There is none: the next start fills it from snapshot and journal.
    Absent,
    /// It cannot be trusted: the next start sets it aside and fills a new one.
    Untrusted {
        /// Why not.
        why: String,
    },
    /// It was not looked at.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// What the records say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// How many conversations there are.
    pub conversations: u64,
    /// Messages that are to be sent, or whose fate is not yet known.
    pub unsettled: u64,
    /// The earliest time at which a conversation wants attention.
    pub next_due: Option<Timestamp>,
}

/// Something that may be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// What it takes.
    pub bytes: u64,
}

/// Looks at a data folder, and changes nothing in it. No Junco may use it meanwhile.
///
/// Of `options`, the cache's capacity and the progress count.
///
/// # Errors
/// When the folder is not there, holds other things than a store, is in use, or cannot be read. Damage is no error: it is told.
pub fn inspect(path: &Path, options: &Options) -> Result<Inspection, StoreError> {
    let folder = folder::real_path(path)?;
    let names = folder::names(&folder)?;
    let is_store = folder::holds_store(&folder)?;
    if !is_store && names.iter().any(|name| !folder::is_ours(name)) {
        return Err(StoreError::NoStore(path.display().to_string()));
    }
    let _lock = lock::lock_if_there(&folder)?;
    let bench = Bench::new(&folder)?;
    // What a rehearsed start makes is of the newest.
    let format = format::of(&*bench.disk).ok().flatten();
    let (mark, mark_damage) = told(Mark::read(&*bench.disk));
    let (snapshot, snapshot_damage) = told(newest_snapshot(&bench.disk));
    let snapshot = snapshot.flatten();
    let mark = mark.flatten().map(|mark| mark.applied.sequence);
    let Sweep { files, dead_letters, mut damage } = sweep::sweep(&*bench.disk, mark.unwrap_or(0), &*options.progress)?;
    damage.extend([mark_damage, snapshot_damage].into_iter().flatten());
    damage.extend(sweep::reaches_back(&*bench.disk, &files, snapshot.as_ref().map(|(_, end)| *end)).err().map(|error| error.to_string()));
    let (map, held) = match is_store {
        false => (MapState::NoStore, Some(Held::default())),
        true => bench.rehearse(&folder, options, mark, &mut damage)?,
    };
    Ok(Inspection {
        journal: files,
        snapshot: snapshot.map(|(file, _)| file),
        mark,
        map,
        held,
        dead_letters,
        format,
        leftovers: leftovers(&folder, &names)?,
        unfinished: Some(folder::copy_of(&folder)).filter(|copy| copy.exists()),
        used: folder::own_bytes(&folder)?,
        free: bench.disk.free_space().map_err(while_doing("measure what is free"))?,
        folder,
        damage,
    })
}

/// What was found, or the words for why it could not be read.
fn told<T>(found: Result<T, StoreError>) -> (Option<T>, Option<String>) {
    match found {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

fn newest_snapshot(disk: &RehearsalDisk) -> Result<Option<(SnapshotFile, End)>, StoreError> {
    let Some(sequence) = snapshot::list(disk)?.pop() else { return Ok(None) };
    let end = snapshot::verify(disk, sequence)?;
    let name = snapshot::name(sequence);
    let bytes = disk.open(&name).and_then(|file| file.length()).map_err(while_doing(format!("open {}", disk.place(&name))))?;
    Ok(Some((SnapshotFile { name, bytes, sequence, newest: end.newest }, end)))
}

fn leftovers(folder: &Path, names: &[String]) -> Result<Vec<Leftover>, StoreError> {
    let aside = names.iter().filter(|name| folder::is_set_aside(name)).map(|name| folder.join(name));
    let paths = aside.chain(Some(folder::before_compact(folder)).filter(|old| old.exists()));
    let paths = paths.chain(folder::before_upgrades(folder));
    paths.map(|path| Ok(Leftover { bytes: folder::bytes(&path)?, path })).collect()
}
