//! What comes to the door, for those who look on: every delivery as it came, and what was refused.

use actix_web::web::Bytes;

use crate::model::{Timestamp, UserId};
use crate::wire::{Event, EventBody};

/// Something that came to the door.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Seen,
}

/// What came.
#[derive(Debug, Clone)]
pub enum Seen {
    /// A delivery with a right signature.
    Delivery {
        /// As it came.
        body: Bytes,
        /// What it tells.
        events: Vec<SeenEvent>,
        /// How many events were new, and how many had been taken before.
        taken: usize,
        /// See `taken`.
        repeated: usize,
    },
    /// A delivery with a right signature of which nothing, or not everything, could be read.
    Unreadable {
        /// As it came.
        body: Bytes,
        /// What is wrong with it.
        reason: String,
    },
    /// A delivery that could not be stored; X will make it again.
    Failed {
        /// As it came.
        body: Bytes,
        /// Why.
        reason: String,
    },
    /// Bytes without a right signature: nobody's word, so none of them are kept.
    Unsigned {
        /// How many.
        bytes: usize,
        /// Where they came from.
        from: Option<String>,
    },
    /// A challenge.
    Challenge {
        /// Whether it was signed, and answered.
        signed: bool,
    },
}

/// An event of a delivery, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    /// The account that it is for, where it names one.
    pub account: Option<UserId>,
    /// What kind it is.
    pub kind: String,
    /// The person at the other end, where there is one.
    pub person: Option<UserId>,
}

impl From<&Event> for SeenEvent {
    fn from(event: &Event) -> Self {
        let account = event.for_user;
        let other = |a: UserId, b: UserId| if Some(a) == account { b } else { a };
        let person = match &event.body {
            EventBody::Message(direct) => Some(other(direct.sender, direct.recipient)),
            EventBody::Typing { sender, recipient } | EventBody::Read { sender, recipient, .. } => Some(other(*sender, *recipient)),
            EventBody::PostCreated { author, .. } | EventBody::PostDeleted { author, .. } => Some(*author),
            EventBody::Favorite { by, .. } => Some(*by),
            EventBody::Tie { source, target, .. } => Some(other(source.id, *target)),
            EventBody::Revoked { user, .. } => Some(*user),
            EventBody::ReplayJob { .. } | EventBody::Unknown { .. } => None,
        };
        let is_ours = matches!(&event.body, EventBody::Message(direct) if account.is_some_and(|account| direct.is_echo(account)));
        let kind = if is_ours { "echo" } else { event.body.kind() };
        SeenEvent { account, kind: kind.to_owned(), person }
    }
}
