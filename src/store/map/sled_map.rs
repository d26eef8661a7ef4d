//! The record map in sled 0.34.7, with what has to be done around it so that it can be believed.

use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{MapHome, RecordMap, Rows, Table};
use crate::store::StoreError;
use crate::store::disk::while_doing;

/// How often and how long a lock is waited for that another sled holds: two seconds in all.
const LOCK_TRIES: usize = 20;
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// A folder for sled.
pub(in crate::store) struct SledHome {
    folder: PathBuf,
    cache_capacity: u64,
}

impl SledHome {
    /// sled's own folder, made when it is missing, and the bytes that its cache may take.
    pub(in crate::store) fn new(folder: PathBuf, cache_capacity: u64) -> Self {
        SledHome { folder, cache_capacity }
    }

    fn open_db(&self) -> Result<(sled::Db, Vec<sled::Tree>), StoreError> {
        for _ in 1..LOCK_TRIES {
            match self.try_open() {
                Err(StoreError::Io { source, .. }) if is_lock(&source) => thread::sleep(LOCK_WAIT),
                opened => return opened,
            }
        }
        self.try_open()
    }

    fn try_open(&self) -> Result<(sled::Db, Vec<sled::Tree>), StoreError> {
        let config = sled::Config::new().path(&self.folder).cache_capacity(self.cache_capacity);
        let open = || {
            let db = config.open()?;
            let trees = Table::ALL.iter().map(|(_, name)| db.open_tree(name)).collect::<Result<_, _>>()?;
            Ok((db, trees))
        };
        // A damaged database may panic instead of saying so.
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(opened) => opened.map_err(|error| explain("open", error)),
            Err(_) => Err(StoreError::Map("sled panicked when it was opened".into())),
        }
    }
}

impl MapHome for SledHome {
    fn exists(&self) -> bool {
        self.folder.exists()
    }

    fn open(&self) -> Result<Arc<dyn RecordMap>, StoreError> {
        let doing = || while_doing(format!("prepare {}", self.folder.display()));
        fs::create_dir_all(&self.folder).map_err(doing())?;
        remove_half_made_snapshots(&self.folder).map_err(doing())?;
        let (db, trees) = self.open_db()?;
        let map = SledMap { db, trees, folder: self.folder.clone() };
        // sled syncs neither its folder nor some of the files that it makes when it is new.
        map.sync()?;
        if let Some(parent) = self.folder.parent() {
            sync(parent).map_err(doing())?;
        }
        Ok(Arc::new(map))
    }

    fn set_aside(&self) -> Result<String, StoreError> {
        let doing = || while_doing(format!("set {} aside", self.folder.display()));
        let aside = (1..)
            .map(|number| self.folder.with_extension(format!("aside-{number}")))
            .find(|aside| !aside.exists())
            .expect("a folder holds fewer names than there are numbers");
        fs::rename(&self.folder, &aside).map_err(doing())?;
        if let Some(parent) = self.folder.parent() {
            sync(parent).map_err(doing())?;
        }
        Ok(aside.display().to_string())
    }
}

/// An open sled.
struct SledMap {
    db: sled::Db,
    /// In the order of [`Table::ALL`].
    trees: Vec<sled::Tree>,
    folder: PathBuf,
}

impl SledMap {
    fn tree(&self, table: Table) -> &sled::Tree {
        &self.trees[table as usize]
    }
}

impl RecordMap for SledMap {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.tree(table).get(key).map_err(|error| explain("read", error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn insert(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.tree(table).insert(key, value).map(drop).map_err(|error| explain("write", error))
    }

    fn remove(&self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        self.tree(table).remove(key).map(drop).map_err(|error| explain("write", error))
    }

    fn range(&self, table: Table, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>) -> Rows<'_> {
        let rows = self.tree(table).range::<Vec<u8>, _>((from, to));
        Box::new(rows.map(|row| match row {
            Ok((key, value)) => Ok((key.to_vec(), value.to_vec())),
            Err(error) => Err(explain("read", error)),
        }))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(|error| explain("flush", error))?;
        // On Linux flush() ends with sync_file_range, which neither reaches the disk itself nor covers the file's length.
        sync_all_in(&self.folder).map_err(while_doing(format!("sync {}", self.folder.display())))
    }
}

/// A torn one would stop sled from opening.
fn remove_half_made_snapshots(folder: &Path) -> io::Result<()> {
    for found in fs::read_dir(folder)? {
        let found = found?;
        let name = found.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(found.path())?;
        }
    }
    Ok(())
}

/// Syncs the files of a folder, those of its subfolders (sled's `blobs`), and the folders themselves.
fn sync_all_in(folder: &Path) -> io::Result<()> {
    for found in fs::read_dir(folder)? {
        let found = found?;
        if found.file_type()?.is_dir() {
            sync_all_in(&found.path())?;
            continue;
        }
        match sync(&found.path()) {
            // sled removes old snapshots and blobs when it likes.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            synced => synced?,
        }
    }
    sync(folder)
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn is_lock(error: &io::Error) -> bool {
    // sled has no better way to tell.
    error.to_string().contains("could not acquire lock")
}

fn explain(doing: &str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) => while_doing(format!("{doing} sled's database"))(source),
        other => StoreError::Map(format!("sled cannot {doing} its database: {other}")),
    }
}
