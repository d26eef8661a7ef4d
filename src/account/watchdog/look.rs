//! A look at X: is the webhook valid, are the accounts subscribed? What can be mended is, and what was missed becomes a gap.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::{RETRIES, SHORT, Ward, Watchdog};
use crate::client::{EventsFailure, Failure, NotTaken, Unsure};
use crate::conversation::{Deafness, Notice, Standing};
use crate::model::{Timestamp, UserId};
use crate::pace::{Backoff, Calls, WINDOW};
use crate::turn::TurnError;
use crate::wire::rest::Webhook;

/// Pauses between attempts to mend the same thing.
const PAUSES: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(900) };

/// How the looks went so far.
pub(super) struct Looks {
    /// When X was asked last.
    asked: Option<Timestamp>,
    /// Since when events arrive, as far as this process knows; nothing while they do not.
    awake: Option<Timestamp>,
    /// Whether X could not even be reached of late: then it may not have reached us either.
    cut_off: bool,
    /// Attempts to mend. X takes 15; some are left to those who mend by hand.
    mends: Calls,
    /// How many of them in a row have failed.
    failed: u32,
    /// What was said of the last failure, so that it is said once.
    said: Option<String>,
    /// The webhook, as far as it was found valid.
    webhook: Option<u64>,
    /// Accounts that X would not subscribe: how often in a row, and before when it is not asked again.
    unwilling: BTreeMap<UserId, (u32, Timestamp)>,
}

impl Default for Looks {
    fn default() -> Self {
        Looks {
            asked: None,
            awake: None,
            cut_off: false,
            mends: Calls::new(10, WINDOW),
            failed: 0,
            said: None,
            webhook: None,
            unwilling: BTreeMap::new(),
        }
    }
}

impl Looks {
    /// Whether all was well at the last look.
    pub(super) fn is_well(&self) -> bool {
        self.awake.is_some()
    }

    /// The webhook that was found valid.
    pub(super) fn webhook(&self) -> Option<u64> {
        self.webhook.filter(|_| self.is_well())
    }

    fn say(&mut self, what: &str) {
        if self.said.as_deref() != Some(what) {
            tracing::error!("{what}");
            self.said = Some(what.to_owned());
        }
    }

    fn may_mend(&mut self, now: Timestamp) -> bool {
        self.mends.take(now)
    }

    fn mended(&mut self) {
        (self.failed, self.said) = (0, None);
    }

    fn not_mended(&mut self, now: Timestamp) {
        self.mends.block(now.plus(PAUSES.after(self.failed, now.as_millis() as u64)));
        self.failed += 1;
    }

    /// An account could not be subscribed. That keeps no other account waiting.
    fn not_subscribed(&mut self, account: UserId, now: Timestamp) {
        let (failed, before) = self.unwilling.entry(account).or_insert((0, now));
        *before = now.plus(PAUSES.after(*failed, account.0));
        *failed += 1;
    }

    /// X did not tell what a look wants to know.
    fn not_told(&mut self, failure: &EventsFailure) {
        self.awake = None;
        self.cut_off |= matches!(
            failure,
            EventsFailure::Call(
                Failure::NotTaken { cause: NotTaken::Unreachable(_), .. } | Failure::Unsure(Unsure::TimedOut | Unsure::ConnectionLost(_))
            )
        );
    }
}

impl Watchdog {
    /// Looks, if it is time to.
    pub(super) async fn look(&self, ward: &mut Ward) -> Result<(), TurnError> {
        let now = self.clock.now();
        if ward.looks.asked.is_some_and(|asked| now.since(asked) < self.settings.every && asked <= now) {
            return Ok(());
        }
        ward.looks.asked = Some(now);
        self.resume(ward).await?;
        if !ward.has_owner {
            return Ok(());
        }
        let Some(webhook) = self.webhook(ward).await? else {
            ward.looks.awake = None;
            return Ok(());
        };
        ward.looks.webhook = Some(webhook);
        let subscribers = match ward.platform.subscribers(webhook).await {
            Ok(subscribers) => subscribers,
            Err(failure) => {
                tracing::warn!(app = %ward.app, %failure, "X does not tell who is subscribed");
                ward.looks.not_told(&failure);
                return Ok(());
            }
        };
        let was_awake = ward.looks.awake;
        for account in ward.accounts.clone() {
            self.look_at(ward, account, webhook, subscribers.contains(&account), was_awake).await?;
        }
        ward.looks.cut_off = false;
        let awake = *ward.looks.awake.get_or_insert(now);
        let silent = self.tell_silences(ward, awake).await?;
        if !silent.is_empty() && ward.looks.may_mend(now) && !self.challenge(ward, webhook).await {
            self.missed_in(&silent).await?;
        }
        Ok(())
    }

    /// What X held for valid does not answer it, and who knows since when: what should have come in these silences may be missing.
    async fn missed_in(&self, silent: &[(UserId, Timestamp)]) -> Result<(), TurnError> {
        for (account, since) in silent {
            let gap = Notice::GapFound { from: since.minus(RETRIES), until: self.clock.now(), withheld: false };
            self.turns.notice(*account, |_| vec![gap.clone()]).await?;
        }
        Ok(())
    }

    /// The webhook, valid; mended where it was not. `None` where it is not, or nobody knows.
    async fn webhook(&self, ward: &mut Ward) -> Result<Option<u64>, TurnError> {
        let webhooks = match ward.platform.webhooks().await {
            Ok(webhooks) => webhooks,
            Err(failure) => {
                tracing::warn!(app = %ward.app, %failure, "X does not tell of the webhook");
                ward.looks.not_told(&failure);
                return Ok(None);
            }
        };
        let Some(webhook) = ours(ward, &webhooks) else { return self.gone(ward, &webhooks).await };
        let (id, valid) = (webhook.id, webhook.valid);
        self.turns.metrics().webhook(ward.app, valid);
        if valid {
            ward.looks.mended();
            return Ok(Some(id));
        }
        self.deaf(ward, Deafness::Invalid, &Notice::WebhookInvalid).await?;
        if !self.settings.revalidate || !ward.looks.may_mend(self.clock.now()) {
            ward.looks.say("the webhook is invalid, so X delivers nothing");
            return Ok(None);
        }
        if !self.challenge(ward, id).await {
            return Ok(None);
        }
        self.turns.metrics().webhook(ward.app, true);
        self.tell_all(ward, &Notice::WebhookValidated).await?;
        Ok(Some(id))
    }

    /// Has X challenge the webhook; whether it is valid then.
    async fn challenge(&self, ward: &mut Ward, webhook: u64) -> bool {
        let now = self.clock.now();
        match ward.platform.validate(webhook).await {
            Ok(true) => {
                tracing::info!(app = %ward.app, webhook, "the webhook has answered X's challenge and is valid");
                ward.looks.mended();
                return true;
            }
            // The newer API may have only begun; the next look tells.
            Ok(false) => tracing::info!(app = %ward.app, webhook, "X challenges the webhook"),
            Err(failure) => ward.looks.say(&format!("the webhook of app {} is invalid and could not be validated: {failure}", ward.app)),
        }
        ward.looks.not_mended(now);
        false
    }

    /// X knows no webhook of ours.
    async fn gone(&self, ward: &mut Ward, others: &[Webhook]) -> Result<Option<u64>, TurnError> {
        let Some(address) = ward.address.clone() else {
            let what = if others.is_empty() { "has no webhook" } else { "has several webhooks; set `url` so that ours is known" };
            ward.looks.say(&format!("app {} {what}", ward.app));
            return Ok(None);
        };
        self.turns.metrics().webhook(ward.app, false);
        self.deaf(ward, Deafness::Gone, &Notice::WebhookGone).await?;
        let now = self.clock.now();
        if !self.settings.repair || !ward.looks.may_mend(now) {
            ward.looks.say(&format!(
                "X knows no webhook {address} of app {}: register it (`watch.repair = true` lets the service do that)",
                ward.app
            ));
            return Ok(None);
        }
        match ward.platform.register(address.as_str()).await {
            Ok(webhook) => {
                tracing::info!(app = %ward.app, webhook = webhook.id, "registered the webhook again");
                ward.looks.mended();
                self.turns.metrics().webhook(ward.app, webhook.valid);
                self.tell_all(ward, &Notice::WebhookRegistered).await?;
                Ok(Some(webhook.id))
            }
            Err(failure) => {
                ward.looks.say(&format!("the webhook {address} could not be registered again: {failure}"));
                ward.looks.not_mended(now);
                Ok(None)
            }
        }
    }

    /// Subscribes an account that is not, and writes down that events arrive, or what was missed until now.
    async fn look_at(
        &self,
        ward: &mut Ward,
        account: UserId,
        webhook: u64,
        subscribed: bool,
        awake: Option<Timestamp>,
    ) -> Result<(), TurnError> {
        let standing = self.turns.standing(account).await?;
        if let Some(since) = standing.taken_out {
            return self.stays_out(account, subscribed, since).await;
        }
        if !subscribed && !self.subscribe(ward, account, webhook, &standing).await? {
            return Ok(());
        }
        let (from, until) = match (standing.deaf, awake) {
            (Some(_), _) | (None, Some(_)) => (standing.listening, self.clock.now()),
            (None, None) => {
                // The process before this one was alive as long as it wrote that something came.
                let known = standing.listening.unwrap_or(self.started.minus(ward.platform.reach()));
                let alive = standing.listening.max(self.heard_before(account, known).await?);
                // What came since proves nothing about the time before it.
                (alive, if ward.looks.cut_off { self.clock.now() } else { self.started })
            }
        };
        let missed = |standing: &Standing| {
            let withheld = standing.deaf.is_some();
            let from = from.filter(|from| withheld || awake.is_none() && until.since(*from) >= SHORT)?;
            Some(Notice::GapFound { from: from.minus(RETRIES), until, withheld })
        };
        let standing = self.turns.notice(account, |standing| vec![missed(standing).unwrap_or(Notice::Listening)]).await?;
        if let Some(gap) = standing.gaps.last().filter(|gap| gap.until == until) {
            tracing::warn!(%account, minutes = gap.until.since(gap.from).as_secs() / 60, fetched = self.settings.fetch, "events may be missing");
        }
        Ok(())
    }

    /// What a person has ended stays ended; unless it was begun again elsewhere, by a command or at X.
    async fn stays_out(&self, account: UserId, subscribed: bool, since: Timestamp) -> Result<(), TurnError> {
        // Just after that person's word X may not have done it yet.
        if subscribed && self.clock.now().since(since) >= SHORT {
            tracing::info!(%account, "was taken out and is subscribed; it is looked after again");
            self.turns.notice(account, |_| vec![Notice::LetIn { by: String::new() }]).await?;
        }
        Ok(())
    }

    async fn subscribe(&self, ward: &mut Ward, account: UserId, webhook: u64, standing: &Standing) -> Result<bool, TurnError> {
        if standing.paused.is_some() {
            // Its token is good for nothing, this included.
            return Ok(false);
        }
        self.turns.notice(account, |standing| deafened(standing, Deafness::Unsubscribed, &Notice::NotSubscribed)).await?;
        let now = self.clock.now();
        let rests = ward.looks.unwilling.get(&account).is_some_and(|(_, before)| *before > now);
        if rests || !ward.looks.may_mend(now) {
            return Ok(false);
        }
        match ward.platform.subscribe(webhook, account).await {
            Ok(()) => {
                tracing::info!(%account, "subscribed again");
                ward.looks.unwilling.remove(&account);
                self.turns.notice(account, |_| vec![Notice::Subscribed]).await?;
                Ok(true)
            }
            Err(failure) => {
                ward.looks.say(&format!("account {account} is not subscribed, and could not be: {failure}"));
                ward.looks.not_subscribed(account, now);
                self.judge_token(account, &failure).await?;
                Ok(false)
            }
        }
    }

    async fn judge_token(&self, account: UserId, failure: &EventsFailure) -> Result<(), TurnError> {
        match failure {
            EventsFailure::Call(failure) => self.turns.refuse_token(account, failure.void_token()).await,
            EventsFailure::Lacking { .. } | EventsFailure::NoOwner => Ok(()),
        }
    }

    async fn deaf(&self, ward: &Ward, why: Deafness, notice: &Notice) -> Result<(), TurnError> {
        for account in &ward.accounts {
            self.turns.notice(*account, |standing| deafened(standing, why, notice)).await?;
        }
        Ok(())
    }

    pub(super) async fn tell_all(&self, ward: &Ward, notice: &Notice) -> Result<(), TurnError> {
        for account in &ward.accounts {
            self.turns.notice(*account, |_| vec![notice.clone()]).await?;
        }
        Ok(())
    }
}

fn deafened(standing: &Standing, why: Deafness, notice: &Notice) -> Vec<Notice> {
    if standing.deaf == Some(why) { Vec::new() } else { vec![notice.clone()] }
}

/// The webhook under our address; where that is not known, the only one there is.
fn ours<'a>(ward: &Ward, webhooks: &'a [Webhook]) -> Option<&'a Webhook> {
    match (&ward.address, webhooks) {
        (Some(address), _) => webhooks.iter().find(|webhook| is_same(&webhook.url, address)),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// The query may name the app, and X may write an address another way than it was given.
fn is_same(registered: &str, address: &Url) -> bool {
    let bare = |mut url: Url| {
        url.set_query(None);
        url
    };
    Url::parse(registered).is_ok_and(|registered| bare(registered) == bare(address.clone()))
}
