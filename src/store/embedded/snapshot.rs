//! A snapshot: a copy of the record map, from which a lost one is filled where the journal no longer reaches back.
//!
//! The file has a header and then frames as the journal has them, each full of rows; an empty frame ends it. It is copied while
//! commits go on, so it may hold rows that are younger than it says; playing the journal over them changes nothing.

use std::io::ErrorKind;

use super::frame::{self, HEADER};
use super::journal::{End, fresh_id};
use super::old_rows::OldRows;
use super::row::RecordRow;
use super::rows;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::disk::{Disk, DiskFile, check_room, while_doing};
use crate::store::map::{RecordMap, Table};

/// The newest format of snapshots.
const FORMAT: u8 = super::EmbeddedStore::FORMAT;

/// The format with rows as they were before records were looked up in the journal.
const OLD_ROWS: u8 = 1;

const MAGIC: [u8; 8] = *b"JUNCOSNP";
const START: usize = 56;

/// It is renamed when it is whole.
pub(super) const DRAFT: &str = "snapshot.new";

/// Bytes of rows in a frame.
const BATCH: usize = 256 << 10;

/// In how many passes a record map is filled, each taking one row of so many. Rows that come in the order of their keys leave sled
/// with pages half full, and almost twice as large: 8 times the rows of an index instead of 4.4.
const PASSES: usize = 8;

/// What is left out of a snapshot because it is too old.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Journal files before this one will be gone.
    pub(super) segment: u64,
    /// Events that are older will not come again.
    pub(super) events: Timestamp,
}

/// The numbers up to which snapshots hold everything, ascending.
pub(super) fn list(disk: &dyn Disk) -> Result<Vec<u64>, StoreError> {
    let names = disk.list().map_err(while_doing("list the files of the store"))?;
    let found = names.iter().filter_map(|name| name.strip_prefix("snapshot-")?.strip_suffix(".snap")?.parse().ok());
    let mut found: Vec<u64> = found.collect();
    found.sort_unstable();
    Ok(found)
}

/// What ends the writing of a snapshot before its time.
pub(super) struct Limits<'a> {
    /// Bytes that are left free.
    pub(super) reserve: u64,
    /// Whether it has to stop.
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// The name of the snapshot up to an entry.
pub(super) fn name(sequence: u64) -> String {
    format!("snapshot-{sequence:020}.snap")
}

/// Copies the record map, which holds everything up to `end`; older snapshots go.
///
/// Of `cut`, more is kept where rows still rely on it; what was cut is returned. `None` when `stop` said so before the end.
pub(super) fn write(disk: &dyn Disk, map: &dyn RecordMap, end: End, cut: Cut, limits: &Limits) -> Result<Option<Cut>, StoreError> {
    let doing = || while_doing(format!("write {}", disk.place(DRAFT)));
    let kept = match draft(disk, map, end, cut, limits) {
        Ok(Some(kept)) => kept,
        given_up => {
            // What there is of it would take the room that commits need.
            drop(clear_up(disk));
            return given_up;
        }
    };
    let older = list(disk)?;
    disk.rename(DRAFT, &name(end.sequence)).and_then(|()| disk.sync_folder()).map_err(doing())?;
    for sequence in older.into_iter().filter(|older| *older != end.sequence) {
        disk.remove(&name(sequence)).map_err(while_doing(format!("remove {}", disk.place(&name(sequence)))))?;
    }
    Ok(Some(kept))
}

/// Writes all of it under another name.
fn draft(disk: &dyn Disk, map: &dyn RecordMap, end: End, cut: Cut, limits: &Limits) -> Result<Option<Cut>, StoreError> {
    let doing = || while_doing(format!("write {}", disk.place(DRAFT)));
    let file = disk.create(DRAFT).map_err(doing())?;
    let id = fresh_id();
    file.write_at(0, &header(FORMAT, end, id)).map_err(doing())?;
    let mut writer = Writer { file: &*file, id, offset: START as u64, frames: 0, batch: vec![0; HEADER] };
    let mut kept = cut;
    for table in [Table::Records, Table::Entries, Table::Events] {
        for row in rows::all(map, table) {
            let (key, value) = row?;
            if table == Table::Records {
                let (key, row) = (rows::read_key(&key)?, RecordRow::decode(&value)?);
                let needed = rows::oldest_wanted(map, key, &row)?.into_iter().chain(row.stands_in());
                kept.segment = needed.fold(kept.segment, u64::min);
            }
            if !rows::is_cut(table, &key, &value, kept)? {
                let frames = writer.frames;
                writer.row(table, &key, &value).map_err(doing())?;
                if writer.frames > frames {
                    check_room(disk, limits.reserve)?;
                }
            }
            if (limits.stop)() {
                return Ok(None);
            }
        }
    }
    writer.finish().map_err(doing())?;
    Ok(Some(kept))
}

/// Removes a snapshot that was never made whole.
pub(super) fn clear_up(disk: &dyn Disk) -> Result<(), StoreError> {
    match disk.remove(DRAFT) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(while_doing(format!("remove {}", disk.place(DRAFT)))),
    }
}

/// Fills an empty record map from the newest snapshot; says up to where it goes, or `None` when there is no snapshot.
pub(super) fn restore(disk: &dyn Disk, map: &dyn RecordMap) -> Result<Option<End>, StoreError> {
    let Some(sequence) = list(disk)?.pop() else { return Ok(None) };
    // A damaged one must not leave a map that is filled by half.
    let end = verify(disk, sequence)?;
    if format_of(disk, sequence)? == Some(OLD_ROWS) {
        let mut old = OldRows::new(map);
        read(disk, sequence, &mut |batch| each_row(batch, |_, table, key, value| old.put(table, key, value)))?;
        old.finish()?;
    } else {
        for pass in 0..PASSES {
            let mut restore = |number, table, key: &[u8], value: &[u8]| match number % PASSES == pass {
                true => rows::restore(map, table, key, value),
                false => Ok(()),
            };
            read(disk, sequence, &mut |batch| each_row(batch, &mut restore))?;
        }
    }
    tracing::info!(file = disk.place(&name(sequence)), entry = end.sequence, "the record map was filled from a snapshot");
    Ok(Some(end))
}

/// The newest format of the snapshots there are; newer ones are refused.
pub(super) fn newest_format(disk: &dyn Disk) -> Result<Option<u8>, StoreError> {
    list(disk)?.into_iter().try_fold(None, |newest: Option<u8>, sequence| Ok(newest.max(format_of(disk, sequence)?)))
}

/// The format of a snapshot, unless its header is damaged.
fn format_of(disk: &dyn Disk, sequence: u64) -> Result<Option<u8>, StoreError> {
    let path = disk.place(&name(sequence));
    let file = disk.open(&name(sequence)).map_err(while_doing(format!("open {path}")))?;
    let header = header_of(&*file, &path)?;
    Ok(read_header(&header).map(|_| header[8]))
}

/// The bytes of a header, which may be damaged but is of no newer format.
fn header_of(file: &dyn DiskFile, path: &str) -> Result<[u8; START], StoreError> {
    let mut found = [0; START];
    file.read_at(0, &mut found).map_err(while_doing(format!("read {path}")))?;
    if found[..8] == MAGIC && found[8] > FORMAT {
        return Err(StoreError::Newer { what: "a snapshot", found: found[8], known: FORMAT });
    }
    Ok(found)
}

/// Makes sure that a snapshot is sound; says up to where it goes.
pub(super) fn verify(disk: &dyn Disk, sequence: u64) -> Result<End, StoreError> {
    read(disk, sequence, &mut |_| Some(Ok(())))
}

/// Takes a frame's rows; gives `None` where they make no sense.
type Each<'a> = &'a mut dyn FnMut(&[u8]) -> Option<Result<(), StoreError>>;

/// Goes through a snapshot's frames.
fn read(disk: &dyn Disk, sequence: u64, each: Each) -> Result<End, StoreError> {
    let path = disk.place(&name(sequence));
    let file = disk.open(&name(sequence)).map_err(while_doing(format!("open {path}")))?;
    let doing = || while_doing(format!("read {path}"));
    let damaged = |at: usize| StoreError::Corrupt(format!("{path}: damaged at byte {at}: restore it from a backup"));
    let (end, id) = read_header(&header_of(&*file, &path)?).ok_or_else(|| damaged(0))?;
    let mut offset = START;
    for number in 0.. {
        let mut bytes = vec![0; HEADER];
        file.read_at(offset as u64, &mut bytes).map_err(doing())?;
        let length = frame::header(&bytes).ok_or_else(|| damaged(offset))?.length;
        bytes.resize(HEADER + length, 0);
        file.read_at(offset as u64, &mut bytes).map_err(doing())?;
        let batch = match frame::parse(&bytes) {
            Some((found, batch)) if found.file == id && found.sequence == number => batch,
            _ => return Err(damaged(offset)),
        };
        if batch.is_empty() {
            break;
        }
        each(batch).ok_or_else(|| damaged(offset))??;
        offset += bytes.len();
    }
    Ok(end)
}

/// Goes through a frame's rows, with their numbers in it; `None` where they make no sense.
fn each_row(
    mut batch: &[u8],
    mut each: impl FnMut(usize, Table, &[u8], &[u8]) -> Result<(), StoreError>,
) -> Option<Result<(), StoreError>> {
    for number in 0.. {
        let Some((table, rest)) = batch.split_first() else { break };
        let (key_length, rest) = rest.split_first_chunk()?;
        let (value_length, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key_length) as usize)?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value_length) as usize)?;
        let (table, _) = Table::ALL.into_iter().find(|(known, _)| *known as u8 == *table)?;
        if let Err(error) = each(number, table, key, value) {
            return Some(Err(error));
        }
        batch = rest;
    }
    Some(Ok(()))
}

struct Writer<'a> {
    file: &'a dyn DiskFile,
    id: u64,
    offset: u64,
    frames: u64,
    /// Free room for the frame's header, then rows.
    batch: Vec<u8>,
}

impl Writer<'_> {
    fn row(&mut self, table: Table, key: &[u8], value: &[u8]) -> std::io::Result<()> {
        self.batch.push(table as u8);
        self.batch.extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.batch.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.batch.extend_from_slice(key);
        self.batch.extend_from_slice(value);
        if self.batch.len() < BATCH { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        frame::seal(&mut self.batch, 0, self.id, self.frames);
        self.file.write_at(self.offset, &self.batch)?;
        self.offset += self.batch.len() as u64;
        self.frames += 1;
        self.batch.truncate(HEADER);
        Ok(())
    }

    fn finish(&mut self) -> std::io::Result<()> {
        if self.batch.len() > HEADER {
            self.flush()?;
        }
        self.flush()?;
        self.file.sync()
    }
}

fn header(format: u8, end: End, id: u64) -> [u8; START] {
    let mut bytes = [0; START];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8] = format;
    bytes[16..24].copy_from_slice(&id.to_le_bytes());
    bytes[24..32].copy_from_slice(&end.sequence.to_le_bytes());
    bytes[32..40].copy_from_slice(&end.segment.to_le_bytes());
    bytes[40..48].copy_from_slice(&end.offset.to_le_bytes());
    bytes[48..56].copy_from_slice(&end.newest.as_millis().to_le_bytes());
    let checksum = crc32fast::hash(&bytes);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn read_header(bytes: &[u8; START]) -> Option<(End, u64)> {
    let number = |at: usize| u64::from_le_bytes(*bytes[at..].first_chunk().expect("the header is longer"));
    let newest = Timestamp::from_millis(number(48) as i64);
    let (end, id) = (End { sequence: number(24), segment: number(32), offset: number(40), newest }, number(16));
    (header(bytes[8], end, id) == *bytes).then_some((end, id))
}
