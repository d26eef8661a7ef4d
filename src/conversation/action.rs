//! What the machine orders, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RowId;
use crate::bot::Late;
use crate::model::Outgoing;

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
    },
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
    /// Two of our own accounts had talked too much.
    TalkLimit,
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
