//! A folder that is only read: what would be made in it is made elsewhere, and what would be changed stays as it is.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Disk, DiskFile, RealDisk};

/// Lets a start be rehearsed: new files go to a folder of drafts, other writes go nowhere.
pub(in crate::store) struct RehearsalDisk {
    folder: PathBuf,
    real: RealDisk,
    drafts: RealDisk,
}

impl RehearsalDisk {
    /// Reads `folder`, and makes new files in `drafts`.
    pub(in crate::store) fn new(folder: PathBuf, drafts: PathBuf) -> Self {
        RehearsalDisk { real: RealDisk::new(folder.clone()), folder, drafts: RealDisk::new(drafts) }
    }
}

impl Disk for RehearsalDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = self.real.list()?;
        names.extend(self.drafts.list()?);
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.drafts.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        match self.drafts.open(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Arc::new(ReadOnly(File::open(self.folder.join(name))?))),
            opened => opened,
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.drafts.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.drafts.remove(name)
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn free_space(&self) -> io::Result<u64> {
        self.real.free_space()
    }

    fn place(&self, name: &str) -> String {
        self.real.place(name)
    }
}

/// A file that takes writes and stays as it is.
struct ReadOnly(File);

impl DiskFile for ReadOnly {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        DiskFile::read_at(&self.0, offset, buffer)
    }

    fn write_at(&self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&self, _length: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
