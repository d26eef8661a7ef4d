//! The store of one machine: a journal that is synced before a commit is answered, and sled as the record map behind it.
//!
//! The journal alone is believed. The record map holds the records and the indexes over the journal; it is synced now and then,
//! and what it lacks at a start is played into it from the journal.

mod checkpoint;
mod committer;
mod compact;
mod folder;
mod format;
mod frame;
mod inspect;
mod journal;
mod lock;
mod mark;
mod old_rows;
mod options;
mod recovery;
mod rehearsal;
mod row;
mod rows;
mod segment;
mod shared;
mod snapshot;
mod sweep;
#[cfg(test)]
mod tests;
mod tidy;
mod upgrade;

pub use compact::{Compacted, compact};
pub use inspect::{Held, Inspection, Leftover, MapState, SnapshotFile, inspect};
pub use options::Options;
pub use recovery::Progress;
pub use sweep::{JournalFile, JournalState};
pub use upgrade::{Upgraded, upgrade};

use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use self::checkpoint::Checkpointer;
use self::committer::{Answer, Committer, Prepared, Request};
use self::journal::Sizes;
use self::shared::Shared;
use self::tidy::Tidier;
use super::disk::{Disk, RealDisk, while_doing};
use super::map::{MapHome, SledHome};
use super::{Commit, Committed, Entry, Record, Store, StoreError};
use crate::model::{Key, MessageId, Timestamp};

/// How many entries a replay reads ahead.
const REPLAY_AHEAD: usize = 64;

/// The store in a folder. Dropped without [`Store::close`] it loses nothing; only the next start takes longer.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    door: Sender<Request>,
    committer: Option<JoinHandle<()>>,
    /// Keeps other processes out for as long as the store is there.
    _lock: Option<File>,
}

impl EmbeddedStore {
    /// Opens the store in a folder, which is made when it is missing. Blocks: the journal's tail, or after damage the whole
    /// journal, is read. Data of an older format is brought up to date, as [`upgrade`] does it.
    ///
    /// # Errors
    /// When another process has it open, the disk refuses, a journal file is damaged, or the data is a newer Junco's.
    pub fn open(path: &Path, options: Options) -> Result<EmbeddedStore, StoreError> {
        fs::create_dir_all(path).map_err(while_doing(format!("create {}", path.display())))?;
        let lock = lock::lock(path)?;
        upgrade::bring_up(path)?;
        let home = SledHome::new(path.join("sled"), options.cache_capacity);
        let disk = Arc::new(RealDisk::new(path.to_owned()));
        Self::start(disk, &home, options.sizes(), &options, Some(lock))
    }

    fn start(
        disk: Arc<dyn Disk>,
        home: &dyn MapHome,
        sizes: Sizes,
        options: &Options,
        lock: Option<File>,
    ) -> Result<EmbeddedStore, StoreError> {
        let recovery::Started { journal, map, mark, .. } = recovery::start(&disk, home, sizes, &*options.progress)?;
        let shared = Arc::new(Shared::new(disk, map, mark.applied.sequence, options.on_fatal.clone()));
        let (door, requests) = std::sync::mpsc::channel();
        let tidier = Tidier::start(shared.clone(), options.policy(), door.clone())?;
        let checkpointer = Checkpointer::start(shared.clone(), mark, options.checkpoint_every, tidier)?;
        let committer = Committer::new(requests, journal, checkpointer, shared.clone(), options.reserve);
        let thread = thread::Builder::new().name("store-commit".into()).spawn(move || committer.run());
        let thread = thread.map_err(while_doing("start the store's threads"))?;
        Ok(EmbeddedStore { shared, door, committer: Some(thread), _lock: lock })
    }

    /// Hands a request to the committer and waits for its answer.
    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, StoreError> {
        self.shared.check()?;
        let (answer, answered) = oneshot::channel();
        self.door.send(request(answer)).map_err(|_| self.shared.why_closed())?;
        answered.await.unwrap_or_else(|_| Err(self.shared.why_closed()))
    }

    /// Reads what may take long, away from the threads that answer requests.
    async fn read_aside<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        // The task ends early only with its runtime.
        tokio::task::spawn_blocking(move || shared.read(read)).await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets the committer remove hints that no record stands behind, unless that has changed by then.
    fn sweep(&self, hints: Vec<(Timestamp, Key)>) {
        if !hints.is_empty() {
            // A closed store keeps its hints until it is opened again.
            drop(self.door.send(Request::Sweep(hints)));
        }
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        // One that has closed is gone already.
        drop(self.door.send(Request::Stop));
        if let Some(committer) = self.committer.take() {
            // It catches its panics.
            drop(committer.join());
        }
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn load(&self, key: Key) -> Result<Option<Record>, StoreError> {
        self.shared.read(|shared| rows::record_of(&*shared.map, &shared.library, key))
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Committed>, StoreError> {
        let prepared = commits.into_iter().map(Prepared::new).collect::<Result<_, _>>()?;
        self.ask(|answer| Request::Commit(prepared, answer)).await
    }

    async fn claim(&self, now: Timestamp, max: usize, owner: &str, lease: Duration) -> Result<Vec<Key>, StoreError> {
        let mut hints = Vec::new();
        let claimed = self.shared.read(|shared| {
            let due = rows::due(&*shared.map, &mut hints);
            let due = due.take_while(|row| !matches!(row, Ok((at, _)) if *at > now)).map(|row| row.map(|(_, key)| key));
            shared.leases.claim(due, now, max, owner, lease)
        });
        self.sweep(hints);
        claimed
    }

    async fn waiting(&self, max: usize) -> Result<Vec<Key>, StoreError> {
        let mut hints = Vec::new();
        let waiting = self.shared.read(|shared| rows::due(&*shared.map, &mut hints).take(max).map(|row| row.map(|(_, key)| key)).collect());
        self.sweep(hints);
        waiting
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut hints = Vec::new();
        loop {
            let known = std::mem::take(&mut hints);
            let next = self.shared.read(|shared| rows::due(&*shared.map, &mut hints).next().transpose())?;
            // A row that nothing stands behind may be one whose conversation was just moved to another time, behind the look.
            if next.is_some() || hints == known {
                self.sweep(hints);
                return Ok(next.map(|(at, _)| at));
            }
        }
    }

    async fn journal(&self, key: Key, revisions: RangeInclusive<u64>) -> Result<Vec<Entry>, StoreError> {
        if revisions.is_empty() {
            return Ok(Vec::new());
        }
        if revisions.start() == revisions.end()
            && let Some(place) = self.shared.read(|shared| rows::recent_place(&*shared.map, key, *revisions.start()))?
        {
            // As recent as the record: the system has most of these in memory.
            return self.shared.read(|shared| rows::entries(&shared.library, key, &[(*revisions.start(), place)]));
        }
        self.read_aside(move |shared| rows::entries(&shared.library, key, &rows::places(&*shared.map, key, &revisions)?)).await
    }

    async fn has_taken(&self, key: Key, id: MessageId) -> Result<bool, StoreError> {
        self.shared.read(|shared| rows::has_taken(&*shared.map, &shared.library, key, id))
    }

    async fn scan(&self, after: Option<Key>, max: usize) -> Result<Vec<(Key, Record)>, StoreError> {
        self.read_aside(move |shared| rows::records(&*shared.map, &shared.library, after).take(max).collect()).await
    }

    async fn replay(&self, since: Timestamp, each: &mut (dyn FnMut(Entry) + Send)) -> Result<(), StoreError> {
        let (sender, mut entries) = mpsc::channel(REPLAY_AHEAD);
        let shared = self.shared.clone();
        let reading = tokio::task::spawn_blocking(move || {
            // Who listens no more needs no more.
            journal::replay(&*shared.disk, shared.applied(), since, |entry| sender.blocking_send(entry).is_ok())
        });
        while let Some(entry) = entries.recv().await {
            each(entry);
        }
        reading.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.ask(Request::Ready).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        match self.ask(Request::Close).await {
            // It was closed before.
            Err(StoreError::Closed) => Ok(()),
            closed => closed,
        }
    }
}
