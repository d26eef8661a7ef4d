//! What the console looks after the accounts with, from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web;
use async_trait::async_trait;

use super::access;
use crate::account::{Account, Heard, Registry, Unheard};
use crate::client::{Client, Keys, Timeouts, UserToken};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::console::{Served, Upkeep, UpkeepApp};
use crate::model::{AppId, Secret};
use crate::outbox::Outbox;
use crate::webhook::Door;
use crate::wire::arrivals::Arrivals;

/// The door itself tells what came; the console need not ask at its public address.
struct AtDoor(web::Data<Door>);

#[async_trait]
impl Heard for AtDoor {
    async fn lately(&self) -> Result<Arrivals, Unheard> {
        Ok(self.0.lately())
    }
}

/// The webhooks and subscriptions of each app, for the watchdog and the console.
pub(super) type Registries = BTreeMap<AppId, Arc<Registry>>;

/// Calls of X that may take as long as it takes to challenge a webhook: X does that before it answers, and may wait ten seconds for it.
pub(super) fn patient(config: &Config) -> anyhow::Result<Client> {
    Ok(Client::new(config.x.api.clone(), Timeouts::default(), Arc::new(SystemClock))?)
}

/// Those of the apps that can be called for.
pub(super) fn registries(config: &Config, client: &Client) -> Registries {
    let registry = |app: &config::App| {
        let owner = app.owner().map(|(owner, secret)| token(owner, secret));
        let keys = Keys { consumer_key: app.consumer_key.clone(), consumer_secret: app.signing_secret()?.clone(), owner };
        Some((app.id, Arc::new(Registry::new(client.clone(), config.x.events_api(), keys))))
    };
    config.app.iter().filter_map(registry).collect()
}

/// All that is needed; `client` is patient, `sending` that of the outbox.
pub(super) fn upkeep(
    config: &Config,
    client: Client,
    registries: &Registries,
    sending: Client,
    outbox: Arc<Outbox>,
    door: web::Data<Door>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Upkeep> {
    let upload = Client::new(config.x.upload.clone(), Timeouts::default(), Arc::new(SystemClock))?;
    Ok(Upkeep {
        apps: registries.iter().map(|(id, registry)| app(config, *id, registry)).collect(),
        client,
        upload,
        sending,
        api: config.x.api.clone(),
        address: config.url.clone(),
        folder: config.folder.clone(),
        heard: Arc::new(AtDoor(door)),
        sends: Arc::new(move |account| outbox.standing(account)),
        clock,
    })
}

fn app(config: &Config, id: AppId, registry: &Arc<Registry>) -> UpkeepApp {
    let accounts = config.account.iter().filter(|account| account.app == id).map(|account| served(config, account)).collect();
    UpkeepApp { id, registry: registry.clone(), accounts }
}

fn served(config: &Config, account: &config::Account) -> Served {
    let signed_in = account.tokens().map(|(access, secret)| token(access, secret));
    Served {
        account: Account { user: account.user_id, app: account.app, token: signed_in, oauth2: access::file(config, account) },
        bot: account.bot.clone(),
        files: account.access_token_file.clone().zip(account.access_token_secret_file.clone()),
    }
}

pub(super) fn token(token: &Secret, secret: &Secret) -> UserToken {
    UserToken { token: token.clone(), secret: secret.clone() }
}
