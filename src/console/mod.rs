//! The web console: see what happens, find out why, take over, look after the account.
//!
//! Pages are made on the server and kept up by server-sent events; their two assets are in the binary, and nothing is loaded from
//! elsewhere. What people did is read from the journal, what somebody orders goes through [`crate::turn`] like everything else.
//!
//! **Invariant**: the console writes nothing to the store but through turns, and no message text leaves it for a role that may not
//! see it.

mod access;
mod account;
mod activity;
mod assets;
mod audit;
mod bot;
mod conversation;
mod conversations;
mod frame;
mod ledger;
mod live;
mod sign_in;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;

pub use access::{Operator, PasswordError, Rules, hash};
pub use account::{App as UpkeepApp, SendsOf, Served, Upkeep};

use crate::bot::Sources;
use crate::clock::Clock;
use crate::model::UserId;
use crate::turn::Turns;
use crate::webhook::Door;
use crate::wire::browser::HEADERS;
use access::{Access, Visitor};
use account::Caretaker;
use activity::Log;
use conversation::Desk;
use ledger::Ledger;

/// Why the console could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The address is taken or not this machine's.
    #[error("the console cannot listen on {address}: {source}; choose another address with `console`, or stop what listens there")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Passwords cannot be checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// What is looked at: conversations, and the scripts that they are held by.
pub struct Bots {
    /// The way to the conversations.
    pub turns: Arc<Turns>,
    /// The files of each account's bot.
    pub scripts: BTreeMap<UserId, Arc<Sources>>,
}

/// What every page works with.
pub(crate) struct Console {
    access: Access,
    turns: Arc<Turns>,
    scripts: BTreeMap<UserId, Arc<Sources>>,
    desk: Desk,
    clock: Arc<dyn Clock>,
    ledger: Arc<Ledger>,
    log: Arc<Log>,
    caretaker: Arc<Caretaker>,
}

impl Console {
    /// Whether somebody who was let in is still signed in.
    fn still_knows(&self, visitor: &Visitor) -> bool {
        self.access.still_knows(&visitor.0.token)
    }
}

/// A console that is open.
pub struct Opened {
    address: SocketAddr,
    server: ServerHandle,
    following: [JoinHandle<()>; 2],
    caretaker: Arc<Caretaker>,
}

impl Opened {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it; pages that are open notice.
    pub async fn close(self) {
        self.following.iter().for_each(JoinHandle::abort);
        self.caretaker.stop();
        self.server.stop(false).await;
    }
}

/// Opens the console on an address.
pub fn open(
    address: SocketAddr,
    rules: Rules,
    door: &Door,
    bots: Bots,
    clock: Arc<dyn Clock>,
    upkeep: Upkeep,
) -> Result<Opened, ConsoleError> {
    let Bots { turns, scripts } = bots;
    let ledger = Ledger::new();
    let log = Log::new(clock.clone());
    let following = [tokio::spawn(ledger.clone().follow(turns.clone(), clock.clone())), tokio::spawn(log.clone().follow(door.watch()))];
    let caretaker = Caretaker::new(upkeep);
    let access = Access::new(rules, clock.clone())?;
    let console = Data::new(Console { access, turns, scripts, desk: Desk::default(), clock, ledger, log, caretaker: caretaker.clone() });
    let factory = move || App::new().app_data(console.clone()).wrap(headers()).configure(routes);
    let listen = HttpServer::new(factory).disable_signals().workers(2).shutdown_timeout(0).bind(address);
    let server = listen.map_err(|source| ConsoleError::Listen { address, source })?;
    let address = server.addrs().first().copied().unwrap_or(address);
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Opened { address, server: handle, following, caretaker })
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .configure(assets::configure)
        .configure(sign_in::configure)
        .configure(conversations::configure)
        .configure(conversation::configure)
        .configure(bot::configure)
        .configure(activity::configure)
        .configure(account::configure)
        .configure(audit::configure);
    config.default_service(web::to(frame::nowhere));
}

/// What holds for every answer.
fn headers() -> DefaultHeaders {
    HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add)
}

#[cfg(test)]
mod tests;
