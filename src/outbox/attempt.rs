//! One conversation's rows, one after the other: claim, send, settle.

use std::fmt::Display;

use super::{MAX_ATTEMPTS, MediaFailure, Outbox};
use crate::client::Failure;
use crate::conversation::{Action, Event, Outcome, Refusal, Row, RowId, RowStatus};
use crate::model::{Key, MessageId, Outgoing, Timestamp};
use crate::pace::{Backoff, Verdict, is_free};
use crate::store::{Record, StoreError};
use crate::turn::TurnError;
use crate::wire::rest::Scope;

/// "Whoops! You already said that.", among other reasons. X may have taken the message all the same (contract §4.10).
const MAY_LIE: u32 = 151;

/// So often a picture is tried; then its message goes without.
const MEDIA_ATTEMPTS: u32 = 5;

/// An attempt to send a row.
#[derive(Clone, Copy)]
struct Attempt {
    row: RowId,
    /// Counted from 1.
    number: u32,
    at: Timestamp,
}

impl Outbox {
    /// Sends what is due, until a row has to wait or none is left.
    pub(super) async fn serve_rows(&self, key: Key) -> Result<(), TurnError> {
        let mut record = self.turns.apply(key, |record| self.next(key, record)).await?;
        if record.is_none() {
            record = self.decide(key).await?;
        }
        while let Some(attempt) = record.as_ref().and_then(claimed) {
            let outcome = match self.body(key, attempt.row).await? {
                Some(message) => self.send(key, &message, attempt).await,
                None => Outcome::Refused { code: 0, reason: "its text is no longer in the journal".into(), person: false },
            };
            self.turns.metrics().sent(word(&outcome));
            let settled = Event::Settled { row: attempt.row, outcome };
            record = self.turns.apply(key, |record| self.settle_and_go_on(key, record, &settled)).await?;
        }
        Ok(())
    }

    /// Settles a row and claims the next one in the same commit. A row that the echo has settled meanwhile stays settled.
    pub(super) fn settle_and_go_on(&self, key: Key, record: &Record, settled: &Event) -> Vec<Event> {
        let mut events = vec![settled.clone()];
        let Event::Settled { row, outcome: Outcome::Sent(_) } = settled else { return events };
        let mut rows = record.state.rows.iter().filter(|other| other.id != *row);
        if let Some(next) = rows.next() {
            events.extend(self.claim(key, record, next));
        }
        events
    }

    /// Claims the row that a conversation waits for, if it is due.
    fn next(&self, key: Key, record: &Record) -> Vec<Event> {
        record.state.next_row().and_then(|row| self.claim(key, record, row)).into_iter().collect()
    }

    /// Claims a row that is due, unless it has to wait for the limits of X.
    fn claim(&self, key: Key, record: &Record, row: &Row) -> Option<Event> {
        let now = self.clock.now();
        // The account may have been paused since the conversation was taken up.
        if !matches!(row.status, RowStatus::Due(at) if at <= now) || self.turns.is_paused(key.account) {
            return None;
        }
        let app = *self.apps.get(&key.account)?;
        let free = self.settings.free_replies && is_free(record.state.heard, record.state.replies, now);
        let verdict = self.with_pace(|pace, now| {
            let verdict = pace.ask(now, key.account, app, free);
            // Counted at once, so that no other send takes the same place under the limit.
            if verdict == Verdict::Go {
                pace.sent(now, key.account, app, free);
            }
            verdict
        });
        Some(match verdict {
            Verdict::Go => Event::Claimed { row: row.id },
            Verdict::Wait(until) => {
                self.turns.metrics().limit_waits.inc();
                Event::Settled { row: row.id, outcome: Outcome::RetryAt(until) }
            }
        })
    }

    pub(super) async fn body(&self, key: Key, row: RowId) -> Result<Option<Outgoing>, StoreError> {
        let entries = self.turns.store().journal(key, row.revision..=row.revision).await?;
        let actions = entries.into_iter().flat_map(|entry| entry.turns).flat_map(|turn| turn.actions);
        let body = |action| match action {
            Action::Send { row: id, message, .. } if id == row => Some(message),
            _ => None,
        };
        Ok(actions.into_iter().find_map(body))
    }

    async fn send(&self, key: Key, message: &Outgoing, attempt: Attempt) -> Outcome {
        let Attempt { row, number, .. } = attempt;
        let sent = match self.send_with_media(key, message, attempt).await {
            Ok(sent) => sent,
            Err(outcome) => return outcome,
        };
        match sent {
            Ok(id) => {
                tracing::debug!(conversation = %key, %row, message = %id, "sent");
                Outcome::Sent(id)
            }
            Err(failure) => {
                tracing::warn!(conversation = %key, %row, attempt = number, %failure, "not sent");
                self.heed_token(key, &failure).await;
                self.judge(key, failure, attempt)
            }
        }
    }

    /// Pauses an account whose token X takes no longer.
    async fn heed_token(&self, key: Key, failure: &Failure) {
        if let Err(error) = self.turns.refuse_token(key.account, failure.void_token()).await {
            tracing::error!(account = %key.account, %error, "the account could not be paused");
        }
    }

    /// Sends a message with its picture. One that X refuses to attach, since it may have forgotten it, is uploaded anew, and left out
    /// where that does not help: X took none of these calls.
    async fn send_with_media(&self, key: Key, message: &Outgoing, attempt: Attempt) -> Result<Result<MessageId, Failure>, Outcome> {
        let send = |media| self.platform.send_message(key.account, key.peer, message, media);
        let is_media = |sent: &Result<MessageId, Failure>| matches!(sent, Err(Failure::Refused(refusal)) if message.media.is_some() && refusal.scope == Scope::Media);
        let mut sent = send(self.media(key, message, attempt, false).await?).await;
        if is_media(&sent) {
            sent = send(self.media(key, message, attempt, true).await?).await;
        }
        if is_media(&sent) && !message.text.is_empty() {
            sent = send(None).await;
        }
        Ok(sent)
    }

    /// What the message names its picture by, if it has one. One that cannot be had is left out after a while, since the text is worth
    /// more; where there is no text, nothing is sent.
    async fn media(&self, key: Key, message: &Outgoing, attempt: Attempt, anew: bool) -> Result<Option<u64>, Outcome> {
        let Some(file) = &message.media else { return Ok(None) };
        let failure = match self.platform.media(key.account, file, anew).await {
            Ok(media) => return Ok(Some(media)),
            Err(failure) => failure,
        };
        tracing::warn!(conversation = %key, row = %attempt.row, attempt = attempt.number, %failure, "no media");
        match failure {
            // As for the message itself: it goes out, picture and all, once somebody has mended the token.
            MediaFailure::Call(ref call @ Failure::Refused(ref refusal)) if refusal.scope == Scope::Account => {
                self.heed_token(key, call).await;
                Err(self.again(key, attempt, None, &failure))
            }
            MediaFailure::Call(Failure::NotTaken { retry_at, .. }) if attempt.number < MEDIA_ATTEMPTS => {
                Err(self.again(key, attempt, retry_at, &failure))
            }
            MediaFailure::Call(Failure::Unsure(_)) if attempt.number < MEDIA_ATTEMPTS => Err(self.again(key, attempt, None, &failure)),
            _ if message.text.is_empty() => Err(Outcome::Refused { code: 0, reason: failure.to_string(), person: false }),
            _ => Ok(None),
        }
    }

    /// What becomes of a row whose send failed (contract §4.10, client policy).
    fn judge(&self, key: Key, failure: Failure, attempt: Attempt) -> Outcome {
        let again = |at| self.again(key, attempt, at, &failure);
        let check_at = self.clock.now().plus(self.settings.echo_wait).min(attempt.at.plus(self.settings.resend_after));
        let unsure = |refusal| Outcome::Unsure { check_at, refusal };
        match &failure {
            Failure::NotTaken { retry_at, .. } => {
                if let Some(until) = retry_at {
                    self.with_pace(|pace, _| pace.blocked_until(key.account, *until));
                }
                again(*retry_at)
            }
            // Wrong tokens or permissions cost no message: it goes out once somebody has mended them.
            Failure::Refused(refusal) if refusal.scope == Scope::Account => again(None),
            Failure::Refused(refusal) if refusal.code == MAY_LIE => {
                unsure(Some(Refusal { code: refusal.code, reason: failure.to_string() }))
            }
            Failure::Refused(refusal) => {
                Outcome::Refused { code: refusal.code, reason: failure.to_string(), person: refusal.scope == Scope::Person }
            }
            Failure::Unsure(_) => unsure(None),
        }
    }

    /// Once more, at the time that was named or after a pause that grows.
    fn again(&self, key: Key, attempt: Attempt, at: Option<Timestamp>, failure: &dyn Display) -> Outcome {
        let Attempt { row, number: attempts, .. } = attempt;
        if attempts >= MAX_ATTEMPTS {
            return Outcome::Refused { code: 0, reason: format!("given up after {attempts} attempts: {failure}"), person: false };
        }
        let seed = key.peer.0 ^ row.revision << 8 ^ u64::from(row.index);
        let pause = Backoff::default().after(attempts.saturating_sub(1), seed);
        Outcome::RetryAt(at.unwrap_or_else(|| self.clock.now().plus(pause)))
    }
}

/// The name of an outcome, to count by.
pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent(_) => "sent",
        Outcome::RetryAt(_) => "later",
        Outcome::Refused { .. } => "refused",
        Outcome::Unsure { .. } => "unsure",
        Outcome::Resend => "resent",
    }
}

/// The attempt for which a row was claimed just now.
fn claimed(record: &Record) -> Option<Attempt> {
    let row = record.state.next_row()?;
    let RowStatus::Sending(at) = row.status else { return None };
    Some(Attempt { row: row.id, number: row.attempts, at })
}
