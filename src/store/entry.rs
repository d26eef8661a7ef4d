//! The journal entry: one commit of one conversation, with the record as it stands after it.

use serde::{Deserialize, Serialize};

use super::{Record, StoreError};
use crate::conversation::{Action, Event, Trace};
use crate::model::{EventId, Key, Timestamp};

/// The newest format of an entry's bytes.
const FORMAT: u8 = 1;

/// What happened in one commit of one conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which kind of entry it is.
    pub kind: EntryKind,
    /// The conversation.
    pub key: Key,
    /// When it was committed.
    pub at: Timestamp,
    /// The events that it took, for the event index; also the ids of our own messages that it settled.
    pub events: Vec<EventId>,
    /// The turns, in order; several when one delivery brought several events.
    pub turns: Vec<TurnLog>,
    /// The record after it.
    pub record: Record,
    /// Reserved: the event that answered a secret question, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Vec<u8>>,
}

/// Kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Turns of a conversation.
    Turns,
    /// Reserved: a person was forgotten; all older entries of the conversation are void.
    Tombstone,
}

/// One turn: what came, what was ordered, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnLog {
    /// What came.
    pub event: Event,
    /// What the machine ordered; the bodies of messages to be sent live here, and records refer to them.
    pub actions: Vec<Action>,
    /// Why.
    pub trace: Trace,
}

impl Entry {
    /// The revision that the commit made; the entry's number within its conversation, from 1.
    pub fn revision(&self) -> u64 {
        self.record.revision
    }

    /// Bytes to be stored, as [`Record::encode`].
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![FORMAT];
        rmp_serde::encode::write_named(&mut bytes, self).map_err(|e| StoreError::Corrupt(format!("entry not encodable: {e}")))?;
        Ok(bytes)
    }

    /// Reads [`Entry::encode`]'s bytes, of this format or an older one.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => rmp_serde::from_slice(rest).map_err(|e| StoreError::Corrupt(format!("entry unreadable: {e}"))),
            Some((&found, _)) if found > FORMAT => Err(StoreError::Newer { what: "a journal entry", found, known: FORMAT }),
            _ => Err(StoreError::Corrupt("entry empty or of no known format".into())),
        }
    }
}

/// An entry to be made durable.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The revision it was computed from; 0 for a new conversation. The entry's record has this and one.
    pub base: u64,
    /// What happened.
    pub entry: Entry,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is on the disk.
    Ok,
    /// Another commit came first: load the record and take the turn again.
    Stale,
}
