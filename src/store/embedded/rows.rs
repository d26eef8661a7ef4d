//! How records and indexes are laid out in the record map. Keys are big-endian, so that their bytes sort as the numbers do.

use std::ops::{Bound, RangeInclusive};

use super::segment::Place;
use super::snapshot::Cut;
use crate::model::{EventId, Key, MessageId, Timestamp, UserId};
use crate::store::entry::EntryBytes;
use crate::store::map::{RecordMap, Rows, Table};
use crate::store::record::RecordHead;
use crate::store::{Record, StoreError};

/// The newest layout of the record map. Another one is filled anew from the journal.
pub(super) const LAYOUT: u8 = 1;

/// Bytes of a record's row before the record itself: its revision and its due time.
const HEAD: usize = 17;

/// An entry on its way into the record map.
pub(super) struct Applied<'a> {
    pub(super) key: Key,
    pub(super) events: &'a [EventId],
    pub(super) head: RecordHead,
    /// As [`Record::encode`] made it.
    pub(super) record: &'a [u8],
    pub(super) place: Place,
}

/// Puts an entry into the record map. It may be there already, and so may younger ones of its conversation.
///
/// `before` is the conversation's record until now.
pub(super) fn apply(map: &dyn RecordMap, entry: &Applied, before: Option<RecordHead>) -> Result<(), StoreError> {
    let Applied { key, events, head, record, place } = entry;
    map.insert(Table::Entries, &entry_key(*key, head.revision), &place_value(*place))?;
    for event in *events {
        map.insert(Table::Events, &event_key(*event), &event_value(*key, head.revision))?;
    }
    if before.is_some_and(|before| before.revision > head.revision) {
        return Ok(());
    }
    // A due row is a hint: there before its record says so, and gone after it. So no due record is ever without one.
    if let Some(due) = head.due {
        map.insert(Table::Due, &due_key(due, *key), &[])?;
    }
    map.insert(Table::Records, &record_key(*key), &record_value(*head, record))?;
    match before.and_then(|before| before.due) {
        Some(due) if Some(due) != head.due => map.remove(Table::Due, &due_key(due, *key)),
        _ => Ok(()),
    }
}

/// Takes an entry's stored bytes apart and puts it into the record map; says when it was committed.
pub(super) fn replay(map: &dyn RecordMap, place: Place, payload: &[u8]) -> Result<Timestamp, StoreError> {
    let parts = EntryBytes::split(payload)?;
    let entry = parts.head()?;
    let head = Record::head(parts.record)?;
    let applied = Applied { key: entry.key, events: &entry.events, head, record: parts.record, place };
    apply(map, &applied, head_of(map, entry.key)?)?;
    Ok(entry.at)
}

/// What the map's record of a conversation says of itself.
pub(super) fn head_of(map: &dyn RecordMap, key: Key) -> Result<Option<RecordHead>, StoreError> {
    map.get(Table::Records, &record_key(key))?.map(|row| read_record_head(&row)).transpose()
}

/// A conversation's record.
pub(super) fn record_of(map: &dyn RecordMap, key: Key) -> Result<Option<Record>, StoreError> {
    map.get(Table::Records, &record_key(key))?.map(|row| read_record(&row)).transpose()
}

/// Where an event was taken.
pub(super) fn event_of(map: &dyn RecordMap, id: EventId) -> Result<Option<(Key, u64)>, StoreError> {
    let Some(row) = map.get(Table::Events, &event_key(id))? else { return Ok(None) };
    Ok(Some((read_key(&row)?, read_u64(&row, 16)?)))
}

/// Records in the order of their keys, from behind `after`.
pub(super) fn records(map: &dyn RecordMap, after: Option<Key>) -> impl Iterator<Item = Result<(Key, Record), StoreError>> {
    let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(record_key(after).to_vec()));
    map.range(Table::Records, from, Bound::Unbounded).map(|row| {
        let (key, value) = row?;
        Ok((read_key(&key)?, read_record(&value)?))
    })
}

/// Where the entries of a conversation stand, in the order of their revisions. The range is not empty.
pub(super) fn places(map: &dyn RecordMap, key: Key, revisions: RangeInclusive<u64>) -> impl Iterator<Item = Result<Place, StoreError>> {
    let bound = |revision: &u64| Bound::Included(entry_key(key, *revision).to_vec());
    map.range(Table::Entries, bound(revisions.start()), bound(revisions.end())).map(|row| read_place(&row?.1))
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
            let backed = head_of(map, key)?.is_some_and(|head| head.due == Some(due));
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
    match head_of(map, key)? {
        Some(head) if head.due == Some(due) => Ok(()),
        _ => map.remove(Table::Due, &due_key(due, key)),
    }
}

/// All rows of a table.
pub(super) fn all(map: &dyn RecordMap, table: Table) -> Rows<'_> {
    map.range(table, Bound::Unbounded, Bound::Unbounded)
}

/// The oldest journal file in which a record's unsettled messages stand.
pub(super) fn oldest_reference(map: &dyn RecordMap, key: &[u8], value: &[u8]) -> Result<Option<u64>, StoreError> {
    let (key, record) = (read_key(key)?, read_record(value)?);
    let mut oldest = None;
    for row in record.state.unsent() {
        if let Some(place) = map.get(Table::Entries, &entry_key(key, row.revision))? {
            let segment = read_place(&place)?.segment;
            oldest = Some(oldest.map_or(segment, |oldest: u64| oldest.min(segment)));
        }
    }
    Ok(oldest)
}

/// Whether a row speaks of what is too old to be kept.
pub(super) fn is_cut(table: Table, key: &[u8], value: &[u8], cut: Cut) -> Result<bool, StoreError> {
    match table {
        Table::Entries => Ok(read_place(value)?.segment < cut.segment),
        // An id tells its time (contract §3.1).
        Table::Events => Ok(MessageId(read_u64(key, 9)?).minted_at() < cut.events),
        Table::Records | Table::Due | Table::Meta => Ok(false),
    }
}

/// Puts a row of a snapshot into the map.
pub(super) fn restore(map: &dyn RecordMap, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if table == Table::Records
        && let Some(due) = read_record_head(value)?.due
    {
        map.insert(Table::Due, &due_key(due, read_key(key)?), &[])?;
    }
    map.insert(table, key, value)
}

/// Flips the sign so that times before 1970 sort before those after it.
const SIGN: u64 = 1 << 63;

fn record_key(key: Key) -> [u8; 16] {
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

fn entry_key(key: Key, revision: u64) -> [u8; 24] {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&record_key(key));
    bytes[16..].copy_from_slice(&revision.to_be_bytes());
    bytes
}

fn event_key(event: EventId) -> [u8; 17] {
    let mut bytes = [0; 17];
    bytes[..8].copy_from_slice(&event.for_user.0.to_be_bytes());
    bytes[8] = event.kind as u8;
    bytes[9..].copy_from_slice(&event.id.to_be_bytes());
    bytes
}

fn event_value(key: Key, revision: u64) -> [u8; 24] {
    entry_key(key, revision)
}

fn place_value(place: Place) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&place.segment.to_be_bytes());
    bytes[8..12].copy_from_slice(&place.offset.to_be_bytes());
    bytes[12..].copy_from_slice(&place.length.to_be_bytes());
    bytes
}

fn record_value(head: RecordHead, record: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + record.len());
    bytes.extend_from_slice(&head.revision.to_be_bytes());
    bytes.push(u8::from(head.due.is_some()));
    bytes.extend_from_slice(&head.due.unwrap_or_default().as_millis().to_be_bytes());
    bytes.extend_from_slice(record);
    bytes
}

fn read_record_head(row: &[u8]) -> Result<RecordHead, StoreError> {
    let due = Timestamp::from_millis(read_u64(row, 9)? as i64);
    Ok(RecordHead { revision: read_u64(row, 0)?, due: (row[8] == 1).then_some(due) })
}

fn read_record(row: &[u8]) -> Result<Record, StoreError> {
    Record::decode(row.get(HEAD..).ok_or_else(unreadable)?)
}

fn read_place(row: &[u8]) -> Result<Place, StoreError> {
    let numbers = read_u64(row, 8)?;
    Ok(Place { segment: read_u64(row, 0)?, offset: (numbers >> 32) as u32, length: numbers as u32 })
}

fn read_key(row: &[u8]) -> Result<Key, StoreError> {
    Ok(Key::new(UserId(read_u64(row, 0)?), UserId(read_u64(row, 8)?)))
}

fn read_u64(row: &[u8], at: usize) -> Result<u64, StoreError> {
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
