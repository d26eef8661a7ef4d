//! The lock on a data folder: one process at a time has it open.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::store::StoreError;
use crate::store::disk::while_doing;

/// The file that is locked.
pub(super) const NAME: &str = "lock";

/// How often and how long a lock is waited for that another process holds: two seconds in all.
const TRIES: usize = 20;
const WAIT: Duration = Duration::from_millis(100);

/// Keeps other processes out, and waits a little for one that is just leaving.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    acquire(folder, |path| File::create(path))
}

/// As [`lock`], but changes nothing: where nobody ever had the folder open, there is nothing to lock.
pub(super) fn lock_if_there(folder: &Path) -> Result<Option<File>, StoreError> {
    match acquire(folder, |path| File::open(path)) {
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        locked => locked.map(Some),
    }
}

fn acquire(folder: &Path, mut open: impl FnMut(&Path) -> io::Result<File>) -> Result<File, StoreError> {
    let doing = || while_doing(format!("lock {}", folder.display()));
    let path = folder.join(NAME);
    for _ in 0..TRIES {
        let file = open(&path).map_err(doing())?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path).map_err(doing())? => return Ok(file),
            // While it was waited for, another folder took the place of this one: what was locked is the old one.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => thread::sleep(WAIT),
            Err(TryLockError::Error(error)) => return Err(doing()(error)),
        }
    }
    Err(StoreError::Locked(folder.display().to_string()))
}

/// Whether a path leads to that very file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((held.dev(), held.ino()) == (found.dev(), found.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waited_for_a_folder_that_was_replaced_gets_the_lock_of_the_new_one() {
        let house = tempfile::tempdir().unwrap();
        let (folder, old) = (house.path().join("data"), house.path().join("data.old"));
        fs::create_dir(&folder).unwrap();
        let mut waiting = vec![File::create(folder.join(NAME)).unwrap()];
        fs::rename(&folder, old).unwrap();
        fs::create_dir(&folder).unwrap();
        let held = acquire(&folder, |path| waiting.pop().map_or_else(|| File::create(path), Ok)).unwrap();
        assert!(is_at(&held, &folder.join(NAME)).unwrap());
    }
}
