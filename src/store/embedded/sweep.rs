//! Reads every journal file from its first byte to its last, and goes on behind what is damaged.

use serde::Serialize;

use super::Progress;
use super::journal::End;
use super::recovery::Reports;
use super::segment::{self, Frame, Reader, START, Segment};
use crate::conversation::Action;
use crate::model::Timestamp;
use crate::store::disk::{Disk, while_doing};
use crate::store::{Entry, StoreError};

/// A journal file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalFile {
    /// Its name.
    pub name: String,
    /// Its length in bytes, with the zeros that are written ahead.
    pub bytes: u64,
    /// The number of its first entry.
    pub first: u64,
    /// How many entries could be read, from the first on.
    pub entries: u64,
    /// When the latest of them was committed.
    pub newest: Option<Timestamp>,
    /// Its state.
    pub state: JournalState,
}

/// The state of a journal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalState {
    /// Every entry is readable.
    Good,
    /// Behind the last good entry there is a group that was not written whole. Nobody was told that it was: the next start cuts it.
    Torn {
        /// Where it begins.
        at: u64,
    },
    /// The process ended before anything was written into it: the next start makes it again.
    Unborn,
    /// Not readable to its end.
    Damaged,
}

/// What a sweep found.
#[derive(Default)]
pub(super) struct Sweep {
    pub(super) files: Vec<JournalFile>,
    pub(super) dead_letters: u64,
    /// What is damaged or missing, and what to do.
    pub(super) damage: Vec<String>,
}

/// Reads the whole journal. `committed` is the newest entry that is known to have been made durable.
pub(super) fn sweep(disk: &dyn Disk, committed: u64, progress: &dyn Fn(Progress)) -> Result<Sweep, StoreError> {
    let firsts = segment::list(disk)?;
    let lengths: Vec<u64> = firsts.iter().map(|first| length(disk, *first)).collect::<Result<_, _>>()?;
    let mut reports = Reports::new(progress, lengths.iter().sum());
    let mut found = Sweep::default();
    for (index, (first, bytes)) in firsts.iter().zip(lengths).enumerate() {
        let mut file =
            JournalFile { name: segment::name(*first), bytes, first: *first, entries: 0, newest: None, state: JournalState::Good };
        match found.read(disk, &mut file, firsts.get(index + 1).copied(), committed, &mut reports) {
            Ok(state) => file.state = state,
            Err(error) => {
                file.state = JournalState::Damaged;
                found.damage.push(error.to_string());
            }
        }
        found.files.push(file);
    }
    Ok(found)
}

impl Sweep {
    fn read(
        &mut self,
        disk: &dyn Disk,
        file: &mut JournalFile,
        next: Option<u64>,
        committed: u64,
        reports: &mut Reports,
    ) -> Result<JournalState, StoreError> {
        let Some(segment) = Segment::open(disk, file.first)? else {
            let is_unborn = next.is_none() && file.first > committed && !segment::holds_frames(disk, file.first)?;
            return if is_unborn { Ok(JournalState::Unborn) } else { Err(segment::bad_header(disk, file.first)) };
        };
        let mut reader = Reader::new(segment, START, file.first);
        while let Some(Frame { place, payload, .. }) = reader.next()? {
            let entry = Entry::decode(payload).map_err(|error| at(disk, file, place.offset, &error))?;
            file.entries += 1;
            file.newest = file.newest.max(Some(entry.at));
            let actions = entry.turns.iter().flat_map(|turn| &turn.actions);
            self.dead_letters += actions.filter(|action| matches!(action, Action::DeadLetter { .. })).count() as u64;
            reports.advance(u64::from(place.length));
        }
        judge(disk, &reader, next, committed)
    }
}

/// Judges what stands behind the last good entry of a file.
fn judge(disk: &dyn Disk, reader: &Reader, next: Option<u64>, committed: u64) -> Result<JournalState, StoreError> {
    let newest = reader.expected() - 1;
    match next {
        Some(next) if next == reader.expected() => Ok(JournalState::Good),
        Some(next) if next > reader.expected() && !reader.judge_tail()? => {
            let (gone, last) = (disk.place(&segment::name(reader.expected())), next - 1);
            Err(StoreError::Corrupt(format!("{gone} is gone, with the entries up to {last}: restore it from a backup")))
        }
        Some(next) => Err(reader.damaged(&format!("although the next file begins with {next}"))),
        None if newest < committed => {
            reader.judge_tail()?;
            Err(reader.damaged(&format!("although {committed} entries were committed")))
        }
        None if reader.judge_tail()? => Ok(JournalState::Torn { at: reader.offset() }),
        None => Ok(JournalState::Good),
    }
}

/// Whether the journal and what a snapshot holds are the whole story; the error says what is missing.
pub(super) fn reaches_back(disk: &dyn Disk, files: &[JournalFile], snapshot: Option<End>) -> Result<(), StoreError> {
    match files.first() {
        Some(JournalFile { first, name, .. }) if *first > 1 && snapshot.is_none_or(|end| end.segment < *first) => {
            Err(StoreError::Corrupt(format!(
                "{}: the journal begins with entry {first}, and no snapshot holds what was before: restore the older files from a backup",
                disk.place(name)
            )))
        }
        _ => Ok(()),
    }
}

fn length(disk: &dyn Disk, first: u64) -> Result<u64, StoreError> {
    let name = segment::name(first);
    disk.open(&name).and_then(|file| file.length()).map_err(while_doing(format!("open {}", disk.place(&name))))
}

fn at(disk: &dyn Disk, file: &JournalFile, offset: u32, error: &StoreError) -> StoreError {
    match error {
        StoreError::Newer { .. } => error.clone(),
        _ => StoreError::Corrupt(format!("{}: byte {offset}: {error}: restore the file from a backup", disk.place(&file.name))),
    }
}
