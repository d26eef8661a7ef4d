//! All that a conversation may have due: a timer, messages that waited, rows, a lookup.

use std::collections::BTreeSet;

use super::{BATCH, Errand, Outbox};
use crate::conversation::{Event, OpenLookup};
use crate::model::{Key, Timestamp};
use crate::store::Record;
use crate::turn::TurnError;

impl Outbox {
    /// Takes up what a conversation has due, once; says whether its lookup is to be carried out now. What comes of it is due again.
    pub(super) async fn serve_once(&self, key: Key) -> Result<bool, TurnError> {
        if !self.apps.contains_key(&key.account) {
            // The account is no longer configured; all waits until it is.
            self.park(key);
            return Ok(false);
        }
        let (now, record) = (self.clock.now(), self.turns.store().load(key).await?);
        let Some(record) = record else { return Ok(false) };
        if !over(&record, now).is_empty() {
            self.turns.apply(key, |record| over(record, now)).await?;
        }
        if record.state.taken_up_at().is_some_and(|at| at <= now) {
            self.turns.take_up(key).await?;
        }
        self.refill(key, &record).await?;
        if self.turns.is_paused(key.account) {
            // X takes nothing from the account; its messages wait until it is authorised again.
            self.park(key);
        } else {
            self.show_typing(key, &record).await;
            // What was said before a lookup leaves before it, as far as it may.
            self.serve_rows(key).await?;
        }
        Ok(record.state.lookup.as_ref().map(OpenLookup::due).is_some_and(|due| due <= now))
    }

    /// Takes up all that is due at the clock's present time, and what comes of it, until nothing is; for those who drive the outbox
    /// themselves instead of letting it [`run`](Outbox::run).
    ///
    /// Lookups are claimed and left to the caller.
    pub async fn serve_due(&self) -> Result<Vec<Errand>, TurnError> {
        let store = self.turns.store();
        let (mut errands, mut stuck) = (Vec::new(), BTreeSet::new());
        loop {
            let most = BATCH + stuck.len();
            let due = store.claim(self.clock.now(), most, &self.settings.owner, self.settings.resend_after).await?;
            let due: Vec<Key> = due.into_iter().filter(|key| !stuck.contains(key)).collect();
            if due.is_empty() {
                return Ok(errands);
            }
            for key in due {
                let before = store.load(key).await?.map(|record| record.revision);
                if self.serve_once(key).await?
                    && let Some(mark) = self.errands.begin(key)
                {
                    errands.extend(self.claim_lookup(mark).await?);
                }
                if store.load(key).await?.map(|record| record.revision) == before {
                    stuck.insert(key);
                }
            }
        }
    }
}

/// The timers that are over; while a lookup is on its way, they wait for that.
fn over(record: &Record, now: Timestamp) -> Vec<Event> {
    let over = record.state.timers.iter().filter(|timer| timer.at <= now && record.state.lookup.is_none());
    over.map(|timer| Event::TimerFired { number: timer.number }).collect()
}
