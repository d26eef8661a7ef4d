//! The watchdog, from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web;
use async_trait::async_trait;

use super::access::Accesses;
use super::upkeep::{Registries, token};
use crate::account::Registry;
use crate::account::watchdog::{Intake, Platform, Settings, Ward, Watchdog, X};
use crate::client::{Client, UserToken};
use crate::clock::Clock;
use crate::config::{Config, Revoked};
use crate::model::{AppId, UserId};
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
pub(super) fn watchdog(
    config: &Config,
    client: &Client,
    registries: &Registries,
    accesses: &Accesses,
    turns: Arc<Turns>,
    clock: Arc<dyn Clock>,
    door: web::Data<Door>,
) -> Watchdog {
    let watch = config.watch;
    let settings = Settings {
        every: watch.every,
        revalidate: watch.revalidate,
        repair: watch.repair,
        silence: watch.silence,
        fetch: watch.replay,
        forget: watch.revoked == Revoked::Forget,
    };
    let wards = registries.iter().map(|(app, registry)| ward(config, *app, client, registry, accesses)).collect();
    Watchdog::new(turns, clock, Arc::new(ListedAtDoor(door)), settings, wards)
}

fn ward(config: &Config, app: AppId, client: &Client, registry: &Arc<Registry>, accesses: &Accesses) -> Ward {
    let accounts = config.account.iter().filter(|account| account.app == app);
    let tokens: BTreeMap<UserId, UserToken> =
        accounts.filter_map(|account| account.tokens().map(|(access, secret)| (account.user_id, token(access, secret)))).collect();
    let (accounts, has_owner) = (tokens.keys().copied().collect(), registry.keys().owner.is_some());
    let x = X::new(client.clone(), registry.clone(), tokens, accesses.clone(), super::is_newer(config));
    let platform: Arc<dyn Platform> = Arc::new(x);
    Ward::new(app, platform, config.url.clone(), has_owner, accounts)
}
