//! What X does not replay is found among the messages that it lists: page by page back to where the gap begins, then taken in the order
//! in which it was written.

use std::collections::BTreeMap;

use super::{RETRIES, Ward, Watchdog};
use crate::client::Failure;
use crate::conversation::{Gap, Notice, Standing};
use crate::model::{Timestamp, UserId};
use crate::pace::{Backoff, Calls, WINDOW};
use crate::turn::TurnError;
use crate::wire::DirectMessage;
use crate::wire::rest::MessagePage;

/// Calls that leave room for those of sends in doubt; X takes 15 (contract §4.1).
const CALLS: usize = 10;

/// The listings that are under way, by their accounts. Lost with the process: then they begin anew.
#[derive(Default)]
pub(super) struct Listings(BTreeMap<UserId, Listing>);

struct Listing {
    calls: Calls,
    failed: u32,
    under_way: Option<UnderWay>,
}

/// A listing of the messages of a gap.
struct UnderWay {
    from: Timestamp,
    until: Timestamp,
    /// Newest first.
    found: Vec<DirectMessage>,
    next: Option<String>,
}

impl Default for Listing {
    fn default() -> Self {
        Listing { calls: Calls::new(CALLS, WINDOW), failed: 0, under_way: None }
    }
}

impl UnderWay {
    fn of(gap: &Gap) -> Option<Self> {
        // Messages that were written at its end may have been on their way.
        Some(UnderWay { from: gap.list?, until: gap.until, found: Vec::new(), next: None })
    }

    /// Takes a page; whether it was the last that is wanted.
    fn add(&mut self, page: MessagePage) -> bool {
        let is_past = page.messages.iter().any(|direct| direct.message.sent_at < self.from);
        let (from, until) = (self.from, self.until.plus(RETRIES));
        let within = |direct: &DirectMessage| (from..=until).contains(&direct.message.sent_at);
        self.found.extend(page.messages.into_iter().filter(within));
        self.next = page.next;
        is_past || self.next.is_none()
    }
}

impl Watchdog {
    /// Lists on for every account that has a gap to be listed, as far as X allows.
    pub(super) async fn list(&self, ward: &mut Ward) -> Result<(), TurnError> {
        for (account, standing) in self.standings(ward).await? {
            if let Some(gap) = to_be_listed(&standing) {
                self.list_gap(ward, account, &gap).await?;
            }
        }
        Ok(())
    }

    async fn list_gap(&self, ward: &mut Ward, account: UserId, gap: &Gap) -> Result<(), TurnError> {
        let listing = ward.listings.0.entry(account).or_default();
        // The gap may have grown since.
        if listing.under_way.as_ref().is_none_or(|under_way| Some(under_way.from) != gap.list || under_way.until != gap.until) {
            listing.under_way = UnderWay::of(gap);
        }
        let Some(under_way) = &mut listing.under_way else { return Ok(()) };
        loop {
            let now = self.clock.now();
            if !listing.calls.take(now) {
                return Ok(());
            }
            match ward.platform.list_messages(account, under_way.next.as_deref()).await {
                Ok(page) => {
                    listing.failed = 0;
                    if under_way.add(page) {
                        break;
                    }
                }
                Err(failure) => {
                    tracing::warn!(%account, %failure, "X does not list the messages that were missed; it is asked again");
                    let told = if let Failure::NotTaken { retry_at, .. } = failure { retry_at } else { None };
                    listing.calls.block(told.unwrap_or_else(|| now.plus(Backoff::default().after(listing.failed, account.0))));
                    listing.failed += 1;
                    return Ok(());
                }
            }
        }
        let UnderWay { from, until, mut found, .. } = match listing.under_way.take() {
            Some(under_way) => under_way,
            None => return Ok(()),
        };
        found.sort_by_key(|direct| direct.message.id);
        let messages = u32::try_from(found.len()).unwrap_or(u32::MAX);
        self.intake.take(account, found).await?;
        tracing::info!(%account, messages, "took what X listed of the time in which events may be missing");
        self.turns.notice(account, |_| vec![Notice::GapListed { from, until, messages }]).await.map(drop)
    }
}

/// The first gap whose messages are to be listed. A replay goes first: what it brings has more to it than a message.
fn to_be_listed(standing: &Standing) -> Option<Gap> {
    standing.gaps.iter().find(|gap| gap.list.is_some() && gap.replay.is_none()).copied()
}
