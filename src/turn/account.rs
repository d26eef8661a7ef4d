//! What concerns an account and no person: journalled in its record, and remembered while the service runs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{TurnError, Turns};
use crate::conversation::{DEEDS, Deed, Event, Notice, Standing, Trace};
use crate::model::{Key, Profile, Timestamp, UserId};
use crate::store::{Record, TurnLog};

/// What is kept of a body that could not be read.
const UNREADABLE_BYTES: usize = 16 << 10;

/// The ends of so many replays are kept for whoever ordered them and does not know their number yet.
const ENDS: usize = 16;

/// The accounts, and what is asked about them too often to read their records.
pub(super) struct Accounts {
    known: BTreeMap<UserId, Known>,
    /// The replays that ended last, and whether they delivered everything.
    ended: Mutex<VecDeque<(u64, bool)>>,
}

#[derive(Default)]
struct Known {
    paused: AtomicBool,
    /// When the youngest event was taken, in milliseconds; 0 for never.
    heard: AtomicI64,
}

impl Accounts {
    pub(super) fn of<'a>(accounts: impl Iterator<Item = &'a UserId>) -> Self {
        Accounts { known: accounts.map(|account| (*account, Known::default())).collect(), ended: Mutex::default() }
    }

    /// An event of the account was taken.
    pub(super) fn heard(&self, account: UserId, at: Timestamp) {
        if let Some(known) = self.known.get(&account) {
            known.heard.fetch_max(at.as_millis(), Ordering::Relaxed);
        }
    }
}

impl Turns {
    /// The accounts that the bot answers for.
    pub fn accounts(&self) -> impl Iterator<Item = UserId> {
        self.accounts.known.keys().copied()
    }

    /// Learns from the records where the accounts stand. To be called before anything is sent, and before anything is let in.
    ///
    /// X does not try again what it replays. So of a job that an earlier process ordered something may have come while nobody listened,
    /// however short that was and however well the job ends: it is ordered again.
    pub async fn recall_accounts(&self) -> Result<(), TurnError> {
        let cut_off = |standing: &Standing| {
            let jobs: BTreeSet<u64> = standing.jobs().map(|job| job.id).collect();
            jobs.into_iter().map(|job| Notice::ReplayEnded { job, complete: false }).collect()
        };
        for account in self.accounts() {
            self.notice(account, cut_off).await?;
        }
        Ok(())
    }

    /// Whether nothing may be sent for an account until it is authorised again.
    pub fn is_paused(&self, account: UserId) -> bool {
        self.accounts.known.get(&account).is_some_and(|known| known.paused.load(Ordering::Relaxed))
    }

    /// When the youngest event of an account was taken, since the service started.
    pub fn heard(&self, account: UserId) -> Option<Timestamp> {
        let heard = self.accounts.known.get(&account)?.heard.load(Ordering::Relaxed);
        (heard > 0).then_some(Timestamp::from_millis(heard))
    }

    /// Where an account stands, as its record tells.
    pub async fn standing(&self, account: UserId) -> Result<Standing, TurnError> {
        Ok(self.store.load(Key::of_account(account)).await?.map(standing_in).unwrap_or_default())
    }

    /// Journals what `decide` notices about an account, in one commit; nothing is committed where it notices nothing. Returns where the
    /// account stands then.
    ///
    /// `decide` may be asked again with a fresh standing when another process came first.
    pub async fn notice<F>(&self, account: UserId, decide: F) -> Result<Standing, TurnError>
    where
        F: Fn(&Standing) -> Vec<Notice> + Send,
    {
        let noticed = move |standing: &Standing| decide(standing).into_iter().map(Event::Noticed).collect();
        let (standing, events) = self.in_account(account, noticed).await?;
        for event in &events {
            if let Event::Noticed(notice) = event {
                self.metrics.acted(notice.name());
            }
        }
        self.remember(account, &standing);
        Ok(standing)
    }

    /// X takes the token of an account no longer, if it said so with a code: nothing is sent until it is authorised again.
    pub async fn refuse_token(&self, account: UserId, code: Option<u32>) -> Result<(), TurnError> {
        let Some(code) = code else { return Ok(()) };
        let refused = |standing: &Standing| if standing.paused.is_none() { vec![Notice::TokenRefused { code }] } else { Vec::new() };
        let before = self.is_paused(account);
        self.notice(account, refused).await?;
        if !before {
            tracing::error!(%account, code, "X takes the account's token no longer: authorise it again (`junco login`) and start the service with the new token; until then its messages wait");
        }
        Ok(())
    }

    /// An account has withdrawn the app's access: nothing is sent until it is authorised again.
    pub async fn withdraw(&self, account: UserId) -> Result<(), TurnError> {
        let revoked = |standing: &Standing| match standing.paused {
            Some(pause) if pause.revoked => Vec::new(),
            _ => vec![Notice::Revoked],
        };
        self.notice(account, revoked).await?;
        tracing::error!(%account, "the account has withdrawn the app's access; its messages wait until it is authorised again (`junco login`)");
        Ok(())
    }

    /// A replay has ended, whichever accounts it was for.
    pub async fn replay_ended(&self, job: u64, complete: bool) -> Result<(), TurnError> {
        {
            let mut ended = self.accounts.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.push_back((job, complete));
            let over = ended.len().saturating_sub(ENDS);
            ended.drain(..over);
        }
        self.settle_replay(job, complete).await
    }

    /// X was told to deliver again what some accounts missed. With nothing to be delivered the end may come before X's answer does.
    pub async fn replay_ordered(&self, accounts: &[UserId], job: u64, from: Timestamp, until: Timestamp) -> Result<(), TurnError> {
        for account in accounts {
            self.notice(*account, |_| vec![Notice::ReplayOrdered { job, from, until }]).await?;
        }
        let ended = self.accounts.ended.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|(ended, _)| *ended == job).copied();
        match ended {
            Some((job, complete)) => self.settle_replay(job, complete).await,
            None => Ok(()),
        }
    }

    /// Those that wait for a replay wait no longer.
    pub async fn settle_replay(&self, job: u64, complete: bool) -> Result<(), TurnError> {
        for account in self.accounts() {
            let ended =
                |standing: &Standing| if standing.waits_for(job) { vec![Notice::ReplayEnded { job, complete }] } else { Vec::new() };
            self.notice(account, ended).await?;
        }
        Ok(())
    }

    /// Forgets a conversation whose account has withdrawn the app's access. One that is new stays so.
    pub async fn forget(&self, key: Key) -> Result<(), TurnError> {
        self.apply(key, |_| vec![Event::Withdrawn]).await.map(drop)
    }

    /// Journals a part of a signed delivery that could not be read; 0 is the account of those that name none.
    pub async fn note(&self, account: UserId, place: &str, reason: &str, body: &[u8]) -> Result<(), TurnError> {
        let kept = &body[..body.len().min(UNREADABLE_BYTES)];
        let event =
            Event::Unreadable { place: place.to_owned(), reason: reason.to_owned(), body: String::from_utf8_lossy(kept).into_owned() };
        self.in_account(account, |_| vec![event.clone()]).await.map(drop)
    }

    /// Journals what somebody of the house did in the console.
    pub async fn did(&self, deed: Deed) -> Result<(), TurnError> {
        self.in_account(DEEDS.account, |_| vec![Event::Done(deed.clone())]).await.map(drop)
    }

    async fn in_account<F>(&self, account: UserId, decide: F) -> Result<(Standing, Vec<Event>), TurnError>
    where
        F: Fn(&Standing) -> Vec<Event> + Send,
    {
        let key = Key::of_account(account);
        let _hold = self.holds.hold(key).await;
        loop {
            let record = self.store.load(key).await?;
            let mut draft = self.draft(key, record, &Profile::unknown(key.peer));
            let entry = &mut draft.commit.entry;
            let mut standing = entry.record.state.standing.take().map(|standing| *standing).unwrap_or_default();
            let events = decide(&standing);
            if events.is_empty() {
                return Ok((standing, events));
            }
            for event in &events {
                if let Event::Noticed(notice) = event {
                    standing.take(notice, entry.at);
                }
                // No program runs here: what concerns no person is nothing that a bot answers.
                entry.turns.push(TurnLog { event: event.clone(), actions: Vec::new(), trace: Trace::default() });
            }
            if standing != Standing::default() {
                entry.record.state.standing = Some(Box::new(standing.clone()));
            }
            if self.commit(draft.commit).await? {
                return Ok((standing, events));
            }
        }
    }

    fn remember(&self, account: UserId, standing: &Standing) {
        let Some(known) = self.accounts.known.get(&account) else { return };
        known.paused.store(standing.paused.is_some(), Ordering::Relaxed);
        self.metrics.paused(account, standing.paused.is_some());
    }
}

fn standing_in(record: Record) -> Standing {
    record.state.standing.map(|standing| *standing).unwrap_or_default()
}
