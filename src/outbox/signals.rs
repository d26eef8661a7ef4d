//! What is shown beside messages: typing, and that something was read. Within the limits of X, never waited for long, never made up for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Outbox;
use crate::model::{Key, MessageId, Timestamp, UserId};
use crate::pace::{Calls, WINDOW};
use crate::store::Record;

/// Calls of each kind that X takes of an account within its window (contract §4.1).
const CALLS: usize = 1_000;

/// So long X shows that somebody is typing; showing it again meanwhile shows nothing.
const SHOWN: Duration = Duration::from_secs(3);

/// A message does not wait longer than this for what announces it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was shown lately.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// Conversations whose person is to see that somebody is typing, before the next message leaves.
    wanted: BTreeSet<Key>,
    typing: BTreeMap<Key, Timestamp>,
    calls: BTreeMap<(UserId, Signal), Calls>,
}

/// Kinds of calls, each with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Signal {
    Typing,
    Read,
}

impl Signals {
    /// Before the next message of a conversation leaves, its person is to see that somebody is typing.
    pub(super) fn want_typing(&mut self, key: Key) {
        self.wanted.insert(key);
    }

    /// Whether typing is to be shown now; asked once for each wish.
    fn may_type(&mut self, key: Key, now: Timestamp) -> bool {
        if !self.wanted.remove(&key) {
            return false;
        }
        self.typing.retain(|_, shown| now.since(*shown) < SHOWN);
        let may = !self.typing.contains_key(&key) && self.may_call(key.account, Signal::Typing, now);
        if may {
            self.typing.insert(key, now);
        }
        may
    }

    fn may_call(&mut self, account: UserId, signal: Signal, now: Timestamp) -> bool {
        self.calls.entry((account, signal)).or_insert_with(|| Calls::new(CALLS, WINDOW)).take(now)
    }
}

impl Outbox {
    /// Shows the person that somebody is typing, where that is wished and anything is still to come.
    pub(super) async fn show_typing(&self, key: Key, record: &Record) {
        let (now, awaited) = (self.clock.now(), record.state.next_row().is_some() || record.state.lookup.is_some());
        let may = self.signals().may_type(key, now);
        if !may || !awaited {
            return;
        }
        let shown = tokio::time::timeout(PATIENCE, self.platform.indicate_typing(key.account, key.peer)).await;
        self.tell_shown(key, matches!(shown, Ok(Ok(()))));
    }

    /// Shows the person that what they wrote was read.
    pub(super) async fn show_read(&self, key: Key, last: MessageId) {
        let now = self.clock.now();
        if self.turns.is_paused(key.account) || !self.signals().may_call(key.account, Signal::Read, now) {
            return;
        }
        let shown = self.platform.mark_read(key.account, key.peer, last).await;
        self.tell_shown(key, shown.is_ok());
    }

    fn tell_shown(&self, key: Key, shown: bool) {
        self.turns.metrics().shown(if shown { "shown" } else { "failed" });
        if !shown {
            tracing::debug!(conversation = %key, "typing or reading was not shown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000).plus(Duration::from_millis(millis))
    }

    fn key(peer: u64) -> Key {
        Key::new(UserId(1), UserId(peer))
    }

    #[test]
    fn typing_is_shown_once_in_three_seconds_to_a_person() {
        let mut signals = Signals::default();
        let mut types = |peer: u64, now: u64| {
            signals.want_typing(key(peer));
            signals.may_type(key(peer), at(now))
        };
        assert!(types(1, 0) && !types(1, 2_999) && types(2, 2_999) && types(1, 3_000));
        assert!(!signals.may_type(key(1), at(9_000)), "nobody wishes it");
    }

    #[test]
    fn each_kind_has_its_thousand_and_each_account() {
        let mut signals = Signals::default();
        let read = (0..1_500).filter(|now| signals.may_call(UserId(1), Signal::Read, at(*now))).count();
        assert_eq!(read, 1_000);
        assert!(signals.may_call(UserId(1), Signal::Typing, at(1_500)) && signals.may_call(UserId(2), Signal::Read, at(1_500)));
        assert!(signals.may_call(UserId(1), Signal::Read, at(900_000)));
    }
}
