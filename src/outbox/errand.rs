//! Lookups: what a conversation has asked of a server is claimed, carried out outside the turn, and comes back as an event.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Outbox;
use crate::conversation::{Action, Event, OpenLookup};
use crate::model::{Key, LookupAnswer, LookupFailure, LookupRequest};
use crate::store::{Record, StoreError};
use crate::turn::TurnError;

/// A lookup that was claimed and is to be carried out; then [`Outbox::answer`] takes what came of it.
#[derive(Debug)]
pub struct Errand {
    /// Its number within the conversation.
    pub number: u32,
    /// What the script calls it.
    pub name: String,
    /// What is asked.
    pub request: LookupRequest,
    mark: Mark,
}

/// The conversations whose lookup is on its way in this process, or waits for its turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Errands(Arc<Mutex<BTreeSet<Key>>>);

/// Keeps others from the conversation's lookup until it goes.
#[derive(Debug)]
pub(super) struct Mark {
    errands: Errands,
    key: Key,
}

impl Errands {
    /// `None` where somebody sees to this conversation's lookup already.
    pub(super) fn begin(&self, key: Key) -> Option<Mark> {
        self.lock().insert(key).then(|| Mark { errands: self.clone(), key })
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.errands.lock().remove(&self.key);
    }
}

impl Errand {
    /// The conversation.
    pub fn key(&self) -> Key {
        self.mark.key
    }
}

impl Outbox {
    /// Carries out what a conversation has open, once there is room among those on their way.
    pub(super) async fn look_up(&self, key: Key) {
        let Some(mark) = self.errands.begin(key) else { return };
        // Closed where the outbox stops; then it is found due at the next start.
        let Ok(_slot) = self.lookup_slots.acquire().await else { return };
        let done = async {
            let Some(errand) = self.claim_lookup(mark).await? else { return Ok(()) };
            let answer = match self.with_pictures(key.account, &errand.request).await {
                Ok(request) => self.servers.ask(&errand.name, &request).await,
                Err(failed) => failed,
            };
            self.answer(errand, answer).await
        };
        if let Err(error) = done.await {
            tracing::error!(conversation = %key, %error, "a lookup could not go on; it is tried again");
            self.park(key);
        }
    }

    /// Claims the open lookup, where nobody has or where whoever had it is gone. One that may not be asked twice has failed then.
    pub(super) async fn claim_lookup(&self, mark: Mark) -> Result<Option<Errand>, TurnError> {
        let key = mark.key;
        let record = self.turns.store().load(key).await?;
        let open = record.and_then(|record| record.state.lookup).filter(|open| open.due() <= self.clock.now());
        let Some(open) = open else { return Ok(None) };
        let fails = |detail: &str| Event::LookupDone {
            number: open.number,
            answer: LookupAnswer::Failed { reason: LookupFailure::Unknown, status: None, detail: detail.to_owned() },
        };
        let asked = self.request(key, &open).await?;
        let event = match &asked {
            None => fails("what it asks is no longer in the journal"),
            Some((_, request)) if open.claimed.is_some() && !request.is_repeatable() => {
                fails("it was on its way when the process ended, and may not be asked twice")
            }
            Some(_) => Event::LookupClaimed { number: open.number },
        };
        let goes = matches!(event, Event::LookupClaimed { .. });
        let decide = |record: &Record| {
            // Its answer, or another claim, may have come meanwhile.
            if record.state.lookup.as_ref() == Some(&open) { vec![event.clone()] } else { Vec::new() }
        };
        let claimed = self.turns.apply(key, decide).await?.is_some();
        Ok(asked.filter(|_| claimed && goes).map(|(name, request)| Errand { number: open.number, name, request, mark }))
    }

    /// Takes what came of a lookup.
    pub async fn answer(&self, errand: Errand, answer: LookupAnswer) -> Result<(), TurnError> {
        let (key, number) = (errand.key(), errand.number);
        self.turns.metrics().looked_up(if let LookupAnswer::Failed { reason, .. } = &answer { reason.word() } else { "answered" });
        if let LookupAnswer::Failed { reason, detail, .. } = &answer {
            tracing::warn!(conversation = %key, lookup = errand.name, reason = reason.word(), detail, "a lookup has failed");
        }
        // Free before the commit: what the answer leads to may be a lookup again.
        drop(errand);
        let done = Event::LookupDone { number, answer };
        let decide = |record: &Record| {
            let waits = record.state.lookup.as_ref().is_some_and(|open| open.number == number);
            if waits { vec![done.clone()] } else { Vec::new() }
        };
        self.turns.apply(key, decide).await.map(drop)
    }

    async fn request(&self, key: Key, open: &OpenLookup) -> Result<Option<(String, LookupRequest)>, StoreError> {
        let entries = self.turns.store().journal(key, open.revision..=open.revision).await?;
        let actions = entries.into_iter().flat_map(|entry| entry.turns).flat_map(|turn| turn.actions);
        let asked = |action| match action {
            Action::LookUp { number, name, request } if number == open.number => Some((name, request)),
            _ => None,
        };
        Ok(actions.into_iter().find_map(asked))
    }
}
