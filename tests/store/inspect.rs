//! The state of a data folder, as it is told without changing it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use junco::conversation::{Action, Row, RowId, RowStatus};
use junco::store::{EmbeddedStore, Held, Inspection, JournalState, MapState, Options, Store, StoreError, inspect};
use tempfile::TempDir;

use super::folder::{PEERS, check, copy, fill, filled, open, options};
use super::values::{at, turn, turn_due};

/// Looks, and makes sure that nothing was changed.
fn look(folder: &Path) -> Inspection {
    let before = contents(folder);
    let found = inspect(folder, &options()).unwrap();
    assert!(contents(folder) == before, "it was changed");
    found
}

/// Every file and folder with its bytes and the time of its last change.
fn contents(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        found.insert(folder.clone(), (fs::metadata(&folder).unwrap().modified().unwrap(), Vec::new()));
        for path in fs::read_dir(&folder).unwrap().map(|found| found.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), (fs::metadata(&path).unwrap().modified().unwrap(), fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// A closed store with several journal files.
async fn several_files() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path(), Options { file_size: 300_000, ..options() }).unwrap();
    fill(&store).await;
    for peer in 0..100 {
        store.commit(vec![turn_due(peer, 2, 0)]).await.unwrap();
    }
    store.close().await.unwrap();
    folder
}

fn journal_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|found| found.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "jnl"));
    files.sort();
    files
}

/// Bytes of a file up to its last one that is not zero.
fn written(file: &Path) -> u64 {
    fs::read(file).unwrap().iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1
}

fn flip(file: &Path, offset: u64) {
    let mut byte = [0];
    let file = OpenOptions::new().read(true).write(true).open(file).unwrap();
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[!byte[0]], offset).unwrap();
}

fn held() -> Option<Held> {
    // The first of them has the key of an account's record, which is no conversation.
    Some(Held { conversations: PEERS - 1, unsettled: 0, next_due: Some(at(0)) })
}

#[tokio::test]
async fn a_good_folder_is_told_so_with_all_that_it_holds() {
    let folder = several_files().await;
    let found = look(folder.path());
    assert_eq!(found.damage, [""; 0]);
    assert_eq!((found.mark, found.map, found.held), (Some(2 * PEERS + 100), MapState::Good { behind: 0 }, held()));
    assert!(found.journal.len() > 1 && found.journal.iter().all(|file| file.state == JournalState::Good));
    assert_eq!(found.journal.iter().map(|file| file.entries).sum::<u64>(), 2 * PEERS + 100);
    assert_eq!(found.journal[1].first, found.journal[0].entries + 1);
    assert_eq!(found.journal[0].newest, Some(at(1_000)));
    assert_eq!(found.format, Some(EmbeddedStore::FORMAT));
    assert!(found.snapshot.is_none() && found.leftovers.is_empty() && found.unfinished.is_none());
    let length: u64 = contents(folder.path()).values().map(|(_, bytes)| bytes.len() as u64).sum();
    assert_eq!(found.used, length);
}

#[tokio::test]
async fn what_is_not_settled_and_what_was_given_up_is_counted() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let mut commit = turn(1, 0);
    let id = RowId { revision: 1, index: 0 };
    commit.entry.turns[0].actions.push(Action::DeadLetter { row: id, code: 150, reason: "no".into() });
    let status = RowStatus::Due(at(5));
    commit.entry.record.state.rows =
        vec![Row { id, status, attempts: 0, asking: None, desk: false, fingerprint: 0, as_lines: None, doubtful: None }];
    // The third is an account's record, and no conversation.
    store.commit(vec![commit, turn(2, 0), turn(0, 0)]).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let found = look(folder.path());
    assert_eq!(found.held, Some(Held { conversations: 2, unsettled: 1, next_due: None }));
    assert_eq!(found.dead_letters, 1);
}

#[tokio::test]
async fn what_a_killed_process_leaves_is_good() {
    let (folder, image) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = open(folder.path());
    fill(&store).await;
    copy(folder.path(), image.path());
    let found = look(image.path());
    assert_eq!((found.damage, found.held), (vec![], held()));
    assert_eq!(found.map, MapState::Good { behind: 2 * PEERS });
}

#[tokio::test]
async fn a_torn_tail_is_told_and_is_no_damage() {
    let folder = filled().await;
    let last = journal_files(folder.path()).pop().unwrap();
    let end = written(&last);
    OpenOptions::new().write(true).open(&last).unwrap().write_all_at(b"JuFr, and then the power went", end).unwrap();
    let found = look(folder.path());
    assert_eq!((found.damage, found.journal[0].state), (vec![], JournalState::Torn { at: end }));
    check(&open(folder.path())).await.unwrap();
    assert_eq!(look(folder.path()).journal[0].state, JournalState::Good);
}

#[tokio::test]
async fn an_entry_that_was_committed_is_no_torn_tail() {
    let folder = filled().await;
    let last = journal_files(folder.path()).pop().unwrap();
    flip(&last, written(&last) - 9);
    let found = look(folder.path());
    assert_eq!(found.journal[0].state, JournalState::Damaged);
    assert!(found.damage[0].contains(&format!("although {} entries were committed", 2 * PEERS)), "{:?}", found.damage);
}

#[tokio::test]
async fn damage_in_the_middle_is_told_with_file_and_byte_and_the_rest_is_read() {
    let folder = several_files().await;
    let files = journal_files(folder.path());
    flip(&files[0], 100_000);
    flip(files.last().unwrap(), 100);
    let found = look(folder.path());
    let states: Vec<_> = found.journal.iter().map(|file| file.state).collect();
    assert_eq!((states[0], states[1], states[states.len() - 1]), (JournalState::Damaged, JournalState::Good, JournalState::Damaged));
    assert_eq!(found.damage.len(), 3, "{:?}", found.damage);
    assert!(found.damage[2].contains(" conversations cannot be read, of which the first says: "), "{}", found.damage[2]);
    for (file, told) in [(&files[0], &found.damage[0]), (files.last().unwrap(), &found.damage[1])] {
        assert!(told.contains(file.file_name().unwrap().to_str().unwrap()) && told.contains("damaged at byte "), "{told}");
        assert!(told.contains("restore the file from a backup"), "{told}");
    }
}

#[tokio::test]
async fn a_missing_journal_file_is_told() {
    let whole = several_files().await;
    let names = journal_files(whole.path());
    for (missing, told) in [(0, "the journal begins with entry"), (1, "is gone, with the entries up to"), (names.len() - 1, "is gone")] {
        let folder = TempDir::new().unwrap();
        copy(whole.path(), folder.path());
        fs::remove_file(folder.path().join(names[missing].file_name().unwrap())).unwrap();
        let found = look(folder.path());
        assert!(found.damage.iter().any(|damage| damage.contains(told)), "{missing}: {:?}", found.damage);
    }
    names.iter().for_each(|name| fs::remove_file(name).unwrap());
    let found = look(whole.path());
    assert!(found.damage[0].contains("and all that follow are gone"), "{:?}", found.damage);
}

#[tokio::test]
async fn a_record_map_that_will_be_filled_anew_is_told_and_is_no_damage() {
    let whole = filled().await;
    let look_without = |path: &str, changed: &dyn Fn(PathBuf)| {
        let folder = TempDir::new().unwrap();
        copy(whole.path(), folder.path());
        changed(folder.path().join(path));
        look(folder.path())
    };
    let absent = look_without("sled", &|sled| fs::remove_dir_all(sled).unwrap());
    assert_eq!((absent.damage, absent.held, absent.map), (vec![], held(), MapState::Absent));
    let emptied = look_without("sled/db", &|db| drop(File::create(db).unwrap()));
    assert_eq!((&emptied.damage, &emptied.held), (&vec![], &held()));
    assert!(matches!(emptied.map, MapState::Untrusted { .. }), "{:?}", emptied.map);
    let unmarked = look_without("mark", &|mark| fs::remove_file(mark).unwrap());
    assert_eq!((&unmarked.damage, &unmarked.held, unmarked.mark), (&vec![], &held(), None));
    assert!(matches!(unmarked.map, MapState::Untrusted { .. }), "{:?}", unmarked.map);
}

#[tokio::test]
async fn data_of_a_newer_junco_is_told() {
    for name in ["mark", "journal-00000000000000000001.jnl"] {
        let folder = filled().await;
        OpenOptions::new().write(true).open(folder.path().join(name)).unwrap().write_all_at(&[9], 8).unwrap();
        let found = look(folder.path());
        assert!(found.damage.len() == 1 && found.damage[0].contains("run the newer version"), "{:?}", found.damage);
    }
}

#[tokio::test]
async fn a_folder_in_use_is_not_looked_at() {
    let folder = TempDir::new().unwrap();
    let _store = open(folder.path());
    let error = inspect(folder.path(), &options()).unwrap_err();
    assert!(matches!(error, StoreError::Locked(_)), "{error}");
}

#[test]
fn a_folder_without_a_store_is_told_so() {
    let folder = TempDir::new().unwrap();
    let found = look(folder.path());
    assert_eq!((found.map, found.damage), (MapState::NoStore, vec![]));
    fs::write(folder.path().join("holiday.jpg"), "snow").unwrap();
    assert!(matches!(inspect(folder.path(), &options()), Err(StoreError::NoStore(_))));
    assert!(matches!(inspect(&folder.path().join("nowhere"), &options()), Err(StoreError::Io { .. })));
}
