//! The service looks after its accounts: a webhook that became invalid is validated again, a lost subscription is made again, what was
//! missed meanwhile is fetched, and a silence that is unusual for the account is told of.
//!
//! What must outlive the process stands in the account records ([`Standing`]); here is only how often X was asked.

mod journal;
mod listing;
mod look;
mod replay;
mod revoked;
mod rhythm;
mod silence;
mod span;
mod x;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use url::Url;

use crate::clock::Clock;
use crate::conversation::{Notice, Standing};
use crate::model::{AppId, Timestamp, UserId};
use crate::pace::{Calls, WINDOW};
use crate::turn::{TurnError, Turns};
use listing::Listings;
use look::Looks;
use silence::Pulses;

pub use x::{Intake, Platform, X};

/// How often it is asked whether anything is to be done; most of the time nothing is, and nobody else is asked.
const TICK: Duration = Duration::from_secs(1);

/// X delivers again what it could not, for some five minutes (contract §2.2): what came shortly before a gap may be missing as well, and a
/// shorter gap is none.
const RETRIES: Duration = Duration::from_secs(5 * 60);
const SHORT: Duration = Duration::from_secs(4 * 60);

/// What the watchdog may do.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How often X is asked whether events arrive.
    pub every: Duration,
    /// Whether an invalid webhook is validated again.
    pub revalidate: bool,
    /// Whether a webhook that is gone is registered again.
    pub repair: bool,
    /// The shortest silence that is told of; none where it is zero.
    pub silence: Duration,
    /// Whether what was missed is fetched.
    pub fetch: bool,
    /// Whether the conversations of an account that withdraws its access are forgotten.
    pub forget: bool,
}

/// One app and its accounts.
pub struct Ward {
    app: AppId,
    platform: Arc<dyn Platform>,
    /// The address that is registered at X, where it is known.
    address: Option<Url>,
    /// Whether the owner's token is known; without it X is asked for nothing but whether tokens are good again.
    has_owner: bool,
    accounts: Vec<UserId>,
    looks: Looks,
    replays: Calls,
    /// Why X replays nothing for this app, where it said so.
    no_replay: Option<String>,
    listings: Listings,
}

/// Looks after accounts.
pub struct Watchdog {
    turns: Arc<Turns>,
    clock: Arc<dyn Clock>,
    intake: Arc<dyn Intake>,
    settings: Settings,
    /// Events before that moment came to another process.
    started: Timestamp,
    wards: Vec<Ward>,
    pulses: Mutex<Pulses>,
}

impl Ward {
    /// An app whose webhook stands under `address`, and its accounts.
    pub fn new(app: AppId, platform: Arc<dyn Platform>, address: Option<Url>, has_owner: bool, accounts: Vec<UserId>) -> Self {
        Ward {
            app,
            platform,
            address,
            has_owner,
            accounts,
            looks: Looks::default(),
            // X takes five, and somebody may want to order one by hand.
            replays: Calls::new(4, WINDOW),
            no_replay: None,
            listings: Listings::default(),
        }
    }
}

impl Watchdog {
    /// A watchdog that begins to watch now; the door is to be opened after that.
    pub fn new(turns: Arc<Turns>, clock: Arc<dyn Clock>, intake: Arc<dyn Intake>, settings: Settings, wards: Vec<Ward>) -> Self {
        let started = clock.now();
        Watchdog { turns, clock, intake, settings, started, wards, pulses: Mutex::default() }
    }

    /// Watches until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.tell_what_it_can();
        let mut wards = std::mem::take(&mut self.wards);
        let watching = async {
            tokio::join!(self.learn(), self.rounds(&mut wards));
        };
        // Whatever is cut off here is durable, or is taken up by the next start.
        tokio::select! {
            () = watching => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        for ward in &wards {
            self.leave(ward).await;
        }
    }

    async fn rounds(&self, wards: &mut [Ward]) {
        loop {
            for ward in &mut *wards {
                if let Err(error) = self.round(ward).await {
                    tracing::error!(app = %ward.app, %error, "the watchdog could not go on; it tries again");
                }
            }
            tokio::time::sleep(TICK.min(self.settings.every)).await;
        }
    }

    async fn round(&self, ward: &mut Ward) -> Result<(), TurnError> {
        self.look(ward).await?;
        if self.settings.fetch {
            self.replay(ward).await?;
            self.list(ward).await?;
        }
        Ok(())
    }

    /// The service stops in good order: until now all was well.
    async fn leave(&self, ward: &Ward) {
        if !ward.looks.is_well() {
            return;
        }
        for account in &ward.accounts {
            if let Err(error) = self.turns.notice(*account, listening_unless_deaf).await {
                tracing::warn!(%account, %error, "it is not written down until when events arrived");
            }
        }
    }

    fn tell_what_it_can(&self) {
        for ward in &self.wards {
            let app = ward.app;
            if !ward.has_owner {
                tracing::info!(%app, "not watched: set owner_token and owner_token_secret of the app, and a webhook that X holds for invalid is mended");
                continue;
            }
            let can = [
                (true, "looks whether the webhook is valid and the accounts are subscribed, and subscribes them again"),
                (self.settings.revalidate, "validates the webhook again"),
                (self.settings.repair && ward.address.is_some(), "registers it again"),
                (self.settings.fetch, "fetches what was missed"),
            ];
            let told = |wanted: bool| can.iter().filter(|(can, _)| *can == wanted).map(|(_, what)| *what).collect::<Vec<_>>().join("; ");
            tracing::info!(%app, every = ?self.settings.every, does = told(true), "does not" = told(false), "watched");
            if ward.address.is_none() {
                tracing::info!(%app, "`url` is not set, so the webhook is known only where the app has no other");
            }
        }
    }

    /// Where the accounts of an app stand.
    async fn standings(&self, ward: &Ward) -> Result<BTreeMap<UserId, Standing>, TurnError> {
        let mut standings = BTreeMap::new();
        for account in &ward.accounts {
            standings.insert(*account, self.turns.standing(*account).await?);
        }
        Ok(standings)
    }
}

fn listening_unless_deaf(standing: &Standing) -> Vec<Notice> {
    if standing.deaf.is_none() && standing.taken_out.is_none() && standing.listening.is_some() {
        vec![Notice::Listening]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
