//! The record of a conversation: all that the next turn needs, small enough to be rewritten whole at each turn.

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::conversation::State;
use crate::model::{MessageId, Timestamp};

/// The newest format of a record's bytes.
const FORMAT: u8 = 1;

/// How many event ids a record remembers by itself.
const MARKS: usize = 64;

/// Everything durable about one conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How many commits made it; each made one journal entry of the same number.
    pub revision: u64,
    /// When it wants attention next.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// The message events already taken.
    #[serde(default)]
    pub seen: Seen,
    /// Where the conversation stands.
    pub state: State,
    /// The entry with which the person was forgotten; nobody is shown those before it. 0 where that never was.
    #[serde(default, skip_serializing_if = "is_never")]
    pub void_before: u64,
    /// Reserved: slots of secrets, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Vec<u8>>,
}

/// What an index needs of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHead {
    /// As in [`Record`].
    pub(crate) revision: u64,
    /// As in [`Record`].
    pub(crate) due: Option<Timestamp>,
    /// The oldest entry whose messages are not all settled: their bodies are still wanted from the journal.
    pub(crate) wanted: Option<u64>,
    /// As in [`Record`].
    pub(crate) void_before: u64,
}

fn is_never(revision: &u64) -> bool {
    *revision == 0
}

impl Record {
    /// The record of a conversation that no commit has made yet.
    pub fn new(state: State) -> Self {
        Record { revision: 0, due: None, seen: Seen::default(), state, void_before: 0, sealed: None }
    }

    /// Bytes to be stored: a format byte and MessagePack with named fields, so that fields can be added for ever.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::with_capacity(512);
        self.encode_into(&mut bytes)?;
        Ok(bytes)
    }

    /// Appends what [`Record::encode`] makes.
    pub(super) fn encode_into(&self, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        bytes.push(FORMAT);
        rmp_serde::encode::write_named(bytes, self).map_err(|e| StoreError::Corrupt(format!("record not encodable: {e}")))
    }

    /// Reads [`Record::encode`]'s bytes, of this format or an older one.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => rmp_serde::from_slice(rest).map_err(|e| StoreError::Corrupt(format!("record unreadable: {e}"))),
            Some((&found, _)) if found > FORMAT => Err(StoreError::Newer { what: "a record", found, known: FORMAT }),
            _ => Err(StoreError::Corrupt("record empty or of no known format".into())),
        }
    }

    /// What an index needs of it.
    pub(crate) fn head(&self) -> RecordHead {
        let wanted = self.state.wanted().min();
        RecordHead { revision: self.revision, due: self.due, wanted, void_before: self.void_before }
    }
}

/// Which message events were taken: the newest marks, and a floor under which only the event index knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Ids at or under the floor may have been forgotten here.
    floor: u64,
    /// Ascending; all above the floor.
    marks: Vec<u64>,
}

/// What a record knows of an event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Taken before.
    Taken,
    /// Never taken.
    New,
    /// So old that only the event index can tell.
    AskIndex,
}

impl Seen {
    /// What is known of an id.
    pub fn recall(&self, id: MessageId) -> Memory {
        if self.marks.binary_search(&id.0).is_ok() {
            Memory::Taken
        } else if id.0 > self.floor {
            Memory::New
        } else {
            Memory::AskIndex
        }
    }

    /// Marks an id as taken. The oldest mark makes room by raising the floor.
    ///
    /// Gives the id that is known here no longer, if there is one: the event index has to know it from now on.
    pub fn mark(&mut self, id: MessageId) -> Option<MessageId> {
        if id.0 <= self.floor {
            return Some(id);
        }
        if let Err(place) = self.marks.binary_search(&id.0) {
            self.marks.insert(place, id.0);
        }
        if self.marks.len() <= MARKS {
            return None;
        }
        self.floor = self.marks.remove(0);
        Some(MessageId(self.floor))
    }

    /// Whether an id younger than `id` was taken before it: it was overtaken on its way.
    pub fn is_overtaken(&self, id: MessageId) -> bool {
        self.floor > id.0 || self.marks.last().is_some_and(|newest| *newest > id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_exact_above_the_floor() {
        let mut seen = Seen::default();
        let forgotten: Vec<_> = (10..10 + 2 * MARKS as u64).rev().filter_map(|id| seen.mark(MessageId(id))).collect();
        // Once the newest are marked, each older one is at once known to the index only.
        assert_eq!(forgotten, (10..10 + MARKS as u64).rev().map(MessageId).collect::<Vec<_>>());
        assert_eq!(seen.recall(MessageId(10 + 2 * MARKS as u64)), Memory::New);
        for id in 10 + MARKS as u64..10 + 2 * MARKS as u64 {
            assert_eq!(seen.recall(MessageId(id)), Memory::Taken, "{id}");
        }
        assert_eq!(seen.recall(MessageId(11)), Memory::AskIndex);
        assert_eq!(seen.recall(MessageId(3)), Memory::AskIndex);
        assert!(seen.is_overtaken(MessageId(3)));
    }

    #[test]
    fn what_is_forgotten_is_told_once() {
        let mut seen = Seen::default();
        let forgotten: Vec<_> = (1..=2 * MARKS as u64).filter_map(|id| seen.mark(MessageId(id))).collect();
        assert_eq!(forgotten, (1..=MARKS as u64).map(MessageId).collect::<Vec<_>>());
        assert_eq!(seen.mark(MessageId(2 * MARKS as u64)), None, "marked before");
    }

    #[test]
    fn an_id_between_two_marks_is_new() {
        let mut seen = Seen::default();
        assert_eq!((seen.mark(MessageId(5)), seen.mark(MessageId(9))), (None, None));
        assert_eq!(seen.recall(MessageId(7)), Memory::New);
        assert!(seen.is_overtaken(MessageId(7)));
        assert!(!seen.is_overtaken(MessageId(10)));
    }
}
