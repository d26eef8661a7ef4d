//! What a conversation waits for besides the person: an answer from a server, a time, somebody of the house.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RowId;
use crate::model::{MessageId, Timestamp};

/// A lookup on its way. While there is one, what the person writes waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenLookup {
    /// Its number within the conversation, from 1; counted together with the timers.
    pub number: u32,
    /// The lookup's name within the program.
    pub id: String,
    /// The revision whose entry holds the request.
    pub revision: u64,
    /// When it was ordered.
    pub since: Timestamp,
    /// When it was claimed to be carried out; none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Timestamp>,
    /// How long it may take in all, in milliseconds; later it belongs to an ended process.
    pub within: u64,
    /// Which variant the body's texts speak in.
    #[serde(default)]
    pub variant: usize,
    /// What the rule captured that ordered it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
}

impl OpenLookup {
    /// When it wants attention: at once, or when the process that carried it out must have ended.
    pub fn due(&self) -> Timestamp {
        self.claimed.map_or(self.since, |claimed| claimed.plus(Duration::from_millis(self.within)))
    }
}

/// A message of the person that is durable and has not been taken yet.
///
/// Written as a list: a record may hold many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WaitingParts", into = "WaitingParts")]
pub struct Waiting {
    /// Its id, which tells its place in the order.
    pub id: MessageId,
    /// Where the journal has it: the revision, and the place among that entry's turns.
    pub turn: RowId,
    /// Until when others may still come before it; none where it only waits for a lookup.
    pub until: Option<Timestamp>,
}

type WaitingParts = (MessageId, u64, u32, Option<Timestamp>);

impl From<WaitingParts> for Waiting {
    fn from((id, revision, index, until): WaitingParts) -> Self {
        Waiting { id, turn: RowId { revision, index }, until }
    }
}

impl From<Waiting> for WaitingParts {
    fn from(Waiting { id, turn: RowId { revision, index }, until }: Waiting) -> Self {
        (id, revision, index, until)
    }
}

/// A time at which the conversation wants to be woken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its number within the conversation.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// For what.
    pub purpose: Purpose,
}

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The reminder of that id.
    Remind(String),
    /// The bot takes back what it handed over under that id.
    TakeBack(String),
}

/// The bot is silent because a person speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Since when.
    pub since: Timestamp,
    /// Until when; without it, until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The handing over that began it; none where somebody wrote from the account unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<String>,
    /// Whether somebody took over from the console: then only they, or the person's own word, give the bot back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub desk: bool,
}

/// The machine has asked whether a late tap was meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The number of the asking that asks; its options carry it.
    pub number: u32,
    /// The asking that was tapped; 0 where it is none of this conversation.
    pub asking: u32,
    /// The state of the prompt that was tapped.
    pub state: String,
    /// The prompt.
    pub prompt: String,
    /// The option's id.
    pub option: String,
    /// The slots of that asking, where they were known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<super::Slots>,
}
