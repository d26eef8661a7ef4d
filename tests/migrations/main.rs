//! Data of every format of the embedded store, as it was written once, is read with everything in it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod content;
mod house;
mod upgrade;

use std::fs;
use std::path::{Path, PathBuf};

use junco::store::{EmbeddedStore, Store as _};
use tempfile::TempDir;

use house::House;

/// A format's folder and its number.
fn formats() -> Vec<(u8, PathBuf)> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/embedded");
    let folders = fs::read_dir(all).unwrap().map(|found| found.unwrap().path());
    let number = |path: &Path| path.file_name()?.to_str()?.split('-').next()?.parse().ok();
    let mut formats: Vec<_> = folders.map(|path| (number(&path).unwrap(), path)).collect();
    formats.sort();
    formats
}

/// A copy of a format's data, with nothing beside it.
fn copy_of(format: &Path) -> (TempDir, PathBuf) {
    let house = TempDir::new().unwrap();
    let data = house.path().join("data");
    copy_files(&format.join("data"), &data, |_| true);
    (house, data)
}

fn copy_files(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        if wanted(found.file_name().to_str().unwrap()) {
            fs::copy(found.path(), to.join(found.file_name())).unwrap();
        }
    }
}

#[test]
fn every_format_has_its_folder() {
    let numbers: Vec<u8> = formats().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, (1..=EmbeddedStore::FORMAT).collect::<Vec<_>>());
    for (number, path) in formats() {
        assert!(fs::read_to_string(path.join("README.md")).unwrap().starts_with(&format!("# {number}:")), "{path:?}");
    }
}

#[test]
fn old_data_says_of_which_format_it_is() {
    for (number, path) in formats() {
        assert_eq!(EmbeddedStore::format(&path.join("data")).unwrap(), Some(number));
    }
}

#[tokio::test]
async fn data_of_every_format_is_read_with_everything() {
    for (number, path) in formats() {
        let (_house, folder) = copy_of(&path);
        let expected = fs::read_to_string(path.join("expected.jsonl")).unwrap();
        // Once as it was written, and once as this version left it.
        for _ in 0..2 {
            let house = House::open(&folder);
            content::compare(&house.store, &expected).await.unwrap_or_else(|error| panic!("format {number}: {error}"));
            house.store.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn conversations_of_every_format_go_on() {
    for (number, path) in formats() {
        let (_house, folder) = copy_of(&path);
        let mut house = House::open(&folder);
        content::go_on(&mut house).await.unwrap_or_else(|error| panic!("format {number}: {error}"));
    }
}

#[tokio::test]
#[ignore = "writes the data of the newest format anew; only while that format is not released"]
async fn write_the_newest_format() {
    let folder = TempDir::new().unwrap();
    let mut house = House::open(folder.path());
    content::fill(&mut house, folder.path()).await;
    house.store.close().await.unwrap();
    drop(house);
    // A start cuts the zeros that are written ahead.
    let house = House::open(folder.path());
    let told = content::tell(&house.store).await;
    house.store.close().await.unwrap();
    drop(house);
    let (_, target) = formats().pop().unwrap();
    drop(fs::remove_dir_all(target.join("data")));
    // sled's files are left out: the store fills a lost record map anew, and they would take half a megabyte.
    copy_files(folder.path(), &target.join("data"), |name| name == "mark" || name.ends_with(".jnl") || name.ends_with(".snap"));
    fs::write(target.join("expected.jsonl"), told).unwrap();
}
