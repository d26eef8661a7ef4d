//! Bytes as a version of Junco wrote them once, which every later one reads.

use std::fs;
use std::path::PathBuf;

use junco::conversation::{Event, Notice, Standing, State, Trace};
use junco::model::{Key, Profile, Timestamp, UserId};
use junco::store::{Entry, EntryKind, Record, Seen, TurnLog};

use super::values::{ACCOUNT, at};

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/store/kept/account.entry")
}

/// Everything that can be noticed about an account, in an order that leaves something of each in its record.
fn notices() -> Vec<Notice> {
    let (from, until) = (at(100_000), at(200_000));
    vec![
        Notice::Listening,
        Notice::WebhookGone,
        Notice::WebhookRegistered,
        Notice::NotSubscribed,
        Notice::Subscribed,
        Notice::GapFound { from, until, withheld: true },
        Notice::ReplayOrdered { job: 7, from, until },
        Notice::ReplayEnded { job: 7, complete: false },
        Notice::GapFound { from: at(300_000), until: at(400_000), withheld: false },
        Notice::ReplayUnavailable { reason: "Forbidden.".to_owned() },
        Notice::GapListed { from: at(300_000), until: at(400_000), messages: 3 },
        Notice::GapFound { from: at(500_000), until: at(600_000), withheld: false },
        Notice::ReplayOrdered { job: 8, from: at(480_000), until: at(600_000) },
        Notice::Silence { since: at(600_000) },
        Notice::Recovered,
        Notice::TokenRefused { code: 89 },
        Notice::Revoked,
        Notice::Erased,
        Notice::WebhookInvalid,
        Notice::WebhookValidated,
    ]
}

fn entry() -> Entry {
    let now = at(700_000);
    let mut standing = Standing::default();
    notices().iter().for_each(|notice| standing.take(notice, now));
    let mut events: Vec<Event> = notices().into_iter().map(Event::Noticed).collect();
    events.push(Event::Withdrawn);
    let turns = events.into_iter().map(|event| TurnLog { event, actions: Vec::new(), trace: Trace::default() }).collect();
    let mut state = State::new(Profile::unknown(UserId(0)), Timestamp::from_millis(0));
    state.standing = Some(Box::new(standing));
    let record = Record { revision: 4, due: None, seen: Seen::default(), state, void_before: 0, sealed: None };
    let key = Key::of_account(ACCOUNT);
    Entry { kind: EntryKind::Turns, key, at: now, events: Vec::new(), forgotten: Vec::new(), turns, record, sealed: None }
}

#[test]
fn what_was_noticed_about_an_account_is_read_for_ever() {
    let read = Entry::decode(&fs::read(file()).unwrap()).unwrap();
    assert_eq!(read, entry());
    let standing = read.record.state.standing.unwrap();
    assert!(standing.paused.is_some() && standing.deaf.is_some() && standing.jobs().count() == 1 && standing.gaps.len() == 2);
}

#[test]
#[ignore = "writes the bytes anew; only while no version with them is released"]
fn write_what_is_kept() {
    fs::write(file(), entry().encode().unwrap()).unwrap();
}
