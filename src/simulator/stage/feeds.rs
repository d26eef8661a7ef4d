//! What `/feed/` answers.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::error::Error;
use super::super::world::{Feed, FeedRecord};
use super::Stage;

impl Stage {
    /// Sets what `/feed/` and this path answer.
    pub fn set_feed(&self, path: &str, feed: Feed) {
        self.shared.change(|world, _| world.feeds.set(path.to_owned(), feed));
    }

    /// Sets feeds from a folder, if it is there: the JSON of each file below it is what its path answers.
    pub fn set_feeds(&self, folder: &Path) -> Result<(), Error> {
        for (path, body) in feeds_of(folder)? {
            self.set_feed(&path, Feed { status: 200, body: Some(body), delay_ms: 0 });
        }
        Ok(())
    }

    /// All feeds, by their paths, and what they were asked.
    pub fn feeds(&self) -> BTreeMap<String, FeedRecord> {
        self.shared.see(|world| world.feeds.all())
    }
}

/// Every file below a folder, by its path within it, as JSON.
fn feeds_of(root: &Path) -> Result<Vec<(String, Value)>, Error> {
    let unusable = |path: &Path, what: &dyn std::fmt::Display| Error::Feed { path: path.to_owned(), what: what.to_string() };
    let (mut found, mut folders) = (Vec::new(), Vec::from_iter(root.is_dir().then(|| root.to_owned())));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| unusable(&folder, &error))? {
            let path = entry.map_err(|error| unusable(&folder, &error))?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| unusable(&path, &error))?;
            let body = serde_json::from_str(&text).map_err(|error| unusable(&path, &error))?;
            found.push((path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned(), body));
        }
    }
    Ok(found)
}
