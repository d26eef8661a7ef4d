//! X Activity: a user is subscribed when each kind of event that a bot lives by is delivered to the webhook (contract §6.4).

use reqwest::Method;

use super::{ALREADY_SUBSCRIBED, Events, EventsFailure, NOT_SUBSCRIBED, unless};
use crate::client::call::Body;
use crate::client::{Auth, Client, Failure};
use crate::model::UserId;
use crate::wire::rest::{self, ActivitySubscription, Count, Subscriptions};

const SUBSCRIPTIONS: &str = "/2/activity/subscriptions";

/// The kinds that a bot lives by.
const KINDS: [&str; 4] = ["dm.received", "dm.sent", "dm.read", "dm.indicate_typing"];

impl Events {
    /// Adds what is missing of a user's subscriptions. The user calls: only they can open their messages to the app.
    pub(super) async fn subscribe_to_activity(&self, webhook: u64, user: UserId, auth: Auth<'_>) -> Result<(), EventsFailure> {
        let known = self.activity(webhook).await?;
        for kind in KINDS {
            if !known.iter().any(|one| one.kind == kind && one.user == Some(user)) {
                let made = self.client.subscribe_to_activity(auth, kind, user, Some(webhook), None).await;
                unless(made.map(drop), ALREADY_SUBSCRIBED)?;
            }
        }
        Ok(())
    }

    pub(super) async fn unsubscribe_from_activity(&self, webhook: u64, user: UserId) -> Result<(), EventsFailure> {
        for one in self.activity(webhook).await?.into_iter().filter(|one| one.user == Some(user)) {
            let url = self.client.address(&format!("{SUBSCRIPTIONS}/{}", one.id));
            unless(self.as_app(Method::DELETE, url, Body::Empty).await.map(drop), NOT_SUBSCRIBED)?;
        }
        Ok(())
    }

    /// The users of whom at least one of the kinds is delivered, in the order of their ids.
    pub(super) async fn activity_subscriptions(&self, webhook: u64) -> Result<Subscriptions, EventsFailure> {
        let of_people = self.activity(webhook).await?.into_iter().filter(|one| KINDS.contains(&one.kind.as_str()));
        let mut users: Vec<_> = of_people.filter_map(|one| one.user).collect();
        users.sort_unstable();
        users.dedup();
        Ok(Subscriptions { application: None, users })
    }

    /// Counts kinds of events, as X does, not users.
    pub(super) async fn activity_count(&self) -> Result<Count, EventsFailure> {
        let answer = self.as_app(Method::GET, self.client.address(SUBSCRIPTIONS), Body::Empty).await?;
        Ok(Count { all: answer.read(rest::activity_total)?, ..Count::default() })
    }

    async fn activity(&self, webhook: u64) -> Result<Vec<ActivitySubscription>, EventsFailure> {
        let answer = self.as_app(Method::GET, self.client.address(SUBSCRIPTIONS), Body::Empty).await?;
        let mut all = answer.read(rest::activity_subscriptions)?;
        all.retain(|one| one.webhook == Some(webhook));
        Ok(all)
    }
}

impl Client {
    /// Subscribes to one kind of a user's events, as `dm.received`. Private kinds are the user's to open.
    pub async fn subscribe_to_activity(
        &self,
        auth: Auth<'_>,
        kind: &str,
        user: UserId,
        webhook: Option<u64>,
        tag: Option<&str>,
    ) -> Result<ActivitySubscription, Failure> {
        let body = Body::Json(rest::new_activity(kind, user, webhook, tag));
        let answer = self.call(Method::POST, self.address(SUBSCRIPTIONS), auth, body).await?;
        answer.read(|body| rest::activity_subscriptions(body)?.into_iter().next())
    }

    /// Delivers a subscription to another webhook, or gives it another tag.
    pub async fn change_activity(&self, auth: Auth<'_>, id: u64, webhook: Option<u64>, tag: Option<&str>) -> Result<(), Failure> {
        let url = self.address(&format!("{SUBSCRIPTIONS}/{id}"));
        self.call(Method::PUT, url, auth, Body::Json(rest::changed_activity(webhook, tag))).await.map(drop)
    }
}
