//! What the store's threads have in common.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::mark::Mark;
use super::segment::Library;
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::lease::Leases;
use crate::store::map::RecordMap;

/// Shared by the store's handle, its committer and its checkpointer.
pub(super) struct Shared {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) map: Arc<dyn RecordMap>,
    pub(super) library: Library,
    pub(super) leases: Leases,
    /// The newest entry that is durable and in the record map.
    applied: AtomicU64,
    /// Why the store can do nothing any more.
    end: OnceLock<StoreError>,
    /// Held while the mark is written or withdrawn.
    mark: Mutex<()>,
    on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
}

impl Shared {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        map: Arc<dyn RecordMap>,
        applied: u64,
        on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    ) -> Self {
        Shared {
            library: Library::new(disk.clone()),
            disk,
            map,
            leases: Leases::default(),
            applied: AtomicU64::new(applied),
            end: OnceLock::new(),
            mark: Mutex::default(),
            on_fatal,
        }
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
        let is_first = self.end.set(error.clone()).is_ok();
        if matches!(error, StoreError::Map(_)) {
            let _held = self.hold_mark();
            if let Err(error) = Mark::withdraw(&*self.disk) {
                tracing::error!(%error, "the mark could not be removed");
            }
        }
        if is_first {
            tracing::error!(%error, "the store can only be started again");
            (self.on_fatal)(&error);
        }
    }

    /// Writes the mark, unless the record map it speaks of lost our trust.
    pub(super) fn write_mark(&self, mark: Mark) -> Result<(), StoreError> {
        let _held = self.hold_mark();
        self.check()?;
        mark.write(&*self.disk)
    }

    /// Whether the store can still do something.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.end.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Why the committer answers no more.
    pub(super) fn why_closed(&self) -> StoreError {
        self.end.get().cloned().unwrap_or(StoreError::Closed)
    }

    fn hold_mark(&self) -> MutexGuard<'_, ()> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
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
