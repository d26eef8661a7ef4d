//! X in a box: the platform's HTTP face, its people, its deliveries and its faults, for bots that have no account at X.
//!
//! A stranger to the rest of the house: a bot meets it only over HTTP. `world` is the state, pure; `api` the platform's calls;
//! `delivery` and `crc` call the bot's webhook; `feed` stands for the servers that a bot asks; `stage` is what tests and commands do to the world, `admin` the same over HTTP.

mod admin;
mod api;
mod clock;
mod crc;
mod delivery;
mod dice;
mod door;
mod draft;
mod error;
mod event;
mod feed;
mod json;
mod lever;
mod page;
mod pages;
mod phone;
mod recorder;
mod refusal;
mod settings;
mod shared;
mod stage;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig};
use actix_web::{App as HttpApp, HttpServer};

pub use crc::CrcFailure;
pub use error::Error;
pub use lever::{Lever, Pulled};
pub use refusal::Refusal;
pub use settings::{ActivityShape, App, Flag, NewerRules, Permission, Person, Rules, Settings, Token};
use shared::Shared;
pub use stage::{Order, Stage};
pub use world::{
    ApiCall, Attempt, Choice, Copies, DeliveryRecord, Face, Failure, Fault, FaultCount, FaultKind, Feed, FeedRecord, FeedRequest, Outcome,
    Picture, Shown, Signal, SignalKind, Tie, Webhook, WebhookId,
};

/// The largest body that a call may have: five megabytes of a file in base64, and what stands around them.
const LARGEST_CALL: usize = 8 << 20;

/// A running simulator; it stops when it is dropped. What one can do with it is in [`Stage`].
pub struct Simulator {
    stage: Stage,
    settings: Settings,
    address: SocketAddr,
    server: ServerHandle,
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let shared = Arc::new(Shared::new(&settings)?);
        let stage = Stage { shared: shared.clone() };
        let data = (Data::from(shared.clone()), Data::new(stage.clone()), Data::new(settings.clone()));
        let server = HttpServer::new(move || {
            let (shared, stage, settings) = data.clone();
            let limits = PayloadConfig::new(LARGEST_CALL);
            let app = HttpApp::new().app_data(shared).app_data(stage).app_data(settings).app_data(limits);
            let app = app.wrap(from_fn(recorder::record)).configure(phone::configure);
            app.configure(page::configure).configure(admin::configure).configure(feed::configure).configure(api::configure)
        });
        let refused = |source| Error::Listen { address: settings.listen, source };
        // Nobody asks the simulator politely to go: open connections are cut.
        let server = server.workers(2).shutdown_timeout(0).disable_signals().bind(settings.listen).map_err(refused)?;
        let address = server.addrs().first().copied().unwrap_or(settings.listen);
        let mut reachable = address;
        if reachable.ip().is_unspecified() {
            // Who listens everywhere can be reached here at least.
            reachable.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        shared.change(|world, _| world.base = format!("http://{reachable}"));
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        shared.spawn(crc::check_periodically(shared.clone()));
        Ok(Simulator { stage, settings, address, server: handle })
    }

    /// The base of all addresses, such as `http://127.0.0.1:8090`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was started with; the listening port may be another.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Stops it, with whatever is under way.
    pub async fn stop(self) {
        self.stage.shared.stop();
        self.server.stop(false).await;
    }
}

impl Deref for Simulator {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stage.shared.stop();
        // The order to stop is given at once; only its confirmation would have to be awaited.
        drop(self.server.stop(false));
    }
}
