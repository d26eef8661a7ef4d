//! Ids of X are 64-bit numbers written as decimal strings (contract §3.1): they pass 2^53, so they are never JSON numbers here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A text that is not a decimal number of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: ids are decimal numbers of at most 64 bits")]
pub struct ParseIdError(pub String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name).map_err(|_| ParseIdError(text.to_owned()))
            }
        }
    };
}

id! {
    /// A user of X: one of our accounts, or a peer.
    UserId
}
id! {
    /// An app registered at X. Echoes name the app that sent the message (contract §3.3).
    AppId
}
id! {
    /// A direct message; also the id of the event that delivers it, and ordered by time.
    MessageId
}

impl MessageId {
    /// Milliseconds from the Unix epoch to X's own epoch (contract §3.1).
    const EPOCH: i64 = 1_288_834_974_657;

    /// The moment that is written into the id (contract §3.1, exact on real events).
    pub fn minted_at(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 22) as i64 + Self::EPOCH)
    }

    /// The smallest id minted at `at`; ids of the same millisecond count up from it.
    pub fn first_at(at: Timestamp) -> Self {
        MessageId((at.as_millis().saturating_sub(Self::EPOCH).max(0) as u64) << 22)
    }
}

/// A conversation: one of our accounts and the person at the other end.
///
/// The account record, for what belongs to no person, has the peer 0, which no user of X has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The account that the bot answers for.
    pub account: UserId,
    /// The person who writes to it.
    pub peer: UserId,
}

impl Key {
    /// The conversation of `account` with `peer`.
    pub fn new(account: UserId, peer: UserId) -> Self {
        Key { account, peer }
    }

    /// The key of the account record.
    pub fn of_account(account: UserId) -> Self {
        Key { account, peer: UserId(0) }
    }

    /// Whether it is an account record's, which is of no person.
    pub fn is_of_account(self) -> bool {
        self.peer == UserId(0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.peer)
    }
}

/// The kinds of events that have an id and are therefore recognised when they come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EventKind {
    /// `direct_message_events`: a message to or from the account.
    Message = 1,
    /// `follow_events` and the like, which X gives no id: theirs is made of time and persons.
    Tie = 2,
}

/// What makes two deliveries the same event (contract §2.3): the same id under two users is two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId {
    /// The subscribed user whose copy of the event this is.
    pub for_user: UserId,
    /// The kind of event; ids are unique only within a kind.
    pub kind: EventKind,
    /// The id as X gave it.
    pub id: u64,
}

impl EventId {
    /// An event that X gave no id, told apart by its time and by what `salt` adds to that. As of a message, its id tells its time.
    pub fn tie(for_user: UserId, at: Timestamp, salt: u64) -> Self {
        EventId { for_user, kind: EventKind::Tie, id: MessageId::first_at(at).0 | (salt % (1 << 22)) }
    }

    /// The event that delivers the message `id` to `for_user`.
    pub fn message(for_user: UserId, id: MessageId) -> Self {
        EventId { for_user, kind: EventKind::Message, id: id.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_time() {
        // The pair is the sample event of contract §3.3.
        let id: MessageId = "2006515713954545665".parse().expect("a decimal id");
        assert_eq!(id.minted_at(), Timestamp::from_millis(1_767_225_600_123));
        assert_eq!(MessageId::first_at(id.minted_at()).0, id.0 & !0x3f_ffff);
    }

    #[test]
    fn an_id_is_nothing_but_digits() {
        for bad in ["", "x", "-1", "1.5", "18446744073709551616"] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }
}
