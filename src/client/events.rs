//! Webhooks, subscriptions and replay: one set of functions over the interfaces that deliver events (contract §4.6–4.8, §6.2–6.4).

mod activity;

pub use activity::ActivityStream;
use reqwest::Method;
use tokio::sync::Mutex;
use url::Url;

use super::call::{Answer, Body};
use super::{Auth, Bearer, Client, Failure, Keys, Refusal};
use crate::model::{EventsApi, Timestamp, UserId};
use crate::wire::oauth::Credentials;
use crate::wire::rest::{self, Count, Remedy, ReplayJob, Subscriptions, Webhook};

/// Codes and reasons for a subscription that stands already, and for one that does not stand (contract §4.10, §6.3).
const ALREADY_SUBSCRIBED: (u32, &str) = (355, "DuplicateSubscriptionFailed");
const NOT_SUBSCRIBED: (u32, &str) = (34, "SubscriptionNotFound");

/// An app's webhooks and subscriptions through one of X's interfaces. The app's bearer token is got once, and anew when X refuses it.
#[derive(Debug)]
pub struct Events {
    client: Client,
    api: EventsApi,
    keys: Keys,
    bearer: Mutex<Option<Bearer>>,
}

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventsFailure {
    /// X did not take it, refused it, or left it in doubt.
    #[error("{0}")]
    Call(#[from] Failure),
    /// The interface has no such call.
    #[error("{api} has no {call}")]
    Lacking {
        /// The interface.
        api: EventsApi,
        /// The call.
        call: &'static str,
    },
    /// The call is the owner's to make, and their token is not known.
    #[error("this needs the token of the app's owner: set owner_token and owner_token_secret of the app")]
    NoOwner,
}

impl EventsFailure {
    /// What helps.
    pub fn remedy(&self) -> Remedy {
        match self {
            EventsFailure::Call(failure) => failure.remedy(),
            EventsFailure::Lacking { .. } => Remedy::Access,
            EventsFailure::NoOwner => Remedy::Configuration,
        }
    }
}

impl Events {
    /// The webhooks and subscriptions of the app with these keys.
    pub fn new(client: Client, api: EventsApi, keys: Keys) -> Self {
        Events { client, api, keys, bearer: Mutex::default() }
    }

    /// The interface that is called.
    pub fn api(&self) -> &EventsApi {
        &self.api
    }

    /// Registers the address that events are delivered to. X challenges it before it answers.
    pub async fn register(&self, address: &str) -> Result<Webhook, EventsFailure> {
        let answer = if self.is_v2() {
            self.as_app(Method::POST, self.client.address("/2/webhooks"), Body::Json(rest::new_webhook(address))).await?
        } else {
            let mut url = self.v1("webhooks.json");
            url.query_pairs_mut().append_pair("url", address);
            self.as_owner(Method::POST, url).await?
        };
        Ok(answer.read(rest::webhook)?)
    }

    /// The app's webhooks.
    pub async fn list(&self) -> Result<Vec<Webhook>, EventsFailure> {
        let url = if self.is_v2() { self.client.address("/2/webhooks") } else { self.v1("webhooks.json") };
        Ok(self.as_app(Method::GET, url, Body::Empty).await?.read(rest::webhooks)?)
    }

    /// The app's webhooks in all of premium's environments; elsewhere there is but one.
    pub async fn list_everywhere(&self) -> Result<Vec<Webhook>, EventsFailure> {
        match &self.api {
            EventsApi::Enterprise | EventsApi::V2 | EventsApi::Activity => self.list().await,
            EventsApi::Premium(_) => {
                let url = self.client.address("/1.1/account_activity/all/webhooks.json");
                Ok(self.as_app(Method::GET, url, Body::Empty).await?.read(rest::webhooks)?)
            }
        }
    }

    /// Has X challenge a webhook, and tells whether it is valid now: v2 may only have begun, so the list decides there.
    pub async fn validate(&self, webhook: u64) -> Result<bool, EventsFailure> {
        if !self.is_v2() {
            self.as_owner(Method::PUT, self.v1(&format!("webhooks/{webhook}.json"))).await?;
            return Ok(true);
        }
        let url = self.client.address(&format!("/2/webhooks/{webhook}"));
        let answer = self.as_app(Method::PUT, url, Body::Empty).await?;
        let listed = self.list().await?.into_iter().find(|listed| listed.id == webhook);
        Ok(rest::validity(&answer.body) && listed.is_some_and(|listed| listed.valid))
    }

    /// Takes a webhook away; its subscriptions go with it. One that is gone already is a refusal (code 34, `WebhookIdInvalid`).
    pub async fn delete(&self, webhook: u64) -> Result<(), EventsFailure> {
        if self.is_v2() {
            let url = self.client.address(&format!("/2/webhooks/{webhook}"));
            self.as_app(Method::DELETE, url, Body::Empty).await?;
        } else {
            self.as_owner(Method::DELETE, self.v1(&format!("webhooks/{webhook}.json"))).await?;
        }
        Ok(())
    }

    /// Subscribes a user, who calls, to a webhook. One who is subscribed already stays so.
    pub async fn subscribe(&self, webhook: u64, user: UserId, auth: Auth<'_>) -> Result<(), EventsFailure> {
        let (url, body) = match &self.api {
            EventsApi::Activity => return self.subscribe_to_activity(webhook, user, auth).await,
            EventsApi::V2 => (self.subscription(webhook), Body::Json("{}".to_owned())),
            EventsApi::Enterprise | EventsApi::Premium(_) => (self.subscription(webhook), Body::Empty),
        };
        let outcome = self.client.call(Method::POST, url, auth, body).await;
        Ok(unless(outcome.map(drop), ALREADY_SUBSCRIBED)?)
    }

    /// Whether a user, who calls, is subscribed to a webhook.
    pub async fn is_subscribed(&self, webhook: u64, user: UserId, auth: Auth<'_>) -> Result<bool, EventsFailure> {
        if self.api == EventsApi::Activity {
            return self.is_subscribed_to_activity(webhook, user).await;
        }
        match self.client.call(Method::GET, self.subscription(webhook), auth, Body::Empty).await {
            Ok(answer) => Ok(rest::subscribed(&answer.body)),
            // X says no in this way; a token that does not hold is another matter.
            Err(Failure::Refused(refusal)) if refusal.status == 404 || is(&refusal, NOT_SUBSCRIBED) => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Ends a user's subscription to a webhook; the app calls. One who is not subscribed stays so.
    pub async fn unsubscribe(&self, webhook: u64, user: UserId) -> Result<(), EventsFailure> {
        let url = match &self.api {
            EventsApi::Activity => return self.unsubscribe_from_activity(webhook, user).await,
            EventsApi::V2 => self.v2(&format!("webhooks/{webhook}/subscriptions/{user}/all")),
            EventsApi::Enterprise => self.v1(&format!("webhooks/{webhook}/subscriptions/{user}/all.json")),
            EventsApi::Premium(_) => self.v1(&format!("subscriptions/{user}.json")),
        };
        let outcome = self.as_app(Method::DELETE, url, Body::Empty).await;
        Ok(unless(outcome.map(drop), NOT_SUBSCRIBED)?)
    }

    /// Who is subscribed to a webhook.
    pub async fn subscriptions(&self, webhook: u64) -> Result<Subscriptions, EventsFailure> {
        let url = match &self.api {
            EventsApi::Activity => return self.activity_subscriptions(webhook).await,
            EventsApi::V2 => self.v2(&format!("webhooks/{webhook}/subscriptions/all/list")),
            EventsApi::Enterprise => self.v1(&format!("webhooks/{webhook}/subscriptions/all/list.json")),
            EventsApi::Premium(_) => self.v1("subscriptions/list.json"),
        };
        Ok(self.as_app(Method::GET, url, Body::Empty).await?.read(rest::subscriptions)?)
    }

    /// How many subscriptions there are, and how many there may be.
    pub async fn count(&self) -> Result<Count, EventsFailure> {
        let url = match &self.api {
            EventsApi::Activity => return self.activity_count().await,
            EventsApi::V2 => self.v2("subscriptions/count"),
            EventsApi::Enterprise => self.client.address("/1.1/account_activity/subscriptions/count.json"),
            EventsApi::Premium(_) => self.client.address("/1.1/account_activity/all/subscriptions/count.json"),
        };
        Ok(self.as_app(Method::GET, url, Body::Empty).await?.read(rest::count)?)
    }

    /// Orders the events of a span anew: from the minute of `from` up to that of `to` (contract §4.8, §6.2).
    pub async fn replay(&self, webhook: u64, from: Timestamp, to: Timestamp) -> Result<ReplayJob, EventsFailure> {
        let (url, body) = match &self.api {
            EventsApi::Premium(_) => return Err(self.lacks("replay")),
            EventsApi::V2 | EventsApi::Activity => {
                (self.client.address("/2/webhooks/replay"), Body::Json(rest::replay_order(webhook, from, to)))
            }
            EventsApi::Enterprise => {
                let mut url = self.v1(&format!("replay/webhooks/{webhook}/subscriptions/all.json"));
                let span = [("from_date", rest::replay_date(from)), ("to_date", rest::replay_date(to))];
                url.query_pairs_mut().extend_pairs(span);
                (url, Body::Empty)
            }
        };
        Ok(self.as_app(Method::POST, url, body).await?.read(rest::replay_job)?)
    }

    fn is_v2(&self) -> bool {
        match self.api {
            EventsApi::V2 | EventsApi::Activity => true,
            EventsApi::Enterprise | EventsApi::Premium(_) => false,
        }
    }

    fn lacks(&self, call: &'static str) -> EventsFailure {
        EventsFailure::Lacking { api: self.api.clone(), call }
    }

    fn v1(&self, path: &str) -> Url {
        match &self.api {
            EventsApi::Premium(environment) => self.client.address(&format!("/1.1/account_activity/all/{environment}/{path}")),
            _ => self.client.address(&format!("/1.1/account_activity/{path}")),
        }
    }

    fn v2(&self, path: &str) -> Url {
        self.client.address(&format!("/2/account_activity/{path}"))
    }

    /// Where the caller's own subscription is.
    fn subscription(&self, webhook: u64) -> Url {
        match &self.api {
            EventsApi::Premium(_) => self.v1("subscriptions.json"),
            EventsApi::Enterprise => self.v1(&format!("webhooks/{webhook}/subscriptions/all.json")),
            EventsApi::V2 | EventsApi::Activity => self.v2(&format!("webhooks/{webhook}/subscriptions/all")),
        }
    }

    fn owner(&self) -> Result<Credentials<'_>, EventsFailure> {
        self.keys.owner().ok_or(EventsFailure::NoOwner)
    }

    async fn as_owner(&self, method: Method, url: Url) -> Result<Answer, EventsFailure> {
        Ok(self.client.call(method, url, Auth::User(self.owner()?), Body::Empty).await?)
    }

    async fn as_app(&self, method: Method, url: Url, body: Body) -> Result<Answer, Failure> {
        let known = self.bearer(None).await?;
        match self.client.call(method.clone(), url.clone(), Auth::App(&known), body.clone()).await {
            // A token that was invalidated is given anew once; what is refused then is the app itself.
            Err(Failure::Refused(refusal)) if refusal.status == 401 || refusal.code == 89 => {
                let anew = self.bearer(Some(&known)).await?;
                self.client.call(method, url, Auth::App(&anew), body).await
            }
            outcome => outcome,
        }
    }

    /// The app's bearer token, but not the one that X has refused.
    async fn bearer(&self, refused: Option<&Bearer>) -> Result<Bearer, Failure> {
        let mut known = self.bearer.lock().await;
        if let Some(known) = known.as_ref().filter(|known| refused != Some(*known)) {
            return Ok(known.clone());
        }
        let got = self.client.bearer_token(&self.keys.consumer_key, &self.keys.consumer_secret).await?;
        *known = Some(got.clone());
        Ok(got)
    }
}

fn is(refusal: &Refusal, (code, reason): (u32, &str)) -> bool {
    refusal.code == code || refusal.reason == reason
}

/// A refusal that says that things are as they were to be is none.
fn unless(outcome: Result<(), Failure>, known: (u32, &str)) -> Result<(), Failure> {
    match outcome {
        Err(Failure::Refused(refusal)) if is(&refusal, known) => Ok(()),
        outcome => outcome,
    }
}
