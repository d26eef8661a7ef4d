//! A store that forgets when the process ends: for tests, and for rehearsals on a virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::lease::Leases;
use super::{Commit, Committed, Entry, Memory, Record, Store, StoreError};
use crate::model::{Key, MessageId, Timestamp};

/// Conversations in memory. It keeps every promise of [`Store`] but the one about the disk.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    leases: Leases,
}

#[derive(Debug, Default)]
struct Tables {
    records: BTreeMap<Key, Record>,
    due: BTreeSet<(Timestamp, Key)>,
    journal: Vec<Entry>,
    /// Where a conversation's revision is in the journal.
    places: BTreeMap<(Key, u64), usize>,
    /// What the records no longer know.
    forgotten: BTreeSet<(Key, MessageId)>,
    closed: bool,
}

impl MemoryStore {
    /// A store without conversations.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Commits are checked before anything is changed, and the changes themselves cannot panic.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, key: Key) -> Result<Option<Record>, StoreError> {
        Ok(self.tables().records.get(&key).cloned())
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Committed>, StoreError> {
        commits.iter().try_for_each(Commit::check)?;
        let keys: Vec<Key> = commits.iter().map(|commit| commit.entry.key).collect();
        let mut tables = self.tables();
        if tables.closed {
            return Err(StoreError::Closed);
        }
        let committed = commits.into_iter().map(|commit| tables.commit(commit)).collect();
        self.leases.end(keys.into_iter());
        Ok(committed)
    }

    async fn claim(&self, now: Timestamp, max: usize, owner: &str, lease: Duration) -> Result<Vec<Key>, StoreError> {
        let tables = self.tables();
        let due = tables.due.iter().take_while(|(at, _)| *at <= now).map(|(_, key)| Ok(*key));
        self.leases.claim(due, now, max, owner, lease)
    }

    async fn waiting(&self, max: usize) -> Result<Vec<Key>, StoreError> {
        Ok(self.tables().due.iter().take(max).map(|(_, key)| *key).collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.tables().due.first().map(|(at, _)| *at))
    }

    async fn journal(&self, key: Key, revisions: RangeInclusive<u64>) -> Result<Vec<Entry>, StoreError> {
        if revisions.is_empty() {
            return Ok(Vec::new());
        }
        let tables = self.tables();
        let void = tables.records.get(&key).map_or(0, |record| record.void_before);
        let from = void.max(*revisions.start());
        if from > *revisions.end() {
            return Ok(Vec::new());
        }
        let places = tables.places.range((key, from)..=(key, *revisions.end()));
        Ok(places.map(|(_, place)| tables.journal[*place].clone()).collect())
    }

    async fn has_taken(&self, key: Key, id: MessageId) -> Result<bool, StoreError> {
        let tables = self.tables();
        Ok(match tables.records.get(&key).map(|record| record.seen.recall(id)) {
            Some(Memory::Taken) => true,
            Some(Memory::AskIndex) => tables.forgotten.contains(&(key, id)),
            Some(Memory::New) | None => false,
        })
    }

    async fn scan(&self, after: Option<Key>, max: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let tables = self.tables();
        let rows = tables.records.range((after.map_or(Unbounded, Excluded), Unbounded));
        Ok(rows.take(max).map(|(key, record)| (*key, record.clone())).collect())
    }

    async fn replay(&self, since: Timestamp, each: &mut (dyn FnMut(Entry) + Send)) -> Result<(), StoreError> {
        // A copy, since `each` may want to ask the store.
        let entries: Vec<Entry> = self.tables().journal.iter().filter(|entry| entry.at >= since).cloned().collect();
        entries.into_iter().for_each(each);
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        if self.tables().closed { Err(StoreError::Closed) } else { Ok(()) }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.tables().closed = true;
        Ok(())
    }
}

impl Tables {
    fn commit(&mut self, commit: Commit) -> Committed {
        let Commit { base, entry } = commit;
        let key = entry.key;
        let stored = self.records.get(&key);
        if stored.map_or(0, |record| record.revision) != base {
            return Committed::Stale;
        }
        if let Some(due) = stored.and_then(|record| record.due) {
            self.due.remove(&(due, key));
        }
        if let Some(due) = entry.record.due {
            self.due.insert((due, key));
        }
        self.forgotten.extend(entry.forgotten.iter().map(|id| (key, *id)));
        self.places.insert((key, entry.revision()), self.journal.len());
        self.records.insert(key, entry.record.clone());
        self.journal.push(entry);
        Committed::Ok
    }
}
