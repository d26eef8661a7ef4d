//! The folder that the journal writes to, as a trait: the real one, and under tests one that loses what was not synced.

mod real;
mod rehearsal;
#[cfg(test)]
pub(super) mod simulated;

pub(super) use real::RealDisk;
pub(super) use rehearsal::RehearsalDisk;

use std::io;
use std::sync::Arc;

use super::StoreError;

/// One flat folder of files.
///
/// Names become durable with [`Disk::sync_folder`], bytes with [`DiskFile::sync`]; until then a power cut may keep or lose them.
pub(super) trait Disk: Send + Sync {
    /// The names of all files, in no order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// A new empty file, in place of one of that name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// A file that is there, for reading and writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Renames a file, replacing one of the new name: at any time either is there whole.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes the names durable.
    fn sync_folder(&self) -> io::Result<()>;
    /// Bytes that can still be written.
    fn free_space(&self) -> io::Result<u64>;
    /// Where a file is, for messages.
    fn place(&self, name: &str) -> String;
}

/// A file of a [`Disk`].
pub(super) trait DiskFile: Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Fills `buffer` from `offset` on, as far as the file goes; says how far.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `bytes` at `offset`; a failed one may have written any part.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file.
    fn truncate(&self, length: u64) -> io::Result<()>;
    /// Makes its bytes durable. After an error nothing is known of them, and asking again would not tell.
    fn sync(&self) -> io::Result<()>;
}

/// Says what was being done when the disk refused.
pub(super) fn while_doing(what: impl Into<String>) -> impl FnOnce(io::Error) -> StoreError {
    |source| StoreError::Io { what: what.into(), source: Arc::new(source) }
}

/// Makes sure that so many bytes are free.
pub(super) fn check_room(disk: &dyn Disk, reserve: u64) -> Result<(), StoreError> {
    let doing = while_doing("find room on the disk");
    let free = match disk.free_space() {
        Ok(free) if free >= reserve => return Ok(()),
        Ok(free) => free,
        Err(error) => return Err(doing(error)),
    };
    let why = format!("{free} bytes are free, fewer than the {reserve} that are kept in reserve: make room");
    Err(doing(io::Error::new(io::ErrorKind::StorageFull, why)))
}
