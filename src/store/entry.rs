//! The journal entry: one commit of one conversation, with the record as it stands after it.

use serde::{Deserialize, Serialize};

use super::{Record, StoreError};
use crate::conversation::{Action, Event, Trace};
use crate::model::{EventId, Key, MessageId, Timestamp};

/// The newest format of an entry's bytes.
const FORMAT: u8 = 2;

/// The format whose entries do not tell which ids their record forgot: the event index knew all ids.
const ALL_INDEXED: u8 = 1;

/// What happened in one commit of one conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which kind of entry it is.
    pub kind: EntryKind,
    /// The conversation.
    pub key: Key,
    /// When it was committed.
    pub at: Timestamp,
    /// The events that it took; also the ids of our own messages that it settled.
    pub events: Vec<EventId>,
    /// The ids that its record no longer knows, as [`Seen::mark`](super::Seen::mark) told: the event index knows them from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<MessageId>,
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
    /// A person was forgotten; all older entries of the conversation are void.
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

/// An entry's fields but the record, as they are written.
#[derive(Serialize)]
struct BodyRef<'a> {
    kind: EntryKind,
    key: Key,
    at: Timestamp,
    events: &'a [EventId],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    forgotten: &'a [MessageId],
    turns: &'a [TurnLog],
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: &'a Option<Vec<u8>>,
}

/// An entry's fields but the record, as they are read.
#[derive(Deserialize)]
struct Body {
    kind: EntryKind,
    key: Key,
    at: Timestamp,
    events: Vec<EventId>,
    #[serde(default)]
    forgotten: Vec<MessageId>,
    turns: Vec<TurnLog>,
    #[serde(default)]
    sealed: Option<Vec<u8>>,
}

/// What an index needs of an entry, read without the turns.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EntryHead {
    /// As in [`Entry`].
    pub(crate) key: Key,
    /// As in [`Entry`].
    pub(crate) at: Timestamp,
    #[serde(default)]
    events: Vec<EventId>,
    /// As in [`Entry`].
    #[serde(default)]
    pub(crate) forgotten: Vec<MessageId>,
}

/// The stored bytes of an entry, taken apart but not read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryBytes<'a> {
    /// The record's own bytes, as [`Record::encode`] made them.
    pub(crate) record: &'a [u8],
    body: &'a [u8],
    format: u8,
}

/// Where the record begins: behind the format and its own length.
const RECORD_AT: usize = 1 + size_of::<u32>();

impl Entry {
    /// The person is forgotten with this entry: it keeps what was ordered and nothing of what they wrote, and hides all before it.
    pub(crate) fn void(&mut self) {
        self.kind = EntryKind::Tombstone;
        self.record.void_before = self.record.revision;
        for turn in &mut self.turns {
            turn.event.forget();
            turn.trace.captures.clear();
        }
    }

    /// The revision that the commit made; the entry's number within its conversation, from 1.
    pub fn revision(&self) -> u64 {
        self.record.revision
    }

    /// Bytes to be stored: a format byte, the length of the record's bytes (little-endian), the record's bytes, and the rest as
    /// MessagePack with named fields.
    ///
    /// The record stands apart so that it is read without the rest.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::with_capacity(1024);
        self.encode_into(&mut bytes)?;
        Ok(bytes)
    }

    /// Appends what [`Entry::encode`] makes.
    pub(super) fn encode_into(&self, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        let start = bytes.len();
        bytes.extend_from_slice(&[FORMAT, 0, 0, 0, 0]);
        self.record.encode_into(bytes)?;
        let length = u32::try_from(bytes.len() - start - RECORD_AT).map_err(|_| StoreError::Corrupt("record over 4 GB".into()))?;
        bytes[start + 1..start + RECORD_AT].copy_from_slice(&length.to_le_bytes());
        let Entry { kind, key, at, events, forgotten, turns, record: _, sealed } = self;
        let body = BodyRef { kind: *kind, key: *key, at: *at, events, forgotten, turns, sealed };
        rmp_serde::encode::write_named(bytes, &body).map_err(|e| StoreError::Corrupt(format!("entry not encodable: {e}")))
    }

    /// Reads [`Entry::encode`]'s bytes, of this format or an older one.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let parts = EntryBytes::split(bytes)?;
        let Body { kind, key, at, events, forgotten, turns, sealed } = parts.read()?;
        let forgotten = parts.forgotten(forgotten, &events);
        Ok(Entry { kind, key, at, events, forgotten, turns, record: Record::decode(parts.record)?, sealed })
    }
}

impl<'a> EntryBytes<'a> {
    /// Takes stored bytes apart.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<Self, StoreError> {
        match bytes.split_first() {
            Some((&format @ ALL_INDEXED..=FORMAT, rest)) => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(truncated)?;
                let (record, body) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(truncated)?;
                Ok(EntryBytes { record, body, format })
            }
            Some((&found, _)) if found > FORMAT => Err(StoreError::Newer { what: "a journal entry", found, known: FORMAT }),
            _ => Err(StoreError::Corrupt("entry empty or of no known format".into())),
        }
    }

    /// Reads only what an index needs.
    pub(crate) fn head(&self) -> Result<EntryHead, StoreError> {
        let mut head: EntryHead = self.read()?;
        head.forgotten = self.forgotten(head.forgotten, &head.events);
        Ok(head)
    }

    /// Reads only whose it is.
    pub(crate) fn key(&self) -> Result<Key, StoreError> {
        #[derive(Deserialize)]
        struct Whose {
            key: Key,
        }
        self.read().map(|Whose { key }| key)
    }

    fn forgotten(&self, told: Vec<MessageId>, events: &[EventId]) -> Vec<MessageId> {
        if self.format == ALL_INDEXED { events.iter().map(|event| MessageId(event.id)).collect() } else { told }
    }

    fn read<T: Deserialize<'a>>(&self) -> Result<T, StoreError> {
        rmp_serde::from_slice(self.body).map_err(|e| StoreError::Corrupt(format!("entry unreadable: {e}")))
    }
}

fn truncated() -> StoreError {
    StoreError::Corrupt("entry shorter than it says".into())
}

/// An entry to be made durable.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The revision it was computed from; 0 for a new conversation. The entry's record has this and one.
    pub base: u64,
    /// What happened.
    pub entry: Entry,
}

impl Commit {
    /// Makes sure that the record follows the revision it was computed from.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let (key, base, revision) = (self.entry.key, self.base, self.entry.revision());
        if revision == base + 1 { Ok(()) } else { Err(StoreError::Misnumbered { key, base, revision }) }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is on the disk.
    Ok,
    /// Another commit came first: load the record and take the turn again.
    Stale,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Origin, State};
    use crate::model::{Incoming, Profile, UserId};
    use crate::store::Seen;

    fn entry() -> Entry {
        let at = Timestamp::from_millis(1_767_225_600_123);
        let message = Incoming { id: MessageId(7), sent_at: at, text: "hallo ❄".into(), tap: None, attachment: None };
        let turn = TurnLog { event: Event::Echo { message, origin: Origin::Other }, actions: Vec::new(), trace: Trace::default() };
        let state = State::new(Profile::unknown(UserId(2)), at);
        let record = Record { revision: 3, due: Some(at), seen: Seen::default(), state, void_before: 0, sealed: None };
        let (events, forgotten) = (vec![EventId::message(UserId(1), MessageId(7))], vec![MessageId(5)]);
        let key = Key::new(UserId(1), UserId(2));
        Entry { kind: EntryKind::Turns, key, at, events, forgotten, turns: vec![turn], record, sealed: Some(vec![1]) }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_and_in_parts() {
        let entry = entry();
        let bytes = entry.encode().unwrap();
        assert_eq!(Entry::decode(&bytes).unwrap(), entry);
        let parts = EntryBytes::split(&bytes).unwrap();
        assert_eq!(parts.record, entry.record.encode().unwrap());
        let head = parts.head().unwrap();
        assert_eq!((head.key, head.at, head.forgotten), (entry.key, entry.at, entry.forgotten));
        assert_eq!(parts.key().unwrap(), entry.key);
    }

    #[test]
    fn of_an_entry_that_does_not_tell_all_ids_are_for_the_index() {
        let mut bytes = entry().encode().unwrap();
        bytes[0] = ALL_INDEXED;
        assert_eq!(Entry::decode(&bytes).unwrap().forgotten, [MessageId(7)]);
        assert_eq!(EntryBytes::split(&bytes).unwrap().head().unwrap().forgotten, [MessageId(7)]);
    }

    #[test]
    fn an_entry_of_a_newer_junco_is_refused() {
        let mut bytes = entry().encode().unwrap();
        bytes[0] = FORMAT + 1;
        assert!(matches!(Entry::decode(&bytes), Err(StoreError::Newer { found, .. }) if found == FORMAT + 1));
        bytes[0] = FORMAT;
        bytes[RECORD_AT] += 1;
        assert!(matches!(Entry::decode(&bytes), Err(StoreError::Newer { what: "a record", .. })));
    }

    #[test]
    fn a_cut_entry_is_an_error_and_no_panic() {
        let bytes = entry().encode().unwrap();
        for length in 0..bytes.len() {
            assert!(Entry::decode(&bytes[..length]).is_err(), "cut at {length}");
        }
    }
}
