//! X Activity: a user is subscribed when each kind of event that a bot lives by is delivered to the webhook (contract §6.4).

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Method, Response};

use super::{ALREADY_SUBSCRIBED, Events, EventsFailure, NOT_SUBSCRIBED, unless};
use crate::client::call::{Body, lost};
use crate::client::{Auth, Bearer, Client, Failure, Unsure};
use crate::model::UserId;
use crate::wire::rest::{self, ActivitySubscription, Count, Subscriptions};

const SUBSCRIPTIONS: &str = "/2/activity/subscriptions";

/// No event is longer; a webhook takes no more either.
const LONGEST_EVENT: usize = 1 << 20;

/// X sends a sign of life about every 20 seconds; a stream without is dead.
const SILENCE: Duration = Duration::from_secs(60);

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

    /// Whether every kind of a user's events is delivered: one that is missing is a part of the conversations that nobody hears.
    pub(super) async fn is_subscribed_to_activity(&self, webhook: u64, user: UserId) -> Result<bool, EventsFailure> {
        Ok(self.activity_subscriptions(webhook).await?.users.contains(&user))
    }

    pub(super) async fn unsubscribe_from_activity(&self, webhook: u64, user: UserId) -> Result<(), EventsFailure> {
        for one in self.activity(webhook).await?.into_iter().filter(|one| one.user == Some(user)) {
            let url = self.client.address(&format!("{SUBSCRIPTIONS}/{}", one.id));
            unless(self.as_app(Method::DELETE, url, Body::Empty).await.map(drop), NOT_SUBSCRIBED)?;
        }
        Ok(())
    }

    /// The users of whom every kind is delivered, in the order of their ids.
    pub(super) async fn activity_subscriptions(&self, webhook: u64) -> Result<Subscriptions, EventsFailure> {
        let known = self.activity(webhook).await?;
        let has = |user, kind: &str| known.iter().any(|one| one.kind == kind && one.user == Some(user));
        let users: BTreeSet<UserId> = known.iter().filter_map(|one| one.user).collect();
        let users = users.into_iter().filter(|user| KINDS.iter().all(|kind| has(*user, kind))).collect();
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

    /// Opens the stream of all that the app is subscribed to, also of what goes to a webhook.
    pub async fn activity_stream(&self, app: &Bearer) -> Result<ActivityStream, Failure> {
        let response = self.open(self.address("/2/activity/stream"), Auth::App(app)).await?;
        Ok(ActivityStream { response, read: Vec::new() })
    }
}

/// Events as they happen. It ends when X ends it, or with the connection: then it is opened again, after a pause.
#[derive(Debug)]
pub struct ActivityStream {
    response: Response,
    /// What has come, and is not a whole line yet.
    read: Vec<u8>,
}

impl ActivityStream {
    /// The next event, in the words that a webhook is told it; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                let line = line.trim_ascii();
                // An empty line says that the connection stands.
                if !line.is_empty() {
                    return Ok(Some(line.to_vec()));
                }
                continue;
            }
            if self.read.len() > LONGEST_EVENT {
                return Err(Failure::Unsure(Unsure::UnreadableAnswer));
            }
            let chunk = tokio::time::timeout(SILENCE, self.response.chunk()).await.map_err(|_| Failure::Unsure(Unsure::TimedOut))?;
            match chunk.map_err(|error| Failure::Unsure(lost(error)))? {
                Some(chunk) => self.read.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}
