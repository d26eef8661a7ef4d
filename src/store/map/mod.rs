//! The record map: ordered tables of bytes that may lose what was not synced, since the journal can refill them.

mod overlay;
mod sled_map;
#[cfg(test)]
pub(super) mod tree_map;

pub(super) use overlay::Overlay;
pub(super) use sled_map::SledHome;

use std::ops::Bound;
use std::sync::Arc;

use super::StoreError;

/// The tables; few, since each of sled's trees costs memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// Conversation → what is known of its record, and where its newest entries stand.
    Records,
    /// Due time and conversation → nothing; a hint, to be checked against the record.
    Due,
    /// Event that its conversation took and does not know any more → nothing.
    Events,
    /// Conversation and block of revisions → the entries' places in the journal.
    Entries,
    /// What the map knows of itself.
    Meta,
}

impl Table {
    /// All tables, with the names they have on the disk.
    pub(super) const ALL: [(Table, &str); 5] =
        [(Table::Records, "records"), (Table::Due, "due"), (Table::Events, "events"), (Table::Entries, "entries"), (Table::Meta, "meta")];
}

/// A key and its value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

/// Rows in the order of their keys.
pub(super) type Rows<'a> = Box<dyn Iterator<Item = Result<Row, StoreError>> + 'a>;

/// An open record map. One thread writes, any may read.
///
/// [`StoreError::Map`] means that its bytes are not to be trusted: it has to be set aside and filled anew.
pub(super) trait RecordMap: Send + Sync {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Sets the value of a key.
    fn insert(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError>;
    /// Removes a key, if it is there.
    fn remove(&self, table: Table, key: &[u8]) -> Result<(), StoreError>;
    /// The rows between two bounds.
    fn range(&self, table: Table, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Rows<'_>;
    /// Makes everything durable that was written before the call.
    fn sync(&self) -> Result<(), StoreError>;
}

/// Where a record map lives.
pub(super) trait MapHome: Send + Sync {
    /// Whether there is one already.
    fn exists(&self) -> bool;
    /// Opens it; a new one is empty.
    fn open(&self) -> Result<Arc<dyn RecordMap>, StoreError>;
    /// Moves one that cannot be trusted out of the way, without deleting it; says where it is now.
    fn set_aside(&self) -> Result<String, StoreError>;
}
