//! Where a conversation stands. All that is here is in every record, so it is bounded and refers to bodies instead of holding them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Offer, OpenLookup, Silence, Standing, Timer, Waiting};
use crate::model::{Profile, Timestamp};

/// Slots by name.
pub type Slots = BTreeMap<String, Value>;

/// The value of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number, from a question of type `int`.
    Int(i64),
    /// A number, from a question of type `number`.
    Number(f64),
    /// Any other answer.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(number) => number.fmt(f),
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => text.fmt(f),
        }
    }
}

/// Where a conversation stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// When the conversation began; part of every option's metadata.
    pub started: Timestamp,
    /// Who the person is, as last told.
    pub peer: Profile,
    /// How many messages the person has sent.
    #[serde(default)]
    pub messages: u32,
    /// When the person was last heard.
    #[serde(default)]
    pub heard: Option<Timestamp>,
    /// Sends since then, up to the five that are free (contract §4.1).
    #[serde(default)]
    pub replies: u32,
    /// The name of the state the person is in.
    #[serde(default)]
    pub at: Option<String>,
    /// The number of the open asking.
    #[serde(default)]
    pub open: Option<u32>,
    /// Wrong answers to the open question in a row.
    #[serde(default)]
    pub wrong: u32,
    /// Messages in a row that nothing took.
    #[serde(default)]
    pub missed: u32,
    /// The slots.
    #[serde(default)]
    pub slots: Slots,
    /// The slots that this entry of the state was given; their questions are skipped.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub given: BTreeSet<String>,
    /// Visits of states that count them.
    #[serde(default)]
    pub visits: BTreeMap<String, u32>,
    /// The asking that was open last, for texts: it names what was answered until the next one is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<u32>,
    /// How many messages were said since the person last spoke.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub said: usize,
    /// How many lookups were made since then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub looked_up: usize,
    /// How many askings there were.
    #[serde(default)]
    pub asked: u32,
    /// The newest askings, oldest first.
    #[serde(default)]
    pub askings: Vec<Asking>,
    /// Askings that were answered after they had been dropped from those, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<u32>,
    /// Messages not yet settled, in the order in which they leave.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Messages that wait behind the rows; only the journal holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<Backlog>,
    /// When a message last left.
    #[serde(default)]
    pub sent: Option<Timestamp>,
    /// The lookup that is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<OpenLookup>,
    /// What texts read of the last answers of lookups, by the lookups' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Json>,
    /// Messages that wait to be taken, in the order in which they will be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// Timers that run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<Timer>,
    /// How many timers and lookups there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub counted: u32,
    /// Why the bot is silent, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// Whether the person wants to hear nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out: bool,
    /// A late tap about which the machine has asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Words that the script remembers about the person.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// The last lines of both, shortened, where the script reads `transcript`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// When a peer that is one of our own accounts was answered, within the last hour.
    #[serde(default)]
    pub own_talk: Vec<Timestamp>,
    /// In an account record, where the account stands at X.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Box<Standing>>,
}

/// One showing of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asking {
    /// Its number within the conversation, from 1.
    pub number: u32,
    /// The prompt's state.
    pub state: String,
    /// The prompt's name within the state.
    pub prompt: String,
    /// When it was asked.
    pub at: Timestamp,
    /// The page that is shown, from 0.
    #[serde(default)]
    pub page: usize,
    /// Whether it was answered.
    #[serde(default)]
    pub answered: bool,
    /// The option that was chosen last, of a menu: choosing another is no second answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// The slots when it was asked, for `rewind`; left out where the record would grow too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
}

/// Names a message to be sent: the revision whose entry holds its body, and the place among that entry's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowId {
    /// The revision of the conversation.
    pub revision: u64,
    /// Which message of that revision, from 0.
    pub index: u32,
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.revision, self.index)
    }
}

/// Messages that found no place among the rows. They are in the journal, in the order in which they leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// The first of them.
    pub next: RowId,
    /// How many there are.
    pub count: u32,
    /// Whether people of the house wrote all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub desk: bool,
}

/// A message until it is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub id: RowId,
    /// Where it stands.
    pub status: RowStatus,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// When it was first tried in vain without X saying that it did not take it: from then on it may have arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubtful: Option<Timestamp>,
    /// The asking whose options it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking: Option<u32>,
    /// Whether a person of the house wrote it: then no other of them withholds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub desk: bool,
    /// What its echo will look like (see `Fingerprint` in this room), so that the echo is recognised without the body.
    pub fingerprint: u64,
    /// The same of its options and buttons as lines of its text, where it has some: so it goes when the interface has none by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_lines: Option<u64>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// To be sent at that time.
    Due(Timestamp),
    /// On its way since that time, or the process ended meanwhile.
    Sending(Timestamp),
    /// Tried at `since`; nobody knows whether X took it.
    Unsure {
        /// When it was tried.
        since: Timestamp,
        /// When to decide.
        check_at: Timestamp,
        /// What X said, where it refused the message and may have taken it all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<Refusal>,
    },
}

/// A refusal that X does not always mean: 151 has been seen with the message delivered (contract §4.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// X's error code.
    pub code: u32,
    /// X's words.
    pub reason: String,
}

impl State {
    /// A conversation that begins.
    pub fn new(peer: Profile, now: Timestamp) -> Self {
        State {
            started: now,
            peer,
            messages: 0,
            heard: None,
            replies: 0,
            at: None,
            open: None,
            wrong: 0,
            missed: 0,
            slots: Slots::new(),
            given: BTreeSet::new(),
            visits: BTreeMap::new(),
            prompt: None,
            said: 0,
            looked_up: 0,
            asked: 0,
            askings: Vec::new(),
            answered: Vec::new(),
            rows: Vec::new(),
            backlog: None,
            sent: None,
            lookup: None,
            answers: BTreeMap::new(),
            waiting: Vec::new(),
            timers: Vec::new(),
            counted: 0,
            silence: None,
            opted_out: false,
            offer: None,
            tags: BTreeSet::new(),
            lines: Vec::new(),
            own_talk: Vec::new(),
            standing: None,
        }
    }

    /// The row that leaves next: one is in flight at a time, in order.
    pub fn next_row(&self) -> Option<&Row> {
        self.rows.first()
    }

    /// The messages whose bodies are still wanted from the journal; those behind the backlog's first are younger.
    pub fn unsent(&self) -> impl Iterator<Item = RowId> {
        self.rows.iter().map(|row| row.id).chain(self.backlog.map(|backlog| backlog.next))
    }

    /// The revisions whose entries are still wanted from the journal.
    pub fn wanted(&self) -> impl Iterator<Item = u64> {
        let lookup = self.lookup.iter().map(|lookup| lookup.revision);
        let waiting = self.waiting.iter().map(|waiting| waiting.turn.revision);
        self.unsent().map(|row| row.revision).chain(lookup).chain(waiting)
    }

    /// When the conversation wants attention next. What is found on its way after `lost_after` belongs to an ended process.
    pub fn due(&self, lost_after: Duration) -> Option<Timestamp> {
        let row = self.next_row().map(|row| match row.status {
            RowStatus::Due(at) => at,
            RowStatus::Sending(since) => since.plus(lost_after),
            RowStatus::Unsure { check_at, .. } => check_at,
        });
        // A backlog behind no rows wants to be taken up at once.
        let row = row.or(self.backlog.map(|_| Timestamp::default()));
        let lookup = self.lookup.as_ref().map(OpenLookup::due);
        let timer = self.timers.iter().map(|timer| timer.at).min().filter(|_| self.lookup.is_none());
        let waiting = self.taken_up_at();
        [row, lookup, timer, waiting].into_iter().flatten().min()
    }

    /// When the first of the messages that wait can be taken; none while a lookup is on its way.
    pub fn taken_up_at(&self) -> Option<Timestamp> {
        let first = self.waiting.iter().map(|waiting| waiting.until.unwrap_or_default()).min();
        first.filter(|_| self.lookup.is_none())
    }

    /// The message that is taken next of those that wait, if one can be taken by now. Those before it in the order go with it.
    pub fn taken_up_next(&self, now: Timestamp) -> Option<Waiting> {
        self.taken_up_at().filter(|at| *at <= now).and_then(|_| self.waiting.first().copied())
    }
}

/// Whether a number is left out of what is stored.
pub(super) fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}
