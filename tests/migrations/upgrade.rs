//! Data of the first format is brought up to date: a backup first, and what is written from then on is of the newest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use junco::store::{EmbeddedStore, Options, Store as _, StoreError, Upgraded, compact, inspect, upgrade};
use tempfile::TempDir;

use crate::content;
use crate::house::House;
use crate::{copy_files, formats};

/// A house with a copy of the oldest data in it, and what was told of that.
fn old_data() -> (TempDir, PathBuf, String) {
    let (_, path) = formats().swap_remove(0);
    let house = TempDir::new().unwrap();
    let data = fs::canonicalize(house.path()).unwrap().join("data");
    copy_files(&path.join("data"), &data, |_| true);
    (house, data, fs::read_to_string(path.join("expected.jsonl")).unwrap())
}

fn beside(data: &Path, suffix: &str) -> PathBuf {
    data.with_file_name(format!("data.before-format{suffix}"))
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|found| found.unwrap()).filter(|found| found.file_type().unwrap().is_file());
    files.map(|found| (found.file_name().into_string().unwrap(), fs::read(found.path()).unwrap())).collect()
}

async fn holds(data: &Path, expected: &str) {
    let house = House::open(data);
    content::compare(&house.store, expected).await.unwrap();
    house.store.close().await.unwrap();
}

#[tokio::test]
async fn an_old_folder_is_backed_up_and_brought_up_to_date_when_it_is_opened() {
    let (_house, data, expected) = old_data();
    let before = contents(&data);
    let found = inspect(&data, &Options::default()).unwrap();
    assert_eq!((found.format, found.damage), (Some(1), vec![]));
    assert!(contents(&data) == before, "it was changed");
    holds(&data, &expected).await;
    assert_eq!(EmbeddedStore::format(&data).unwrap(), Some(EmbeddedStore::FORMAT));
    assert!(contents(&beside(&data, "-2")) == before, "the backup is what there was");
    // What is written now goes to a new file, and the old ones stay as they were but for zeros at the end.
    let mut house = House::open(&data);
    house.says(90, "hi").await;
    house.store.close().await.unwrap();
    drop(house);
    let after = contents(&data);
    let newest = after.keys().rfind(|name| name.ends_with(".jnl")).unwrap();
    assert!(!before.contains_key(newest) && after[newest][8] == 2 && after["mark"][8] == 2);
    for (name, bytes) in before.iter().filter(|(name, _)| *name != "mark") {
        assert!(after[name] == *bytes || bytes.starts_with(&after[name]), "{name}");
    }
    assert!(contents(&beside(&data, "-2")) == before);
    let found = inspect(&data, &Options::default()).unwrap();
    let leftovers: Vec<_> = found.leftovers.iter().map(|left| left.path.clone()).collect();
    assert_eq!((found.damage, leftovers), (vec![], vec![beside(&data, "-2")]));
    // It is not done twice.
    assert_eq!(upgrade(&data, &Options::default()).unwrap(), None);
    assert!(!beside(&data, "-2.2").exists());
}

#[tokio::test]
async fn an_upgrade_that_was_cut_short_is_made_again() {
    // While the backup was made, when it was made, and when the record map was to be filled; with a mark or without one.
    for (stage, has_mark) in [(0, true), (1, true), (2, true), (0, false), (2, false)] {
        let (_house, data, expected) = old_data();
        if !has_mark {
            fs::remove_file(data.join("mark")).unwrap();
        }
        let before = contents(&data);
        match stage {
            0 => copy_files(&data, &beside(&data, ".new"), |name| name.contains("11")),
            1 => copy_files(&data, &beside(&data, "-2"), |_| true),
            _ => {
                upgrade(&data, &Options::default()).unwrap();
                fs::remove_dir_all(data.join("sled")).unwrap();
            }
        }
        holds(&data, &expected).await;
        holds(&data, &expected).await;
        assert!(contents(&beside(&data, "-2")) == before, "{stage}");
        assert_eq!((beside(&data, ".new").exists(), beside(&data, "-2.2").exists()), (false, stage == 1), "{stage}");
    }
}

#[tokio::test]
async fn a_backup_takes_the_place_of_the_folder_again() {
    let (_house, data, expected) = old_data();
    let backup = beside(&data, "-2");
    assert_eq!(upgrade(&data, &Options::default()).unwrap(), Some(Upgraded { from: 1, backup: backup.clone() }));
    assert_eq!(EmbeddedStore::format(&backup).unwrap(), Some(1));
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&backup, &data).unwrap();
    holds(&data, &expected).await;
}

#[tokio::test]
async fn an_old_folder_can_be_compacted() {
    let (_house, data, expected) = old_data();
    compact(&data, &Options::default()).unwrap();
    assert_eq!(EmbeddedStore::format(&data).unwrap(), Some(EmbeddedStore::FORMAT));
    holds(&data, &expected).await;
    fs::remove_dir_all(data.join("sled")).unwrap();
    holds(&data, &expected).await;
}

#[test]
fn what_is_in_the_way_of_a_backup_is_left_alone() {
    let (_house, data, _) = old_data();
    let before = contents(&data);
    fs::create_dir(beside(&data, ".new")).unwrap();
    fs::write(beside(&data, ".new").join("mine"), "").unwrap();
    let error = upgrade(&data, &Options::default()).unwrap_err();
    assert!(matches!(error, StoreError::InTheWay(..)), "{error}");
    assert!(beside(&data, ".new").join("mine").exists() && contents(&data).iter().filter(|(name, _)| *name != "lock").eq(&before));
}
