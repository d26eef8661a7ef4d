//! What X says about webhooks, subscriptions and welcome messages. Its windows are narrow and the watchdog asks too, so what was heard is
//! kept for a while, and pages are made of that.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Mutex as Turnstile, broadcast};

use super::upkeep::{App, Served, Upkeep};
use crate::account::welcome::{Desk, File, Standing};
use crate::account::{Account, AccountError};
use crate::client::{Count, Webhook};
use crate::conversation;
use crate::model::{AppId, Outgoing, Profile, Timestamp, UserId};
use crate::turn::Turns;
use crate::wire::oauth::Credentials;

/// How long what X said is good enough.
const GOOD: Duration = Duration::from_secs(5 * 60);

/// However often somebody wants it, X is asked no oftener unless something was changed.
const OFTEN: Duration = Duration::from_secs(20);

/// What came of asking; a failure with what to do about it.
pub(super) type Heard<T> = Result<T, String>;

/// What X said about an app.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) at: Timestamp,
    pub(super) webhooks: Heard<Vec<Hook>>,
    pub(super) count: Heard<Count>,
    pub(super) accounts: BTreeMap<UserId, AccountSaid>,
}

/// A webhook and who is subscribed on it.
#[derive(Clone)]
pub(super) struct Hook {
    pub(super) webhook: Webhook,
    pub(super) users: Heard<Vec<UserId>>,
}

/// What X said about an account.
#[derive(Clone)]
pub(super) struct AccountSaid {
    pub(super) profile: Heard<Profile>,
    pub(super) standing: Heard<Standing>,
    /// What the bot's script has, and whether X has just that.
    pub(super) script: Heard<(Outgoing, bool)>,
}

/// What is known, and who is asking.
pub(super) struct Looks {
    said: Mutex<Known>,
    asking: Turnstile<()>,
    changes: broadcast::Sender<()>,
}

#[derive(Default)]
struct Known {
    said: BTreeMap<AppId, Said>,
    /// How often something was changed at X.
    changes: u64,
}

impl Looks {
    pub(super) fn new() -> Self {
        Looks { said: Mutex::default(), asking: Turnstile::new(()), changes: broadcast::Sender::new(16) }
    }

    /// Tells each time that X was asked.
    pub(super) fn changes(&self) -> broadcast::Receiver<()> {
        self.changes.subscribe()
    }

    /// What X said last.
    pub(super) fn said(&self, app: AppId) -> Option<Said> {
        self.known().said.get(&app).cloned()
    }

    /// What was heard is no longer so, nor what X is being asked at the moment.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.said.clear();
        known.changes += 1;
    }

    /// Asks X about every app of which nothing is known, or too little of late.
    pub(super) async fn look(&self, upkeep: &Upkeep, turns: &Turns, anew: bool) {
        let _turn = self.asking.lock().await;
        let good = if anew { OFTEN } else { GOOD };
        loop {
            let (now, changes) = (upkeep.clock.now(), self.known().changes);
            let old = |app: &&App| self.said(app.id).is_none_or(|said| now.since(said.at) >= good);
            let asked: Vec<&App> = upkeep.apps.iter().filter(old).collect();
            if asked.is_empty() {
                return;
            }
            let said = join_all(asked.iter().map(|app| ask(app, upkeep, turns))).await;
            let mut known = self.known();
            // What X said while something was changed is of before, or of behind it: nobody can tell.
            if known.changes != changes {
                continue;
            }
            known.said.extend(asked.iter().map(|app| app.id).zip(said));
            drop(known);
            // An error says that no page is open.
            let _ = self.changes.send(());
            return;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(app: &App, upkeep: &Upkeep, turns: &Turns) -> Said {
    let registry = &app.registry;
    let webhooks = async {
        let webhooks = registry.events().list().await.map_err(|failure| AccountError::from(failure).to_string())?;
        let hooks = webhooks.into_iter().map(async |webhook| {
            let users = registry.subscribers(webhook.id).await.map_err(|error| error.to_string());
            Hook { webhook, users }
        });
        Ok(join_all(hooks).await)
    };
    let count = async { registry.count().await.map_err(|error| error.to_string()) };
    let accounts = join_all(app.accounts.iter().map(async |served| (served.account.user, ask_account(app, served, upkeep, turns).await)));
    let (webhooks, count, accounts) = tokio::join!(webhooks, count, accounts);
    Said { at: upkeep.clock.now(), webhooks, count, accounts: accounts.into_iter().collect() }
}

async fn ask_account(app: &App, served: &Served, upkeep: &Upkeep, turns: &Turns) -> AccountSaid {
    let script = said_by_script(served, turns).await;
    let credentials = match credentials(app, &served.account) {
        Ok(credentials) => credentials,
        Err(error) => {
            let told = error.to_string();
            return AccountSaid { profile: Err(told.clone()), standing: Err(told), script: script.map(|(message, _)| (message, false)) };
        }
    };
    let profile = upkeep.client.verify_credentials(credentials).await.map_err(|failure| AccountError::from(failure).to_string());
    let desk = Desk { api: &upkeep.client, upload: &upkeep.upload, account: credentials };
    let standing = desk.standing().await.map_err(|error| error.to_string());
    let is_set = |message: &Outgoing, file: Option<&File>| standing.as_ref().is_ok_and(|standing| standing.plan(message, file).is_done());
    let script = script.map(|(message, file)| {
        let set = is_set(&message, file.as_ref());
        (message, set)
    });
    AccountSaid { profile, standing, script }
}

/// The welcome message of the bot's script, with its picture.
pub(super) async fn said_by_script(served: &Served, turns: &Turns) -> Heard<(Outgoing, Option<File>)> {
    let program = turns.program_of(served.account.user).ok_or("no bot answers for this account")?;
    let message = conversation::welcome(&program, served.account.user).map_err(|error| error.to_string())?;
    let (bot, shown) = (served.bot.clone(), message.clone());
    let read = tokio::task::spawn_blocking(move || File::on(&shown, &bot)).await.map_err(|error| error.to_string())?;
    Ok((message, read.map_err(|error| error.to_string())?))
}

/// What calls in the name of an account are signed with.
pub(super) fn credentials<'a>(app: &'a App, account: &'a Account) -> Result<Credentials<'a>, AccountError> {
    let token = account.token.as_ref().ok_or(AccountError::NoToken(account.user))?;
    Ok(app.registry.keys().user(token))
}
