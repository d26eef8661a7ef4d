//! Rows as snapshots of format 1 hold them, turned into those of today.
//!
//! A record's row held the record itself behind its revision (8 bytes) and due time (9 bytes); each entry had a row of its own with its
//! place, 16 bytes; and each event a row, though its record knew it.

use super::row::{BLOCK, Places, RecordRow, block_of};
use super::rows::{self, block_key, read_key, read_u64, record_key};
use super::segment::Place;
use crate::model::Key;
use crate::store::map::{RecordMap, Table};
use crate::store::{Record, StoreError};

/// Bytes of a record's row before the record.
const HEAD: usize = 17;

/// Fills a map with the rows of such a snapshot, which come table by table, in the order of their keys, records first.
pub(super) struct OldRows<'a> {
    map: &'a dyn RecordMap,
    /// Entries of one block, until they are all there.
    block: Option<(Key, Vec<(u64, Place)>)>,
}

impl<'a> OldRows<'a> {
    /// For an empty map.
    pub(super) fn new(map: &'a dyn RecordMap) -> Self {
        OldRows { map, block: None }
    }

    /// Takes a row.
    pub(super) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        match table {
            Table::Records => {
                let bytes = value.get(HEAD..).unwrap_or_default();
                let head = Record::decode(bytes)?.head();
                let row = RecordRow { record: Some(bytes.to_vec()), ..RecordRow::new(head, Place::NOWHERE) };
                rows::restore(self.map, table, key, &row.encode())
            }
            Table::Entries => {
                let (lengths, revision) = (read_u64(value, 8)?, read_u64(key, 16)?);
                let place = Place { segment: read_u64(value, 0)?, offset: (lengths >> 32) as u32, length: lengths as u32 };
                self.entry(read_key(key)?, revision, place)
            }
            Table::Events => rows::restore(self.map, table, key, &[]),
            Table::Due | Table::Meta => Ok(()),
        }
    }

    /// Ends the last block.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        let Some((key, mut entries)) = self.block.take() else { return Ok(()) };
        let Some(row) = rows::row_of(self.map, key)? else { return Ok(()) };
        // Those that are younger than the record are in the journal, too, and are played in.
        entries.retain(|(revision, _)| *revision <= row.head.revision);
        let Some(((first, place), rest)) = entries.split_first() else { return Ok(()) };
        let mut places = Places::of(*first, *place);
        rest.iter().for_each(|(_, place)| places.push(*place));
        let newest = entries[entries.len() - 1].0;
        if newest.is_multiple_of(BLOCK) {
            self.map.insert(Table::Entries, &block_key(key, block_of(newest)), &places.encode())?;
        }
        match newest == row.head.revision {
            true => self.map.insert(Table::Records, &record_key(key), &RecordRow { places, record: None, ..row }.encode()),
            false => Ok(()),
        }
    }

    fn entry(&mut self, key: Key, revision: u64, place: Place) -> Result<(), StoreError> {
        if let Some((of, entries)) = &mut self.block
            && *of == key
            && entries.last().is_some_and(|(last, _)| last + 1 == revision && block_of(*last) == block_of(revision))
        {
            entries.push((revision, place));
            return Ok(());
        }
        self.finish()?;
        self.block = Some((key, vec![(revision, place)]));
        Ok(())
    }
}
