//! The mark: how far the record map is known to hold the journal on the disk itself, and which record map that is.

use super::journal::End;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::{Disk, while_doing};

/// The newest format of the mark.
const FORMAT: u8 = super::EmbeddedStore::FORMAT;

const MAGIC: [u8; 8] = *b"JUNCOMRK";
pub(super) const NAME: &str = "mark";
pub(super) const DRAFT: &str = "mark.new";
const LENGTH: usize = 56;

/// What the mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The record map that it speaks of; one that was emptied or exchanged has not this number.
    pub(super) generation: u64,
    /// All up to here is in that record map.
    pub(super) applied: End,
}

impl Mark {
    /// The mark of a folder, or `None` where there is none or it cannot be read: then the record map is not to be trusted.
    pub(super) fn read(disk: &dyn Disk) -> Result<Option<Mark>, StoreError> {
        Ok(Self::read_with_format(disk)?.map(|(mark, _)| mark))
    }

    /// As [`Mark::read`], with its format.
    pub(super) fn read_with_format(disk: &dyn Disk) -> Result<Option<(Mark, u8)>, StoreError> {
        if !disk.list().map_err(while_doing("list the files of the store"))?.iter().any(|name| name == NAME) {
            return Ok(None);
        }
        let doing = || while_doing(format!("read {}", disk.place(NAME)));
        let mut found = [0; LENGTH];
        disk.open(NAME).map_err(doing())?.read_at(0, &mut found).map_err(doing())?;
        let format = found[8];
        if found[..8] == MAGIC && format > FORMAT {
            return Err(StoreError::Newer { what: "the store's mark", found: format, known: FORMAT });
        }
        let number = |at: usize| u64::from_le_bytes(*found[at..].first_chunk().expect("the mark is longer"));
        let newest = Timestamp::from_millis(number(48) as i64);
        let applied = End { sequence: number(24), segment: number(32), offset: number(40), newest };
        let mark = Mark { generation: number(16), applied };
        Ok((mark.encode(format) == found).then_some((mark, format)))
    }

    /// Makes it the folder's mark, durably.
    pub(super) fn write(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        let doing = || while_doing(format!("write {}", disk.place(NAME)));
        let draft = disk.create(DRAFT).map_err(doing())?;
        draft.write_at(0, &self.encode(FORMAT)).map_err(doing())?;
        draft.sync().map_err(doing())?;
        disk.rename(DRAFT, NAME).map_err(doing())?;
        disk.sync_folder().map_err(doing())
    }

    /// Takes the mark away: the next start does not trust the record map.
    pub(super) fn withdraw(disk: &dyn Disk) -> Result<(), StoreError> {
        let doing = || while_doing(format!("remove {}", disk.place(NAME)));
        match disk.remove(NAME) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| disk.sync_folder()).map_err(doing()),
        }
    }

    fn encode(&self, format: u8) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8] = format;
        bytes[16..24].copy_from_slice(&self.generation.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.applied.sequence.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.applied.segment.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.applied.offset.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.applied.newest.as_millis().to_le_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}
