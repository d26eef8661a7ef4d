//! Everything at once: talks with messages that are not settled, persons who are forgotten, old files that go, full disks, and power
//! cuts in between. Whatever a start finds, it is what was promised.

use std::collections::{BTreeMap, BTreeSet};

use super::old::timed;
use super::*;
use crate::conversation::{Row, RowId, RowStatus};
use crate::store::disk::simulated::Faults;

const SEEDS: u64 = 60;
const PEERS: u64 = 5;

/// The shortest retention there is in these trials, in seconds.
const RETENTION: u64 = 6;

#[derive(Default)]
struct Storm {
    /// What was acknowledged, or found by a start, by conversation.
    kept: BTreeMap<u64, Vec<Entry>>,
    /// All that was tried since the last start, by conversation and revision.
    tried: BTreeMap<(u64, u64), Vec<Entry>>,
    second: u64,
}

impl Storm {
    /// The next turn of a conversation: it may leave a message unsettled, settle it, or be the one with which the person is forgotten.
    fn turn(&mut self, dice: &mut Dice) -> Commit {
        let peer = dice.roll(PEERS);
        let before = self.kept.get(&peer).and_then(|entries| entries.last());
        let mut commit = timed(peer, before.map_or(0, Entry::revision));
        self.second += dice.roll(2);
        let entry = &mut commit.entry;
        entry.at = Timestamp::from_millis(self.second as i64 * 1_000);
        let revision = entry.revision();
        entry.record.due = dice.half().then(|| Timestamp::from_millis(dice.roll(9) as i64));
        entry.record.state.messages = dice.roll(1 << 30) as u32;
        entry.record.void_before = before.map_or(0, |before| before.record.void_before);
        entry.record.state.rows = before.map(|before| before.record.state.rows.clone()).unwrap_or_default();
        match dice.roll(12) {
            0..3 => entry.record.state.rows.clear(),
            3..5 => entry.record.state.rows.push(Row {
                id: RowId { revision, index: 0 },
                status: RowStatus::Due(Timestamp::default()),
                attempts: 0,
                doubtful: None,
                asking: None,
                desk: false,
                fingerprint: 0,
                as_lines: None,
            }),
            5 => {
                entry.record.state.rows.clear();
                entry.void();
            }
            _ => {}
        }
        self.tried.entry((peer, revision)).or_default().push(entry.clone());
        commit
    }

    fn check(&mut self, bench: &Bench) -> Result<(), String> {
        let mut due = BTreeSet::new();
        for peer in 0..PEERS {
            let kept = self.kept.entry(peer).or_default();
            let (record, found) = (bench.record(peer), bench.entries(peer).map_err(|error| error.to_string())?);
            let revision = record.as_ref().map_or(0, |record| record.revision);
            let tried: Vec<Entry> = (kept.len() as u64 + 1..=revision)
                .map_while(|revision| self.tried.get(&(peer, revision))?.iter().find(|entry| found.contains(entry)).cloned())
                .collect();
            kept.extend(tried);
            if revision != kept.len() as u64 {
                return Err(format!("{peer} is at {revision} instead of {}", kept.len()));
            }
            if record.as_ref() != kept.last().map(|entry| &entry.record) {
                return Err(format!("the record of {peer} is not that of its last entry"));
            }
            let Some(record) = record else { continue };
            let first = found.first().map_or(revision, |entry| entry.revision() - 1);
            if found != kept[first as usize..] {
                return Err(format!("the entries of {peer} are not the newest of those that were committed"));
            }
            let shown = |entry: &&Entry| entry.revision() >= record.void_before;
            let wanted: BTreeSet<u64> = record.state.wanted().collect();
            let young = |entry: &&Entry| entry.at.as_millis() as u64 / 1_000 + RETENTION > self.second;
            for entry in kept.iter().filter(shown).filter(|entry| young(entry) || wanted.contains(&entry.revision())) {
                if !found.contains(entry) {
                    return Err(format!("entry {} of {peer} went too early", entry.revision()));
                }
            }
            if found.iter().any(|entry| !shown(&entry)) {
                return Err(format!("{peer} was forgotten"));
            }
            for revision in 1..=revision + 1 {
                if bench.has_taken(peer, event(peer, revision)) != (revision <= record.revision) {
                    return Err(format!("event {revision} of {peer}"));
                }
            }
            due.extend(record.due.map(|at| (at, key(peer))));
        }
        self.tried.clear();
        let found: BTreeSet<_> = rows::due(&*bench.shared.map, &mut Vec::new()).map(Result::unwrap).collect();
        if found != due { Err(format!("due are {due:?}, found {found:?}")) } else { Ok(()) }
    }

    /// Talks and tidies until it is enough, or the power is gone.
    fn rage(&mut self, bench: &mut Bench, dice: &mut Dice) {
        for _ in 0..dice.roll(60) {
            let goes_on = match dice.roll(14) {
                0 => bench.committer.checkpoint().is_ok(),
                1 => {
                    let policy = super::places::policy_of(RETENTION + dice.roll(10), dice.roll(3) * 3_000);
                    // Where there is no room it is given up, and all goes on.
                    !matches!(bench.tidy(&policy), Err(StoreError::Map(_)))
                }
                _ => {
                    let commit = self.turn(dice);
                    let (peer, entry) = (commit.entry.key.peer.0, commit.entry.clone());
                    match bench.commit(vec![vec![commit]]) {
                        Ok(answers) if matches!(answers[0].as_deref(), Ok([Committed::Ok])) => {
                            self.kept.entry(peer).or_default().push(entry);
                            true
                        }
                        Ok(_) => true,
                        Err(_) => false,
                    }
                }
            };
            if !goes_on {
                return;
            }
        }
    }
}

/// Says whether anything went because it was too old.
fn trial(seed: u64) -> Result<bool, String> {
    let mut dice = Dice::new(seed);
    let (mut disk, mut home) = (SimulatedDisk::new(dice.roll(u64::MAX)), TreeHome::default());
    let (mut storm, mut emptied) = (Storm::default(), false);
    for _ in 0..8 {
        let set_aside = home.set_aside();
        let mut bench = Bench::start(&disk, &home).map_err(|error| error.to_string())?;
        storm.check(&bench)?;
        if home.set_aside() > set_aside && !emptied {
            return Err("a map that was sound was set aside".into());
        }
        let mut faults = Faults::default();
        match dice.roll(4) {
            0 => faults.power_lasts = Some(dice.roll(300)),
            1 => faults.capacity = Some(40_000 + dice.roll(60_000)),
            2 => faults.short_writes = 1,
            _ => {}
        }
        disk.set(faults);
        storm.rage(&mut bench, &mut dice);
        let fate = dice.roll(5);
        emptied = fate == 1;
        let (next_disk, next_home) = match fate {
            0 => (disk.kill(), home.clone()),
            1 => (disk.crash(), home.emptied()),
            _ => (disk.crash(), home.after_crash(&mut dice)),
        };
        drop(bench);
        (disk, home) = (next_disk, next_home);
    }
    Ok(disk.list().is_ok_and(|names| names.iter().any(|name| name.ends_with(".snap"))))
}

#[test]
fn what_is_promised_holds_in_any_storm() {
    let trials = (0..SEEDS).map(|seed| trial(seed).unwrap_or_else(|what| panic!("seed {seed}: {what}")));
    let tidied = trials.filter(|tidied| *tidied).count();
    assert!(tidied as u64 > SEEDS / 2, "only {tidied} of {SEEDS} had anything to tidy");
}
