//! What people of the house do in the console, as the journal keeps it: who, from where, and what.

use serde::{Deserialize, Serialize};

use super::DeskOrder;
use crate::model::{Key, UserId};

/// The record in whose journal deeds stand: that of no account, since most concern none, or several.
pub const DEEDS: Key = Key { account: UserId(0), peer: UserId(0) };

/// Something that somebody did, or tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Who, by the name they signed in with; empty where nobody is known by the name that was given.
    pub by: String,
    /// The address that the request came from.
    pub from: String,
    /// What.
    pub act: Act,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Signed in.
    SignedIn,
    /// Signed out.
    SignedOut,
    /// Gave a wrong name or password.
    TurnedAway {
        /// How many were wrong from there of late, with this one.
        tries: u32,
    },
    /// Acted in a conversation, whose own journal has the order itself.
    Desk {
        /// The conversation.
        key: Key,
        /// What was ordered, without its text.
        order: DeskDeed,
    },
    /// Wants something changed at X; written down before it is done.
    Upkeep {
        /// What, in words.
        what: String,
    },
    /// It was not done.
    Failed {
        /// What, in words.
        what: String,
        /// Why, in X's words or ours.
        why: String,
    },
}

/// Which order was given at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskDeed {
    /// Wrote as the account.
    Say,
    /// Took over.
    Pause,
    /// Gave the bot back.
    Resume,
    /// Sent again what X had refused.
    Again,
}

impl From<&DeskOrder> for DeskDeed {
    fn from(order: &DeskOrder) -> Self {
        match order {
            DeskOrder::Say { .. } => DeskDeed::Say,
            DeskOrder::Pause => DeskDeed::Pause,
            DeskOrder::Resume => DeskDeed::Resume,
            DeskOrder::Again { .. } => DeskDeed::Again,
        }
    }
}
