//! Registered webhooks and who is subscribed on them (contract §4.6).

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::super::refusal::Refusal;
use super::super::settings::Rules;
use crate::model::{AppId, Timestamp, UserId};

/// The id of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebhookId(pub u64);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A registered webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The app that registered it.
    pub app: AppId,
    /// Its address, which never changes.
    pub url: String,
    /// Whether it answered its last challenge; while it did not, it gets nothing.
    pub valid: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// By which face of the API it was registered: the limits on its answers differ.
    pub face: Face,
    /// When it answered its last challenge as it should.
    pub proved_at: Timestamp,
}

/// The two faces of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// v1.1.
    Older,
    /// v2.
    Newer,
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Unfit {
    Address,
    Duplicate,
    TooMany,
}

/// How a webhook answered a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Proof {
    Right,
    /// Wrongly, and it will not do better by itself.
    Wrong,
    /// Not at all, which may pass.
    Missing,
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Address => Refusal::new(403, 214, "Webhook URL does not meet the requirements."),
            Unfit::Duplicate | Unfit::TooMany => Refusal::new(403, 214, "Too many resources already created."),
        }
    }
}

/// All webhooks and subscriptions.
#[derive(Default)]
pub(in crate::simulator) struct Hooks {
    webhooks: BTreeMap<WebhookId, Webhook>,
    subscriptions: BTreeMap<(WebhookId, UserId), Timestamp>,
}

impl Hooks {
    /// Whether `url` may be registered for `app`; asked before the challenge, and again before it is stored.
    pub(in crate::simulator) fn may_register(&self, app: AppId, url: &str, rules: &Rules) -> Result<(), Unfit> {
        let parsed = Url::parse(url).map_err(|_| Unfit::Address)?;
        let fit = match parsed.scheme() {
            "https" => !rules.strict_urls || (parsed.port().is_none() && url.len() <= 200),
            "http" => !rules.strict_urls,
            _ => false,
        };
        if !fit {
            return Err(Unfit::Address);
        }
        if self.webhooks.values().any(|hook| hook.app == app && hook.url == url) {
            return Err(Unfit::Duplicate);
        }
        if self.webhooks.len() >= rules.webhooks { Err(Unfit::TooMany) } else { Ok(()) }
    }

    pub(in crate::simulator) fn register(&mut self, webhook: Webhook) {
        self.webhooks.insert(webhook.id, webhook);
    }

    /// The webhook, if it is the app's.
    pub(in crate::simulator) fn of_app(&self, id: WebhookId, app: AppId) -> Result<&Webhook, Refusal> {
        self.webhooks.get(&id).filter(|hook| hook.app == app).ok_or_else(Refusal::no_such_webhook)
    }

    pub(in crate::simulator) fn all(&self) -> impl Iterator<Item = &Webhook> {
        self.webhooks.values()
    }

    pub(in crate::simulator) fn get(&self, id: WebhookId) -> Option<&Webhook> {
        self.webhooks.get(&id)
    }

    /// Judges a webhook by its answer to a challenge. One of the newer API may fail for a while, as long as it does not answer wrongly.
    pub(in crate::simulator) fn challenged(&mut self, id: WebhookId, proof: Proof, rules: &Rules, now: Timestamp) {
        let Some(hook) = self.webhooks.get_mut(&id) else { return };
        hook.valid = match proof {
            Proof::Right => true,
            Proof::Wrong => false,
            Proof::Missing => hook.valid && hook.face == Face::Newer && now.since(hook.proved_at) <= rules.v2.grace,
        };
        if proof == Proof::Right {
            hook.proved_at = now;
        }
    }

    /// Forgets a webhook and its subscriptions.
    pub(in crate::simulator) fn delete(&mut self, id: WebhookId) {
        self.webhooks.remove(&id);
        self.subscriptions.retain(|(hook, _), _| *hook != id);
    }

    pub(in crate::simulator) fn subscribe(&mut self, id: WebhookId, user: UserId, rules: &Rules, now: Timestamp) -> Result<(), Refusal> {
        if self.subscriptions.contains_key(&(id, user)) {
            return Err(Refusal::new(409, 355, "Subscription already exists."));
        }
        if self.count(self.webhooks.get(&id).map(|hook| hook.app)) >= rules.subscriptions {
            return Err(Refusal::new(403, 214, "Too many resources already created."));
        }
        self.subscriptions.insert((id, user), now.plus(rules.subscription_delay));
        Ok(())
    }

    /// Ends a subscription; `false` when there was none.
    pub(in crate::simulator) fn unsubscribe(&mut self, id: WebhookId, user: UserId) -> bool {
        self.subscriptions.remove(&(id, user)).is_some()
    }

    pub(in crate::simulator) fn is_subscribed(&self, id: WebhookId, user: UserId) -> bool {
        self.subscriptions.contains_key(&(id, user))
    }

    /// The users subscribed on a webhook.
    pub(in crate::simulator) fn subscribers(&self, id: WebhookId) -> Vec<UserId> {
        self.subscriptions.keys().filter(|(hook, _)| *hook == id).map(|(_, user)| *user).collect()
    }

    /// How many subscriptions an app has.
    pub(in crate::simulator) fn count(&self, app: Option<AppId>) -> usize {
        self.subscriptions.keys().filter(|(hook, _)| self.webhooks.get(hook).map(|hook| hook.app) == app).count()
    }

    /// The webhooks that are to hear of what happens to `user` at `now`.
    pub(super) fn listening(&self, user: UserId, now: Timestamp) -> Vec<WebhookId> {
        let awake = self.subscriptions.iter().filter(|((_, subscriber), since)| *subscriber == user && **since <= now);
        awake.map(|((hook, _), _)| *hook).collect()
    }
}
