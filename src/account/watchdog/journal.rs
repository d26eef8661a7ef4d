//! What the journal tells about when accounts were heard of.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use super::Watchdog;
use super::silence::Pulse;
use crate::conversation::Event;
use crate::model::{Timestamp, UserId};
use crate::store::{Entry, StoreError};

/// What is usual at an hour of the week is learned from so many weeks.
const LEARNED: Duration = Duration::from_secs(28 * 24 * 3600);

impl Watchdog {
    /// Learns what is usual; until then no silence is told of. The journal of a month may take its time, so it is read beside all else.
    pub(super) async fn learn(&self) {
        if self.settings.silence.is_zero() {
            return;
        }
        let mut pulses: BTreeMap<UserId, Pulse> = self.turns.accounts().map(|account| (account, Pulse::default())).collect();
        let mut heard = |entry: Entry| {
            if let Some(pulse) = pulses.get_mut(&entry.key.account).filter(|_| tells_of_arrival(&entry)) {
                pulse.heard(entry.at);
            }
        };
        match self.turns.store().replay(self.started.minus(LEARNED), &mut heard).await {
            Ok(()) => self.pulses.lock().unwrap_or_else(PoisonError::into_inner).learned = Some(pulses),
            Err(error) => tracing::warn!(%error, "the journal does not tell how often accounts are heard of; no silence is told of"),
        }
    }

    /// When an account was last heard of before this process began, not before `since`.
    pub(super) async fn heard_before(&self, account: UserId, since: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut newest = None;
        let mut heard = |entry: Entry| {
            if entry.key.account == account && entry.at < self.started && tells_of_arrival(&entry) {
                newest = newest.max(Some(entry.at));
            }
        };
        self.turns.store().replay(since, &mut heard).await?;
        Ok(newest)
    }
}

/// Whether an entry was made by something that X delivered.
fn tells_of_arrival(entry: &Entry) -> bool {
    entry.turns.iter().any(|turn| match &turn.event {
        Event::Message { waited, .. } => !waited,
        Event::Echo { .. } | Event::Account { .. } => true,
        _ => false,
    })
}
