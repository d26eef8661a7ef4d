//! How an embedded store is set up.

use std::sync::Arc;
use std::time::Duration;

use super::journal::Sizes;
use super::recovery::Progress;
use super::tidy::Policy;
use crate::store::StoreError;

/// Settings of an [`EmbeddedStore`](super::EmbeddedStore).
#[derive(Clone)]
pub struct Options {
    /// Bytes that sled may keep in memory; it takes about half as much again.
    pub cache_capacity: u64,
    /// Bytes of a journal file before the next one is begun; at most 1 GB.
    pub file_size: u64,
    /// Bytes of journal after which the record map is synced, so that a start has no more than about twice that to play in.
    pub checkpoint_every: u64,
    /// Bytes that are left free: with less free space, commits are refused. sled needs some to live on.
    pub reserve: u64,
    /// How long entries of the journal are kept at least. Ids of events are recognised for six days, however short this is.
    pub retention: Duration,
    /// Bytes of journal and snapshots that are no cause for alarm.
    pub budget: u64,
    /// Told, at each checkpoint, how many bytes there are when they are more than the budget; that goes to the log too.
    pub on_budget: Arc<dyn Fn(u64) + Send + Sync>,
    /// Called once when nothing can be done but to end the process and start again; by default it ends the process.
    ///
    /// When it returns, every later commit is refused.
    pub on_fatal: Arc<dyn Fn(&StoreError) + Send + Sync>,
    /// Told how far the reading of the journal is, where that takes long; by default it goes to the log.
    pub progress: Arc<dyn Fn(Progress) + Send + Sync>,
}

impl Options {
    /// The longest a journal file may get, so that places in it are 32-bit numbers.
    const MAX_FILE: u64 = 1 << 30;

    /// Zeros written ahead of the journal in one piece.
    const AHEAD: u64 = 1 << 20;

    pub(super) fn sizes(&self) -> Sizes {
        let file = self.file_size.min(Self::MAX_FILE);
        Sizes { file, ahead: Self::AHEAD.min(file).max(1) }
    }
}

impl Options {
    pub(super) fn policy(&self) -> Policy {
        Policy { retention: self.retention, reserve: self.reserve, budget: self.budget, on_budget: self.on_budget.clone() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            // Rows are small: this holds those of about 100 000 conversations.
            cache_capacity: 16 << 20,
            file_size: 64 << 20,
            checkpoint_every: 8 << 20,
            reserve: 128 << 20,
            retention: Duration::from_secs(30 * 24 * 3600),
            budget: 64 << 30,
            on_budget: Arc::new(|_| ()),
            on_fatal: Arc::new(|_| std::process::abort()),
            progress: Arc::new(|Progress { done, of }| tracing::info!(done, of, "reading the journal")),
        }
    }
}
