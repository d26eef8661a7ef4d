//! The silence alarm: by the account's own rhythm, told of once, and looked after at once.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::rhythm::Rhythm;
use super::{Ward, Watchdog};
use crate::conversation::{Notice, Standing};
use crate::model::{Timestamp, UserId};
use crate::turn::TurnError;

/// What is known of when accounts were heard of.
#[derive(Debug, Default)]
pub(super) struct Pulses {
    /// Nothing until the journal was read.
    pub(super) learned: Option<BTreeMap<UserId, Pulse>>,
}

/// What is known of one account.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    rhythm: Rhythm,
    last: Option<Timestamp>,
}

impl Pulse {
    pub(super) fn heard(&mut self, at: Timestamp) {
        self.rhythm.heard(at);
        self.last = self.last.max(Some(at));
    }
}

impl Watchdog {
    /// Tells of accounts that are silent for far longer than is usual, and gives those of which nobody was told before, and since when.
    pub(super) async fn tell_silences(&self, ward: &Ward, awake: Timestamp) -> Result<Vec<(UserId, Timestamp)>, TurnError> {
        let mut silent = Vec::new();
        for account in &ward.accounts {
            let Some(since) = self.silence_of(*account, awake) else { continue };
            let told = |standing: &Standing| standing.taken_out.is_some() || standing.silent_since.is_some_and(|told| told >= since);
            if told(&self.turns.standing(*account).await?) {
                continue;
            }
            tracing::warn!(%account, hours = self.clock.now().since(since).as_secs() / 3600, "silent for far longer than is usual; X is asked whether all is well");
            self.turns.notice(*account, |standing| if told(standing) { Vec::new() } else { vec![Notice::Silence { since }] }).await?;
            silent.push((*account, since));
        }
        Ok(silent)
    }

    /// Since when an account is unusually silent, if it is. What happened before `awake` nobody could hear.
    fn silence_of(&self, account: UserId, awake: Timestamp) -> Option<Timestamp> {
        let (now, shortest) = (self.clock.now(), self.settings.silence);
        let mut pulses = self.pulses.lock().unwrap_or_else(PoisonError::into_inner);
        let pulse = pulses.learned.as_mut()?.get_mut(&account)?;
        if let Some(heard) = self.turns.heard(account) {
            pulse.heard(heard);
        }
        let since = pulse.last?.max(awake);
        let is_silent = !shortest.is_zero() && now.since(since) >= shortest && pulse.rhythm.is_unusual(since, now);
        is_silent.then_some(since)
    }
}
