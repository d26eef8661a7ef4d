//! What becomes of messages on their way out: claimed, settled, confirmed by their echo, or dead.

use std::borrow::Cow;
use std::time::Duration;

use super::fingerprint::fingerprint;
use super::{Action, Backlog, Fired, Origin, Outcome, Refusal, Row, RowId, RowStatus, State, bounds};
use crate::model::{Incoming, Outgoing, Timestamp};

/// How much the clocks of X and ours may differ when an echo is compared with an attempt (design §2.7).
const CLOCK_SLACK: Duration = Duration::from_secs(5);

/// How long after our last send an echo without an app id may still be a late one of ours (design §2.8).
const LATE_ECHO: Duration = Duration::from_secs(30);

/// A row is about to leave.
pub(super) fn claimed(state: &mut State, id: RowId, now: Timestamp) {
    if let Some(row) = state.rows.iter_mut().find(|row| row.id == id) {
        row.status = RowStatus::Sending(now);
        row.attempts += 1;
        state.sent = Some(now);
    }
}

/// An attempt has ended. Nothing happens where the echo or a tap has settled the row before.
pub(super) fn settled(state: &mut State, id: RowId, outcome: &Outcome, now: Timestamp) -> Vec<Action> {
    let Some(place) = state.rows.iter().position(|row| row.id == id) else { return Vec::new() };
    if matches!(outcome, Outcome::Sent(_) | Outcome::Unsure { .. }) {
        // Its echo may come later than its answer.
        state.sent = Some(now);
    }
    match outcome {
        Outcome::Sent(_) => confirm(state, place),
        Outcome::RetryAt(_) | Outcome::Resend if let Some(Refusal { code, reason }) = refusal_of(&state.rows[place]).cloned() => {
            return refused(state, place, code, &reason, false);
        }
        Outcome::RetryAt(at) => state.rows[place].status = RowStatus::Due(*at),
        Outcome::Resend => {
            let row = &mut state.rows[place];
            row.doubtful = tried_at(row);
            row.status = RowStatus::Due(now);
        }
        Outcome::Unsure { check_at, refusal } => {
            let row = &mut state.rows[place];
            row.doubtful = Some(tried_at(row).unwrap_or(now));
            let since = flying_since(row).unwrap_or(now);
            let refusal = refusal.as_ref().or(refusal_of(row)).cloned();
            row.status = RowStatus::Unsure { since, check_at: *check_at, refusal };
        }
        Outcome::Refused { code, reason, person } => return refused(state, place, *code, reason, *person),
    }
    Vec::new()
}

/// Messages that may have arrived are not tried again from here on: those that have not arrived stay unsaid.
pub(super) fn never_again(state: &mut State, reason: &str, now: Timestamp, which: impl Fn(&Row) -> bool) {
    for row in state.rows.iter_mut().filter(|row| which(row)) {
        let Some(since) = flying_since(row).or(row.doubtful) else { continue };
        let check_at = match row.status {
            RowStatus::Due(_) => now,
            // Its answer is still to come, unless its process has ended.
            RowStatus::Sending(since) => since.plus(LATE_ECHO),
            RowStatus::Unsure { check_at, .. } => check_at,
        };
        let refusal = refusal_of(row).cloned().unwrap_or_else(|| Refusal { code: 0, reason: reason.to_owned() });
        row.doubtful = tried_at(row);
        row.status = RowStatus::Unsure { since, check_at, refusal: Some(refusal) };
    }
}

/// Our account spoke. It never leads to a reply.
pub(super) fn echo(state: &mut State, message: &Incoming, origin: Origin, now: Timestamp) -> Fired {
    let ours = state.rows.iter().position(|row| origin != Origin::Other && row.is_told_by(message));
    if let Some(place) = ours {
        confirm(state, place);
        return Fired::Confirmation;
    }
    let in_flight = state.rows.iter().any(|row| tried_at(row).is_some()) || state.sent.is_some_and(|sent| now.since(sent) < LATE_ECHO);
    match origin {
        Origin::Other => Fired::Operator,
        Origin::Unknown if !in_flight => Fired::Operator,
        Origin::Unknown | Origin::Ours => Fired::Nothing,
    }
}

/// The person has tapped an option of this asking, so its message has arrived, whatever is known of its send.
pub(super) fn confirm_asking(state: &mut State, asking: u32) -> bool {
    let place = state.rows.iter().position(|row| row.asking == Some(asking) && tried_at(row).is_some());
    place.map(|place| confirm(state, place)).is_some()
}

/// A new message: a row where there is room, else it waits in the journal, behind those that wait there already.
pub(super) fn queue(state: &mut State, row: Row) {
    match &mut state.backlog {
        Some(backlog) => {
            backlog.count += 1;
            backlog.desk &= row.desk;
        }
        None if state.rows.len() < bounds::ROWS => state.rows.push(row),
        None => state.backlog = Some(Backlog { next: row.id, count: 1, desk: row.desk }),
    }
}

/// Messages of the backlog become rows. Nothing happens where another refill came first.
pub(super) fn refilled(state: &mut State, rows: &[Row], next: Option<RowId>) -> Vec<Action> {
    let Some(backlog) = state.backlog else { return Vec::new() };
    match rows.first() {
        None => {
            state.backlog = None;
            let reason = format!("no longer in the journal, with all {} messages that waited", backlog.count);
            return vec![Action::DeadLetter { row: backlog.next, code: 0, reason }];
        }
        Some(first) if first.id != backlog.next => return Vec::new(),
        // More has come to wait since the journal was read.
        Some(_) if next.is_none() && backlog.count as usize != rows.len() => return Vec::new(),
        Some(_) => {}
    }
    state.rows.extend_from_slice(rows);
    let count = backlog.count.saturating_sub(rows.len() as u32);
    state.backlog = next.map(|next| Backlog { next, count, desk: backlog.desk });
    Vec::new()
}

fn confirm(state: &mut State, place: usize) {
    state.rows.remove(place);
    state.replies = state.replies.saturating_add(1);
}

fn refused(state: &mut State, place: usize, code: u32, reason: &str, person: bool) -> Vec<Action> {
    let row = state.rows.remove(place);
    let mut actions = vec![Action::DeadLetter { row: row.id, code, reason: reason.to_owned() }];
    if person {
        let held_back = state.rows.drain(..).map(|row| Action::DeadLetter {
            row: row.id,
            code,
            reason: "held back: a message to this person was refused just before".to_owned(),
        });
        actions.extend(held_back);
        if let Some(Backlog { next, count, .. }) = state.backlog.take() {
            let reason = format!("held back, with all {count} messages that waited: one to this person was refused just before");
            actions.push(Action::DeadLetter { row: next, code, reason });
        }
    }
    actions
}

impl Row {
    /// A message to be sent at once.
    pub fn due(id: RowId, message: &Outgoing, asking: Option<u32>, now: Timestamp) -> Self {
        let as_lines = match message.as_text() {
            Cow::Owned(lines) => Some(fingerprint(&lines)),
            Cow::Borrowed(_) => None,
        };
        let status = RowStatus::Due(now);
        Row { id, status, attempts: 0, doubtful: None, asking, desk: false, fingerprint: fingerprint(&message.text), as_lines }
    }

    /// Whether a message that our account sent to this person, with our app or with one that X does not tell, is this row's.
    pub fn is_told_by(&self, message: &Incoming) -> bool {
        let told = fingerprint(&message.text);
        self.told_from().is_some_and(|from| message.sent_at >= from) && (self.fingerprint == told || self.as_lines == Some(told))
    }

    /// The earliest time that X may give a message of this row; `None` where X certainly has not taken it.
    pub fn told_from(&self) -> Option<Timestamp> {
        tried_at(self).map(|at| at.minus(CLOCK_SLACK))
    }
}

/// When a row was first tried so that it may have arrived; `None` where X certainly has not taken it.
fn tried_at(row: &Row) -> Option<Timestamp> {
    row.doubtful.or(flying_since(row))
}

/// Why a row is never tried again, though it may have arrived.
fn refusal_of(row: &Row) -> Option<&Refusal> {
    match &row.status {
        RowStatus::Unsure { refusal, .. } => refusal.as_ref(),
        RowStatus::Due(_) | RowStatus::Sending(_) => None,
    }
}

fn flying_since(row: &Row) -> Option<Timestamp> {
    match row.status {
        RowStatus::Sending(since) | RowStatus::Unsure { since, .. } => Some(since),
        RowStatus::Due(_) => None,
    }
}
