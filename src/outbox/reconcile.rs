//! Sends of unknown fate: found again among the account's messages at X, or sent again, or given up (design §2.7).
//!
//! Everything that is known of a row is in its record, so that a crash at any point ends the same way. Here is only what X told
//! last, which may be lost at any time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;

use super::{MAX_ATTEMPTS, Outbox};
use crate::client::Failure;
use crate::conversation::{Event, Outcome, Refusal, Row, RowStatus};
use crate::model::{AppId, Key, MessageId, Timestamp, UserId};
use crate::pace::{Calls, WINDOW};
use crate::store::{Record, StoreError};
use crate::turn::TurnError;
use crate::wire::DirectMessage;
use crate::wire::rest::MessagePage;

/// How often X lets an account list its messages within its window (contract §4.1).
const CALLS: usize = 15;

/// What X told of the messages of each account. Whoever needs one listing waits for whoever fetches it, and then shares it.
#[derive(Default)]
pub(super) struct Listings(Mutex<BTreeMap<UserId, Arc<AsyncMutex<Listing>>>>);

/// What X told of one account's messages, and when it may be asked again.
struct Listing {
    /// When the newest page was asked for.
    asked: Option<Timestamp>,
    /// What the account sent, newest first.
    sent: Vec<DirectMessage>,
    /// The time of the oldest message that X told of, sent or received.
    oldest: Option<Timestamp>,
    /// Where what is older begins.
    next: Option<String>,
    /// How often X was asked.
    calls: Calls,
}

/// A row in doubt whose time to decide has come.
struct Doubt<'a> {
    row: &'a Row,
    /// When it was tried last.
    since: Timestamp,
    /// When it was to be decided.
    due: Timestamp,
    refusal: Option<&'a Refusal>,
}

impl Outbox {
    /// Decides about the row that a conversation waits for, where nobody knows its fate and its time has come.
    pub(super) async fn decide(&self, key: Key) -> Result<Option<Record>, TurnError> {
        let Some(record) = self.turns.store().load(key).await? else { return Ok(None) };
        let Some(doubt) = doubt(&record, self.turns.lost_after()).filter(|doubt| doubt.due <= self.clock.now()) else { return Ok(None) };
        let outcome = self.reconcile(key, &doubt).await?;
        tracing::info!(conversation = %key, row = %doubt.row.id, ?outcome, "looked after a send of unknown fate");
        self.turns.metrics().sent(super::attempt::word(&outcome));
        let settled = Event::Settled { row: doubt.row.id, outcome };
        let decide = |record: &Record| {
            // Its echo, or a tap, may have come meanwhile.
            let waits = record.state.next_row() == Some(doubt.row);
            if waits { self.settle_and_go_on(key, record, &settled) } else { Vec::new() }
        };
        self.turns.apply(key, decide).await
    }

    async fn reconcile(&self, key: Key, doubt: &Doubt<'_>) -> Result<Outcome, StoreError> {
        let listing = self.listings.of(key.account);
        let mut listing = listing.lock().await;
        let whole = self.fetch(&mut listing, key.account, doubt).await;
        if let Some(id) = self.find(key, doubt.row, &listing.sent).await? {
            return Ok(Outcome::Sent(id));
        }
        drop(listing);
        let resend_at = doubt.since.plus(self.settings.resend_after);
        if !whole && self.clock.now() < resend_at {
            return Ok(Outcome::Unsure { check_at: resend_at, refusal: doubt.refusal.cloned() });
        }
        Ok(self.give_up_or_resend(doubt, whole))
    }

    /// Whether the listing, afterwards, must have the row's message if X took it.
    async fn fetch(&self, listing: &mut Listing, account: UserId, doubt: &Doubt<'_>) -> bool {
        let Some(from) = doubt.row.told_from() else { return false };
        // Half the wait is long enough for X to show what it took; so rows that fall into doubt together share an answer.
        let is_fresh = listing.asked.is_some_and(|asked| asked.plus(self.settings.echo_wait / 2) >= doubt.due);
        if !is_fresh && !self.turn_page(listing, account, None).await {
            return false;
        }
        while let Some(next) = listing.next.clone().filter(|_| listing.oldest.is_none_or(|oldest| oldest >= from)) {
            if !self.turn_page(listing, account, Some(&next)).await {
                return false;
            }
        }
        true
    }

    /// Asks for a page, where X may be asked now; the first one begins the listing anew.
    async fn turn_page(&self, listing: &mut Listing, account: UserId, cursor: Option<&str>) -> bool {
        let now = self.clock.now();
        if !listing.calls.take(now) {
            return false;
        }
        match self.platform.list_messages(account, cursor).await {
            Ok(page) => {
                if cursor.is_none() {
                    (listing.asked, listing.oldest, listing.next) = (Some(now), None, None);
                    listing.sent.clear();
                }
                listing.add(page);
                true
            }
            Err(failure) => {
                tracing::warn!(%failure, "X does not list the account's messages");
                let told = if let Failure::NotTaken { retry_at, .. } = failure { retry_at } else { None };
                // Others who wait for this listing need not try as well.
                listing.calls.block(told.unwrap_or_else(|| self.clock.now().plus(self.settings.echo_wait)));
                false
            }
        }
    }

    /// The row's message among those sent. Of several the oldest: the younger ones are its repetitions.
    async fn find(&self, key: Key, row: &Row, sent: &[DirectMessage]) -> Result<Option<MessageId>, StoreError> {
        let ours = |app: Option<AppId>| app.is_none_or(|app| self.apps.values().any(|ours| *ours == app));
        let alike = |direct: &&DirectMessage| direct.recipient == key.peer && ours(direct.source_app) && row.is_told_by(&direct.message);
        for direct in sent.iter().rev().filter(alike) {
            let id = direct.message.id;
            // One that is known already was another row's.
            if !self.turns.store().has_taken(key, id).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// What becomes of a row that was not found; `whole` where X showed all there is.
    fn give_up_or_resend(&self, doubt: &Doubt<'_>, whole: bool) -> Outcome {
        let refused = |code, reason: String| Outcome::Refused { code, reason, person: false };
        if let Some(Refusal { code, reason }) = doubt.refusal {
            return refused(*code, reason.clone());
        }
        let attempts = doubt.row.attempts;
        if attempts >= MAX_ATTEMPTS {
            return refused(0, format!("given up after {attempts} attempts, none of them answered"));
        }
        if self.settings.resend {
            return Outcome::Resend;
        }
        let known = if whole { "X does not list it, though it may have taken it" } else { "nobody knows whether X took it" };
        refused(0, format!("{known}; kept for a person to decide"))
    }
}

/// The row that a conversation waits for, if nobody knows its fate.
fn doubt(record: &Record, lost_after: Duration) -> Option<Doubt<'_>> {
    let row = record.state.next_row()?;
    match &row.status {
        RowStatus::Due(_) => None,
        // Its process has ended, else somebody would have settled it by now.
        RowStatus::Sending(since) => Some(Doubt { row, since: *since, due: since.plus(lost_after), refusal: None }),
        RowStatus::Unsure { since, check_at, refusal } => Some(Doubt { row, since: *since, due: *check_at, refusal: refusal.as_ref() }),
    }
}

impl Listings {
    fn of(&self, account: UserId) -> Arc<AsyncMutex<Listing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(account).or_default().clone()
    }
}

impl Default for Listing {
    fn default() -> Self {
        Listing { asked: None, sent: Vec::new(), oldest: None, next: None, calls: Calls::new(CALLS, WINDOW) }
    }
}

impl Listing {
    fn add(&mut self, page: MessagePage) {
        let oldest = page.messages.iter().map(|direct| direct.message.sent_at).min();
        self.oldest = self.oldest.into_iter().chain(oldest).min();
        self.next = page.next;
        self.sent.extend(page.messages);
    }
}
