//! A store that is copied small.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use junco::model::Key;
use junco::store::{EmbeddedStore, Entry, Options, Record, Store, StoreError, compact, inspect};
use tempfile::TempDir;

use super::folder::{filled, names, open, options};
use super::values::{event, key, turn, turn_due};

/// A store's folder with nothing else beside it.
struct House(TempDir);

impl House {
    fn new() -> House {
        let house = House(TempDir::new().unwrap());
        fs::create_dir(house.data()).unwrap();
        house
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn beside(&self) -> Vec<String> {
        let mut names = names(self.0.path());
        names.sort();
        names
    }
}

/// All that can be asked of a store: records, entries, and whether events were taken.
#[derive(Debug, PartialEq)]
struct All {
    records: Vec<(Key, Record)>,
    entries: Vec<Vec<Entry>>,
    events: Vec<bool>,
    next_due: Option<i64>,
}

async fn all(path: &Path) -> All {
    let store = open(path);
    let records = store.scan(None, usize::MAX).await.unwrap();
    let (mut entries, mut events) = (Vec::new(), Vec::new());
    for (key, record) in &records {
        entries.push(store.journal(*key, 0..=u64::MAX).await.unwrap());
        for revision in 1..=record.revision {
            events.push(store.has_taken(*key, event(key.peer.0, revision)).await.unwrap());
        }
    }
    let next_due = store.next_due().await.unwrap().map(|at| at.as_millis());
    store.close().await.unwrap();
    All { records, entries, events, next_due }
}

/// Conversations that were written over again and again.
async fn overwrite(path: &Path, options: Options) {
    let store = EmbeddedStore::open(path, options).unwrap();
    for base in 0..40 {
        let mut commits: Vec<_> = (0..200).map(|peer| turn_due(peer, base, (peer + base) as i64)).collect();
        commits.iter_mut().for_each(|commit| commit.entry.record.state.peer.name = "a long name ".repeat(200));
        store.commit(commits).await.unwrap();
    }
    store.close().await.unwrap();
}

fn bytes(path: &Path) -> u64 {
    match path.is_dir() {
        true => fs::read_dir(path).unwrap().map(|found| bytes(&found.unwrap().path())).sum(),
        false => fs::metadata(path).unwrap().len(),
    }
}

#[tokio::test]
async fn a_compacted_store_has_everything_and_is_smaller() {
    let house = House::new();
    overwrite(&house.data(), Options { file_size: 1 << 20, checkpoint_every: 100_000, ..options() }).await;
    let before = all(&house.data()).await;
    assert_eq!(before.entries.iter().map(Vec::len).sum::<usize>(), 8_000);
    // Whatever else is in the folder stays in it.
    fs::create_dir_all(house.data().join("dev/echo")).unwrap();
    fs::write(house.data().join("dev/echo/notes"), "mine").unwrap();
    fs::set_permissions(house.data(), fs::Permissions::from_mode(0o700)).unwrap();
    let sled = bytes(&house.data().join("sled"));
    let done = compact(&house.data(), &options()).unwrap();
    assert_eq!(house.beside(), ["data", "data.before-compact"]);

    assert!(bytes(&house.data().join("sled")) * 2 < sled, "{} of {sled}", bytes(&house.data().join("sled")));
    assert!(done.after < done.before && !done.is_earlier, "{done:?}");
    assert_eq!(fs::read_to_string(house.data().join("dev/echo/notes")).unwrap(), "mine");
    assert_eq!(fs::metadata(house.data()).unwrap().permissions().mode() & 0o777, 0o700);
    let found = inspect(&house.data(), &options()).unwrap();
    assert_eq!((found.damage, found.leftovers.len(), found.unfinished), (vec![], 1, None));
    assert!(all(&house.data()).await == before, "something is missing");
    assert!(all(&done.old).await == before, "something is missing in the old folder");
    assert!(!names(&house.data()).iter().any(|name| name == "compacting" || name.ends_with(".snap")));
}

#[tokio::test]
async fn a_compacted_store_goes_on_and_can_be_filled_again() {
    let house = House::new();
    overwrite(&house.data(), options()).await;
    compact(&house.data(), &options()).unwrap();
    let store = open(&house.data());
    store.commit(vec![turn(1, 40), turn(900, 0)]).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let before = all(&house.data()).await;
    assert_eq!((before.records.len(), before.entries[1].len()), (201, 41));
    fs::remove_dir_all(house.data().join("sled")).unwrap();
    assert!(all(&house.data()).await == before);
}

#[tokio::test]
async fn what_only_a_snapshot_holds_is_kept() {
    let house = House::new();
    let pruned = Options { file_size: 20_000, checkpoint_every: 10_000, retention: Duration::from_millis(30), ..options() };
    let store = EmbeddedStore::open(&house.data(), pruned).unwrap();
    let first = house.data().join("journal-00000000000000000001.jnl");
    store.commit(vec![turn(7, 0)]).await.unwrap();
    let mut base = 0;
    while first.exists() {
        store.commit(vec![turn(1, base)]).await.unwrap();
        base += 1;
    }
    store.close().await.unwrap();
    drop(store);
    let before = all(&house.data()).await;
    assert_eq!((before.records.len(), before.entries[1].len()), (2, 0), "the entry of the second is too old");
    compact(&house.data(), &options()).unwrap();
    assert!(all(&house.data()).await == before);
    assert_eq!(inspect(&house.data(), &options()).unwrap().damage, [""; 0]);
    fs::remove_dir_all(house.data().join("sled")).unwrap();
    assert!(all(&house.data()).await == before);
}

#[tokio::test]
async fn a_scribbled_record_map_is_filled_anew_and_then_copied() {
    let house = House::new();
    overwrite(&house.data(), options()).await;
    let before = all(&house.data()).await;
    let db = OpenOptions::new().write(true).open(house.data().join("sled/db")).unwrap();
    for at in (50_000..db.metadata().unwrap().len()).step_by(50_000) {
        db.write_all_at(&[0xa5; 4_096], at).unwrap();
    }
    let mut tries = (0..2).map(|_| compact(&house.data(), &options()));
    let done = tries.find(|tried| !matches!(tried, Err(StoreError::Map(_))));
    done.expect("it stumbles once at most").unwrap();
    assert_eq!(house.beside(), ["data", "data.before-compact"]);
    assert!(all(&house.data()).await == before);
}

#[tokio::test]
async fn a_store_in_use_is_left_alone() {
    let house = House::new();
    let store = open(&house.data());
    store.commit(vec![turn(1, 0)]).await.unwrap();
    let error = compact(&house.data(), &options()).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
    assert_eq!(house.beside(), ["data"]);
    assert!(store.load(key(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_in_the_way_is_left_alone() {
    let house = House::new();
    overwrite(&house.data(), options()).await;
    for (name, told) in [("data.compact", "no compaction made it"), ("data.before-compact", "delete it")] {
        let folder = house.0.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("mine"), "").unwrap();
        let error = compact(&house.data(), &options()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(told), "{error}");
        assert!(folder.join("mine").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[tokio::test]
async fn what_is_no_store_or_is_damaged_stays_as_it_is() {
    let house = House::new();
    assert!(matches!(compact(&house.data(), &options()), Err(StoreError::NoStore(_))));
    assert_eq!((house.beside(), names(&house.data()).len()), (vec!["data".to_owned()], 0));
    let filled = filled().await;
    super::folder::copy(filled.path(), &house.data());
    fs::write(house.data().join("journal-00000000000000000001.jnl"), "short").unwrap();
    let error = compact(&house.data(), &options()).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    assert_eq!(house.beside(), ["data"]);
}
