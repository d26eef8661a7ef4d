//! A store filled without the doors: what weeks of conversations leave behind.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use junco::clock::{Clock, SystemClock};
use junco::conversation::{Context, Event, Outcome, Rendering, RowId, State, step};
use junco::model::{EventId, Incoming, Key, MessageId, Profile, Timestamp, UserId};
use junco::service::compile_bot;
use junco::store::{Commit, EmbeddedStore, Entry, EntryKind, Options, Record, Store, TurnLog};

use crate::world::{ACCOUNT, snowbot};

/// Less than is kept, so that nothing is pruned.
const SPAN: Duration = Duration::from_secs(20 * 24 * 3600);
const BATCH: u64 = 1_000;

/// The child: fills the store, says so, and waits to be stopped or killed.
pub(crate) fn fill(folder: &Path, conversations: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let store = Arc::new(EmbeddedStore::open(folder, Options::default()).unwrap());
        let model = conversation();
        let begin = SystemClock.now().minus(SPAN);
        for batch in 0..conversations / BATCH {
            let commits = (batch * BATCH..(batch + 1) * BATCH).map(|number| {
                let at = begin.plus(SPAN.mul_f64(number as f64 / conversations as f64));
                Commit { base: 0, entry: moved(&model, number, at) }
            });
            store.commit(commits.collect()).await.unwrap();
        }
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        eprintln!("listening: http://127.0.0.1:1/");
        terminate.unwrap().recv().await;
        store.close().await.unwrap();
    });
}

/// One entry: a person wrote, and the answer was sent.
fn conversation() -> Entry {
    let program = compile_bot(&snowbot()).unwrap().program;
    let (key, at) = (Key::new(ACCOUNT, UserId(1)), Timestamp::from_millis(1_767_225_600_123));
    let from = Profile { id: key.peer, name: "Ada".into(), screen_name: "ada_example".into() };
    let message = Incoming { id: MessageId(1), sent_at: at, text: "hi".into(), tap: None, attachment: None };
    let row = RowId { revision: 1, index: 0 };
    let events = [
        Event::Message { message, from: from.clone(), overtaken: false, waited: false },
        Event::Claimed { row },
        Event::Settled { row, outcome: Outcome::Sent(MessageId(2)) },
    ];
    let mut record = Record::new(State::new(from, at));
    record.revision = 1;
    let context =
        Context { key, now: at, revision: 1, messages: 0, turn: 0, rendering: Rendering::default(), peer_is_ours: false, recalled: None };
    let turns = events.map(|event| {
        let step = step(&program, record.state.clone(), &event, &context);
        record.state = step.state;
        TurnLog { event, actions: step.actions, trace: step.trace }
    });
    assert!(record.state.rows.is_empty() && record.state.open.is_some(), "the menu was sent");
    Entry { kind: EntryKind::Turns, key, at, events: Vec::new(), forgotten: Vec::new(), turns: turns.into(), record, sealed: None }
}

/// The same with another person, at another time.
fn moved(model: &Entry, number: u64, at: Timestamp) -> Entry {
    let mut entry = model.clone();
    entry.key.peer = UserId(1_900_000_000_000_000_000 + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 90_000_000_000_000_000);
    entry.at = at;
    let said = MessageId::first_at(at).0 + number % 1_000;
    for id in [said, said + 1_000].map(MessageId) {
        entry.events.push(EventId::message(ACCOUNT, id));
        entry.forgotten.extend(entry.record.seen.mark(id));
    }
    entry
}
