//! What may enter a conversation. Nothing else changes its state.

use serde::{Deserialize, Serialize};

use super::{Deed, Notice, Refusal, Row, RowId};
use crate::model::{Incoming, LookupAnswer, MessageId, Outgoing, Profile, Timestamp};

/// Something that happened to a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A person wrote or tapped.
    Message {
        /// What came.
        message: Incoming,
        /// Who wrote it.
        from: Profile,
        /// Whether a younger message was taken before it.
        #[serde(default)]
        overtaken: bool,
        /// Whether it comes from those that waited; the journal has it twice then, as it came and as it was taken.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        waited: bool,
    },
    /// Something else happened at the account that concerns the person, as `follow`.
    Account {
        /// What, as `on event=` names it.
        kind: String,
        /// Who the person is.
        from: Profile,
    },
    /// A lookup is about to be carried out; committed before its first byte leaves.
    LookupClaimed {
        /// The lookup's number.
        number: u32,
    },
    /// A lookup has ended.
    LookupDone {
        /// The lookup's number.
        number: u32,
        /// What came of it.
        answer: LookupAnswer,
    },
    /// A timer is over.
    TimerFired {
        /// The timer's number.
        number: u32,
    },
    /// Our account spoke: the echo of our own send, or of somebody else who uses the account.
    Echo {
        /// What was said.
        message: Incoming,
        /// Who said it, as far as X tells.
        origin: Origin,
    },
    /// A person of the house acts from the console.
    Desk {
        /// Who, by the name they signed in with.
        by: String,
        /// What they do.
        order: DeskOrder,
    },
    /// A row is about to leave; committed before its first byte does.
    Claimed {
        /// The row.
        row: RowId,
    },
    /// Messages of the backlog, read from the journal, take the places of rows that were settled.
    Refilled {
        /// The oldest of the backlog, in their order.
        rows: Vec<Row>,
        /// The one behind them, if there is one.
        next: Option<RowId>,
    },
    /// A part of a signed delivery that could not be read; only account records have such events.
    Unreadable {
        /// Where in the delivery.
        place: String,
        /// What is wrong with it.
        reason: String,
        /// The body, bounded.
        body: String,
    },
    /// Nobody may keep what this conversation holds: its account has withdrawn the app's access.
    Withdrawn,
    /// Something was noticed about the account, or done for it; only account records have such events.
    Noticed(Notice),
    /// Somebody of the house did something in the console; only the journal of [`DEEDS`](super::DEEDS) has such events.
    Done(Deed),
    /// What became of a send.
    Settled {
        /// The row.
        row: RowId,
        /// What became of it.
        outcome: Outcome,
    },
}

impl Event {
    /// Takes out of the event what a person has said and is called.
    pub fn forget(&mut self) {
        if let Event::Message { message, from, .. } = self {
            message.text.clear();
            message.tap = None;
            message.attachment = None;
            *from = Profile::unknown(from.id);
        }
    }

    /// The event as it may be kept where what it says is nobody's business.
    #[must_use]
    pub fn without_text(mut self) -> Self {
        if let Event::Message { message, .. } = &mut self {
            message.text = "•••".to_owned();
        }
        self
    }
}

/// What a person of the house does in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskOrder {
    /// Writes to the person, as the account.
    Say {
        /// The text.
        text: String,
    },
    /// Takes over: the bot is silent until it is resumed.
    Pause,
    /// Lets the bot speak again.
    Resume,
    /// Sends a message again that X refused.
    Again {
        /// The message, as the journal has it.
        message: Outgoing,
        /// The row that X refused; older entries do not tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        row: Option<RowId>,
    },
}

impl DeskOrder {
    /// Whether the person who gives it says something to the other end.
    pub fn speaks(&self) -> bool {
        match self {
            DeskOrder::Say { .. } | DeskOrder::Again { .. } => true,
            DeskOrder::Pause | DeskOrder::Resume => false,
        }
    }
}

/// The app behind an echo (contract §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// One of our apps.
    Ours,
    /// Another app: a person, or another tool.
    Other,
    /// The event names no app, as with X Activity.
    Unknown,
}

/// What became of one attempt to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// X took it under this id.
    Sent(MessageId),
    /// Not now: try again at that time. X certainly did not take it.
    RetryAt(Timestamp),
    /// X will never take it.
    Refused {
        /// X's error code, 0 where it gave none.
        code: u32,
        /// X's words, or ours.
        reason: String,
        /// Whether later messages to this person would be refused too (349, 150), so that they are not tried.
        person: bool,
    },
    /// Nobody knows: no answer came, the process ended meanwhile, or a refusal may not be meant. Look again at `check_at`.
    Unsure {
        /// When to decide, if no echo has settled it by then.
        check_at: Timestamp,
        /// The refusal, where there was one: then the message is never sent again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<Refusal>,
    },
    /// The time to decide has come and the message was not found: send it again now.
    Resend,
}
