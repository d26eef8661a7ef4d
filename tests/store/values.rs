//! Keys, records and commits to try a store with.

use junco::conversation::{Action, Event, Origin, RowId, State, Trace};
use junco::model::{EventId, Incoming, Key, MessageId, Outgoing, Profile, Timestamp, UserId};
use junco::store::{Commit, Entry, EntryKind, Record, Seen, Store, TurnLog};

/// The account of all these conversations.
pub(crate) const ACCOUNT: UserId = UserId(906_948_460_078_698_496);

/// The conversation with a person.
pub(crate) fn key(peer: u64) -> Key {
    Key::new(ACCOUNT, UserId(peer))
}

/// A moment, in milliseconds.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A turn of the conversation with `peer` that takes revision `base` to the next, at the millisecond `1_000 + base`.
///
/// It takes the event of [`event`].
pub(crate) fn turn(peer: u64, base: u64) -> Commit {
    let (revision, now) = (base + 1, at(1_000 + base as i64));
    let id = event(peer, revision);
    let message = Incoming { id, sent_at: now, text: format!("message {revision} of {peer}"), tap: None, attachment: None };
    let answer = Outgoing { text: format!("answer {revision} to {peer} ❄"), ..Outgoing::default() };
    let turn = TurnLog {
        event: Event::Echo { message, origin: Origin::Ours },
        actions: vec![Action::Send { row: RowId { revision, index: 0 }, message: answer, asking: None, options: 0 }],
        trace: Trace::default(),
    };
    let mut seen = Seen::default();
    let forgotten = (1..=revision).map(|revision| seen.mark(event(peer, revision))).last().flatten();
    let mut state = State::new(Profile::unknown(UserId(peer)), now);
    state.asked = revision as u32;
    let record = Record { revision, due: None, seen, state, void_before: 0, sealed: None };
    let (events, forgotten) = (vec![EventId::message(ACCOUNT, id)], Vec::from_iter(forgotten));
    let entry = Entry { kind: EntryKind::Turns, key: key(peer), at: now, events, forgotten, turns: vec![turn], record, sealed: None };
    Commit { base, entry }
}

/// A turn after which the conversation is due at a millisecond.
pub(crate) fn turn_due(peer: u64, base: u64, due: i64) -> Commit {
    let mut commit = turn(peer, base);
    commit.entry.record.due = Some(at(due));
    commit
}

/// The event that makes a revision.
pub(crate) fn event(peer: u64, revision: u64) -> MessageId {
    MessageId(peer << 32 | revision)
}

/// Commits revisions 1 to `last` of a conversation, one by one.
pub(crate) async fn talk(store: &dyn Store, peer: u64, last: u64) {
    for base in 0..last {
        let committed = store.commit(vec![turn(peer, base)]).await.expect("a commit");
        assert_eq!(committed, [junco::store::Committed::Ok], "revision {base} of {peer}");
    }
}
