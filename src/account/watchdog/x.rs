//! What the watchdog needs of the world: X, as an app and its accounts see it, and a door for what was missed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::account::Registry;
use crate::client::{Access, Among, Auth, Client, EventsFailure, Failure, Refusal};
use crate::model::{EventsApi, Secret, Timestamp, UserId};
use crate::turn::TurnError;
use crate::wire::DirectMessage;
use crate::wire::oauth::Credentials;
use crate::wire::rest::{MessagePage, UserToken, Webhook};

/// How far back the interfaces replay (contract §4.8, §6.2).
const DAY: Duration = Duration::from_secs(24 * 3600);

/// X, as one app and its accounts see it. Each call is made once.
#[async_trait]
pub trait Platform: Send + Sync {
    /// How far back events can be replayed; no time where the interface has no replay.
    fn reach(&self) -> Duration;

    /// The app's webhooks.
    async fn webhooks(&self) -> Result<Vec<Webhook>, EventsFailure>;

    /// Has X challenge a webhook, and tells whether it is valid now.
    async fn validate(&self, webhook: u64) -> Result<bool, EventsFailure>;

    /// Registers an address.
    async fn register(&self, address: &str) -> Result<Webhook, EventsFailure>;

    /// Who is subscribed to a webhook.
    async fn subscribers(&self, webhook: u64) -> Result<Vec<UserId>, EventsFailure>;

    /// Subscribes an account.
    async fn subscribe(&self, webhook: u64, account: UserId) -> Result<(), EventsFailure>;

    /// Orders a replay and returns the job's id.
    async fn replay(&self, webhook: u64, from: Timestamp, until: Timestamp) -> Result<u64, EventsFailure>;

    /// A page of the messages that an account sent and received, newest first.
    async fn list_messages(&self, account: UserId, cursor: Option<&str>) -> Result<MessagePage, Failure>;

    /// Whether X takes the account's token: a failure says that it does not, or that nobody knows.
    async fn verify(&self, account: UserId) -> Result<(), Failure>;
}

/// The door for messages that X did not deliver and lists all the same.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Takes messages to and from an account as if they had been delivered. Those that were taken before change nothing.
    async fn take(&self, account: UserId, messages: Vec<DirectMessage>) -> Result<(), TurnError>;
}

/// X, through its REST API.
pub struct X {
    client: Client,
    registry: Arc<Registry>,
    tokens: BTreeMap<UserId, UserToken>,
    /// The accounts' OAuth 2 tokens, as far as they have some.
    accesses: BTreeMap<UserId, Arc<dyn Access>>,
    /// Whether messages are sent and listed by the newer interface.
    newer: bool,
}

impl X {
    /// X as an app and its accounts, whose tokens these are. Messages go, and are listed, through the older interface or the `newer` one.
    pub fn new(
        client: Client,
        registry: Arc<Registry>,
        tokens: BTreeMap<UserId, UserToken>,
        accesses: BTreeMap<UserId, Arc<dyn Access>>,
        newer: bool,
    ) -> Self {
        X { client, registry, tokens, accesses, newer }
    }

    /// As the account sends, so as it is told whether its token is good.
    fn auth<'a>(&'a self, account: UserId, access: Option<&'a Secret>) -> Auth<'a> {
        access.map_or_else(|| Auth::User(self.user(account)), Auth::OAuth2)
    }

    /// An account without a token calls as the app alone, which X refuses in its own words.
    fn user(&self, account: UserId) -> Credentials<'_> {
        let keys = self.registry.keys();
        self.tokens.get(&account).map_or_else(|| keys.app(), |token| keys.user(token))
    }
}

#[async_trait]
impl Platform for X {
    fn reach(&self) -> Duration {
        match self.registry.events().api() {
            EventsApi::Enterprise => 5 * DAY,
            EventsApi::V2 | EventsApi::Activity => DAY,
            EventsApi::Premium(_) => Duration::ZERO,
        }
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, EventsFailure> {
        self.registry.events().list().await
    }

    async fn validate(&self, webhook: u64) -> Result<bool, EventsFailure> {
        self.registry.events().validate(webhook).await
    }

    async fn register(&self, address: &str) -> Result<Webhook, EventsFailure> {
        self.registry.events().register(address).await
    }

    async fn subscribers(&self, webhook: u64) -> Result<Vec<UserId>, EventsFailure> {
        Ok(self.registry.events().subscriptions(webhook).await?.users)
    }

    async fn subscribe(&self, webhook: u64, account: UserId) -> Result<(), EventsFailure> {
        if *self.registry.events().api() != EventsApi::Activity {
            return self.registry.events().subscribe(webhook, account, Auth::User(self.user(account))).await;
        }
        // Messages are opened by the sign-in of OAuth 2 (contract §6.4). An account without is refused by X in its own words.
        let access = self.accesses.get(&account);
        let subscribed = async {
            let token = token(access).await?;
            let outcome = self.registry.events().subscribe(webhook, account, self.auth(account, token.as_ref())).await;
            outcome.inspect_err(|failure| {
                if let EventsFailure::Call(failure) = failure {
                    heed(access, token.as_ref(), failure);
                }
            })
        };
        subscribed.await.map_err(|failure| if self.newer { failure } else { not_of_sending(failure) })
    }

    async fn replay(&self, webhook: u64, from: Timestamp, until: Timestamp) -> Result<u64, EventsFailure> {
        Ok(self.registry.events().replay(webhook, from, until).await?.id)
    }

    async fn list_messages(&self, account: UserId, cursor: Option<&str>) -> Result<MessagePage, Failure> {
        if !self.newer {
            return self.client.list_messages(self.user(account), cursor).await;
        }
        let access = self.accesses.get(&account);
        let token = token(access).await?;
        let page = self.client.list_messages_v2(self.auth(account, token.as_ref()), Among::All, cursor).await;
        page.inspect_err(|failure| heed(access, token.as_ref(), failure))
    }

    async fn verify(&self, account: UserId) -> Result<(), Failure> {
        if !self.newer {
            return self.client.verify_credentials(self.user(account)).await.map(drop);
        }
        let access = self.accesses.get(&account);
        let token = token(access).await?;
        let found = self.client.me(self.auth(account, token.as_ref())).await;
        found.map(drop).inspect_err(|failure| heed(access, token.as_ref(), failure))
    }
}

/// The OAuth 2 token of an account that has one.
async fn token(access: Option<&Arc<dyn Access>>) -> Result<Option<Secret>, Failure> {
    match access {
        Some(access) => access.token().await.map(Some),
        None => Ok(None),
    }
}

/// What X says of a token that the account does not send with is no reason to send nothing.
fn not_of_sending(failure: EventsFailure) -> EventsFailure {
    match failure {
        EventsFailure::Call(Failure::Refused(refusal)) => EventsFailure::Call(Failure::Refused(Refusal { code: 0, ..refusal })),
        other => other,
    }
}

fn heed(access: Option<&Arc<dyn Access>>, token: Option<&Secret>, failure: &Failure) {
    if let (Some(access), Some(token)) = (access, token) {
        access.heed(token, failure);
    }
}
