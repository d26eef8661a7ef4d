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
    /// The premium environment that it is of; none for enterprise.
    pub environment: Option<String>,
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

/// How many webhooks an environment may have: those here are all sandboxes (contract §4.7).
const SANDBOX_WEBHOOKS: usize = 1;
/// How many subscriptions an environment may have.
pub(in crate::simulator) const SANDBOX_SUBSCRIPTIONS: usize = 15;

/// All webhooks and subscriptions.
#[derive(Default)]
pub(in crate::simulator) struct Hooks {
    webhooks: BTreeMap<WebhookId, Webhook>,
    subscriptions: BTreeMap<(WebhookId, UserId), Timestamp>,
}

impl Hooks {
    /// Whether `url` may be registered for `app`; asked before the challenge, and again before it is stored.
    pub(in crate::simulator) fn may_register(&self, app: AppId, environment: Option<&str>, url: &str, rules: &Rules) -> Result<(), Unfit> {
        let parsed = Url::parse(url).map_err(|_| Unfit::Address)?;
        let fit = match parsed.scheme() {
            "https" => !rules.strict_urls || (parsed.port().is_none() && url.len() <= 200),
            "http" => !rules.strict_urls,
            _ => false,
        };
        if !fit {
            return Err(Unfit::Address);
        }
        let beside = || self.webhooks.values().filter(|hook| hook.environment.as_deref() == environment);
        if beside().any(|hook| hook.app == app && hook.url == url) {
            return Err(Unfit::Duplicate);
        }
        // Those of enterprise are counted over all apps of the account, which here is everybody's.
        let (there, most) = match environment {
            Some(_) => (beside().filter(|hook| hook.app == app).count(), SANDBOX_WEBHOOKS),
            None => (beside().count(), rules.webhooks),
        };
        if there >= most { Err(Unfit::TooMany) } else { Ok(()) }
    }

    pub(in crate::simulator) fn register(&mut self, webhook: Webhook) {
        self.webhooks.insert(webhook.id, webhook);
    }

    /// The webhook, if it is the app's.
    pub(in crate::simulator) fn of_app(&self, id: WebhookId, app: AppId) -> Result<&Webhook, Refusal> {
        self.webhooks.get(&id).filter(|hook| hook.app == app).ok_or_else(Refusal::no_such_webhook)
    }

    /// The webhook, if it is the app's and of this environment, or of none.
    pub(in crate::simulator) fn at(&self, id: WebhookId, app: AppId, environment: Option<&str>) -> Result<&Webhook, Refusal> {
        let hook = self.of_app(id, app)?;
        if hook.environment.as_deref() == environment { Ok(hook) } else { Err(Refusal::no_such_webhook()) }
    }

    /// The webhook of an environment.
    pub(in crate::simulator) fn of_environment(&self, app: AppId, environment: &str) -> Option<&Webhook> {
        self.webhooks.values().find(|hook| hook.app == app && hook.environment.as_deref() == Some(environment))
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
        let hook = self.webhooks.get(&id).ok_or_else(Refusal::no_such_webhook)?;
        let full = match &hook.environment {
            Some(_) => self.subscribers(id).len() >= SANDBOX_SUBSCRIPTIONS,
            None => self.count(hook.app, false) >= rules.subscriptions,
        };
        if full {
            return Err(Refusal::new(403, 214, "Too many resources already created."));
        }
        self.subscriptions.insert((id, user), now.plus(rules.subscription_delay));
        Ok(())
    }

    /// Ends a subscription; `false` when there was none.
    pub(in crate::simulator) fn unsubscribe(&mut self, id: WebhookId, user: UserId) -> bool {
        self.subscriptions.remove(&(id, user)).is_some()
    }

    /// Ends all subscriptions of a user with an app; returns the webhooks that had them.
    pub(super) fn unsubscribe_all(&mut self, user: UserId, app: AppId) -> Vec<WebhookId> {
        let of_app = |hook: &WebhookId| self.webhooks.get(hook).is_some_and(|hook| hook.app == app);
        let ended: Vec<WebhookId> =
            self.subscriptions.keys().filter(|(hook, subscriber)| *subscriber == user && of_app(hook)).map(|(hook, _)| *hook).collect();
        self.subscriptions.retain(|(hook, subscriber), _| *subscriber != user || !ended.contains(hook));
        ended
    }

    pub(in crate::simulator) fn is_subscribed(&self, id: WebhookId, user: UserId) -> bool {
        self.subscriptions.contains_key(&(id, user))
    }

    /// The users subscribed on a webhook.
    pub(in crate::simulator) fn subscribers(&self, id: WebhookId) -> Vec<UserId> {
        self.subscriptions.keys().filter(|(hook, _)| *hook == id).map(|(_, user)| *user).collect()
    }

    /// How many subscriptions an app has, by enterprise or in its environments.
    pub(in crate::simulator) fn count(&self, app: AppId, in_environments: bool) -> usize {
        let counts = |hook: &Webhook| hook.app == app && hook.environment.is_some() == in_environments;
        self.subscriptions.keys().filter(|(hook, _)| self.webhooks.get(hook).is_some_and(counts)).count()
    }

    /// The webhooks that are to hear of what happens to `user` at `now`.
    pub(super) fn listening(&self, user: UserId, now: Timestamp) -> Vec<WebhookId> {
        let awake = self.subscriptions.iter().filter(|((_, subscriber), since)| *subscriber == user && **since <= now);
        awake.map(|((hook, _), _)| *hook).collect()
    }
}
