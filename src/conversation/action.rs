//! What the machine orders, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RowId;
use crate::bot::Late;
use crate::model::{LookupRequest, MessageId, Outgoing};

/// Something to be carried out after the turn is durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send a message; its row is in the state.
    Send {
        /// The row.
        row: RowId,
        /// The message.
        message: Outgoing,
        /// The asking whose options it carries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asking: Option<u32>,
        /// How many options that prompt has on all its pages.
        #[serde(default, skip_serializing_if = "super::state::is_zero")]
        options: usize,
    },
    /// Ask a server; the open lookup in the state refers to it.
    LookUp {
        /// Its number.
        number: u32,
        /// What the script calls it.
        name: String,
        /// What is asked.
        request: LookupRequest,
    },
    /// A person of the house is to take over.
    HandOver {
        /// For whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<String>,
        /// What that person should know.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// The bot speaks again.
    TakeBack,
    /// Count, for the statistics.
    Count {
        /// What is counted.
        name: String,
        /// By what it is told apart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A word about the person, for the statistics.
    Tag {
        /// The word.
        name: String,
    },
    /// Show that somebody is typing. Not made up for after a crash.
    Typing,
    /// Mark a message of the person as read. Not made up for after a crash.
    Read {
        /// The message.
        message: MessageId,
    },
    /// The person wants to hear nothing from now on, or wants to hear again.
    Consent {
        /// Whether messages are wanted.
        wanted: bool,
    },
    /// The person is forgotten: what the journal has of the conversation until now is hidden and goes.
    Forget,
    /// A row that will not be sent.
    DeadLetter {
        /// The row.
        row: RowId,
        /// X's error code, 0 where it gave none.
        code: u32,
        /// Why.
        reason: String,
    },
    /// The script went wrong; the turn did what could still be done.
    Fault {
        /// What went wrong, for the author.
        what: String,
    },
}

/// Why a turn did what it did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// What took the event.
    pub fired: Fired,
    /// How late a tap was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lateness: Option<Lateness>,
    /// What was done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Late>,
    /// The state the conversation was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The state it is in now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether the message was nobody's business: the journal does not have its text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_secret: bool,
    /// What a rule's pattern captured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
}

/// What took an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fired {
    /// Nothing did.
    #[default]
    Nothing,
    /// A rule, by its first pattern.
    Rule(String),
    /// An option of a prompt: `state/prompt`, then the option's id.
    Option(String, String),
    /// The open question took a typed answer.
    Answer(String),
    /// A wrong answer; the question was asked again.
    Retry(String),
    /// The wrong answers were too many.
    GaveUp(String),
    /// The script's fallback.
    Fallback,
    /// An echo that settled a row.
    Confirmation,
    /// A person, or another tool, spoke for the account.
    Operator,
    /// A person of the house, from the console.
    Desk,
    /// Two of our own accounts had talked too much.
    TalkLimit,
    /// The answer of a lookup, by its name, went to its `ok` branch, or to `fail`.
    Lookup(String, bool),
    /// A reminder.
    Reminder(String),
    /// The bot took back what it had handed over, since it was asked to or because the time was over.
    TookBack,
    /// Nothing, since a person of the house speaks.
    Silent,
    /// Nothing, since the person wants to hear nothing.
    OptedOut,
    /// Nothing yet: it waits for a lookup, or for those that may come before it.
    Waits,
    /// A rule for another event of the account.
    Event(String),
    /// The answer to whether a late tap was meant.
    Offer(bool),
}

/// How late a tap is; the first that holds, in this order (design §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lateness {
    /// Not ours, or another conversation's.
    Foreign,
    /// The option or its state is gone from the script.
    Retired,
    /// It answers an asking whose send is not confirmed yet.
    Early,
    /// That asking was answered before.
    Consumed,
    /// Older than the prompt's `ttl`.
    Expired,
    /// A newer prompt was asked since.
    Superseded,
    /// The prompt is the open one.
    Current,
}

impl Lateness {
    /// Its name in tests and figures.
    pub const fn word(self) -> &'static str {
        match self {
            Lateness::Foreign => "foreign",
            Lateness::Retired => "retired",
            Lateness::Early => "early",
            Lateness::Consumed => "consumed",
            Lateness::Expired => "expired",
            Lateness::Superseded => "superseded",
            Lateness::Current => "current",
        }
    }
}
