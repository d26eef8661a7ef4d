//! What the store's threads have in common.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mark::Mark;
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::lease::Leases;
use crate::store::map::RecordMap;

/// Shared by the store's handle, its committer and its checkpointer.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) map: Arc<dyn RecordMap>,
    pub(super) leases: Leases,
    /// The newest entry that is durable and in the record map.
    applied: AtomicU64,
    /// Why the store can do nothing any more.
    end: Mutex<Option<StoreError>>,
    on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
}

impl Shared {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        map: Arc<dyn RecordMap>,
        applied: u64,
        on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    ) -> Self {
        Shared { disk, map, leases: Leases::default(), applied: AtomicU64::new(applied), end: Mutex::default(), on_fatal }
    }

    /// The newest entry that is durable and in the record map.
    pub(super) fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    pub(super) fn advance(&self, applied: u64) {
        self.applied.store(applied, Ordering::Release);
    }

    /// Nothing can be done but to start again. A record map that cannot be trusted is not asked again, then or later.
    pub(super) fn fatal(&self, error: StoreError) {
        let mut end = self.end();
        if matches!(error, StoreError::Map(_))
            && let Err(error) = Mark::withdraw(&*self.disk)
        {
            tracing::error!(%error, "the mark could not be removed");
        }
        if end.is_none() {
            tracing::error!(%error, "the store can only be started again");
            *end = Some(error.clone());
            drop(end);
            (self.on_fatal)(&error);
        }
    }

    /// Writes the mark, unless the record map it speaks of lost our trust.
    pub(super) fn write_mark(&self, mark: Mark) -> Result<(), StoreError> {
        match &*self.end() {
            Some(error) => Err(error.clone()),
            None => mark.write(&*self.disk),
        }
    }

    /// Whether the store can still do something.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.end().clone().map_or(Ok(()), Err)
    }

    /// Why the committer answers no more.
    pub(super) fn why_closed(&self) -> StoreError {
        self.end().clone().unwrap_or(StoreError::Closed)
    }

    fn end(&self) -> MutexGuard<'_, Option<StoreError>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads from the record map; one that cannot be trusted ends the store.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Shared) -> Result<T, StoreError>) -> Result<T, StoreError> {
        // sled may panic over damage that it did not see before.
        let found = catch_unwind(AssertUnwindSafe(|| read(self))).unwrap_or_else(|_| Err(StoreError::Map("it panicked".into())));
        if let Err(error @ StoreError::Map(_)) = &found {
            self.fatal(error.clone());
        }
        found
    }
}
