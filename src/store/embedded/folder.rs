//! What belongs to a store in its folder, and what it takes.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{EmbeddedStore, lock, mark, segment, snapshot};
use crate::store::StoreError;
use crate::store::disk::{Disk, RealDisk, while_doing};

/// The folder of the record map.
pub(super) const SLED: &str = "sled";

/// How the names of record maps begin that were set aside.
const ASIDE: &str = "sled.aside-";

/// Where a compaction builds its copy, and where afterwards the old folder waits to be renamed.
pub(super) fn copy_of(folder: &Path) -> PathBuf {
    beside(folder, ".compact")
}

/// Where a compaction leaves the old folder.
pub(super) fn before_compact(folder: &Path) -> PathBuf {
    beside(folder, ".before-compact")
}

/// Where an upgrade puts the files as they were: the first such name that is free.
pub(super) fn before_upgrade(folder: &Path) -> PathBuf {
    let name = beside(folder, &format!(".before-format-{}", EmbeddedStore::FORMAT));
    let numbered = |number: u32| if number == 1 { name.clone() } else { beside(&name, &format!(".{number}")) };
    (1..).map(numbered).find(|path| !path.exists()).unwrap_or(name.clone())
}

/// What upgrades left beside a folder.
pub(super) fn before_upgrades(folder: &Path) -> Vec<PathBuf> {
    let begins = beside(folder, ".before-format-");
    let begins = begins.file_name().unwrap_or_default().to_string_lossy();
    // Where the folder around it may not be listed, nothing can be told.
    let found = folder.parent().and_then(|house| names(house).ok()).unwrap_or_default();
    found.iter().filter(|name| name.starts_with(&*begins)).map(|name| folder.with_file_name(name)).collect()
}

/// Where an upgrade makes that.
pub(super) fn upgrade_draft(folder: &Path) -> PathBuf {
    beside(folder, ".before-format.new")
}

fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    folder.with_file_name(name)
}

/// The folder's own path, through links, as long as it is there.
pub(super) fn real_path(folder: &Path) -> Result<PathBuf, StoreError> {
    fs::canonicalize(folder).map_err(while_doing(format!("find {}", folder.display())))
}

/// Whether there is anything of a store.
pub(super) fn holds_store(folder: &Path) -> Result<bool, StoreError> {
    let disk = RealDisk::new(folder.to_owned());
    let names = disk.list().map_err(while_doing(format!("list {}", folder.display())))?;
    let has_files = !segment::list(&disk)?.is_empty() || !snapshot::list(&disk)?.is_empty() || names.iter().any(|name| name == mark::NAME);
    Ok(has_files || folder.join(SLED).is_dir())
}

/// Whether a name is one of the store's own.
pub(super) fn is_ours(name: &str) -> bool {
    let is_numbered = |from: &str, to: &str| name.starts_with(from) && name.ends_with(to);
    let files = [lock::NAME, mark::NAME, mark::DRAFT, snapshot::DRAFT, SLED];
    files.contains(&name) || is_set_aside(name) || is_numbered("journal-", ".jnl") || is_numbered("snapshot-", ".snap")
}

/// Whether a name is that of a record map that was set aside.
pub(super) fn is_set_aside(name: &str) -> bool {
    name.starts_with(ASIDE)
}

/// Names of a folder's files and subfolders; those that are not Unicode are none of ours.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let doing = || while_doing(format!("list {}", folder.display()));
    let mut names = Vec::new();
    for found in fs::read_dir(folder).map_err(doing())? {
        names.extend(found.map_err(doing())?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Bytes in a file, or in all files of a folder and its subfolders.
pub(super) fn bytes(path: &Path) -> Result<u64, StoreError> {
    fn sum(path: &Path) -> io::Result<u64> {
        let found = fs::symlink_metadata(path)?;
        if !found.is_dir() {
            return Ok(found.len());
        }
        fs::read_dir(path)?.map(|found| sum(&found?.path())).sum()
    }
    match sum(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        summed => summed.map_err(while_doing(format!("measure {}", path.display()))),
    }
}

/// Bytes in the store's own files of a folder.
pub(super) fn own_bytes(folder: &Path) -> Result<u64, StoreError> {
    names(folder)?.iter().filter(|name| is_ours(name)).map(|name| bytes(&folder.join(name))).sum()
}
