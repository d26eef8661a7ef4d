//! The promises of `Store`, each a function that takes an empty store of any kind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use junco::model::Key;
use junco::store::{Committed, Entry, Store, StoreError};
use tokio::task::JoinSet;

use super::values::{ACCOUNT, at, event, key, talk, turn, turn_due};

type Shared = Arc<dyn Store>;

/// As long as the tests' clock counts.
const LEASE: Duration = Duration::from_millis(100);

pub(crate) async fn a_new_conversation_has_no_record(store: Shared) {
    assert!(store.load(key(1)).await.unwrap().is_none());
    assert!(store.next_due().await.unwrap().is_none());
    assert!(store.journal(key(1), 1..=9).await.unwrap().is_empty());
    assert!(store.scan(None, 9).await.unwrap().is_empty());
    store.ready().await.unwrap();
}

pub(crate) async fn a_commit_is_loaded_as_it_was_made(store: Shared) {
    let commits = vec![turn(1, 0), turn_due(2, 0, 50)];
    assert_eq!(store.commit(commits.clone()).await.unwrap(), [Committed::Ok; 2]);
    for commit in commits {
        let key = commit.entry.key;
        assert_eq!(store.load(key).await.unwrap().as_ref(), Some(&commit.entry.record));
        assert_eq!(store.journal(key, 1..=1).await.unwrap(), [commit.entry]);
    }
}

pub(crate) async fn a_commit_on_an_old_revision_is_stale_and_leaves_no_trace(store: Shared) {
    talk(&*store, 1, 2).await;
    for base in [0, 1, 3] {
        let mut commit = turn_due(1, base, 5);
        commit.entry.forgotten = vec![event(1, 1), event(1, 77)];
        let _ = commit.entry.record.seen.mark(event(1, 77));
        assert_eq!(store.commit(vec![commit]).await.unwrap(), [Committed::Stale], "on {base}");
    }
    assert_eq!(store.load(key(1)).await.unwrap().unwrap(), turn(1, 1).entry.record);
    assert_eq!(store.journal(key(1), 0..=u64::MAX).await.unwrap().len(), 2);
    assert!(!store.has_taken(key(1), event(1, 77)).await.unwrap());
    assert_eq!(store.next_due().await.unwrap(), None);
}

pub(crate) async fn a_stale_turn_does_not_hold_back_the_others_of_its_call(store: Shared) {
    talk(&*store, 2, 1).await;
    let committed = store.commit(vec![turn(1, 0), turn(2, 0), turn(3, 0)]).await.unwrap();
    assert_eq!(committed, [Committed::Ok, Committed::Stale, Committed::Ok]);
    assert!(store.load(key(3)).await.unwrap().is_some());
}

pub(crate) async fn a_misnumbered_commit_is_refused(store: Shared) {
    let mut commit = turn(1, 0);
    commit.entry.record.revision = 2;
    assert!(matches!(store.commit(vec![commit]).await, Err(StoreError::Misnumbered { base: 0, revision: 2, .. })));
    assert!(store.load(key(1)).await.unwrap().is_none());
}

pub(crate) async fn due_conversations_are_claimed_earliest_first(store: Shared) {
    store.commit(vec![turn_due(1, 0, 300), turn_due(2, 0, 100), turn_due(3, 0, 200), turn(4, 0)]).await.unwrap();
    assert_eq!(store.claim(at(250), 9, "a", LEASE).await.unwrap(), [key(2), key(3)]);
    assert_eq!(store.claim(at(300), 2, "a", LEASE).await.unwrap(), [key(2), key(3)], "at most two, and its own again");
    assert!(store.claim(at(99), 9, "a", LEASE).await.unwrap().is_empty());
    // Before 1970 and at the ends of time, order is still order.
    store.commit(vec![turn_due(5, 0, -7), turn_due(6, 0, i64::MIN), turn_due(7, 0, i64::MAX)]).await.unwrap();
    assert_eq!(store.claim(at(100), 3, "a", LEASE).await.unwrap(), [key(6), key(5), key(2)]);
}

pub(crate) async fn who_only_looks_at_what_waits_claims_nothing(store: Shared) {
    store.commit(vec![turn_due(1, 0, 300), turn_due(2, 0, 100), turn(3, 0), turn_due(4, 0, i64::MAX)]).await.unwrap();
    assert_eq!(store.claim(at(100), 9, "a", LEASE).await.unwrap(), [key(2)]);
    assert_eq!(store.waiting(9).await.unwrap(), [key(2), key(1), key(4)]);
    assert_eq!(store.waiting(1).await.unwrap(), [key(2)]);
    assert_eq!(store.claim(at(300), 9, "b", LEASE).await.unwrap(), [key(2), key(1)], "the first lease is over, and no other began");
}

pub(crate) async fn a_claim_keeps_others_away_until_its_lease_ends(store: Shared) {
    store.commit(vec![turn_due(1, 0, 10), turn_due(2, 0, 20)]).await.unwrap();
    assert_eq!(store.claim(at(50), 1, "a", LEASE).await.unwrap(), [key(1)]);
    assert_eq!(store.claim(at(60), 9, "b", LEASE).await.unwrap(), [key(2)]);
    assert_eq!(store.claim(at(60), 9, "a", LEASE).await.unwrap(), [key(1)], "renewed");
    assert!(store.claim(at(159), 9, "b", LEASE).await.unwrap() == [key(2)]);
    assert_eq!(store.claim(at(160), 9, "b", LEASE).await.unwrap(), [key(1), key(2)]);
}

pub(crate) async fn a_commit_moves_the_due_time_and_ends_the_lease(store: Shared) {
    store.commit(vec![turn_due(1, 0, 10)]).await.unwrap();
    assert_eq!(store.claim(at(10), 9, "a", LEASE).await.unwrap(), [key(1)]);
    store.commit(vec![turn_due(1, 1, 30)]).await.unwrap();
    assert!(store.claim(at(29), 9, "b", LEASE).await.unwrap().is_empty());
    assert_eq!(store.claim(at(30), 9, "b", LEASE).await.unwrap(), [key(1)]);
    store.commit(vec![turn(1, 2)]).await.unwrap();
    assert!(store.claim(at(500), 9, "b", LEASE).await.unwrap().is_empty());
    assert!(store.next_due().await.unwrap().is_none());
}

pub(crate) async fn the_next_due_time_is_the_earliest_of_all(store: Shared) {
    store.commit(vec![turn_due(1, 0, 30), turn_due(2, 0, 20)]).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(20)));
    store.claim(at(40), 9, "a", LEASE).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(20)));
    store.commit(vec![turn_due(2, 1, 90)]).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(30)));
    // The same due time again is not lost with the old one.
    store.commit(vec![turn_due(1, 1, 30)]).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(30)));
}

pub(crate) async fn the_journal_gives_back_ranges_of_one_conversation(store: Shared) {
    for base in 0..5 {
        store.commit(vec![turn(1, base), turn(2, base)]).await.unwrap();
    }
    let written: Vec<Entry> = (0..5).map(|base| turn(1, base).entry).collect();
    assert_eq!(store.journal(key(1), 0..=u64::MAX).await.unwrap(), written);
    assert_eq!(store.journal(key(1), 2..=4).await.unwrap(), written[1..4]);
    assert_eq!(store.journal(key(1), 5..=9).await.unwrap(), written[4..]);
    assert!(store.journal(key(1), 6..=9).await.unwrap().is_empty());
    #[expect(clippy::reversed_empty_ranges, reason = "a caller may compute one")]
    let nothing = 4..=2;
    assert!(store.journal(key(1), nothing).await.unwrap().is_empty());
}

pub(crate) async fn of_a_forgotten_person_nothing_older_is_shown(store: Shared) {
    for base in 0..20 {
        let mut commit = turn(1, base);
        commit.entry.record.void_before = if base < 10 { 0 } else { 11 };
        store.commit(vec![commit]).await.unwrap();
    }
    let shown = |entries: Vec<Entry>| entries.iter().map(Entry::revision).collect::<Vec<_>>();
    assert_eq!(shown(store.journal(key(1), 0..=u64::MAX).await.unwrap()), (11..=20).collect::<Vec<_>>());
    assert_eq!(shown(store.journal(key(1), 9..=12).await.unwrap()), [11, 12]);
    assert!(store.journal(key(1), 2..=3).await.unwrap().is_empty());
    assert!(store.journal(key(1), 10..=10).await.unwrap().is_empty());
}

pub(crate) async fn an_event_that_was_taken_is_known_for_ever_after(store: Shared) {
    // More than a record remembers by itself.
    const TURNS: u64 = 150;
    talk(&*store, 1, TURNS).await;
    for revision in 1..=TURNS {
        assert!(store.has_taken(key(1), event(1, revision)).await.unwrap(), "{revision}");
    }
    for never in [event(1, 0), event(1, TURNS + 1), event(0, 5), event(2, 1)] {
        assert!(!store.has_taken(key(1), never).await.unwrap(), "{never}");
    }
    // The same id under another user is another event (contract §2.3), and a new conversation took none.
    let other = Key::new(key(1).peer, ACCOUNT);
    assert!(!store.has_taken(other, event(1, 1)).await.unwrap());
}

pub(crate) async fn a_late_event_is_known_from_its_own_turn_on(store: Shared) {
    talk(&*store, 1, 100).await;
    let mut commit = turn(1, 100);
    let late = junco::model::MessageId(5);
    assert!(!store.has_taken(key(1), late).await.unwrap());
    commit.entry.forgotten.extend(commit.entry.record.seen.mark(late));
    store.commit(vec![commit]).await.unwrap();
    assert!(store.has_taken(key(1), late).await.unwrap());
}

pub(crate) async fn a_scan_goes_through_all_records_in_pages(store: Shared) {
    for peer in [1, 2, 255, 256, u64::MAX, 70_000, 0] {
        talk(&*store, peer, 1).await;
    }
    let mut after = None;
    let mut peers = Vec::new();
    loop {
        let page = store.scan(after, 3).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(*last);
        for (key, record) in page {
            assert_eq!(record, turn(key.peer.0, 0).entry.record);
            peers.push(key.peer.0);
        }
    }
    assert_eq!(peers, [0, 1, 2, 255, 256, 70_000, u64::MAX], "in the order of keys");
}

pub(crate) async fn a_replay_gives_every_entry_once_in_the_order_of_commits(store: Shared) {
    let mut written = Vec::new();
    for base in 0..4 {
        for peer in [3, 1, 2] {
            store.commit(vec![turn(peer, base)]).await.unwrap();
            written.push(turn(peer, base).entry);
        }
    }
    for (since, skipped) in [(0, 0), (1_000, 0), (1_002, 6), (1_003, 9), (2_000, 12)] {
        let mut replayed = Vec::new();
        store.replay(at(since), &mut |entry| replayed.push(entry)).await.unwrap();
        assert_eq!(replayed, written[skipped..], "since {since}");
    }
}

pub(crate) async fn many_tasks_commit_at_once_and_nothing_is_lost(store: Shared) {
    const PEERS: u64 = 40;
    const TURNS: u64 = 10;
    let mut tasks = JoinSet::new();
    for peer in 0..PEERS {
        let store = store.clone();
        tasks.spawn(async move { talk(&*store, peer, TURNS).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let mut replayed = BTreeSet::new();
    let each = &mut |entry: Entry| assert!(replayed.insert((entry.key, entry.revision())), "an entry came twice");
    store.replay(at(0), each).await.unwrap();
    assert_eq!(replayed.len() as u64, PEERS * TURNS);
    for peer in 0..PEERS {
        assert_eq!(store.load(key(peer)).await.unwrap().unwrap(), turn(peer, TURNS - 1).entry.record);
        assert_eq!(store.journal(key(peer), 1..=TURNS).await.unwrap().len() as u64, TURNS);
    }
}

pub(crate) async fn racing_turns_of_one_conversation_are_serialised(store: Shared) {
    const TASKS: u64 = 8;
    const TURNS: u64 = 5;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = store.clone();
        tasks.spawn(async move {
            let mut done = 0;
            while done < TURNS {
                let base = store.load(key(1)).await.unwrap().map_or(0, |record| record.revision);
                match store.commit(vec![turn(1, base)]).await.unwrap()[0] {
                    Committed::Ok => done += 1,
                    Committed::Stale => tokio::task::yield_now().await,
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let revisions: Vec<u64> = store.journal(key(1), 0..=u64::MAX).await.unwrap().iter().map(Entry::revision).collect();
    assert_eq!(revisions, (1..=TASKS * TURNS).collect::<Vec<_>>());
}

pub(crate) async fn a_closed_store_refuses_commits(store: Shared) {
    talk(&*store, 1, 1).await;
    store.close().await.unwrap();
    assert!(matches!(store.commit(vec![turn(1, 1)]).await, Err(StoreError::Closed)));
    assert!(matches!(store.ready().await, Err(StoreError::Closed)));
    store.close().await.unwrap();
}
