//! The embedded store in a real folder: reopened, killed, locked, and with its record map lost in every way.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use junco::store::{Committed, EmbeddedStore, Options, Store, StoreError};
use tempfile::TempDir;

use super::values::{event, key, turn, turn_due};

pub(crate) const PEERS: u64 = 1_500;

/// Survives what would end the process.
pub(crate) fn options() -> Options {
    Options { on_fatal: Arc::new(|_| ()), ..Options::default() }
}

pub(crate) fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(path, options()).unwrap()
}

/// Two turns with each of many people.
pub(crate) async fn fill(store: &EmbeddedStore) {
    for base in 0..2 {
        let commits = (0..PEERS).map(|peer| turn_due(peer, base, peer as i64)).collect();
        assert!(store.commit(commits).await.unwrap().iter().all(|committed| *committed == Committed::Ok));
    }
}

/// Says what is missing of [`fill`]'s turns.
pub(crate) async fn check(store: &EmbeddedStore) -> Result<(), StoreError> {
    assert_eq!(store.scan(None, usize::MAX).await?.len() as u64, PEERS);
    for peer in 0..PEERS {
        let written = turn_due(peer, 1, peer as i64).entry;
        assert_eq!(store.load(key(peer)).await?.as_ref(), Some(&written.record));
        assert!(store.has_taken(key(peer), event(peer, 2)).await?);
    }
    for peer in [0, PEERS / 2, PEERS - 1] {
        assert_eq!(store.journal(key(peer), 1..=2).await?.len(), 2);
    }
    assert_eq!(store.next_due().await?.map(|at| at.as_millis()), Some(0));
    Ok(())
}

pub(crate) async fn filled() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    fill(&store).await;
    store.close().await.unwrap();
    folder
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        if found.file_type().unwrap().is_dir() {
            copy(&found.path(), &target);
        } else {
            fs::copy(found.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_closed_store_is_opened_again_with_everything() {
    let folder = filled().await;
    let store = open(folder.path());
    check(&store).await.unwrap();
    assert_eq!(store.commit(vec![turn(1, 1), turn(2, 2)]).await.unwrap(), [Committed::Stale, Committed::Ok]);
}

#[tokio::test]
async fn a_store_that_was_only_dropped_lost_nothing() {
    let folder = TempDir::new().unwrap();
    fill(&open(folder.path())).await;
    check(&open(folder.path())).await.unwrap();
}

#[tokio::test]
async fn what_a_killed_process_leaves_is_opened_with_everything() {
    let (folder, image) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(folder.path());
    fill(&store).await;
    // Nothing is closed or flushed: the files as a kill would leave them.
    copy(folder.path(), image.path());
    check(&open(image.path())).await.unwrap();
}

/// Opens it, if need be twice: some damage shows only when it is read, which ends the process.
async fn open_damaged(path: &Path) {
    for _ in 0..2 {
        let store = open(path);
        match check(&store).await {
            Ok(()) => return,
            Err(StoreError::Map(_)) => assert!(store.ready().await.is_err(), "it goes on although it cannot be believed"),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the record map was not filled again");
}

#[tokio::test]
async fn a_deleted_record_map_is_filled_again() {
    let folder = filled().await;
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    check(&open(folder.path())).await.unwrap();
    assert!(!names(folder.path()).iter().any(|name| name.contains("aside")), "there was nothing to set aside");
}

#[tokio::test]
async fn an_emptied_record_map_is_set_aside_and_filled_again() {
    for emptied in [PathBuf::from("db"), PathBuf::from("conf"), PathBuf::new()] {
        let folder = filled().await;
        let sled = folder.path().join("sled");
        if emptied.as_os_str().is_empty() {
            fs::remove_dir_all(&sled).unwrap();
            drop(sled::open(&sled).unwrap());
        } else {
            File::create(sled.join(&emptied)).unwrap();
        }
        open_damaged(folder.path()).await;
        let aside = names(folder.path()).iter().any(|name| name.starts_with("sled.aside-"));
        assert!(aside || emptied == Path::new("conf"), "{emptied:?}");
    }
}

#[tokio::test]
async fn a_scribbled_record_map_is_filled_again() {
    let rubbish: Vec<u8> = (0..4_096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let folder = filled().await;
    let length = fs::metadata(folder.path().join("sled/db")).unwrap().len();
    assert!(length > 500_000, "too small to be damaged in different places: {length}");
    let mut set_aside = 0;
    for from in [0, length / 7, length / 3, length / 2] {
        let image = TempDir::new().unwrap();
        copy(folder.path(), image.path());
        let db = OpenOptions::new().write(true).open(image.path().join("sled/db")).unwrap();
        for at in (from..length).step_by(50_000) {
            db.write_all_at(&rubbish, at).unwrap();
        }
        open_damaged(image.path()).await;
        set_aside += names(image.path()).iter().filter(|name| name.contains("aside")).count();
    }
    assert!(set_aside > 0, "nothing of the damage was noticed");
}

#[tokio::test]
async fn a_half_made_snapshot_of_sled_does_not_stop_a_start() {
    let folder = filled().await;
    fs::write(folder.path().join("sled/snap.00000000000000FF.generating"), b"half").unwrap();
    check(&open(folder.path())).await.unwrap();
    assert!(!names(folder.path()).iter().any(|name| name.contains("aside")));
}

#[tokio::test]
async fn a_second_process_is_told_that_the_folder_is_in_use() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let error = EmbeddedStore::open(folder.path(), options()).err().unwrap();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
    assert!(error.to_string().contains("another Junco"), "{error}");
    // One that is just leaving is waited for.
    let path = folder.path().to_owned();
    let second = thread::spawn(move || EmbeddedStore::open(&path, options()).map(drop));
    drop(store);
    second.join().unwrap().unwrap();
}

#[tokio::test]
async fn data_of_a_newer_junco_is_refused() {
    for name in ["mark", "journal-00000000000000000001.jnl"] {
        let folder = filled().await;
        let file = OpenOptions::new().write(true).open(folder.path().join(name)).unwrap();
        file.write_all_at(&[9], 8).unwrap();
        let error = EmbeddedStore::open(folder.path(), options()).err().unwrap();
        assert!(matches!(error, StoreError::Newer { found: 9, .. }), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_lost_mark_is_made_again() {
    let folder = filled().await;
    fs::remove_file(folder.path().join("mark")).unwrap();
    check(&open(folder.path())).await.unwrap();
    check(&open(folder.path())).await.unwrap();
}
