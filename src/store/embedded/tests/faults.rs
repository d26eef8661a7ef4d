//! One thing goes wrong at a time.

use std::ops::Bound;

use super::super::frame;
use super::super::mark::Mark;
use super::super::segment::{self, Segment};
use super::*;
use crate::store::disk::simulated::Faults;
use crate::store::map::Table;

async fn commit(store: &EmbeddedStore, base: u64) -> Result<Vec<Committed>, StoreError> {
    store.commit(vec![turn(1, base, "hello", None)]).await
}

/// All of a file.
fn bytes_of(disk: &SimulatedDisk, name: &str) -> Vec<u8> {
    let file = disk.open(name).unwrap();
    let mut bytes = vec![0; file.length().unwrap() as usize];
    file.read_at(0, &mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn a_failed_write_is_answered_with_an_error_and_repaired_before_the_next() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(3), TreeHome::default(), options());
    let store = open(&disk, &home, &options);
    commit(&store, 0).await.unwrap();
    disk.set(Faults { short_writes: 1, failing_truncations: 1, ..Faults::default() });
    assert!(matches!(commit(&store, 1).await, Err(StoreError::Io { .. })));
    assert!(store.load(key(1)).await.unwrap().is_some_and(|record| record.revision == 1));
    assert!(store.ready().await.is_err(), "the file could not be cut");
    store.ready().await.unwrap();
    assert_eq!(commit(&store, 1).await.unwrap(), [Committed::Ok]);
    drop(store);
    let bench = Bench::start(&disk.crash(), &home).unwrap();
    assert_eq!(bench.entries(1).unwrap().len(), 2);
    assert!(ends.lock().unwrap().is_empty());
}

#[test]
fn nothing_of_a_failed_write_stays_in_the_file() {
    // Whatever part of the group was written.
    for seed in 0..50 {
        let (disk, home) = (SimulatedDisk::new(seed), TreeHome::default());
        let mut bench = Bench::start(&disk, &home).unwrap();
        disk.set(Faults { short_writes: 1, ..Faults::default() });
        let group = (0..8).map(|peer| vec![turn(peer, 0, "hello", None)]).collect();
        assert!(bench.commit(group).unwrap().iter().all(Result::is_err));
        bench.talk(9, 0..1);
        let sequences: Vec<u64> = frame::search(&bytes_of(&disk, &segment::name(1))).map(|found| found.sequence).collect();
        assert_eq!(sequences, [1], "seed {seed}");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_commits_until_there_is_room() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(4), TreeHome::default(), options());
    let store = open(&disk, &home, &Options { reserve: 10_000, ..options });
    disk.set(Faults { capacity: Some(20_000), ..Faults::default() });
    let mut base = 0;
    let refused = loop {
        match commit(&store, base).await {
            Ok(_) => base += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull), "{refused}");
    assert!(base > 3 && store.ready().await.is_err());
    assert_eq!(store.load(key(1)).await.unwrap().unwrap().revision, base);
    disk.set(Faults { capacity: Some(40_000), ..Faults::default() });
    store.ready().await.unwrap();
    commit(&store, base).await.unwrap();
    assert!(ends.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_sync_ends_the_process() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(5), TreeHome::default(), options());
    let store = open(&disk, &home, &options);
    commit(&store, 0).await.unwrap();
    disk.set(Faults { failing_syncs: 1, ..Faults::default() });
    assert!(commit(&store, 1).await.is_err());
    assert_eq!(ends.lock().unwrap().len(), 1);
    // Where the hook lets the process live on, the store does not.
    assert!(commit(&store, 1).await.is_err() && store.ready().await.is_err() && store.close().await.is_err());
    assert_eq!(ends.lock().unwrap().len(), 1);
}

#[test]
fn damage_before_good_frames_is_reported_and_never_cut() {
    let (disk, home) = (SimulatedDisk::new(6), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..5);
    drop(bench);
    let (disk, name) = (disk.kill(), segment::name(1));
    let second =
        frame::HEADER + frame::header(&bytes_of(&disk, &name)[segment::START as usize..]).unwrap().length + segment::START as usize;
    disk.scribble(&name, second + 50, b"x");
    let before = bytes_of(&disk, &name);
    let error = Bench::start(&disk, &home.emptied()).map(drop).unwrap_err().to_string();
    assert!(error.contains(&name) && error.contains(&format!("byte {second}:")) && error.contains("entry 2 "), "{error}");
    assert_eq!(bytes_of(&disk, &name), before);
}

#[test]
fn damage_in_a_file_that_is_not_the_last_is_reported() {
    let (disk, home) = (SimulatedDisk::new(7), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..40);
    drop(bench);
    let disk = disk.kill();
    let files = segment::list(&disk).unwrap();
    assert!(files.len() > 2);
    let (name, end) = (segment::name(files[1]), last_frame(&disk, files[1]));
    disk.scribble(&name, end as usize + 60, b"x");
    let error = Bench::start(&disk, &home.emptied()).map(drop).unwrap_err().to_string();
    assert!(error.contains(&name) && error.contains(&format!("byte {end}:")), "{error}");
    // A file that is missing altogether is noticed too.
    disk.remove(&name).unwrap();
    let error = Bench::start(&disk, &home.emptied()).map(drop).unwrap_err().to_string();
    assert!(error.contains(&files[2].to_string()), "{error}");
}

/// Where the last frame of a file begins.
fn last_frame(disk: &SimulatedDisk, first: u64) -> u64 {
    let mut reader = segment::Reader::new(Segment::open(disk, first).unwrap().unwrap(), segment::START, first);
    let mut last = 0;
    while let Some(frame) = reader.next().unwrap() {
        last = u64::from(frame.place.offset);
    }
    last
}

#[test]
fn a_torn_last_group_is_cut() {
    let (disk, home) = (SimulatedDisk::new(8), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..2);
    bench.commit(vec![vec![turn(2, 0, "a", None)], vec![turn(3, 0, "b", None)], vec![turn(4, 0, "c", None)]]).unwrap();
    drop(bench);
    let (disk, name) = (disk.kill(), segment::name(1));
    let third =
        frame::search(&bytes_of(&disk, &name)).take(3).map(|found| frame::HEADER + found.length).sum::<usize>() + segment::START as usize;
    // The second of three frames in the group.
    disk.scribble(&name, third + 9, b"xx");
    let bench = Bench::start(&disk, &home.emptied()).unwrap();
    assert_eq!([1, 2, 3, 4].map(|peer| bench.revision(peer)), [2, 1, 0, 0]);
    assert_eq!(bytes_of(&disk, &name).len(), third, "the rest is cut");
}

#[test]
fn a_journal_that_is_shorter_than_its_mark_is_reported() {
    let (disk, home) = (SimulatedDisk::new(9), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..2);
    bench.committer.checkpoint().unwrap();
    drop(bench);
    let disk = disk.kill();
    disk.open(&segment::name(1)).unwrap().truncate(100).unwrap();
    let error = Bench::start(&disk, &home).map(drop).unwrap_err().to_string();
    assert!(error.contains("has 100 bytes"), "{error}");
    disk.remove(&segment::name(1)).unwrap();
    let error = Bench::start(&disk, &home).map(drop).unwrap_err().to_string();
    assert!(error.contains("2 entries were committed"), "{error}");
}

#[test]
fn an_emptied_record_map_is_noticed_and_filled_again() {
    let (disk, home) = (SimulatedDisk::new(10), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..40);
    bench.committer.checkpoint().unwrap();
    drop(bench);
    let home = home.emptied();
    let bench = Bench::start(&disk.kill(), &home).unwrap();
    assert_eq!((bench.revision(1), bench.entries(1).unwrap().len(), home.set_aside()), (40, 40, 1));
}

#[test]
fn a_record_map_from_another_time_is_not_believed() {
    let (disk, home) = (SimulatedDisk::new(11), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..4);
    // What a backup would have: synced, and well signed.
    let old = home.after_crash(&mut Dice::new(0));
    bench.committer.checkpoint().unwrap();
    drop(bench);
    let bench = Bench::start(&disk.kill(), &old).unwrap();
    assert_eq!((bench.revision(1), old.set_aside()), (4, 1));
}

#[test]
fn a_record_map_of_an_older_layout_is_filled_anew() {
    let (disk, home) = (SimulatedDisk::new(16), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..20);
    bench.committer.checkpoint().unwrap();
    drop(bench);
    let map = home.open().unwrap();
    let (key, mut row) = map.range(Table::Meta, Bound::Unbounded, Bound::Unbounded).next().unwrap().unwrap();
    row[0] -= 1;
    map.insert(Table::Meta, &key, &row).unwrap();
    let bench = Bench::start(&disk, &home).unwrap();
    assert_eq!((bench.revision(1), bench.entries(1).unwrap().len(), home.set_aside()), (20, 20, 1));
}

#[tokio::test]
async fn hints_that_no_record_stands_behind_are_passed_over_and_removed() {
    let (disk, home, (options, _)) = (SimulatedDisk::new(12), TreeHome::default(), options());
    let store = open(&disk, &home, &options);
    store.commit(vec![turn(1, 0, "hello", Some(20))]).await.unwrap();
    let rows = || store.shared.map.range(Table::Due, Bound::Unbounded, Bound::Unbounded).count();
    let (row, _) = store.shared.map.range(Table::Due, Bound::Unbounded, Bound::Unbounded).next().unwrap().unwrap();
    let mut stale = row.clone();
    stale[7] = 10;
    store.shared.map.insert(Table::Due, &stale, &[]).unwrap();
    assert_eq!(rows(), 2);
    let now = Timestamp::from_millis(15);
    assert!(store.claim(now, 9, "a", Duration::from_secs(1)).await.unwrap().is_empty());
    assert_eq!(store.next_due().await.unwrap(), Some(Timestamp::from_millis(20)));
    // The committer takes requests in order.
    store.ready().await.unwrap();
    assert_eq!(rows(), 1);
}

#[tokio::test]
async fn the_mark_follows_the_journal_in_the_background() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(13), TreeHome::default(), options());
    let store = open(&disk, &home, &options);
    let mut base = 0;
    let mark = loop {
        commit(&store, base).await.unwrap();
        base += 1;
        let mark = Mark::read(&disk).unwrap().unwrap();
        if mark.applied.sequence > 0 {
            break mark;
        }
        tokio::task::yield_now().await;
    };
    assert!(mark.applied.sequence <= base);
    // With the mark believed, what stands before it is not even read.
    drop(store);
    disk.scribble(&segment::name(1), segment::START as usize + 40, b"x");
    let bench = Bench::start(&disk.kill(), &home.after_crash(&mut Dice::new(1))).unwrap();
    assert_eq!(bench.revision(1), base);
    assert!(ends.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_record_map_that_turns_out_damaged_ends_the_process_and_is_filled_again() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(14), TreeHome::default(), options());
    let store = open(&disk, &home, &options);
    commit(&store, 0).await.unwrap();
    let (row, _) = store.shared.map.range(Table::Records, Bound::Unbounded, Bound::Unbounded).next().unwrap().unwrap();
    store.shared.map.insert(Table::Records, &row, b"short").unwrap();
    assert!(matches!(store.load(key(1)).await, Err(StoreError::Map(_))));
    assert_eq!(ends.lock().unwrap().len(), 1);
    assert!(commit(&store, 1).await.is_err());
    drop(store);
    let bench = Bench::start(&disk.kill(), &home).unwrap();
    assert_eq!((bench.revision(1), home.set_aside()), (1, 1));
}

#[test]
fn a_replay_of_many_files_leaves_out_only_what_is_too_old() {
    let (disk, home) = (SimulatedDisk::new(15), TreeHome::default());
    let mut times = Vec::new();
    // Times that do not quite follow the order of commits, and a start between them.
    for part in 0..2 {
        let mut bench = Bench::start(&disk, &home).unwrap();
        for base in part * 30..part * 30 + 30 {
            let mut commit = turn(1, base, &"hello ".repeat(30), None);
            commit.entry.at = Timestamp::from_millis((base * 10 + base % 7 * 15) as i64);
            times.push(commit.entry.at);
            bench.commit(vec![vec![commit]]).unwrap();
        }
        bench.committer.checkpoint().unwrap();
    }
    let files = segment::list(&disk).unwrap();
    assert!(files.len() > 5);
    for since in (0..700).step_by(10).map(Timestamp::from_millis) {
        let mut found = Vec::new();
        let each = |entry: Entry| {
            found.push(entry.at);
            true
        };
        journal::replay(&disk, 60, since, each).unwrap();
        let wanted: Vec<_> = times.iter().copied().filter(|at| *at >= since).collect();
        assert_eq!(found, wanted, "since {since}");
    }
    // Files that are too old altogether are not read.
    disk.remove(&segment::name(files[0])).unwrap();
    disk.scribble(&segment::name(files[1]), 60, b"x");
    journal::replay(&disk, 60, times[50], |_| true).unwrap();
}
