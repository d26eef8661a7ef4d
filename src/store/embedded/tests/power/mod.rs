//! Power cuts: the store on a real file system on an image of a disk, which is copied while a process commits to it.

mod image;
mod writer;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use tempfile::TempDir;

use self::image::{Cache, Image};
use self::writer::{Sync, Writer};
use super::*;

/// How often the power goes, and how often before the disk is replaced by a new one.
const CUTS: u64 = 20;
const CUTS_OF_A_DISK: u64 = 4;

/// Cuts without syncs; one that shows no loss is no wonder, all of them would be.
const DEAF_CUTS: u64 = 5;

/// For how long the journal is kept, by the turns of [`writer::turn_of`], of which a conversation has one a second.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);
const SECONDS: Duration = Duration::from_secs(8);

/// Ways to mount; the quick commits write out sizes and names at moments of their own, `writeback` also before the bytes.
const MOUNTS: [&str; 3] = ["defaults", "commit=1", "commit=1,data=writeback"];

/// By conversation the newest revision that was acknowledged.
pub(super) type Acknowledged = BTreeMap<u64, u64>;

#[test]
#[ignore = "takes a minute; needs root and loop devices"]
fn twenty_power_cuts_lose_nothing() {
    if can_mount() {
        lose_nothing(0..CUTS);
    }
}

#[test]
fn a_power_cut_loses_nothing() {
    if can_mount() {
        // One with a disk that forgets what it was not told to flush.
        lose_nothing(CUTS..CUTS + 1);
    }
}

#[test]
#[ignore = "takes seconds; needs root and loop devices"]
fn without_the_sync_power_cuts_lose_something() {
    if !can_mount() {
        return;
    }
    let mut lost = 0;
    for seed in 0..DEAF_CUTS {
        let folder = TempDir::new().unwrap();
        let mut dice = Dice::new(seed);
        let image = Image::new(folder.path().join("0"), cache(seed)).unwrap();
        let (image, acknowledged) = cut_the_power(&image, folder.path().join("1"), &mut dice, Sync::Deaf, FOR_EVER);
        let mounted = image.mount("defaults").unwrap();
        lost += match open(mounted.folder(), FOR_EVER) {
            Ok(store) => runtime().block_on(compare(&store, &acknowledged, FOR_EVER)).unwrap_or(1),
            // A folder that cannot be opened has lost all.
            Err(_) => acknowledged.values().sum(),
        };
    }
    println!("{lost} acknowledged turns lost");
    assert!(lost > 0, "nothing is lost without the sync, so these tests show nothing");
}

fn lose_nothing(seeds: std::ops::Range<u64>) {
    let mut folder = TempDir::new().unwrap();
    let mut disk = None;
    let mut acknowledged = Acknowledged::new();
    let mut pruned = 0;
    for seed in seeds.clone() {
        let mut dice = Dice::new(seed);
        if seed % CUTS_OF_A_DISK == 0 {
            (disk, acknowledged) = (None, Acknowledged::new());
            folder = TempDir::new().unwrap();
        }
        let path = |name: &str| folder.path().join(format!("{seed}-{name}"));
        let before = disk.take().unwrap_or_else(|| Image::new(path("new"), cache(seed / CUTS_OF_A_DISK)).unwrap());
        let retention = if seed / CUTS_OF_A_DISK % 4 < 2 { FOR_EVER } else { SECONDS };
        let (after, told) = cut_the_power(&before, path("cut"), &mut dice, Sync::Real, retention);
        let already: u64 = acknowledged.values().sum();
        acknowledged.extend(told);
        let mounted = after.mount("defaults").unwrap();
        let is_pruned = !mounted.folder().join(segment::name(1)).exists();
        println!("seed {seed}: {} turns acknowledged; journal pruned: {is_pruned}", acknowledged.values().sum::<u64>() - already);
        assert!(retention == SECONDS || !is_pruned);
        pruned += u32::from(is_pruned);
        let gone_on = runtime().block_on(goes_on(mounted.folder(), &mut acknowledged, retention));
        gone_on.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        drop(mounted);
        disk = Some(after);
    }
    assert!(pruned > 0 || seeds.end - seeds.start < CUTS, "no cut came after a snapshot");
}

/// Lets a process commit to the store on a disk, and cuts the power at some moment.
///
/// Gives the disk as the next start finds it, and what the process was told to be durable, then or before.
fn cut_the_power(before: &Image, after: PathBuf, dice: &mut Dice, sync: Sync, retention: Duration) -> (Image, Acknowledged) {
    let mounted = before.mount(MOUNTS[dice.roll(MOUNTS.len() as u64) as usize]).unwrap();
    let writer = Writer::start(mounted.folder(), sync, retention, dice.roll(u64::MAX));
    writer.wait_for(dice.roll(600));
    if dice.half() {
        write_something_out(&mounted.folder().join("sled"), dice);
    }
    writer.wait_for(1 + dice.roll(300));
    writer.freeze();
    let copy = before.copy(after).unwrap();
    (copy, writer.kill())
}

/// The system may write out what it likes when it likes, so that the record map can be ahead of its mark.
fn write_something_out(folder: &Path, dice: &mut Dice) {
    let files: Vec<_> = fs::read_dir(folder).into_iter().flatten().filter_map(|found| Some(found.ok()?.path())).collect();
    if let Some(path) = files.get(dice.roll(files.len().max(1) as u64) as usize)
        && let Ok(file) = File::open(path)
    {
        // sled removes old snapshots when it likes.
        drop(file.sync_all());
    }
}

/// Opens what a power cut left, compares, and goes on with it.
async fn goes_on(folder: &Path, acknowledged: &mut Acknowledged, retention: Duration) -> Result<(), String> {
    let store = open(folder, retention).map_err(|error| error.to_string())?;
    let lost = compare(&store, acknowledged, retention).await?;
    if lost > 0 {
        return Err(format!("{lost} of {} acknowledged turns are lost", acknowledged.values().sum::<u64>()));
    }
    for peer in [0, 1, 2] {
        let base = store.load(key(peer)).await.unwrap().map_or(0, |record| record.revision);
        let commits = |base| vec![writer::turn_of(peer, base)];
        assert_eq!(store.commit(commits(base)).await.unwrap(), [Committed::Ok]);
        assert_eq!(store.commit(commits(base)).await.unwrap(), [Committed::Stale]);
        acknowledged.insert(peer, base + 1);
    }
    store.close().await.unwrap();
    drop(store);
    let store = open(folder, retention).map_err(|error| error.to_string())?;
    let lost = compare(&store, acknowledged, retention).await?;
    if lost > 0 { Err(format!("{lost} turns are lost after a stop")) } else { Ok(()) }
}

/// Says how many of the acknowledged turns are lost. What is there by half, or was never committed, is an error.
async fn compare(store: &EmbeddedStore, acknowledged: &Acknowledged, retention: Duration) -> Result<u64, String> {
    let told = |error: StoreError| error.to_string();
    let mut lost = 0;
    let mut due = Vec::new();
    let known = store.scan(None, usize::MAX).await.map_err(told)?;
    let known: BTreeMap<u64, Record> = known.into_iter().map(|(key, record)| (key.peer.0, record)).collect();
    for (peer, newest) in acknowledged {
        let revision = known.get(peer).map_or(0, |record| record.revision);
        lost += newest.saturating_sub(revision);
    }
    let newest = known.values().map(|record| record.revision).max().unwrap_or(0);
    for (peer, record) in known {
        let entries = store.journal(key(peer), 0..=u64::MAX).await.map_err(told)?;
        // The oldest may have gone, but none that is younger than the retention.
        let gone = record.revision.saturating_sub(entries.len() as u64);
        if gone + retention.as_secs() > newest && gone > 0 {
            return Err(format!("{gone} entries of {peer} are gone, although the newest is only at {newest}"));
        }
        if !entries.iter().cloned().eq((gone..record.revision).map(|base| writer::turn_of(peer, base).entry)) {
            return Err(format!("the entries of {peer} are not those that were committed up to {}", record.revision));
        }
        if record != writer::turn_of(peer, record.revision - 1).entry.record {
            return Err(format!("the record of {peer} is not that of its last turn"));
        }
        for revision in 1..=record.revision + 1 {
            let taken = store.has_taken(key(peer), event(peer, revision)).await.map_err(told)?;
            if taken != (revision <= record.revision) {
                return Err(format!("the event of revision {revision} of {peer} is said to be taken: {taken}"));
            }
        }
        due.extend(record.due.map(|at| (at, key(peer))));
    }
    due.sort();
    let due: Vec<_> = due.into_iter().map(|(_, key)| key).collect();
    let claimed = store.claim(Timestamp::from_millis(i64::MAX), usize::MAX, "", Duration::ZERO).await.map_err(told)?;
    if claimed != due { Err(format!("due are {due:?}, found {claimed:?}")) } else { Ok(lost) }
}

fn open(folder: &Path, retention: Duration) -> Result<EmbeddedStore, StoreError> {
    EmbeddedStore::open(folder, options(retention))
}

/// Small, so that short runs see many files and checkpoints.
fn options(retention: Duration) -> Options {
    Options {
        cache_capacity: 8 << 20,
        file_size: 128 << 10,
        checkpoint_every: 128 << 10,
        reserve: 0,
        retention,
        on_fatal: Arc::new(|_| ()),
        ..Options::default()
    }
}

fn cache(seed: u64) -> Cache {
    if seed % 2 == 1 { Cache::Volatile } else { Cache::None }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Whether file systems can be mounted here; says aloud when nothing will be tested.
fn can_mount() -> bool {
    let folder = TempDir::new().unwrap();
    let tried = Image::new(folder.path().join("trial"), Cache::None).and_then(|image| image.mount("defaults"));
    if let Err(error) = &tried {
        // Not by a macro, whose output a passing test keeps to itself.
        writeln!(io::stderr(), "\nSKIPPED: no power was cut, since no image can be mounted here: {error}\n").unwrap();
    }
    tried.is_ok()
}
