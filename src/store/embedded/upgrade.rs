//! Brings a folder of an older format up to date: a backup first, then the mark, and from then on everything is written anew.
//!
//! With the new mark the folder is one of today, and older versions refuse it. What is left to do a start does whenever it is needed: a
//! record map of an older layout is filled anew, an older journal file is followed by a new one, and an older snapshot is read until the
//! next one takes its place. So a crash leaves either a folder as it was, and perhaps a backup too many, or one that is up to date.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::journal::{End, fresh_id};
use super::mark::{self, Mark};
use super::{EmbeddedStore, Options, folder, format, lock, segment, snapshot};
use crate::store::StoreError;
use crate::store::disk::{RealDisk, while_doing};

/// What was done to a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upgraded {
    /// The format that it had.
    pub from: u8,
    /// Where its files are as they were. Nobody needs them; they may be deleted, or take the folder's place for the older version.
    pub backup: PathBuf,
}

/// Brings the store in a folder up to date, and makes sure that it starts. No Junco may use it meanwhile.
///
/// `None` where there was nothing to do.
///
/// # Errors
/// When the folder is in use, or cannot be read; its data is damaged, or a newer Junco's; the backup cannot be written; or the disk
/// refuses. The data is then as it was, or is brought up to date by the next start.
pub fn upgrade(path: &Path, options: &Options) -> Result<Option<Upgraded>, StoreError> {
    let folder = folder::real_path(path)?;
    if !folder::holds_store(&folder)? {
        return Err(StoreError::NoStore(path.display().to_string()));
    }
    let lock = lock::lock(&folder)?;
    let upgraded = bring_up(&folder)?;
    drop(lock);
    if upgraded.is_some() {
        drop(EmbeddedStore::open(&folder, options.clone())?);
    }
    Ok(upgraded)
}

/// Makes the backup, and then the mark. The folder is locked.
pub(super) fn bring_up(path: &Path) -> Result<Option<Upgraded>, StoreError> {
    let disk = RealDisk::new(path.to_owned());
    let Some(from) = format::of(&disk)?.filter(|found| *found < EmbeddedStore::FORMAT) else { return Ok(None) };
    let backup = back_up(&folder::real_path(path)?, &disk)?;
    // Where there is no mark the record map is not trusted, and this one speaks of none that exists.
    let unmarked = Mark { generation: fresh_id(), applied: End::NOTHING };
    Mark::read(&disk)?.unwrap_or(unmarked).write(&disk)?;
    let (data, to, kept) = (path.display(), EmbeddedStore::FORMAT, backup.display());
    tracing::warn!(%data, from, to, backup = %kept, "the data was of an older format and is brought up to date; it is kept as it was");
    Ok(Some(Upgraded { from, backup }))
}

/// Copies journal, snapshots and mark; a lost record map is filled from them, so it is left out.
fn back_up(folder: &Path, disk: &RealDisk) -> Result<PathBuf, StoreError> {
    let (backup, draft) = (folder::before_upgrade(folder), folder::upgrade_draft(folder));
    let doing = || while_doing(format!("back up the data to {}, before it is brought up to date", backup.display()));
    if draft.exists() {
        discard(&draft)?;
    }
    fs::create_dir(&draft).map_err(doing())?;
    fs::set_permissions(&draft, fs::metadata(folder).map_err(doing())?.permissions()).map_err(doing())?;
    let journal = segment::list(disk)?;
    // The last file is still written to, if only to cut what is torn.
    let last = journal.last().copied();
    let files = journal.iter().map(|first| (segment::name(*first), Some(*first) != last));
    let snapshots = snapshot::list(disk)?.into_iter().map(|sequence| (snapshot::name(sequence), true));
    let mark = Mark::read(disk)?.map(|_| (mark::NAME.to_owned(), false));
    for (name, is_finished) in files.chain(snapshots).chain(mark) {
        let (from, to) = (folder.join(&name), draft.join(&name));
        if !is_finished || fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).map_err(doing())?;
            File::open(&to).and_then(|file| file.sync_all()).map_err(doing())?;
        }
    }
    let sync = |folder: &Path| File::open(folder).and_then(|folder| folder.sync_all());
    sync(&draft).map_err(doing())?;
    fs::rename(&draft, &backup).map_err(doing())?;
    backup.parent().map_or(Ok(()), sync).map_err(doing())?;
    Ok(backup)
}

/// Removes a backup that was cut short, and nothing else.
fn discard(draft: &Path) -> Result<(), StoreError> {
    let name = || draft.display().to_string();
    if folder::names(draft)?.iter().any(|name| !folder::is_ours(name)) {
        return Err(StoreError::InTheWay(name(), "it holds more than a backup that was cut short; move it elsewhere"));
    }
    fs::remove_dir_all(draft).map_err(while_doing(format!("remove {}", name())))
}
