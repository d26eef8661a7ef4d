//! Rehearses a start on a copy of the record map: what a start would find and do, without doing it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::inspect::{Held, MapState};
use super::recovery::Started;
use super::segment::Library;
use super::{Options, folder, recovery, rows};
use crate::store::StoreError;
use crate::store::disk::{Disk, RealDisk, RehearsalDisk, while_doing};
use crate::store::map::{MapHome, RecordMap, SledHome};

/// Where a start is rehearsed.
pub(super) struct Bench {
    pub(super) disk: Arc<RehearsalDisk>,
    /// Gone with the bench.
    temporary: tempfile::TempDir,
}

impl Bench {
    /// For a folder.
    pub(super) fn new(folder: &Path) -> Result<Bench, StoreError> {
        let temporary = tempfile::tempdir().map_err(while_doing("make a temporary folder"))?;
        let disk = Arc::new(RehearsalDisk::new(folder.to_owned(), temporary.path().to_owned()));
        Ok(Bench { disk, temporary })
    }

    /// Does what a start would do, and adds what would stop it to the damage.
    pub(super) fn rehearse(
        &self,
        folder: &Path,
        options: &Options,
        mark: Option<u64>,
        damage: &mut Vec<String>,
    ) -> Result<(MapState, Option<Held>), StoreError> {
        let (sled, copy) = (folder.join(folder::SLED), self.temporary.path().join(folder::SLED));
        let needed = folder::bytes(&sled)?.saturating_mul(2);
        let free = RealDisk::new(self.temporary.path().to_owned()).free_space().map_err(while_doing("measure what is free"))?;
        if free < needed {
            let place = self.temporary.path().parent().unwrap_or(folder).display();
            let why = format!("a copy of it needs {needed} bytes in {place}, where {free} are free: let TMPDIR name a larger place");
            return Ok((MapState::Unknown { why }, None));
        }
        let is_there = sled.exists();
        if is_there {
            copy_all(&sled, &copy).map_err(while_doing(format!("copy {}", sled.display())))?;
        }
        match self.start(&SledHome::new(copy, options.cache_capacity), options) {
            Ok(start) => {
                damage.extend(start.unreadable);
                let map = match start.distrust {
                    _ if !is_there => MapState::Absent,
                    None => MapState::Good { behind: start.end.saturating_sub(mark.unwrap_or(0)) },
                    Some(why) => MapState::Untrusted { why },
                };
                Ok((map, Some(start.held)))
            }
            Err(error) => {
                let error = error.to_string();
                if !damage.contains(&error) {
                    damage.push(error.clone());
                }
                Ok((MapState::Unknown { why: "a start does not come as far".into() }, None))
            }
        }
    }

    /// Starts, and reads every record.
    fn start(&self, home: &SledHome, options: &Options) -> Result<Start, StoreError> {
        let attempt = || {
            let disk: Arc<dyn Disk> = self.disk.clone();
            let Started { journal, map, distrust, .. } = recovery::start(&disk, home, options.sizes(), &*options.progress)?;
            let (held, unreadable) = held(&*map, &Library::new(disk))?;
            Ok(Start { end: journal.end().sequence, held, unreadable, distrust })
        };
        // sled may panic over damage that it did not see when it was opened.
        let attempt = || catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| Err(StoreError::Map("it panicked".into())));
        match attempt() {
            // A service notices it later, ends, and fills it anew at its next start.
            Err(StoreError::Map(why)) => {
                home.set_aside()?;
                attempt().map(|start| Start { distrust: Some(why), ..start })
            }
            started => started,
        }
    }
}

/// What a start found.
struct Start {
    /// How far the journal goes.
    end: u64,
    held: Held,
    /// What is to be said of records that could not be read.
    unreadable: Option<String>,
    /// Why the record map was filled anew, where it was.
    distrust: Option<String>,
}

fn held(map: &dyn RecordMap, library: &Library) -> Result<(Held, Option<String>), StoreError> {
    let (mut held, mut unreadable, mut first) = (Held::default(), 0_u64, None);
    for row in rows::records(map, library, None) {
        match row {
            Ok((key, record)) => {
                // The records of accounts and of the audit are of no person.
                held.conversations += u64::from(!key.is_of_account());
                held.unsettled += record.state.rows.len() as u64;
                held.next_due = [held.next_due, record.due].into_iter().flatten().min();
            }
            Err(error @ StoreError::Map(_)) => return Err(error),
            Err(error) => {
                held.conversations += 1;
                unreadable += 1;
                first = first.or(Some(error));
            }
        }
    }
    let told = first.map(|error| format!("{unreadable} conversations cannot be read, of which the first says: {error}"));
    Ok((held, told))
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for found in fs::read_dir(from)? {
        let found = found?;
        let target = to.join(found.file_name());
        if found.file_type()?.is_dir() {
            copy_all(&found.path(), &target)?;
        } else {
            fs::copy(found.path(), target)?;
        }
    }
    Ok(())
}
