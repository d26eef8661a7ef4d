//! Webhooks and subscriptions of Account Activity, enterprise paths (contract §4.6).

use reqwest::Method;

use super::call::{Auth, Body};
use super::{Bearer, Client, Failure};
use crate::wire::oauth::Credentials;
use crate::wire::rest::{self, Webhook};

/// The code for a subscription that stands already (contract §4.10).
const ALREADY_SUBSCRIBED: u32 = 355;

impl Client {
    /// Registers the address that events are delivered to. X challenges it before it answers.
    pub async fn register_webhook(&self, owner: Credentials<'_>, address: &str) -> Result<Webhook, Failure> {
        let mut url = self.address("/1.1/account_activity/webhooks.json");
        url.query_pairs_mut().append_pair("url", address);
        self.call(Method::POST, url, Auth::User(owner), Body::Empty).await?.read(rest::webhook)
    }

    /// The app's webhooks.
    pub async fn webhooks(&self, app: &Bearer) -> Result<Vec<Webhook>, Failure> {
        let url = self.address("/1.1/account_activity/webhooks.json");
        self.call(Method::GET, url, Auth::App(app), Body::Empty).await?.read(rest::webhooks)
    }

    /// Has X challenge a webhook; one that answers is valid again.
    pub async fn validate_webhook(&self, owner: Credentials<'_>, webhook: u64) -> Result<(), Failure> {
        let url = self.address(&format!("/1.1/account_activity/webhooks/{webhook}.json"));
        self.call(Method::PUT, url, Auth::User(owner), Body::Empty).await.map(drop)
    }

    /// Takes a webhook away; its subscriptions go with it.
    pub async fn delete_webhook(&self, owner: Credentials<'_>, webhook: u64) -> Result<(), Failure> {
        let url = self.address(&format!("/1.1/account_activity/webhooks/{webhook}.json"));
        self.call(Method::DELETE, url, Auth::User(owner), Body::Empty).await.map(drop)
    }

    /// Subscribes the user to a webhook. One that is subscribed already stays so.
    pub async fn subscribe(&self, user: Credentials<'_>, webhook: u64) -> Result<(), Failure> {
        let url = self.subscription(webhook);
        match self.call(Method::POST, url, Auth::User(user), Body::Empty).await {
            Err(Failure::Refused(refusal)) if refusal.code == ALREADY_SUBSCRIBED => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Whether the user is subscribed to a webhook.
    pub async fn is_subscribed(&self, user: Credentials<'_>, webhook: u64) -> Result<bool, Failure> {
        let url = self.subscription(webhook);
        match self.call(Method::GET, url, Auth::User(user), Body::Empty).await {
            Ok(_) => Ok(true),
            // X says no in this way; a token that does not hold is another matter.
            Err(Failure::Refused(refusal)) if refusal.status == 404 => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn subscription(&self, webhook: u64) -> url::Url {
        self.address(&format!("/1.1/account_activity/webhooks/{webhook}/subscriptions/all.json"))
    }
}
