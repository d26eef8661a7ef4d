//! Typed calls of X's REST API. Every call is made once: whether to make it again is for the caller to decide.

mod account;
mod auth;
mod call;
mod download;
mod events;
mod failure;
mod media;
mod messages;
mod newer;
mod posts;
mod sign_in;
mod welcome;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::{Host, Url};

pub use auth::{Access, Auth, Bearer, Keys};
pub(crate) use call::nonce;
pub use download::{Download, DownloadFailure};
pub use events::{ActivityStream, Events, EventsFailure};
pub(crate) use failure::causes;
pub use failure::{Failure, NotTaken, Refusal, Unsure, VOID_TOKEN};
pub use media::{Media, UploadFailure};
pub use newer::Among;
pub use sign_in::{OAuth2App, OAuth2Question};

use crate::clock::Clock;
use crate::model::Timestamp;
pub use crate::wire::rest::newer::SentMessage;
pub use crate::wire::rest::profiles::CustomProfile;
pub use crate::wire::rest::welcome::{WelcomeMessage, WelcomeRule};
pub use crate::wire::rest::{
    ActivitySubscription, Count, Limits, OAuth2Token, RateLimit, Remedy, ReplayJob, SignedIn, Subscriptions, UserToken, Webhook,
};

/// An idle connection is dropped before the other side is likely to: one that closes while we write leaves a send in doubt.
const IDLE: Duration = Duration::from_secs(15);

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the connection stands. Past that X has certainly not taken the call.
    pub connect: Duration,
    /// In all. Past that nobody knows.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(5), total: Duration::from_secs(15) }
    }
}

/// Calls one API under one address. Cheap to clone; all clones share their connections and what they know of limits.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    api: Url,
    clock: Arc<dyn Clock>,
    limits: Arc<Mutex<BTreeMap<String, Limits>>>,
}

/// Why no client could be made, such as a machine without root certificates.
#[derive(Debug, thiserror::Error)]
#[error("could not set up calls to X; is the package ca-certificates installed?")]
pub struct SetupError(#[from] reqwest::Error);

impl Client {
    /// A client of the API at `api`, such as `https://api.x.com`.
    pub fn new(api: Url, timeouts: Timeouts, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        install_tls();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("junco/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            .pool_idle_timeout(IDLE)
            // A call that is made again behind our back could be a message said twice.
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none());
        let builder = if is_loopback(&api) { builder.no_proxy() } else { builder };
        // Without TLS no root certificates are needed, and a bare machine has none.
        let builder = if api.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        Ok(Client { http: builder.build()?, api, clock, limits: Arc::default() })
    }

    /// The time that calls are signed with.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The same client with a memory of its own for limits: they are a token's, and one token is to be told from another.
    pub fn apart(&self) -> Self {
        Client { limits: Arc::default(), ..self.clone() }
    }

    /// What the last answer of each endpoint told of limits, by method and path, as `GET /1.1/direct_messages/events/list.json`.
    pub fn limits(&self) -> BTreeMap<String, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("api", &self.api.as_str()).finish_non_exhaustive()
    }
}

/// Chooses ring for TLS in this process; the first choice stays.
pub(crate) fn install_tls() {
    // An error says that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn is_loopback(api: &Url) -> bool {
    match api.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests;
