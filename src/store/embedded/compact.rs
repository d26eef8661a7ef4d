//! Copies a store small, and puts the copy in its place in one step. The old folder stays beside it.
//!
//! A compaction that was cut short anywhere leaves a store that starts with everything; the next compaction clears up behind it.
//! The marker tells the copy from the store that it replaces, on whichever side of the exchange that happened:
//!
//! | `FOLDER` | `FOLDER.compact` | then |
//! |---|---|---|
//! | no marker | marker | not exchanged yet: the copy is thrown away |
//! | marker | no marker | exchanged: the old folder gets its name |
//! | marker | – | all is done but the marker |

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::Serialize;

use super::journal::End;
use super::mark::Mark;
use super::recovery::{self, Started};
use super::snapshot::{self, Cut, Limits};
use super::{Options, folder, lock, segment, upgrade};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::{Disk, RealDisk, while_doing};
use crate::store::map::SledHome;

/// The file that a copy has in it until all is done.
pub(super) const MARKER: &str = "compacting";

/// What a compaction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Bytes that the store took.
    pub before: u64,
    /// Bytes that it takes.
    pub after: u64,
    /// Where the old folder is now. It is nobody's any more, and may be deleted.
    pub old: PathBuf,
    /// Whether an earlier compaction, cut short, was ended instead of a new one made.
    pub is_earlier: bool,
}

/// Copies the store in a folder small. No Junco may use it meanwhile; the journal stays as it is, the record map is written anew.
///
/// # Errors
/// When there is no store, it is in use or damaged, the old folder of an earlier compaction is still there, or the disk refuses. The
/// store is then as it was.
pub fn compact(path: &Path, options: &Options) -> Result<Compacted, StoreError> {
    let places = Places::of(folder::real_path(path)?);
    if !folder::holds_store(&places.folder)? {
        return Err(StoreError::NoStore(path.display().to_string()));
    }
    let _lock = lock::lock(&places.folder)?;
    upgrade::bring_up(&places.folder)?;
    let is_earlier = places.clear_up()?;
    let before = folder::own_bytes(if is_earlier { &places.old } else { &places.folder })?;
    if !is_earlier {
        // sled may panic over damage that it did not see when it was opened.
        let copied = catch_unwind(AssertUnwindSafe(|| places.copy(options)));
        let copied = copied.unwrap_or_else(|_| Err(StoreError::Map("it panicked".into())));
        let _copy_lock = copied.inspect_err(|error| places.give_up(error))?;
        places.exchange()?;
        places.settle()?;
    }
    let after = folder::own_bytes(&places.folder)?;
    Ok(Compacted { before, after, old: places.old, is_earlier })
}

/// Where things are.
pub(super) struct Places {
    folder: PathBuf,
    copy: PathBuf,
    old: PathBuf,
}

impl Places {
    /// Around a folder's real path.
    pub(super) fn of(folder: PathBuf) -> Self {
        Places { copy: folder::copy_of(&folder), old: folder::before_compact(&folder), folder }
    }

    /// Clears up behind a compaction that was cut short; `true` when it had come so far that it was ended.
    pub(super) fn clear_up(&self) -> Result<bool, StoreError> {
        let was_exchanged = self.folder.join(MARKER).exists();
        if self.copy.exists() {
            let is_copy = self.copy.join(MARKER).exists() || folder::names(&self.copy)?.is_empty();
            match (is_copy, was_exchanged) {
                (true, _) => self.discard()?,
                (false, true) => return self.settle().map(|()| true),
                (false, false) => {
                    return Err(StoreError::InTheWay(self.copy.display().to_string(), "no compaction made it; move it elsewhere"));
                }
            }
        }
        if was_exchanged {
            self.remove_marker()?;
        }
        match self.old.exists() {
            true => Err(StoreError::InTheWay(self.old.display().to_string(), "delete it, or move it elsewhere, before you compact again")),
            false => Ok(false),
        }
    }

    /// Makes the copy, durably; gives its lock.
    pub(super) fn copy(&self, options: &Options) -> Result<File, StoreError> {
        let locked = self.make_copy()?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(self.folder.clone()));
        let copy: Arc<dyn Disk> = Arc::new(RealDisk::new(self.copy.clone()));
        let started = start(&disk, &self.folder, options)?;
        let end = started.mark.applied;
        let begins = segment::list(&*disk)?.first().copied();
        self.copy_journal(&*copy, &segment::list(&*disk)?, end)?;
        let nothing = Cut { segment: 0, events: Timestamp::from_millis(i64::MIN) };
        snapshot::write(&*copy, &*started.map, end, nothing, &Limits { reserve: 0, stop: &|| false })?;
        drop(started);
        // A start fills the record map from the snapshot, as it would fill a lost one.
        drop(start(&copy, &self.copy, options)?);
        if begins == Some(1) {
            // The journal holds everything: the snapshot has done its work.
            let name = snapshot::name(end.sequence);
            copy.remove(&name).and_then(|()| copy.sync_folder()).map_err(while_doing(format!("remove {}", copy.place(&name))))?;
        }
        Ok(locked)
    }

    /// Puts the copy in the folder's place.
    pub(super) fn exchange(&self) -> Result<(), StoreError> {
        let (folder, copy) = (self.folder.display(), self.copy.display());
        let exchanged = renameat_with(CWD, &self.copy, CWD, &self.folder, RenameFlags::EXCHANGE);
        exchanged.map_err(|error| while_doing(format!("exchange {folder} and {copy}, nothing was changed"))(error.into()))?;
        self.sync_beside()
    }

    /// Gives the old folder its name, and takes what is not the store's out of it.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        for name in folder::names(&self.copy)?.iter().filter(|name| !folder::is_ours(name)) {
            let (from, to) = (self.copy.join(name), self.folder.join(name));
            if !to.exists() {
                fs::rename(&from, &to).map_err(while_doing(format!("move {} to {}", from.display(), to.display())))?;
            }
        }
        sync(&self.folder)?;
        let doing = while_doing(format!("rename {} to {}", self.copy.display(), self.old.display()));
        fs::rename(&self.copy, &self.old).map_err(doing)?;
        self.sync_beside()?;
        self.remove_marker()
    }

    /// A folder with nothing but the marker and a lock in it.
    fn make_copy(&self) -> Result<File, StoreError> {
        let doing = || while_doing(format!("make {}", self.copy.display()));
        let old = fs::metadata(&self.folder).map_err(doing())?;
        DirBuilder::new().mode(old.mode()).create(&self.copy).map_err(doing())?;
        File::create(self.copy.join(MARKER)).and_then(|marker| marker.sync_all()).map_err(doing())?;
        fs::set_permissions(&self.copy, old.permissions()).map_err(doing())?;
        if fs::metadata(&self.copy).map_err(doing())?.uid() != old.uid() {
            let why = format!("{} belongs to somebody else: compact it as its owner", self.folder.display());
            return Err(doing()(io::Error::new(io::ErrorKind::PermissionDenied, why)));
        }
        sync(&self.copy)?;
        self.sync_beside()?;
        lock::lock(&self.copy)
    }

    /// Files that are written no more are shared by old and new folder; the others are copied.
    fn copy_journal(&self, copy: &dyn Disk, files: &[u64], end: End) -> Result<(), StoreError> {
        for first in files {
            let name = segment::name(*first);
            let (from, to) = (self.folder.join(&name), self.copy.join(&name));
            let doing = || while_doing(format!("copy {} to {}", from.display(), to.display()));
            if *first >= end.segment || fs::hard_link(&from, &to).is_err() {
                fs::copy(&from, &to).map_err(doing())?;
                sync(&to)?;
            }
        }
        copy.sync_folder().map_err(while_doing(format!("sync {}", self.copy.display())))
    }

    /// Clears up after a copy that failed, as far as that can be done: the next compaction does it, too.
    fn give_up(&self, error: &StoreError) {
        drop(self.discard());
        if matches!(error, StoreError::Map(_)) {
            // The next start does not trust the record map, and fills a new one.
            drop(Mark::withdraw(&RealDisk::new(self.folder.clone())));
        }
    }

    /// Throws a copy away; the marker last, so that what is left of it is known for what it is.
    fn discard(&self) -> Result<(), StoreError> {
        let doing = || while_doing(format!("remove {}", self.copy.display()));
        for name in folder::names(&self.copy)?.iter().filter(|name| *name != MARKER) {
            let path = self.copy.join(name);
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(doing())?;
        }
        sync(&self.copy)?;
        fs::remove_dir_all(&self.copy).map_err(doing())?;
        self.sync_beside()
    }

    fn remove_marker(&self) -> Result<(), StoreError> {
        let marker = self.folder.join(MARKER);
        fs::remove_file(&marker).map_err(while_doing(format!("remove {}", marker.display())))?;
        sync(&self.folder)
    }

    fn sync_beside(&self) -> Result<(), StoreError> {
        self.folder.parent().map_or(Ok(()), sync)
    }
}

fn start(disk: &Arc<dyn Disk>, folder: &Path, options: &Options) -> Result<Started, StoreError> {
    let home = SledHome::new(folder.join(folder::SLED), options.cache_capacity);
    recovery::start(disk, &home, options.sizes(), &*options.progress)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(while_doing(format!("sync {}", path.display())))
}
