//! Writes gathered in memory, and given to the record map beneath when it is synced.
//!
//! Between two checkpoints a conversation's row is written many times, and most due rows come and go: beneath, each row is
//! written once, in the order of its key, and by the thread that makes the checkpoint. A crash loses what was gathered, which is
//! what the journal is for.
//!
//! Of rows that go down together a power cut may leave any. But a conversation's row lets go of the places that went into a block, and
//! nothing else tells them: so the rows of blocks are durable before any other row goes down.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{RecordMap, Row, Rows, Table};
use crate::store::StoreError;

/// How many rows a range reads at first, and at most at a time: its first row is often all that is wanted.
const CHUNK: (usize, usize) = (8, 256);

/// A record map with a memory above it.
pub(in crate::store) struct Overlay {
    beneath: Arc<dyn RecordMap>,
    layers: RwLock<Layers>,
    /// Held while rows go down, so that one layer goes at a time.
    syncing: Mutex<()>,
}

/// What is not beneath yet.
#[derive(Default)]
struct Layers {
    /// Written since the last sync began.
    fresh: Writes,
    /// On its way down; it is looked at until it has arrived.
    leaving: Option<Arc<Writes>>,
}

/// What was written to each table.
#[derive(Default)]
struct Writes([Written; Table::ALL.len()]);

/// Rows by key; `None` stands for one that was removed.
type Written = BTreeMap<ShortKey, Option<Box<[u8]>>>;

/// The longest key of any table.
const LONGEST: usize = 24;

/// A key that needs no memory of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ShortKey {
    bytes: [u8; LONGEST],
    length: u8,
}

impl ShortKey {
    fn new(key: &[u8]) -> Result<Self, StoreError> {
        let mut bytes = [0; LONGEST];
        let place = bytes.get_mut(..key.len()).ok_or_else(|| StoreError::Map("a key is longer than any must be".into()))?;
        place.copy_from_slice(key);
        Ok(ShortKey { bytes, length: key.len() as u8 })
    }
}

impl Borrow<[u8]> for ShortKey {
    fn borrow(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Ord for ShortKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (this, other): (&[u8], &[u8]) = (self.borrow(), other.borrow());
        this.cmp(other)
    }
}

impl PartialOrd for ShortKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The same, to be read.
type Found = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Where a range begins or ends.
type End = Bound<Vec<u8>>;

impl Overlay {
    /// A memory above a record map.
    pub(in crate::store) fn new(beneath: Arc<dyn RecordMap>) -> Self {
        Overlay { beneath, layers: RwLock::default(), syncing: Mutex::default() }
    }

    // A write is one insertion into a map, so a panic leaves nothing half done.
    fn read(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most about `most` rows from the beginning of a range, and where it goes on.
    fn chunk(&self, table: Table, from: &End, to: &End, most: usize) -> Result<(Vec<Row>, Option<Vec<u8>>), StoreError> {
        // What goes down after this look is seen twice rather than never.
        let (mut rows, mut last) = self.read().rows(table, from, to, most);
        let end = last.clone().map_or_else(|| to.clone(), Bound::Included);
        let beneath: Vec<Row> = self.beneath.range(table, from.clone(), end).take(most).collect::<Result<_, _>>()?;
        if beneath.len() == most {
            last = beneath.last().map(|(key, _)| key.clone());
        }
        for (key, value) in beneath {
            rows.entry(key).or_insert(Some(value));
        }
        if let Some(last) = &last {
            rows.retain(|key, _| key <= last);
        }
        Ok((rows.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(), last))
    }

    /// Gives rows to the map beneath: blocks first and durably, hints before the records that they point at, and what is gone last.
    fn hand_down(&self, writes: &Writes) -> Result<(), StoreError> {
        self.insert_all(writes, Table::Entries)?;
        if writes.of(Table::Entries).values().any(Option::is_some) {
            self.beneath.sync()?;
        }
        for table in [Table::Due, Table::Events, Table::Records, Table::Meta] {
            self.insert_all(writes, table)?;
        }
        for (table, _) in Table::ALL {
            for (key, _) in writes.of(table).iter().filter(|(_, value)| value.is_none()) {
                self.beneath.remove(table, key.borrow())?;
            }
        }
        self.beneath.sync()
    }

    fn insert_all(&self, writes: &Writes, table: Table) -> Result<(), StoreError> {
        let rows = writes.of(table).iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        rows.into_iter().try_for_each(|(key, value)| self.beneath.insert(table, key.borrow(), value))
    }
}

impl RecordMap for Overlay {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let gathered = self.read().get(table, key);
        match gathered {
            Some(value) => Ok(value),
            None => self.beneath.get(table, key),
        }
    }

    fn insert(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let (key, value) = (ShortKey::new(key)?, Some(value.into()));
        // What it replaces is let go of behind the lock.
        let replaced = self.write().fresh.of_mut(table).insert(key, value);
        drop(replaced);
        Ok(())
    }

    fn remove(&self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        let mut layers = self.write();
        // A hint that came and went never goes down. Were it there already, nothing would stand behind it and it would be swept.
        let is_leaving = layers.leaving.as_ref().is_some_and(|leaving| leaving.of(table).contains_key(key));
        let fresh = layers.fresh.of_mut(table);
        if table == Table::Due && !is_leaving && matches!(fresh.get(key), Some(Some(_))) {
            fresh.remove(key);
        } else {
            fresh.insert(ShortKey::new(key)?, None);
        }
        Ok(())
    }

    fn range(&self, table: Table, from: End, to: End) -> Rows<'_> {
        Box::new(Range { overlay: self, table, next: Some(from), to, rows: Vec::new().into_iter(), most: CHUNK.0 })
    }

    fn sync(&self) -> Result<(), StoreError> {
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let leaving = {
            let mut layers = self.write();
            if layers.leaving.is_some() {
                return Err(StoreError::Map("an earlier sync has failed".into()));
            }
            let leaving = Arc::new(std::mem::take(&mut layers.fresh));
            layers.leaving = Some(leaving.clone());
            leaving
        };
        self.hand_down(&leaving)?;
        let arrived = self.write().leaving.take();
        // So many rows are let go of behind the lock.
        drop((arrived, leaving));
        Ok(())
    }
}

impl Layers {
    /// What was gathered of a row; the inner `None` stands for one that was removed.
    fn get(&self, table: Table, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let leaving = || self.leaving.as_ref().and_then(|leaving| leaving.of(table).get(key));
        let found = self.fresh.of(table).get(key).or_else(leaving)?;
        Some(found.as_deref().map(<[u8]>::to_vec))
    }

    /// At most `most` of the rows that were gathered in a range, and the last of them where there may be more.
    fn rows(&self, table: Table, from: &End, to: &End, most: usize) -> (Found, Option<Vec<u8>>) {
        let mut rows = Found::new();
        let bounds = (from.as_ref().map(Vec::as_slice), to.as_ref().map(Vec::as_slice));
        let mut last: Option<Vec<u8>> = None;
        for writes in self.leaving.iter().map(|leaving| &**leaving).chain([&self.fresh]) {
            let found = writes.of(table).range::<[u8], _>(bounds);
            let mut count = 0;
            for (key, value) in found.take(most) {
                let key: &[u8] = key.borrow();
                rows.insert(key.to_vec(), value.as_deref().map(<[u8]>::to_vec));
                count += 1;
                if count == most && last.as_ref().is_none_or(|last| key < last.as_slice()) {
                    last = Some(key.to_vec());
                }
            }
        }
        if let Some(last) = &last {
            // Behind it, one of the layers was not looked at.
            rows.retain(|key, _| key <= last);
        }
        (rows, last)
    }
}

impl Writes {
    fn of(&self, table: Table) -> &Written {
        &self.0[table as usize]
    }

    fn of_mut(&mut self, table: Table) -> &mut Written {
        &mut self.0[table as usize]
    }
}

/// A range, read piece by piece, so that nobody waits for a long reading.
struct Range<'a> {
    overlay: &'a Overlay,
    table: Table,
    /// Where the next piece begins, if there is one.
    next: Option<End>,
    to: End,
    rows: std::vec::IntoIter<Row>,
    most: usize,
}

impl Iterator for Range<'_> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            let from = self.next.take()?;
            match self.overlay.chunk(self.table, &from, &self.to, self.most) {
                Ok((rows, last)) => {
                    self.rows = rows.into_iter();
                    self.next = last.map(Bound::Excluded);
                    self.most = (self.most * 4).min(CHUNK.1);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::MapHome as _;
    use super::super::tree_map::TreeHome;
    use super::*;

    /// One call.
    #[derive(Debug, Clone)]
    enum Call {
        Insert(Table, u8, u8),
        Remove(Table, u8),
        Sync,
        Range(Table, u8, u8),
    }

    fn call() -> impl Strategy<Value = Call> {
        let table = || prop_oneof![Just(Table::Records), Just(Table::Entries)];
        prop_oneof![
            6 => (table(), any::<u8>(), any::<u8>()).prop_map(|(table, key, value)| Call::Insert(table, key, value)),
            3 => (table(), any::<u8>()).prop_map(|(table, key)| Call::Remove(table, key)),
            1 => Just(Call::Sync),
            2 => (table(), any::<u8>(), any::<u8>()).prop_map(|(table, from, to)| Call::Range(table, from.min(to), from.max(to))),
        ]
    }

    fn rows(map: &dyn RecordMap, table: Table, from: u8, to: u8) -> Vec<Row> {
        map.range(table, Bound::Included(vec![from]), Bound::Excluded(vec![to])).collect::<Result<_, _>>().unwrap()
    }

    proptest! {
        #[test]
        fn it_is_a_map_like_another(calls in prop::collection::vec(call(), 0..600)) {
            let overlay = Overlay::new(TreeHome::default().open().unwrap());
            let plain = TreeHome::default().open().unwrap();
            for call in calls {
                match call {
                    Call::Insert(table, key, value) => {
                        overlay.insert(table, &[key], &[value]).unwrap();
                        plain.insert(table, &[key], &[value]).unwrap();
                    }
                    Call::Remove(table, key) => {
                        overlay.remove(table, &[key]).unwrap();
                        plain.remove(table, &[key]).unwrap();
                    }
                    Call::Sync => overlay.sync().unwrap(),
                    Call::Range(table, from, to) => prop_assert_eq!(rows(&overlay, table, from, to), rows(&*plain, table, from, to)),
                }
            }
            for table in [Table::Records, Table::Entries] {
                prop_assert_eq!(rows(&overlay, table, 0, 255), rows(&*plain, table, 0, 255));
                for key in 0..=255 {
                    prop_assert_eq!(overlay.get(table, &[key]).unwrap(), plain.get(table, &[key]).unwrap());
                }
            }
        }
    }

    /// A map whose rows can be looked at while they are written, and that can fail.
    struct Watched<F: Fn() + Send + Sync>(Arc<dyn RecordMap>, F, bool);

    impl<F: Fn() + Send + Sync> RecordMap for Watched<F> {
        fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.get(table, key)
        }
        fn insert(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
            self.1();
            self.0.insert(table, key, value)
        }
        fn remove(&self, table: Table, key: &[u8]) -> Result<(), StoreError> {
            self.0.remove(table, key)
        }
        fn range(&self, table: Table, from: End, to: End) -> Rows<'_> {
            self.0.range(table, from, to)
        }
        fn sync(&self) -> Result<(), StoreError> {
            if self.2 { Err(StoreError::Map("no power".into())) } else { self.0.sync() }
        }
    }

    #[test]
    fn what_goes_down_can_be_read_all_the_while_and_what_is_written_meanwhile_stays_on_top() {
        let overlay: Arc<std::sync::OnceLock<Overlay>> = Arc::default();
        let looked = overlay.clone();
        let look = move || {
            let overlay = looked.get().unwrap();
            assert_eq!(rows(overlay, Table::Records, 0, 9).len(), 3);
            overlay.insert(Table::Records, &[1], b"newer").unwrap();
        };
        let overlay = overlay.get_or_init(|| Overlay::new(Arc::new(Watched(TreeHome::default().open().unwrap(), look, false))));
        for key in 1..4 {
            overlay.insert(Table::Records, &[key], b"old").unwrap();
        }
        overlay.sync().unwrap();
        assert_eq!(overlay.get(Table::Records, &[1]).unwrap().as_deref(), Some(&b"newer"[..]));
        assert_eq!(overlay.get(Table::Records, &[2]).unwrap().as_deref(), Some(&b"old"[..]));
    }

    #[test]
    fn a_sync_that_failed_is_not_followed_by_one_that_seems_to_succeed() {
        let overlay = Overlay::new(Arc::new(Watched(TreeHome::default().open().unwrap(), || {}, true)));
        overlay.insert(Table::Records, &[1], b"x").unwrap();
        assert!(overlay.sync().is_err());
        assert!(overlay.sync().is_err());
        assert!(overlay.get(Table::Records, &[1]).unwrap().is_some());
    }

    #[test]
    fn hints_that_came_and_went_never_go_down() {
        let beneath = TreeHome::default().open().unwrap();
        let overlay = Overlay::new(beneath.clone());
        overlay.insert(Table::Due, &[1], &[]).unwrap();
        overlay.insert(Table::Due, &[2], &[]).unwrap();
        overlay.remove(Table::Due, &[1]).unwrap();
        overlay.sync().unwrap();
        assert_eq!(rows(&*beneath, Table::Due, 0, 9).len(), 1);
        overlay.remove(Table::Due, &[2]).unwrap();
        overlay.sync().unwrap();
        assert_eq!(rows(&*beneath, Table::Due, 0, 9).len(), 0);
    }
}
