//! How records and indexes are laid out in the record map. Keys are big-endian, so that their bytes sort as the numbers do.
//!
//! The journal holds the records; the map says where they stand. A conversation's row changes with every entry. What it relies on, the
//! rows of its older blocks, is written once, and is durable before it (see [`Overlay`](crate::store::map::Overlay)).

use std::ops::{Bound, RangeInclusive};

use super::row::{Places, RecordRow, block_of, read_head};
use super::segment::{Library, Place};
use super::snapshot::Cut;
use crate::model::{EventId, Key, MessageId, Timestamp, UserId};
use crate::store::entry::EntryBytes;
use crate::store::map::{RecordMap, Rows, Table};
use crate::store::record::RecordHead;
use crate::store::{Entry, Memory, Record, StoreError};

/// The newest layout of the record map. Another one is filled anew from the journal.
pub(super) const LAYOUT: u8 = 2;

/// An entry on its way into the record map.
pub(super) struct Applied<'a> {
    pub(super) key: Key,
    pub(super) forgotten: &'a [MessageId],
    pub(super) head: RecordHead,
    pub(super) place: Place,
}

/// Puts an entry into the record map. It may be there already, and so may younger ones of its conversation.
///
/// `known` is the conversation's row until now, and from now on.
pub(super) fn apply(map: &dyn RecordMap, entry: &Applied, known: &mut Option<RecordRow>) -> Result<(), StoreError> {
    let Applied { key, forgotten, head, place } = entry;
    for id in *forgotten {
        map.insert(Table::Events, &event_key(*key, *id), &[])?;
    }
    let row = match known {
        // What the younger row relies on is there too.
        Some(before) if before.head.revision > head.revision => return Ok(()),
        // Its due row may be lacking.
        Some(same) if same.head.revision == head.revision => same.clone(),
        Some(before) if before.head.revision + 1 == head.revision => before.followed_by(*head, *place),
        Some(_) | None => RecordRow::new(*head, *place),
    };
    if row.ends_block() {
        map.insert(Table::Entries, &block_key(*key, block_of(head.revision)), &row.places.encode())?;
    }
    // A due row is a hint: there before its record says so, and gone after it. So no due record is ever without one.
    if let Some(due) = head.due {
        map.insert(Table::Due, &due_key(due, *key), &[])?;
    }
    map.insert(Table::Records, &record_key(*key), &row.encode())?;
    let before = known.replace(row);
    match before.and_then(|before| before.head.due) {
        Some(due) if Some(due) != head.due => map.remove(Table::Due, &due_key(due, *key)),
        _ => Ok(()),
    }
}

/// Takes an entry's stored bytes apart and puts it into the record map; says when it was committed.
pub(super) fn replay(map: &dyn RecordMap, place: Place, payload: &[u8]) -> Result<Timestamp, StoreError> {
    let parts = EntryBytes::split(payload)?;
    let entry = parts.head()?;
    let head = Record::decode(parts.record)?.head();
    let applied = Applied { key: entry.key, forgotten: &entry.forgotten, head, place };
    apply(map, &applied, &mut row_of(map, entry.key)?)?;
    Ok(entry.at)
}

/// A conversation's row.
pub(super) fn row_of(map: &dyn RecordMap, key: Key) -> Result<Option<RecordRow>, StoreError> {
    map.get(Table::Records, &record_key(key))?.map(|row| RecordRow::decode(&row)).transpose()
}

/// A conversation's record.
pub(super) fn record_of(map: &dyn RecordMap, library: &Library, key: Key) -> Result<Option<Record>, StoreError> {
    let Some(mut row) = row_of(map, key)? else { return Ok(None) };
    loop {
        if let Some(record) = read_record(library, key, &row)? {
            return Ok(Some(record));
        }
        // The file went between the two looks: by then the row had the record itself, or it is another row.
        let place = row.places.newest();
        let Some(next) = row_of(map, key)? else { return Ok(None) };
        if next.record.is_none() && next.places.newest() == place {
            let path = library.path(place.segment);
            return Err(StoreError::Corrupt(format!("{path} is gone, with the record of {key}: restore it from a backup")));
        }
        row = next;
    }
}

/// The record that a row stands for; `None` when the file of its entry is gone.
fn read_record(library: &Library, key: Key, row: &RecordRow) -> Result<Option<Record>, StoreError> {
    if let Some(record) = &row.record {
        return Record::decode(record).map(Some);
    }
    let Some(entry) = library.read(row.places.newest())? else { return Ok(None) };
    let entry = EntryBytes::split(&entry)?;
    let record = Record::decode(entry.record)?;
    is_led_to(key, row.head.revision, entry.key()?, record.revision).map(|()| Some(record))
}

/// Makes sure that a place led to the entry that is meant: nobody must ever read somebody else's, whatever happened to the disk.
fn is_led_to(key: Key, revision: u64, found: Key, at: u64) -> Result<(), StoreError> {
    match (found, at) == (key, revision) {
        true => Ok(()),
        false => Err(StoreError::Map("a row of a conversation leads to another entry".into())),
    }
}

/// The entries that stand in places, but for those whose files are gone.
pub(super) fn entries(library: &Library, key: Key, places: &[(u64, Place)]) -> Result<Vec<Entry>, StoreError> {
    let read = |revision: u64, place: Place| {
        let Some(entry) = library.read(place)? else { return Ok(None) };
        let entry = Entry::decode(&entry)?;
        is_led_to(key, revision, entry.key, entry.revision()).map(|()| Some(entry))
    };
    places.iter().filter_map(|(revision, place)| read(*revision, *place).transpose()).collect()
}

/// Whether a conversation took a message event.
pub(super) fn has_taken(map: &dyn RecordMap, library: &Library, key: Key, id: MessageId) -> Result<bool, StoreError> {
    Ok(match record_of(map, library, key)?.map(|record| record.seen.recall(id)) {
        Some(Memory::Taken) => true,
        Some(Memory::AskIndex) => map.get(Table::Events, &event_key(key, id))?.is_some(),
        Some(Memory::New) | None => false,
    })
}

/// Records in the order of their keys, from behind `after`.
pub(super) fn records<'a>(
    map: &'a dyn RecordMap,
    library: &'a Library,
    after: Option<Key>,
) -> impl Iterator<Item = Result<(Key, Record), StoreError>> + 'a {
    let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(record_key(after).to_vec()));
    let record = move |key, row| match read_record(library, key, &row)? {
        Some(record) => Ok(Some((key, record))),
        None => Ok(record_of(map, library, key)?.map(|record| (key, record))),
    };
    read_rows(map.range(Table::Records, from, Bound::Unbounded))
        .filter_map(move |row| row.and_then(|(key, row)| record(key, row)).transpose())
}

/// The rows of all conversations, in the order of their keys.
pub(super) fn all_rows(map: &dyn RecordMap) -> impl Iterator<Item = Result<(Key, RecordRow), StoreError>> {
    read_rows(all(map, Table::Records))
}

fn read_rows(rows: Rows<'_>) -> impl Iterator<Item = Result<(Key, RecordRow), StoreError>> {
    rows.map(|row| {
        let (key, value) = row?;
        Ok((read_key(&key)?, RecordRow::decode(&value)?))
    })
}

/// Where the entries of a conversation stand, in the order of their revisions.
pub(super) fn places(map: &dyn RecordMap, key: Key, revisions: &RangeInclusive<u64>) -> Result<Vec<(u64, Place)>, StoreError> {
    // The row first: the blocks before its own are there when it is.
    let Some(row) = row_of(map, key)? else { return Ok(Vec::new()) };
    let newest = block_of(row.head.revision);
    // Of a person who was forgotten nothing older is shown.
    let revisions = row.head.void_before.max(*revisions.start())..=*revisions.end();
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let (from, to) = (block_of(*revisions.start()).min(newest), block_of(*revisions.end()).saturating_add(1).min(newest));
    let bound = |block| block_key(key, block).to_vec();
    let mut found = Vec::new();
    let mut add = |places: Places| found.extend(places.iter().filter(|(revision, _)| revisions.contains(revision)));
    for block in map.range(Table::Entries, Bound::Included(bound(from)), Bound::Excluded(bound(to))) {
        let (key, value) = block?;
        add(Places::decode(&value, read_u64(&key, 16)?)?);
    }
    add(row.places);
    Ok(found)
}

/// Where an entry stands, if it is one of the newest of its conversation.
pub(super) fn recent_place(map: &dyn RecordMap, key: Key, revision: u64) -> Result<Option<Place>, StoreError> {
    Ok(row_of(map, key)?.filter(|row| revision >= row.head.void_before).and_then(|row| row.places.get(revision)))
}

/// Conversations by their due times, earliest first. Due rows are hints: those that no record stands behind go into `hints`.
pub(super) fn due<'a>(
    map: &'a dyn RecordMap,
    hints: &'a mut Vec<(Timestamp, Key)>,
) -> impl Iterator<Item = Result<(Timestamp, Key), StoreError>> + 'a {
    all(map, Table::Due).filter_map(move |row| {
        let check = || {
            let (row, _) = row?;
            let due = Timestamp::from_millis((read_u64(&row, 0)? ^ SIGN) as i64);
            let key = read_key(&row[8..])?;
            let backed = is_due(map, due, key)?;
            if !backed {
                hints.push((due, key));
            }
            Ok(backed.then_some((due, key)))
        };
        check().transpose()
    })
}

/// Removes a due row unless its record is due then.
pub(super) fn sweep(map: &dyn RecordMap, due: Timestamp, key: Key) -> Result<(), StoreError> {
    if is_due(map, due, key)? { Ok(()) } else { map.remove(Table::Due, &due_key(due, key)) }
}

fn is_due(map: &dyn RecordMap, due: Timestamp, key: Key) -> Result<bool, StoreError> {
    let row = map.get(Table::Records, &record_key(key))?;
    Ok(row.map(|row| read_head(&row)).transpose()?.is_some_and(|head| head.due == Some(due)))
}

/// All rows of a table.
pub(super) fn all(map: &dyn RecordMap, table: Table) -> Rows<'_> {
    map.range(table, Bound::Unbounded, Bound::Unbounded)
}

/// Gives a row the record itself, unless the conversation went on meanwhile.
pub(super) fn keep_record(map: &dyn RecordMap, key: Key, revision: u64, record: Vec<u8>) -> Result<(), StoreError> {
    match row_of(map, key)? {
        Some(row) if row.head.revision == revision => {
            map.insert(Table::Records, &record_key(key), &RecordRow { record: Some(record), ..row }.encode())
        }
        _ => Ok(()),
    }
}

/// The oldest journal file in which messages stand that a conversation has not settled.
pub(super) fn oldest_wanted(map: &dyn RecordMap, key: Key, row: &RecordRow) -> Result<Option<u64>, StoreError> {
    let Some(wanted) = row.head.wanted else { return Ok(None) };
    if let Some(place) = row.places.get(wanted) {
        return Ok(Some(place.segment));
    }
    let block = block_of(wanted);
    let places = map.get(Table::Entries, &block_key(key, block))?.map(|value| Places::decode(&value, block)).transpose()?;
    Ok(places.and_then(|places| places.get(wanted)).map(|place| place.segment))
}

/// Whether a row speaks only of what is too old to be kept.
pub(super) fn is_cut(table: Table, key: &[u8], value: &[u8], cut: Cut) -> Result<bool, StoreError> {
    match table {
        Table::Entries => Ok(Places::decode(value, read_u64(key, 16)?)?.newest().segment < cut.segment),
        // An id tells its time (contract §3.1).
        Table::Events => Ok(MessageId(read_u64(key, 9)?).minted_at() < cut.events),
        Table::Records | Table::Due | Table::Meta => Ok(false),
    }
}

/// Puts a row of a snapshot into the map.
pub(super) fn restore(map: &dyn RecordMap, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if table == Table::Records
        && let Some(due) = read_head(value)?.due
    {
        map.insert(Table::Due, &due_key(due, read_key(key)?), &[])?;
    }
    map.insert(table, key, value)
}

/// Flips the sign so that times before 1970 sort before those after it.
const SIGN: u64 = 1 << 63;

pub(super) fn record_key(key: Key) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.account.0.to_be_bytes());
    bytes[8..].copy_from_slice(&key.peer.0.to_be_bytes());
    bytes
}

fn due_key(due: Timestamp, key: Key) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&(due.as_millis() as u64 ^ SIGN).to_be_bytes());
    bytes[8..].copy_from_slice(&record_key(key));
    bytes
}

pub(super) fn block_key(key: Key, block: u64) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&record_key(key));
    bytes[16..].copy_from_slice(&block.to_be_bytes());
    bytes
}

fn event_key(key: Key, id: MessageId) -> [u8; 17] {
    let event = EventId::message(key.account, id);
    let mut bytes = [0; 17];
    bytes[..8].copy_from_slice(&event.for_user.0.to_be_bytes());
    bytes[8] = event.kind as u8;
    bytes[9..].copy_from_slice(&event.id.to_be_bytes());
    bytes
}

pub(super) fn read_key(row: &[u8]) -> Result<Key, StoreError> {
    Ok(Key::new(UserId(read_u64(row, 0)?), UserId(read_u64(row, 8)?)))
}

pub(super) fn read_u64(row: &[u8], at: usize) -> Result<u64, StoreError> {
    row.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u64::from_be_bytes(*bytes)).ok_or_else(unreadable)
}

fn unreadable() -> StoreError {
    StoreError::Map("a row is shorter than it must be".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_rows_sort_by_time_even_before_1970() {
        let key = Key::new(UserId(1), UserId(2));
        let times = [i64::MIN, -5, -1, 0, 1, 1_767_225_600_123, i64::MAX];
        let rows: Vec<_> = times.iter().map(|at| due_key(Timestamp::from_millis(*at), key)).collect();
        assert!(rows.is_sorted());
    }
}
