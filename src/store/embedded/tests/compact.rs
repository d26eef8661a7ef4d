//! A compaction that is cut short between any two of its steps.

use std::path::PathBuf;

use tempfile::TempDir;

use super::super::compact::{MARKER, Places, compact};
use super::super::folder;
use super::*;

const PEERS: u64 = 40;

/// A store in a folder of its own, and what else is in it.
async fn house() -> (TempDir, PathBuf) {
    let house = TempDir::new().unwrap();
    let data = fs::canonicalize(house.path()).unwrap().join("data");
    let store = EmbeddedStore::open(&data, options().0).unwrap();
    for base in 0..3 {
        store.commit((0..PEERS).map(|peer| turn(peer, base, "hello", Some(base as i64))).collect()).await.unwrap();
    }
    store.close().await.unwrap();
    fs::create_dir(data.join("dev")).unwrap();
    (house, data)
}

/// Opens it as the service would, and talks on.
async fn lives_on(data: &Path, revision: u64) {
    let store = EmbeddedStore::open(data, options().0).unwrap();
    assert_eq!(store.scan(None, usize::MAX).await.unwrap().len() as u64, PEERS);
    for peer in 0..PEERS {
        let entries = store.journal(key(peer), 0..=u64::MAX).await.unwrap();
        assert_eq!(entries.iter().map(Entry::revision).collect::<Vec<_>>(), (1..=revision).collect::<Vec<_>>());
        assert!(store.has_taken(key(peer), event(peer, revision)).await.unwrap());
    }
    store.commit((0..PEERS).map(|peer| turn(peer, revision, "on", None)).collect()).await.unwrap();
    store.close().await.unwrap();
}

/// After a crash: the service starts, then somebody compacts again.
async fn recovers(data: &Path, is_earlier: bool) {
    lives_on(data, 3).await;
    let done = compact(data, &options().0).unwrap();
    assert_eq!(done.is_earlier, is_earlier);
    lives_on(data, 4).await;
    assert!(!folder::copy_of(data).exists() && !data.join(MARKER).exists());
    assert!(data.join("dev").exists(), "what is not the store's stays in its folder");
    // The old folder is a store that starts, too.
    lives_on(&done.old, if is_earlier { 3 } else { 4 }).await;
}

#[tokio::test]
async fn a_copy_that_was_cut_short_is_made_again() {
    let (_house, data) = house().await;
    let places = Places::of(data.clone());
    drop(places.copy(&options().0).unwrap());
    fs::remove_file(folder::copy_of(&data).join("mark")).unwrap();
    fs::remove_dir_all(folder::copy_of(&data).join("sled")).unwrap();
    recovers(&data, false).await;
}

#[tokio::test]
async fn a_copy_that_was_just_begun_is_made_again() {
    let (_house, data) = house().await;
    fs::create_dir(folder::copy_of(&data)).unwrap();
    recovers(&data, false).await;
}

#[tokio::test]
async fn a_copy_that_was_not_exchanged_is_made_again() {
    let (_house, data) = house().await;
    drop(Places::of(data.clone()).copy(&options().0).unwrap());
    recovers(&data, false).await;
}

#[tokio::test]
async fn a_copy_that_was_exchanged_stays_and_the_old_folder_gets_its_name() {
    let (_house, data) = house().await;
    let places = Places::of(data.clone());
    drop(places.copy(&options().0).unwrap());
    places.exchange().unwrap();
    let found = inspect(&data, &options().0).unwrap();
    assert_eq!((found.damage, found.unfinished), (vec![], Some(folder::copy_of(&data))));
    recovers(&data, true).await;
}

#[tokio::test]
async fn a_marker_that_was_left_is_removed() {
    let (_house, data) = house().await;
    let done = compact(&data, &options().0).unwrap();
    fs::write(data.join(MARKER), "").unwrap();
    fs::remove_dir_all(done.old).unwrap();
    recovers(&data, false).await;
}
