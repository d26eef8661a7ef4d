//! Records and entries are found in the journal by the places that the record map has, whatever was lost, cut off or pruned meanwhile.

use std::ops::Bound;

use super::super::segment;
use super::super::tidy::Policy;
use super::old::timed;
use super::*;
use crate::store::disk::simulated::Faults;
use crate::store::map::{RecordMap, Rows, Table};

/// Past several blocks, and into the next.
const REVISIONS: u64 = 40;

/// Makes sure that all of a conversation is found, entry by entry and in ranges.
fn check(bench: &Bench, peer: u64, revisions: u64, when: &str) {
    let found = bench.entries(peer).unwrap();
    assert_eq!(found.iter().map(Entry::revision).collect::<Vec<_>>(), (1..=revisions).collect::<Vec<_>>(), "{when}");
    assert_eq!(bench.record(peer).as_ref(), found.last().map(|entry| &entry.record), "{when}");
    for from in 1..=revisions {
        let range = from..=(from + 9).min(revisions);
        let places = rows::places(&*bench.shared.map, key(peer), &range).unwrap();
        let part: Vec<_> = rows::entries(&bench.shared.library, key(peer), &places).unwrap().iter().map(Entry::revision).collect();
        assert_eq!(part, range.collect::<Vec<_>>(), "{when}");
    }
    for revision in 1..=revisions {
        assert!(bench.has_taken(peer, event(peer, revision)), "{when}: {revision}");
    }
    assert!(!bench.has_taken(peer, event(peer, revisions + 1)), "{when}");
}

#[test]
fn every_entry_is_found_on_each_side_of_each_block() {
    for revisions in 1..=REVISIONS {
        let (disk, home) = (SimulatedDisk::new(31), TreeHome::default());
        let mut bench = Bench::start(&disk, &home).unwrap();
        bench.talk(1, 0..revisions / 2);
        drop(bench);
        let mut bench = Bench::start(&disk, &home).unwrap();
        bench.talk(1, revisions / 2..revisions);
        check(&bench, 1, revisions, "live");
        bench.committer.checkpoint().unwrap();
        drop(bench);
        check(&Bench::start(&disk.kill(), &home).unwrap(), 1, revisions, "after a start");
        check(&Bench::start(&disk.kill(), &home.emptied()).unwrap(), 1, revisions, "with the map lost");
    }
}

/// The power goes while rows go down, at every step: any part of them may be there, and the mark is not.
#[test]
fn rows_that_went_down_by_half_lose_no_place() {
    for (before, cut) in (1..20).step_by(2).flat_map(|before| (0..4).map(move |cut| (before, cut))) {
        let (disk, home) = (SimulatedDisk::new(before << 8 | cut), TreeHome::default());
        let mut bench = Bench::start(&disk, &home).unwrap();
        for peer in 1..6 {
            bench.talk(peer, 0..before);
        }
        bench.committer.checkpoint().unwrap();
        drop(bench);
        let mut bench = Bench::start(&disk, &home).unwrap();
        for peer in 1..6 {
            bench.talk(peer, before..before + 3 * peer);
        }
        disk.set(Faults { power_lasts: Some(cut), ..Faults::default() });
        drop(bench.committer.checkpoint());
        drop(bench);
        let home = home.after_crash(&mut Dice::new(cut));
        let bench = Bench::start(&disk.crash(), &home).unwrap();
        for peer in 1..6 {
            check(&bench, peer, before + 3 * peer, &format!("{before} before, cut after {cut}"));
        }
        assert_eq!(home.set_aside(), 0);
    }
}

#[test]
fn a_long_talk_knows_all_its_events_whatever_is_lost() {
    let (disk, home) = (SimulatedDisk::new(32), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..200);
    let events = || rows::all(&*bench.shared.map, Table::Events).count();
    assert_eq!(events(), 200 - 64, "those that the record knows need no row");
    bench.committer.checkpoint().unwrap();
    bench.talk(1, 200..300);
    drop(bench);
    for (disk, home) in [(disk.crash(), home.after_crash(&mut Dice::new(3))), (disk.crash(), home.emptied())] {
        check(&Bench::start(&disk, &home).unwrap(), 1, 300, "after a crash");
    }
}

fn policy() -> Policy {
    policy_of(20, 0)
}

pub(super) fn policy_of(seconds: u64, reserve: u64) -> Policy {
    Policy { retention: Duration::from_secs(seconds), reserve, budget: u64::MAX, on_budget: Arc::new(|_| ()) }
}

/// A conversation that ended long ago, and one that goes on; the journal of the first is gone.
fn with_a_cold_one(seed: u64) -> (SimulatedDisk, TreeHome, Bench) {
    let (disk, home) = (SimulatedDisk::new(seed), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    for base in 0..11 {
        bench.commit(vec![vec![timed(3, base)]]).unwrap();
    }
    bench.talk_timed(0..60);
    bench.tidy(&policy()).unwrap();
    (disk, home, bench)
}

#[test]
fn a_record_outlives_the_file_of_its_entry() {
    let (disk, home, mut bench) = with_a_cold_one(33);
    let cold = timed(3, 10).entry.record;
    assert_eq!((bench.record(3).as_ref(), bench.kept(3)), (Some(&cold), vec![]));
    assert!(bench.has_taken(3, event(3, 1)));
    drop(bench);
    for (disk, home) in [(disk.kill(), home.clone()), (disk.crash(), home.after_crash(&mut Dice::new(1))), (disk.kill(), home.emptied())] {
        bench = Bench::start(&disk, &home).unwrap();
        assert_eq!(bench.record(3).as_ref(), Some(&cold));
        // It goes on, and is a row like any other.
        for base in 11..30 {
            bench.commit(vec![vec![timed(3, base)]]).unwrap();
        }
        assert_eq!((bench.record(3).unwrap(), bench.kept(3)), (timed(3, 29).entry.record, (12..=30).collect()));
        drop(bench);
        bench = Bench::start(&disk.crash(), &home.emptied()).unwrap();
        assert_eq!((bench.record(3).unwrap(), bench.kept(3)), (timed(3, 29).entry.record, (12..=30).collect()));
    }
}

#[test]
fn nobody_reads_the_record_of_somebody_else() {
    let (disk, home) = (SimulatedDisk::new(37), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    for peer in [1, 2] {
        bench.talk(peer, 0..9);
    }
    for table in [Table::Records, Table::Entries] {
        let rows: Vec<_> = rows::all(&*bench.shared.map, table).map(Result::unwrap).collect();
        // As if the journal's end had been lost and written again.
        bench.shared.map.insert(table, &rows[0].0, &rows[1].1).unwrap();
    }
    let (map, library) = (&*bench.shared.map, &bench.shared.library);
    assert!(matches!(rows::record_of(map, library, key(1)), Err(StoreError::Map(_))));
    assert!(matches!(bench.entries(1), Err(StoreError::Map(_))));
    assert_eq!(bench.entries(2).unwrap().len(), 9);
}

#[test]
fn a_record_whose_file_was_taken_away_is_reported_and_no_new_conversation() {
    let (disk, home) = (SimulatedDisk::new(34), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk(1, 0..1);
    bench.talk(2, 0..30);
    disk.remove(&segment::name(1)).unwrap();
    bench.shared.library.forget(1);
    let error = rows::record_of(&*bench.shared.map, &bench.shared.library, key(1)).unwrap_err().to_string();
    assert!(error.contains(&segment::name(1)) && error.contains("is gone"), "{error}");
}

/// A map that lets something happen just after a row was read from it for the first time.
struct Interrupted<'a> {
    map: Arc<dyn RecordMap>,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl RecordMap for Interrupted<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.map.get(table, key);
        if let Some(happen) = self.meanwhile.lock().unwrap().take() {
            happen();
        }
        found
    }
    fn insert(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.map.insert(table, key, value)
    }
    fn remove(&self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.map.remove(table, key)
    }
    fn range(&self, table: Table, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Rows<'_> {
        self.map.range(table, from, to)
    }
    fn sync(&self) -> Result<(), StoreError> {
        self.map.sync()
    }
}

#[test]
fn a_reader_who_was_overtaken_by_the_tidier_looks_again() {
    for goes_on in [false, true] {
        let (disk, home) = (SimulatedDisk::new(36), TreeHome::default());
        let mut bench = Bench::start(&disk, &home).unwrap();
        bench.commit(vec![vec![timed(3, 0)]]).unwrap();
        bench.talk_timed(0..60);
        let shared = bench.shared.clone();
        let meanwhile = || {
            if goes_on {
                bench.commit(vec![vec![timed(3, 1)]]).unwrap();
            }
            bench.tidy(&policy()).unwrap();
            assert!(segment::list(&disk).unwrap()[0] > 1);
        };
        let map = Interrupted { map: shared.map.clone(), meanwhile: Mutex::new(Some(Box::new(meanwhile))) };
        let record = rows::record_of(&map, &shared.library, key(3)).unwrap();
        assert_eq!(record, Some(timed(3, u64::from(goes_on)).entry.record));
    }
}

/// Conversations are read while the files go in which they stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_finds_every_record_while_files_go() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(35), TreeHome::default(), options());
    let store = Arc::new(open(&disk, &home, &Options { retention: Duration::from_secs(10), ..options }));
    let peers = 100..160;
    for peer in peers.clone() {
        store.commit(vec![timed(peer, 0)]).await.unwrap();
    }
    let reading = store.clone();
    let reader = tokio::spawn(async move {
        let mut reads = 0_u64;
        while reading.load(key(99)).await.unwrap().is_none() {
            for peer in peers.clone() {
                assert_eq!(reading.load(key(peer)).await.unwrap().unwrap(), timed(peer, 0).entry.record);
                reads += 1;
            }
            assert_eq!(reading.scan(Some(key(99)), peers.clone().count()).await.unwrap().len(), peers.clone().count());
        }
        reads
    });
    let mut base = 0;
    while segment::list(&disk).unwrap()[0] < 300 {
        store.commit(vec![timed(1, base)]).await.unwrap();
        base += 1;
    }
    store.commit(vec![timed(99, 0)]).await.unwrap();
    assert!(reader.await.unwrap() > 0);
    store.close().await.unwrap();
    assert!(ends.lock().unwrap().is_empty());
}
