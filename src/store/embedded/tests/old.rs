//! What is too old goes, by way of a snapshot, and nothing else does.

use super::super::mark::Mark;
use super::super::segment;
use super::super::snapshot;
use super::super::tidy::{Chore, Policy, tidy};
use super::*;
use crate::conversation::{Backlog, Row, RowId, RowStatus, State};
use crate::store::disk::simulated::Faults;

/// A turn a second.
pub(super) fn timed(peer: u64, base: u64) -> Commit {
    let mut commit = turn(peer, base, &"hello ".repeat(20), Some(base as i64));
    commit.entry.at = Timestamp::from_millis(base as i64 * 1_000);
    commit
}

fn policy(seconds: u64) -> Policy {
    Policy { retention: Duration::from_secs(seconds), reserve: 0, budget: u64::MAX, on_budget: Arc::new(|_| ()) }
}

impl Bench {
    pub(super) fn talk_timed(&mut self, revisions: std::ops::Range<u64>) {
        for base in revisions {
            self.commit(vec![vec![timed(1, base), timed(2, base)]]).unwrap();
        }
    }

    /// Makes a checkpoint, and tidies.
    pub(super) fn tidy(&mut self, policy: &Policy) -> Result<(), StoreError> {
        let map = self.shared.map.clone();
        self.committer.checkpoint()?;
        let mark = Mark::read(&*self.shared.disk)?.expect("it was just made");
        let carry_out = |chores: Vec<Chore>| chores.into_iter().try_for_each(|chore| chore.carry_out(&*map)).is_ok();
        tidy(&self.shared, mark.applied, policy, &carry_out, &|| false)
    }

    /// The revisions of which there are entries.
    pub(super) fn kept(&self, peer: u64) -> Vec<u64> {
        self.entries(peer).unwrap().iter().map(Entry::revision).collect()
    }
}

#[test]
fn old_files_go_and_the_rest_can_be_filled_again() {
    let (disk, home) = (SimulatedDisk::new(21), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk_timed(0..60);
    let before = segment::list(&disk).unwrap();
    bench.tidy(&policy(20)).unwrap();
    let after = segment::list(&disk).unwrap();
    assert!(after.len() < before.len() && after[0] > 1, "{before:?} {after:?}");
    let kept = bench.kept(1);
    assert!(kept.len() < 60 && kept.len() >= 20 && kept.ends_with(&[58, 59, 60]), "{kept:?}");
    assert_eq!(snapshot::list(&disk).unwrap(), [120]);
    bench.talk_timed(60..70);
    drop(bench);
    let (disk, home) = (disk.crash(), home.emptied());
    let bench = Bench::start(&disk, &home).unwrap();
    assert_eq!((bench.revision(1), bench.revision(2)), (70, 70));
    assert_eq!(bench.kept(1), (kept[0]..=70).collect::<Vec<_>>());
    let due: Vec<_> = rows::due(&*bench.shared.map, &mut Vec::new()).map(|row| row.unwrap().1).collect();
    assert_eq!(due, [key(1), key(2)]);
    assert!(bench.has_taken(1, event(1, 1)), "younger than six days");
}

#[test]
fn a_file_with_a_message_that_is_not_settled_stays() {
    let id = RowId { revision: 1, index: 0 };
    let status = RowStatus::Due(Timestamp::from_millis(0));
    let row = Row { id, status, attempts: 0, asking: None, desk: false, fingerprint: 0, as_lines: None, doubtful: None };
    stays_while(|state| state.rows = vec![row]);
}

#[test]
fn a_file_with_a_message_of_the_backlog_stays() {
    stays_while(|state| state.backlog = Some(Backlog { next: RowId { revision: 1, index: 0 }, count: 1, desk: false }));
}

/// Checks that the file of a conversation's first entry is kept for as long as its state refers to it.
fn stays_while(refer: impl FnOnce(&mut State)) {
    let (disk, home) = (SimulatedDisk::new(22), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk_timed(0..20);
    let mut commit = timed(3, 0);
    refer(&mut commit.entry.record.state);
    bench.commit(vec![vec![commit]]).unwrap();
    bench.talk_timed(20..60);
    bench.tidy(&policy(1)).unwrap();
    assert_eq!(bench.kept(3), [1]);
    assert!(bench.kept(1)[0] > 1, "older ones go");
    bench.commit(vec![vec![timed(3, 1)]]).unwrap();
    bench.talk_timed(60..120);
    bench.tidy(&policy(1)).unwrap();
    assert_eq!(bench.kept(3), [0; 0]);
    assert_eq!(bench.revision(3), 2);
}

#[test]
fn tidying_can_be_cut_short_anywhere() {
    for seed in 2..4 {
        let whole = (0..).find(|cut| tidies_after(seed, *cut)).expect("it ends some time");
        assert!(whole > 40, "there was little to be cut short: {whole}");
    }
}

/// Tidies with power for `cut` operations, and checks what the next start finds; says whether the power lasted.
fn tidies_after(seed: u64, cut: u64) -> bool {
    let (disk, home) = (SimulatedDisk::new(seed << 32 | cut), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    for (peer, count) in [(3, 1), (4, 9)] {
        (0..count).for_each(|base| drop(bench.commit(vec![vec![timed(peer, base)]]).unwrap()));
    }
    bench.talk_timed(0..40);
    bench.tidy(&policy(20)).unwrap();
    bench.commit(vec![vec![timed(4, 9)]]).unwrap();
    bench.talk_timed(40..90);
    disk.set(Faults { power_lasts: Some(cut), ..Faults::default() });
    let lasted = bench.tidy(&policy(20)).is_ok();
    let home = if seed == 2 { home.emptied() } else { home.after_crash(&mut Dice::new(cut)) };
    let bench = Bench::start(&disk.crash(), &home).unwrap();
    assert_eq!([1, 2, 3, 4].map(|peer| bench.revision(peer)), [90, 90, 1, 10], "seed {seed}, cut after {cut}");
    assert_eq!((bench.record(3), bench.record(4)), (Some(timed(3, 0).entry.record), Some(timed(4, 9).entry.record)));
    let kept = bench.kept(1);
    // Of what is too old, any part may be gone.
    assert!(kept.ends_with(&(70..=90).collect::<Vec<_>>()), "seed {seed}, cut after {cut}: {kept:?}");
    lasted
}

#[test]
fn a_damaged_snapshot_is_reported_and_leaves_nothing_behind() {
    let (disk, home) = (SimulatedDisk::new(23), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    bench.talk_timed(0..60);
    bench.tidy(&policy(20)).unwrap();
    drop(bench);
    let disk = disk.kill();
    let name = snapshot::name(120);
    disk.scribble(&name, 500, b"x");
    let home = home.emptied();
    for _ in 0..3 {
        let error = Bench::start(&disk, &home).map(drop).unwrap_err().to_string();
        assert!(error.contains(&name), "{error}");
    }
    assert_eq!(home.set_aside(), 1);
}

#[test]
fn the_alarm_is_given_when_the_budget_is_spent() {
    let (disk, home) = (SimulatedDisk::new(24), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    let alarms = Arc::new(Mutex::new(Vec::new()));
    let told = alarms.clone();
    let on_budget = Arc::new(move |used| told.lock().unwrap().push(used));
    let policy = Policy { budget: 30_000, on_budget, ..policy(1_000_000) };
    bench.tidy(&policy).unwrap();
    assert!(alarms.lock().unwrap().is_empty());
    bench.talk_timed(0..60);
    bench.tidy(&policy).unwrap();
    assert!(matches!(alarms.lock().unwrap()[..], [used] if used > 30_000));
}

#[tokio::test]
async fn a_running_store_tidies_by_itself() {
    let (disk, home, (options, ends)) = (SimulatedDisk::new(25), TreeHome::default(), options());
    let store = open(&disk, &home, &Options { retention: Duration::from_secs(30), ..options });
    let mut base = 0;
    while segment::list(&disk).unwrap()[0] == 1 {
        assert_eq!(store.commit(vec![timed(1, base)]).await.unwrap(), [Committed::Ok]);
        base += 1;
    }
    let kept = store.journal(key(1), 0..=u64::MAX).await.unwrap();
    assert!(kept.len() >= 30 && kept.len() < base as usize);
    store.close().await.unwrap();
    assert!(ends.lock().unwrap().is_empty());
}

#[test]
fn a_snapshot_that_finds_no_room_leaves_that_room_to_commits() {
    let (disk, home) = (SimulatedDisk::new(26), TreeHome::default());
    let mut bench = Bench::start(&disk, &home).unwrap();
    for peer in 3..300 {
        let mut commit = timed(peer, 0);
        commit.entry.record.state.tags.extend((0..40).map(|number| format!("a word about {peer}: {number}")));
        bench.commit(vec![vec![commit]]).unwrap();
    }
    bench.talk_timed(0..60);
    let used: u64 = disk.list().unwrap().iter().map(|name| disk.open(name).unwrap().length().unwrap()).sum();
    for (spare, reserve) in [(300_000, 0), (300_000, 200_000), (20_000, 10_000)] {
        disk.set(Faults { capacity: Some(used + spare), ..Faults::default() });
        let error = bench.tidy(&Policy { reserve, ..policy(20) }).unwrap_err();
        assert!(matches!(&error, StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull), "{error}");
        assert!(disk.free_space().unwrap() > spare - 5_000, "of {spare} bytes {} are left", disk.free_space().unwrap());
        assert_eq!(bench.record(3).map(|record| record.revision), Some(1));
    }
    disk.set(Faults::default());
    bench.tidy(&policy(20)).unwrap();
    assert!(segment::list(&disk).unwrap()[0] > 1);
    disk.create(snapshot::DRAFT).unwrap();
    drop(bench);
    drop(Bench::start(&disk, &home).unwrap());
    assert!(!disk.list().unwrap().iter().any(|name| name == snapshot::DRAFT), "a start clears up");
}
