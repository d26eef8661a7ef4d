//! Power cuts at random moments: what was acknowledged is there afterwards, and nothing is there by half.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::store::disk::simulated::Faults;

const SEEDS: u64 = 300;
const PEERS: u64 = 4;

/// What a sequence of crashes must not break.
#[derive(Default)]
struct Expected {
    /// What was acknowledged, or seen after a start: it must never go away.
    kept: BTreeMap<(u64, u64), Entry>,
    /// All that was ever tried: nothing else may appear.
    tried: Vec<Entry>,
}

impl Expected {
    /// Compares with what a start found; what was found is from now on kept.
    fn check(&mut self, bench: &Bench) -> Result<(), String> {
        let mut due = BTreeSet::new();
        for peer in 0..PEERS {
            let revision = bench.revision(peer);
            let entries = bench.entries(peer).map_err(|error| error.to_string())?;
            let kept = self.kept.keys().filter(|(of, _)| *of == peer).count() as u64;
            if revision < kept {
                return Err(format!("{peer} is at {revision}, but {kept} were acknowledged"));
            }
            if entries.iter().map(Entry::revision).ne(1..=revision) {
                return Err(format!("{peer} is at {revision}, but has {} entries", entries.len()));
            }
            for entry in &entries {
                let at = (peer, entry.revision());
                if self.kept.get(&at).is_some_and(|kept| kept != entry) || !self.tried.contains(entry) {
                    return Err(format!("{at:?} is not what was committed"));
                }
                if !bench.has_taken(peer, event(peer, at.1)) {
                    return Err(format!("the event of {at:?} is not found"));
                }
            }
            let record = bench.record(peer);
            if record.as_ref() != entries.last().map(|entry| &entry.record) {
                return Err(format!("the record of {peer} is not that of its last entry"));
            }
            due.extend(record.and_then(|record| record.due).map(|at| (at, key(peer))));
            self.kept.extend(entries.into_iter().map(|entry| ((peer, entry.revision()), entry)));
        }
        let found: BTreeSet<_> = rows::due(&*bench.shared.map, &mut Vec::new()).map(Result::unwrap).collect();
        if found != due { Err(format!("due are {due:?}, found {found:?}")) } else { Ok(()) }
    }

    /// A group of random calls on what is kept, some stale, some on one another.
    fn random_group(&mut self, dice: &mut Dice) -> Vec<Vec<Commit>> {
        let mut group = Vec::new();
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        for _ in 0..=dice.roll(4) {
            let peer = dice.roll(PEERS);
            let kept = self.kept.keys().filter(|(of, _)| *of == peer).count() as u64;
            let base = next.get(&peer).copied().unwrap_or(kept);
            let base = if dice.roll(8) == 0 { base + 1 } else { base };
            let text = format!("{}", dice.roll(u64::MAX)).repeat(1 + dice.roll(40) as usize);
            let due = dice.half().then(|| dice.roll(5) as i64);
            let commit = turn(peer, base, &text, due);
            if base == next.get(&peer).copied().unwrap_or(kept) {
                next.insert(peer, base + 1);
            }
            self.tried.push(commit.entry.clone());
            group.push(vec![commit]);
        }
        group
    }

    fn answered(&mut self, calls: &[Vec<Commit>], answers: &[Result<Vec<Committed>, StoreError>]) {
        for (commits, answer) in calls.iter().zip(answers) {
            for (commit, committed) in commits.iter().zip(answer.iter().flatten()) {
                if *committed == Committed::Ok {
                    self.kept.insert((commit.entry.key.peer.0, commit.entry.revision()), commit.entry.clone());
                }
            }
        }
    }
}

/// Starts, commits and crashes some times over; says what was lost or wrong.
fn trial(seed: u64, lies: bool) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let mut disk = SimulatedDisk::new(dice.roll(u64::MAX));
    let mut home = TreeHome::default();
    let mut expected = Expected::default();
    for _ in 0..6 {
        disk.set(Faults { lies, ..Faults::default() });
        let mut bench = Bench::start(&disk, &home).map_err(|error| error.to_string())?;
        expected.check(&bench)?;
        disk.set(random_faults(&mut dice, lies));
        for _ in 0..dice.roll(12) {
            let calls = expected.random_group(&mut dice);
            match bench.commit(calls.clone()) {
                Ok(answers) => expected.answered(&calls, &answers),
                Err(_) => break,
            }
            if dice.roll(10) == 0 && bench.committer.checkpoint().is_err() {
                break;
            }
        }
        // The process alone dies, or the machine does.
        let (next_disk, next_home) = match dice.roll(4) {
            0 => (disk.kill(), home.clone()),
            1 => (disk.crash(), home.emptied()),
            _ => (disk.crash(), home.after_crash(&mut dice)),
        };
        drop(bench);
        (disk, home) = (next_disk, next_home);
    }
    Ok(())
}

fn random_faults(dice: &mut Dice, lies: bool) -> Faults {
    let mut faults = Faults { lies, ..Faults::default() };
    match dice.roll(6) {
        0 => faults.short_writes = 1 + dice.roll(2) as u32,
        1 => (faults.short_writes, faults.failing_truncations) = (1, 1),
        2 => faults.failing_syncs = 1,
        3 => faults.power_lasts = Some(dice.roll(40)),
        4 => faults.power_lasts = Some(dice.roll(8)),
        _ => {}
    }
    faults
}

#[test]
fn what_was_acknowledged_survives_any_power_cut() {
    for seed in 0..SEEDS {
        if let Err(what) = trial(seed, false) {
            panic!("seed {seed}: {what}");
        }
    }
}

/// The trial itself can fail: on a disk whose syncs do nothing it must find losses.
#[test]
fn the_trial_finds_what_a_lying_disk_loses() {
    let found = (0..100).filter(|seed| trial(*seed, true).is_err()).count();
    assert!(found > 80, "only {found} of 100 were found out");
}

/// A start is itself cut short at any of its operations, and the next one still finds everything.
#[test]
fn a_start_can_be_cut_short_anywhere() {
    for (empties, cut) in [false, true].into_iter().flat_map(|empties| (0..40).map(move |cut| (empties, cut))) {
        let (disk, home) = (SimulatedDisk::new(cut), TreeHome::default());
        let mut bench = Bench::start(&disk, &home).unwrap();
        bench.talk(1, 0..30);
        drop(bench);
        let (disk, home) = (disk.crash(), if empties { home.emptied() } else { home.after_crash(&mut Dice::new(cut)) });
        disk.set(Faults { power_lasts: Some(cut), ..Faults::default() });
        drop(Bench::start(&disk, &home));
        let disk = disk.crash();
        let bench = Bench::start(&disk, &home.after_crash(&mut Dice::new(cut))).unwrap();
        assert_eq!((bench.revision(1), bench.entries(1).unwrap().len()), (30, 30), "cut after {cut}");
    }
}

/// The whole store with its threads: many tasks commit, checkpoints are made meanwhile, and the power goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_to_many_tasks_survives_a_power_cut() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let (disk, home, (options, _)) = (SimulatedDisk::new(seed), TreeHome::default(), options());
        let store = Arc::new(open(&disk, &home, &options));
        disk.set(Faults { power_lasts: Some(60 + dice.roll(400)), ..Faults::default() });
        let mut tasks = tokio::task::JoinSet::new();
        for peer in 0..8 {
            let store = store.clone();
            tasks.spawn(async move {
                let mut acknowledged = 0;
                while store.commit(vec![turn(peer, acknowledged, "hello", Some(1))]).await.is_ok() {
                    acknowledged += 1;
                }
                (peer, acknowledged)
            });
        }
        let acknowledged = tasks.join_all().await;
        let (disk, home) = (disk.crash(), home.after_crash(&mut dice));
        let bench = Bench::start(&disk, &home).unwrap();
        assert!(acknowledged.iter().map(|(_, count)| count).sum::<u64>() > 5, "seed {seed}: too little was done");
        for (peer, count) in acknowledged {
            let (revision, entries) = (bench.revision(peer), bench.entries(peer).unwrap().len() as u64);
            assert!(revision >= count && entries == revision, "seed {seed}: {peer} has {revision} of {count}");
        }
        assert_eq!(home.set_aside(), 0, "seed {seed}: the map was not believed");
    }
}
