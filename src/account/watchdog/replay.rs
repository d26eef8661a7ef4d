//! Gaps are closed by replays: one job at a time, in pieces that X takes, again where a job did not deliver everything.

use std::time::Duration;

use super::span::{Order, order};
use super::{Ward, Watchdog};
use crate::client::{EventsFailure, Failure};
use crate::conversation::{Job, Notice, Standing};
use crate::model::Timestamp;
use crate::turn::TurnError;

/// A job of which nothing was heard for so long has ended without a word that reached us.
const PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// How long X is left alone that could not take an order.
const PAUSE: Duration = Duration::from_secs(60);

/// A replay is running already (contract §4.8).
const RUNNING: (u32, &str) = (355, "ReplayConflictError");

/// The webhook has become invalid meanwhile.
const INVALID: (u32, &str) = (214, "CrcValidationFailed");

impl Watchdog {
    /// Orders the next piece of what is missing, if one can be ordered now.
    pub(super) async fn replay(&self, ward: &mut Ward) -> Result<(), TurnError> {
        let standings = self.standings(ward).await?;
        let wanted = |standing: &Standing| standing.gaps.iter().any(|gap| gap.replay.is_some());
        if !standings.values().any(wanted) {
            return Ok(());
        }
        if ward.platform.reach().is_zero() {
            ward.no_replay = Some("the interface has none".to_owned());
        }
        if let Some(reason) = &ward.no_replay {
            return self.leave_to_lists(ward, reason).await;
        }
        let now = self.clock.now();
        if let Some(job) = standings.values().flat_map(Standing::jobs).next() {
            return self.wait_for(ward, job, now).await;
        }
        let gaps = standings.values().flat_map(|standing| &standing.gaps).filter(|gap| gap.replay.is_some());
        // Accounts that were deaf together have gaps that end and begin together: one job for all.
        let Some(first) = gaps.clone().min_by_key(|gap| gap.from) else { return Ok(()) };
        let until = gaps.filter(|gap| gap.from <= first.until).map(|gap| gap.until).max().unwrap_or(first.until);
        match order(first.from, until, now, ward.platform.reach()) {
            Order::Later => Ok(()),
            Order::TooLate => self.leave_to_lists(ward, "it is longer ago than X replays").await,
            Order::Now(from, until) if ward.looks.is_well() && ward.replays.take(now) => self.order(ward, from, until).await,
            Order::Now(..) => Ok(()),
        }
    }

    async fn order(&self, ward: &mut Ward, from: Timestamp, until: Timestamp) -> Result<(), TurnError> {
        let Some(webhook) = ward.looks.webhook() else { return Ok(()) };
        let failure = match ward.platform.replay(webhook, from, until).await {
            Ok(job) => {
                tracing::info!(app = %ward.app, job, minutes = until.since(from).as_secs() / 60, "X delivers again what was missed");
                return self.turns.replay_ordered(&ward.accounts, job, from, until).await;
            }
            Err(failure) => failure,
        };
        if may_come_later(&failure) {
            tracing::info!(app = %ward.app, %failure, "X replays later");
            ward.replays.block(self.clock.now().plus(PAUSE));
            return Ok(());
        }
        tracing::warn!(app = %ward.app, %failure, "X replays nothing for this app; messages that were missed are listed instead");
        let reason = failure.to_string();
        self.leave_to_lists(ward, &reason).await?;
        ward.no_replay = Some(reason);
        Ok(())
    }

    async fn wait_for(&self, ward: &Ward, job: Job, now: Timestamp) -> Result<(), TurnError> {
        if now.since(job.ordered) < PATIENCE {
            return Ok(());
        }
        tracing::warn!(app = %ward.app, job = job.id, "nothing was heard of the end of a replay");
        self.turns.settle_replay(job.id, false).await
    }

    async fn leave_to_lists(&self, ward: &Ward, reason: &str) -> Result<(), TurnError> {
        let unavailable = Notice::ReplayUnavailable { reason: reason.to_owned() };
        for account in &ward.accounts {
            let wants = |standing: &Standing| standing.gaps.iter().any(|gap| gap.replay.is_some());
            self.turns.notice(*account, |standing| if wants(standing) { vec![unavailable.clone()] } else { Vec::new() }).await?;
        }
        Ok(())
    }
}

/// Whether an order that failed may be given again; else X replays nothing for this app.
fn may_come_later(failure: &EventsFailure) -> bool {
    match failure {
        EventsFailure::Call(Failure::NotTaken { .. } | Failure::Unsure(_)) => true,
        EventsFailure::Call(Failure::Refused(refusal)) => {
            [RUNNING, INVALID].iter().any(|(code, reason)| refusal.code == *code || refusal.reason == *reason)
        }
        EventsFailure::Lacking { .. } | EventsFailure::NoOwner => false,
    }
}
