//! What the console knows by heart: a line for each conversation, and figures for each account.
//!
//! Both are readings of the journal: read back once at the start, then kept up from commits as they are made. Nothing here is stored.

mod directory;
mod figures;
mod unmatched;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::model::{Key, Timestamp, UserId};
use crate::store::{Entry, EntryKind, StoreError};
use crate::turn::Turns;

pub(super) use directory::{Directory, Filter, Kind, Line, Listing, is_refusal};
pub(super) use figures::{Figures, SPANS};

/// How far back figures count.
pub(super) const SPAN: Duration = Duration::from_secs(30 * 24 * 3600);

/// So often the journal is read back anew; and however quiet it is, so often it is looked whether it is time.
const ANEW: Duration = Duration::from_secs(24 * 3600);
const LOOK: Duration = Duration::from_secs(3600);

/// Changes that a page may be behind; it is then told to load everything again.
const BEHIND: usize = 1024;

/// The ledger.
pub(super) struct Ledger {
    book: RwLock<Book>,
    changes: broadcast::Sender<Arc<Entry>>,
}

#[derive(Default)]
struct Book {
    directory: Directory,
    figures: BTreeMap<UserId, Figures>,
    /// Whether the journal was read back as far as figures count.
    is_whole: bool,
}

impl Ledger {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Ledger { book: RwLock::default(), changes: broadcast::Sender::new(BEHIND) })
    }

    /// Reads the journal back, and then follows the commits until the service ends. Once a day it reads the journal back again, so that
    /// figures count no more than they say.
    pub(super) async fn follow(self: Arc<Self>, turns: Arc<Turns>, clock: Arc<dyn Clock>) {
        // What is committed while the journal is read comes twice; the second time changes nothing.
        let mut commits = turns.watch();
        let mut read = clock.now();
        if let Err(error) = self.read_back(&turns, read).await {
            tracing::error!(%error, "the console could not read the journal back; it knows only what happens from now on");
        }
        loop {
            let commit = timeout(LOOK, commits.recv()).await;
            // What was missed is in the journal.
            let has_missed = matches!(commit, Ok(Err(RecvError::Lagged(_))));
            let now = clock.now();
            if has_missed || now.since(read) >= ANEW {
                read = now;
                if let Err(error) = self.read_back(&turns, now).await {
                    tracing::error!(%error, "the console could not read the journal back; what it shows may be out of date");
                }
            }
            match commit {
                Ok(Ok(entry)) => {
                    self.book.write().unwrap_or_else(PoisonError::into_inner).take(&entry);
                    // An error says that no page is open.
                    let _ = self.changes.send(entry);
                }
                Ok(Err(RecvError::Closed)) => return,
                Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
            }
        }
    }

    /// Commits from here on, as they become known.
    pub(super) fn changes(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.changes.subscribe()
    }

    /// Looks into the directory.
    pub(super) fn directory<T>(&self, look: impl FnOnce(&Directory) -> T) -> T {
        look(&self.book.read().unwrap_or_else(PoisonError::into_inner).directory)
    }

    /// Looks at an account's figures.
    pub(super) fn figures<T>(&self, account: UserId, look: impl FnOnce(&Figures) -> T) -> T {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        match book.figures.get(&account) {
            Some(figures) => look(figures),
            None => look(&Figures::default()),
        }
    }

    /// Whether everything is known that is to be known.
    pub(super) fn is_whole(&self) -> bool {
        self.book.read().unwrap_or_else(PoisonError::into_inner).is_whole
    }

    /// A new book, from the records and the journal, in the place of the one that is there.
    async fn read_back(&self, turns: &Turns, now: Timestamp) -> Result<(), StoreError> {
        let store = turns.store();
        let mut book = Book::default();
        // Conversations whose journal is pruned still stand in their records.
        let mut after: Option<Key> = None;
        loop {
            let records = store.scan(after, 512).await?;
            let Some((last, _)) = records.last() else { break };
            after = Some(*last);
            for (key, record) in records.iter().filter(|(key, _)| !key.is_of_account()) {
                book.directory.stand(*key, record);
            }
        }
        store.replay(now.minus(SPAN), &mut |entry| book.take(&entry)).await?;
        book.is_whole = true;
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
        Ok(())
    }
}

impl Book {
    fn take(&mut self, entry: &Entry) {
        if entry.key.is_of_account() || !self.directory.is_news(entry) {
            return;
        }
        let figures = self.figures.entry(entry.key.account).or_default();
        if entry.kind == EntryKind::Tombstone {
            figures.forget(entry.key);
        }
        figures.count(entry);
        self.directory.take(entry);
    }
}

#[cfg(test)]
mod tests;
