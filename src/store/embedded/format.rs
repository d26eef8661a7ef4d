//! The format of a store's folder: one number for all its files, counted by the folders under `migrations/embedded`.

use std::path::Path;

use super::mark::Mark;
use super::segment::{self, Segment};
use super::{EmbeddedStore, snapshot};
use crate::store::StoreError;
use crate::store::disk::{Disk, RealDisk};

impl EmbeddedStore {
    /// The newest format of a folder. Older ones are brought up to date when they are opened, newer ones are refused.
    ///
    /// Journal files carry it, and the mark and snapshots too. Whatever in the folder changes its bytes counts it up.
    pub const FORMAT: u8 = segment::FORMAT;

    /// The format of the data in a folder; `None` when there is none. Changes nothing, and does not mind that the store is open.
    ///
    /// # Errors
    /// When the folder cannot be read, or its data is a newer Junco's.
    pub fn format(path: &Path) -> Result<Option<u8>, StoreError> {
        of(&RealDisk::new(path.to_owned()))
    }
}

/// The format of the data on a disk: the newest that any of its files has.
pub(super) fn of(disk: &dyn Disk) -> Result<Option<u8>, StoreError> {
    let mark = Mark::read_with_format(disk)?.map(|(_, format)| format);
    let mut format = mark.max(snapshot::newest_format(disk)?);
    for first in segment::list(disk)? {
        // One without a header holds nothing yet.
        format = format.max(Segment::open(disk, first)?.map(|segment| segment.format));
    }
    Ok(format)
}
