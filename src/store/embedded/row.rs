//! The row that the record map has of a conversation: what indexes need of its record, and where its newest entries stand.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | flags: due, wanted, record, void |
//! | 1–10 | revision |
//! | 8 | due time, if there is one; big-endian |
//! | 1–10 | how many revisions ago the oldest entry was that is still wanted, if there is one |
//! | 1–10 | how many revisions ago the person was forgotten, if that ever was |
//! | 1– | places of the newest entries of the newest entry's block |
//! | – | the record, where its entry's file goes or is gone |
//!
//! Places are their count and three numbers each: segment, less the one before; offset, less where the one before ended in the same
//! segment; length. Numbers without a width are little-endian, seven bits a byte.

use super::segment::Place;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::record::RecordHead;

/// Entries in a block. When the last of them is there, their places become a row of their own, which is never written again.
pub(super) const BLOCK: u64 = 8;

const DUE: u8 = 1;
const WANTED: u8 = 2;
const RECORD: u8 = 4;
const VOID: u8 = 8;

/// The number of the block that a revision belongs to; revisions count from 1.
pub(super) fn block_of(revision: u64) -> u64 {
    revision.saturating_sub(1) / BLOCK
}

/// A conversation's row.
#[derive(Debug, Clone)]
pub(super) struct RecordRow {
    pub(super) head: RecordHead,
    /// Up to the newest entry.
    pub(super) places: Places,
    /// The record's own bytes, once its entry is too old to be kept.
    pub(super) record: Option<Vec<u8>>,
}

impl RecordRow {
    /// The row after an entry, where nothing is known of older ones.
    pub(super) fn new(head: RecordHead, place: Place) -> Self {
        RecordRow { head, places: Places::of(head.revision, place), record: None }
    }

    /// The row after the next entry.
    pub(super) fn followed_by(&self, head: RecordHead, place: Place) -> Self {
        let mut next = RecordRow::new(head, place);
        if block_of(self.head.revision) == block_of(head.revision) {
            next.places = self.places;
            next.places.push(place);
        }
        next
    }

    /// The journal file that the record has to be read from, unless the row has it.
    pub(super) fn stands_in(&self) -> Option<u64> {
        self.record.is_none().then(|| self.places.newest().segment)
    }

    /// Whether its block is complete, so that the next entry begins another.
    pub(super) fn ends_block(&self) -> bool {
        self.head.revision.is_multiple_of(BLOCK)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let RecordHead { revision, due, wanted, void_before } = self.head;
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        let mut bytes = Vec::with_capacity(64 + self.record.as_ref().map_or(0, Vec::len));
        let flags = flag(due.is_some(), DUE) | flag(wanted.is_some(), WANTED) | flag(self.record.is_some(), RECORD);
        bytes.push(flags | flag(void_before > 0, VOID));
        put(&mut bytes, revision);
        if let Some(due) = due {
            bytes.extend_from_slice(&due.as_millis().to_be_bytes());
        }
        if let Some(wanted) = wanted {
            put(&mut bytes, revision.wrapping_sub(wanted));
        }
        if void_before > 0 {
            put(&mut bytes, revision.wrapping_sub(void_before));
        }
        self.places.put(&mut bytes);
        if let Some(record) = &self.record {
            bytes.extend_from_slice(record);
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        Self::take(bytes).ok_or_else(unreadable)
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = take_head(bytes)?;
        let places = Places::take(&mut rest, head.revision)?;
        let record = (bytes[0] & RECORD != 0).then(|| rest.to_vec());
        Some(RecordRow { head, places, record })
    }
}

/// What a row says of its record, read without the places.
pub(super) fn read_head(row: &[u8]) -> Result<RecordHead, StoreError> {
    take_head(row).map(|(head, _)| head).ok_or_else(unreadable)
}

fn take_head(bytes: &[u8]) -> Option<(RecordHead, &[u8])> {
    let (flags, mut rest) = bytes.split_first()?;
    let revision = take(&mut rest)?;
    let mut head = RecordHead { revision, due: None, wanted: None, void_before: 0 };
    if flags & DUE != 0 {
        let (due, behind) = rest.split_first_chunk()?;
        (head.due, rest) = (Some(Timestamp::from_millis(i64::from_be_bytes(*due))), behind);
    }
    if flags & WANTED != 0 {
        head.wanted = Some(revision.wrapping_sub(take(&mut rest)?));
    }
    if flags & VOID != 0 {
        head.void_before = revision.wrapping_sub(take(&mut rest)?);
    }
    Some((head, rest))
}

/// Where entries of consecutive revisions stand: all or the newest of one block. There is at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    /// The revision of the newest.
    newest: u64,
    count: u8,
    places: [Place; BLOCK as usize],
}

impl Places {
    /// One place.
    pub(super) fn of(revision: u64, place: Place) -> Self {
        Places { newest: revision, count: 1, places: [place; BLOCK as usize] }
    }

    /// The place of the next revision, which belongs to the same block.
    pub(super) fn push(&mut self, place: Place) {
        self.newest += 1;
        match self.places.get_mut(usize::from(self.count)) {
            Some(free) => {
                *free = place;
                self.count += 1;
            }
            None => {
                self.places.rotate_left(1);
                self.places[BLOCK as usize - 1] = place;
            }
        }
    }

    /// Revisions with their places, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Place)> + use<> {
        let first = (self.newest + 1).saturating_sub(u64::from(self.count));
        (first..).zip(self.places).take(usize::from(self.count))
    }

    /// Where a revision stands.
    pub(super) fn get(&self, revision: u64) -> Option<Place> {
        self.iter().find(|(of, _)| *of == revision).map(|(_, place)| place)
    }

    /// Where the newest stands.
    pub(super) fn newest(&self) -> Place {
        self.places[usize::from(self.count.max(1)) - 1]
    }

    /// The value of a block's own row.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        self.put(&mut bytes);
        bytes
    }

    /// Reads the row of a block.
    pub(super) fn decode(mut bytes: &[u8], block: u64) -> Result<Self, StoreError> {
        block.checked_add(1).and_then(|next| Places::take(&mut bytes, next.checked_mul(BLOCK)?)).ok_or_else(unreadable)
    }

    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.count);
        let mut before = Place::NOWHERE;
        for place in &self.places[..usize::from(self.count)] {
            put(bytes, place.segment.wrapping_sub(before.segment));
            put(bytes, u64::from(place.offset.wrapping_sub(expected(before, place.segment))));
            put(bytes, u64::from(place.length));
            before = *place;
        }
    }

    fn take(bytes: &mut &[u8], newest: u64) -> Option<Self> {
        let (count, rest) = bytes.split_first().filter(|(count, _)| (1..=BLOCK as u8).contains(count))?;
        *bytes = rest;
        let mut places = [Place::NOWHERE; BLOCK as usize];
        let mut before = Place::NOWHERE;
        for place in &mut places[..usize::from(*count)] {
            let segment = before.segment.wrapping_add(take(bytes)?);
            let offset = expected(before, segment).wrapping_add(u32::try_from(take(bytes)?).ok()?);
            *place = Place { segment, offset, length: u32::try_from(take(bytes)?).ok()? };
            before = *place;
        }
        Some(Places { newest, count: *count, places })
    }
}

/// Where an entry of a segment would stand next to the one before.
fn expected(before: Place, segment: u64) -> u32 {
    if segment == before.segment { before.offset.wrapping_add(before.length) } else { 0 }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn unreadable() -> StoreError {
    StoreError::Map("a row of a conversation cannot be read".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Place> {
        let near = (0_u64..3, 40_u32..3_000, 1_u32..2_000);
        let any = (any::<u64>(), any::<u32>(), any::<u32>());
        prop_oneof![3 => near, 1 => any].prop_map(|(segment, offset, length)| Place { segment, offset, length })
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(
            revision in prop_oneof![1_u64..40, 1..u64::MAX / 2],
            due in any::<Option<i64>>(),
            ago in prop::option::of(0_u64..40),
            void_before in prop_oneof![Just(0), 1_u64..40],
            places in prop::collection::vec(place(), 1..=BLOCK as usize),
            record in prop::option::of(prop::collection::vec(any::<u8>(), 0..50)),
        ) {
            let wanted = ago.map(|ago| revision.saturating_sub(ago));
            let mut held = Places::of(revision, places[0]);
            for place in &places[1..] {
                held.push(*place);
            }
            let head = RecordHead { revision: held.newest, due: due.map(Timestamp::from_millis), wanted, void_before };
            let row = RecordRow { head, places: held, record };
            let bytes = row.encode();
            let read = RecordRow::decode(&bytes).unwrap();
            prop_assert_eq!((read.head, read.record), (head, row.record.clone()));
            let found: Vec<_> = read.places.iter().collect();
            prop_assert_eq!(found, (revision..).zip(places.iter().copied()).collect::<Vec<_>>());
            prop_assert_eq!(read.places.newest(), places[places.len() - 1]);
            prop_assert_eq!(read_head(&bytes).unwrap(), head);
            let cut = bytes.len() - row.record.as_ref().map_or(0, Vec::len);
            for length in 0..cut {
                prop_assert!(RecordRow::decode(&bytes[..length]).is_err());
            }
        }

        #[test]
        fn any_bytes_are_a_row_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            // It must not panic: such bytes come from a damaged map.
            drop(RecordRow::decode(&bytes));
            drop(Places::decode(&bytes, u64::MAX));
        }
    }

    #[test]
    fn entries_of_one_talk_take_few_bytes() {
        let mut places = Places::of(1, Place { segment: 70_000, offset: 5_000_000, length: 1_500 });
        for number in 1..BLOCK as u32 {
            places.push(Place { segment: 70_000, offset: 5_000_000 + number * 3_000, length: 1_500 });
        }
        assert!(places.encode().len() < 50, "{}", places.encode().len());
    }
}
