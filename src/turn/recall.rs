//! An asking that the record has dropped, found again in the journal before the turn, because a tap may answer it.
//!
//! Revisions count up and so do askings, so the journal is searched by halves: a tap on a menu of last month costs a dozen reads.

use crate::conversation::{Asking, AskingRef, Event, Metadata, State};
use crate::model::Key;
use crate::store::{Entry, Record, Store, StoreError};

/// The asking that a tap answers, with its slots, where the state does not hold all of it and the journal does.
pub(super) async fn asking(store: &dyn Store, key: Key, record: &Record, event: &Event) -> Result<Option<Asking>, StoreError> {
    let Some(number) = answered_by(event, key, &record.state) else { return Ok(None) };
    let held = record.state.askings.iter().find(|asking| asking.number == number);
    if held.is_some_and(|asking| asking.slots.is_some()) {
        return Ok(None);
    }
    let search = Search { store, key, newest: record.revision };
    let Some(asked) = search.first(|state| state.asked >= number).await? else { return Ok(None) };
    let Some(mut asking) = find(&asked, number) else { return Ok(None) };
    asking.answered = match held {
        Some(held) => held.answered,
        None => search.was_answered(number).await?,
    };
    Ok(Some(asking))
}

fn answered_by(event: &Event, key: Key, state: &State) -> Option<u32> {
    let Event::Message { message, .. } = event else { return None };
    let metadata = Metadata::read(message.tap.as_ref()?.metadata.as_deref()?, key)?;
    match metadata.asking {
        AskingRef::Number(number) if metadata.started == state.started && number <= state.asked => Some(number),
        AskingRef::Number(_) | AskingRef::Welcome => None,
    }
}

fn find(entry: &Entry, number: u32) -> Option<Asking> {
    entry.record.state.askings.iter().find(|asking| asking.number == number).cloned()
}

/// The journal of one conversation, up to its newest revision.
struct Search<'a> {
    store: &'a dyn Store,
    key: Key,
    newest: u64,
}

impl Search<'_> {
    /// The first entry after which `holds` of the state; it holds of all later ones. `None` where it was pruned or never held.
    async fn first(&self, holds: impl Fn(&State) -> bool) -> Result<Option<Entry>, StoreError> {
        let (mut low, mut high, mut found) = (1, self.newest, None);
        while low <= high {
            let middle = low + (high - low) / 2;
            match self.entry(middle).await? {
                Some(entry) if holds(&entry.record.state) => {
                    high = middle - 1;
                    found = Some(entry);
                }
                // Pruned entries are the oldest.
                Some(_) | None => low = middle + 1,
            }
        }
        Ok(found)
    }

    /// Whether an asking had been answered when its record last held it.
    async fn was_answered(&self, number: u32) -> Result<bool, StoreError> {
        let dropped =
            self.first(|state| state.askings.first().is_none_or(|oldest| oldest.number > number) && state.asked >= number).await?;
        let Some(before) = dropped.map(|entry| entry.revision() - 1) else { return Ok(false) };
        Ok(self.entry(before).await?.and_then(|entry| find(&entry, number)).is_some_and(|asking| asking.answered))
    }

    async fn entry(&self, revision: u64) -> Result<Option<Entry>, StoreError> {
        Ok(self.store.journal(self.key, revision..=revision).await?.pop())
    }
}
