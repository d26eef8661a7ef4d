//! Memory: one record a conversation, and a journal of what happened. What [`Store::commit`] answers is on the disk itself.

mod disk;
mod embedded;
mod entry;
mod lease;
mod map;
mod memory;
mod record;

pub use embedded::{
    Compacted, EmbeddedStore, Held, Inspection, JournalFile, JournalState, Leftover, MapState, Options, Progress, SnapshotFile, Upgraded,
    compact, inspect, upgrade,
};
pub use entry::{Commit, Committed, Entry, EntryKind, TurnLog};
pub use memory::MemoryStore;
pub use record::{Memory, Record, Seen};

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{Key, MessageId, Timestamp};

/// What can go wrong in memory. Nothing was acknowledged where one of these is returned.
///
/// It can be cloned because one failed write is the answer to a whole group of commits.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk refused; the text says what and where.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The system's answer.
        source: Arc<std::io::Error>,
    },
    /// Bytes that are not what was written.
    #[error("{0}")]
    Corrupt(String),
    /// Written by a newer Junco.
    #[error("{what} has format {found}, this version of Junco reads up to {known}: run the newer version")]
    Newer {
        /// What has it.
        what: &'static str,
        /// The format found.
        found: u8,
        /// The newest format known here.
        known: u8,
    },
    /// A commit whose record does not follow the revision that it was computed from; the caller's mistake.
    #[error("a commit to {key} makes revision {revision} out of {base}: the record must have the next one")]
    Misnumbered {
        /// The conversation.
        key: Key,
        /// The revision it was computed from.
        base: u64,
        /// The revision its record has.
        revision: u64,
    },
    /// Another process has the folder open.
    #[error("another Junco uses the folder {0}: stop it, or give this one a folder of its own")]
    Locked(String),
    /// A folder in which there is no store.
    #[error("{0} holds no store: name the folder that the configuration names after `sled:`")]
    NoStore(String),
    /// Something stands where a compaction wants to put its own.
    #[error("{0} is in the way: {1}")]
    InTheWay(String, &'static str),
    /// The store is closing or its writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// The record map said no.
    #[error("record map: {0}")]
    Map(String),
}

/// Where conversations live. Every backend keeps the promises of the contract suite in `tests/store`.
#[async_trait]
pub trait Store: Send + Sync {
    /// The record as of its last durable commit; `None` when the conversation is new.
    async fn load(&self, key: Key) -> Result<Option<Record>, StoreError>;

    /// Makes turns durable: on return each is on the disk, or was stale and left no trace.
    ///
    /// At most one commit a conversation in a call. A commit is stale when its base is not the stored revision; it has to be
    /// taken again from a fresh record.
    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Committed>, StoreError>;

    /// Conversations whose record is due at `now`, earliest first, at most `max`; claimed for `owner` until the lease ends.
    ///
    /// A claim is a hint, to be checked against the record: its owner may get the same key again until a commit moves the due
    /// time, anybody else only after the lease. A commit to the conversation ends the lease.
    async fn claim(&self, now: Timestamp, max: usize, owner: &str, lease: Duration) -> Result<Vec<Key>, StoreError>;

    /// Conversations whose record is due at any time, claimed or not, earliest first, at most `max`: for those who only look.
    async fn waiting(&self, max: usize) -> Result<Vec<Key>, StoreError>;

    /// The earliest due time of all records, claimed or not.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// The entries of a conversation with revisions in a range, oldest first; those already pruned are left out, and those from before
    /// the person was forgotten.
    async fn journal(&self, key: Key, revisions: RangeInclusive<u64>) -> Result<Vec<Entry>, StoreError>;

    /// Whether a conversation has taken a message event, or settled a message of ours under that id, in the last six days or longer.
    ///
    /// Its record alone tells most of it; this is for ids on which [`Seen::recall`] says so.
    async fn has_taken(&self, key: Key, id: MessageId) -> Result<bool, StoreError>;

    /// Records in key order, those after `after`, at most `max`.
    async fn scan(&self, after: Option<Key>, max: usize) -> Result<Vec<(Key, Record)>, StoreError>;

    /// Calls `each` with every entry committed at `since` or later, in the order of the journal.
    async fn replay(&self, since: Timestamp, each: &mut (dyn FnMut(Entry) + Send)) -> Result<(), StoreError>;

    /// Whether a commit could succeed now; the error says why not.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Makes the commits that are under way durable, writes out what is still in memory, and refuses further commits.
    async fn close(&self) -> Result<(), StoreError>;
}
