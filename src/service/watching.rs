//! The watchdog, from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web;
use async_trait::async_trait;

use crate::account::watchdog::{Intake, Platform, Settings, Ward, Watchdog, X};
use crate::client::{Client, Keys, UserToken};
use crate::clock::Clock;
use crate::config::{App, Config, Revoked};
use crate::model::UserId;
use crate::turn::{TurnError, Turns};
use crate::webhook::Door;
use crate::wire::DirectMessage;

/// The door takes what X lists as it takes what X delivers.
struct ListedAtDoor(web::Data<Door>);

#[async_trait]
impl Intake for ListedAtDoor {
    async fn take(&self, account: UserId, messages: Vec<DirectMessage>) -> Result<(), TurnError> {
        self.0.take_listed(account, messages).await
    }
}

/// A watchdog over all apps and accounts.
pub(super) fn watchdog(config: &Config, client: &Client, turns: Arc<Turns>, clock: Arc<dyn Clock>, door: web::Data<Door>) -> Watchdog {
    let watch = config.watch;
    let settings = Settings {
        every: watch.every,
        revalidate: watch.revalidate,
        repair: watch.repair,
        silence: watch.silence,
        fetch: watch.replay,
        forget: watch.revoked == Revoked::Forget,
    };
    let wards = config.app.iter().filter_map(|app| ward(config, app, client)).collect();
    Watchdog::new(turns, clock, Arc::new(ListedAtDoor(door)), settings, wards)
}

fn ward(config: &Config, app: &App, client: &Client) -> Option<Ward> {
    let token = |token: &crate::model::Secret, secret: &crate::model::Secret| UserToken { token: token.clone(), secret: secret.clone() };
    let owner = app.owner().map(|(owner, secret)| token(owner, secret));
    let has_owner = owner.is_some();
    let keys = Keys { consumer_key: app.consumer_key.clone(), consumer_secret: app.signing_secret()?.clone(), owner };
    let accounts = config.account.iter().filter(|account| account.app == app.id);
    let tokens: BTreeMap<UserId, UserToken> =
        accounts.filter_map(|account| account.tokens().map(|(access, secret)| (account.user_id, token(access, secret)))).collect();
    let accounts = tokens.keys().copied().collect();
    let platform: Arc<dyn Platform> = Arc::new(X::new(client.clone(), config.x.events_api(), keys, tokens, super::is_newer(config)));
    Some(Ward::new(app.id, platform, config.url.clone(), has_owner, accounts))
}
