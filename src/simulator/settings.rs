//! What a world starts with: people, apps, tokens, the rules of the platform, and its pace.

mod newer;
mod rules;
mod world_file;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::json;
use crate::model::{AppId, UserId};
pub use newer::{ActivityShape, NewerRules};
pub use rules::{Flag, Rules};

/// Everything a simulator is started with. The default is a small world that a bot can move into at once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Decides everything that looks random, so that a run can be repeated.
    pub seed: u64,
    /// How much faster than the real clock retries and checks come round: 60 makes a second of a minute. Limits on answers are not scaled.
    pub time_scale: f64,
    /// How long before the real time the world begins. So much it can be moved forward before its ids are of the future.
    pub begins: Duration,
    /// Who lives here. Ids are unique, and so are screen names.
    pub people: Vec<Person>,
    /// The registered apps.
    pub apps: Vec<App>,
    /// Which app may act for whom.
    pub tokens: Vec<Token>,
    /// What the platform insists on, and what it leaves out.
    pub rules: Rules,
}

/// A user of the platform: a person, or the account of a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Their id; past 2^53 for the people of the default world, as X's are.
    #[serde(serialize_with = "json::text")]
    pub id: UserId,
    /// The display name.
    pub name: String,
    /// The handle, without `@`.
    pub screen_name: String,
    /// Whether anybody may write to them; else only those whom they follow or wrote to (contract §4.1).
    pub open_dms: bool,
    /// Whom they follow.
    #[serde(serialize_with = "json::texts")]
    pub follows: BTreeSet<UserId>,
    /// Whose messages are refused.
    #[serde(serialize_with = "json::texts")]
    pub blocks: BTreeSet<UserId>,
    /// Whom they do not want to hear of.
    #[serde(serialize_with = "json::texts")]
    pub mutes: BTreeSet<UserId>,
}

/// An app registered at the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id, which echoes carry as `source_app_id`.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// The consumer key.
    pub consumer_key: String,
    /// The consumer secret: signs deliveries, and half of every OAuth signature.
    pub consumer_secret: String,
    /// Whose token registers webhooks.
    pub owner: UserId,
    /// How much its users grant it; tokens keep what it was when they were given.
    pub permission: Permission,
    /// Where sign-ins may lead back to: anywhere, or one of these addresses (a query aside). With none at all only `oob` is allowed, as
    /// for an app of the desktop.
    pub callbacks: Option<Vec<String>>,
    /// The client id of OAuth 2.
    pub client_id: String,
    /// The client secret of OAuth 2; a public client has none.
    pub client_secret: Option<String>,
}

/// An access token: an app's right to act for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token; begins with the user's id and a hyphen (contract §4.5).
    pub token: String,
    /// Its secret.
    pub secret: String,
    /// For whom it acts.
    pub user: UserId,
    /// The app that it was given to.
    pub app: AppId,
    /// How much it may do.
    pub permission: Permission,
}

/// The three permission levels of a token, each with all of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Reads only.
    Read,
    /// Reads and writes, but no direct messages.
    ReadWrite,
    /// All, direct messages too: what a bot needs.
    ReadWriteMessages,
}

impl App {
    /// An app whose keys and secrets follow the pattern of the default world.
    pub fn new(id: AppId, name: &str, owner: UserId) -> Self {
        App {
            id,
            name: name.to_owned(),
            url: "https://example.org".to_owned(),
            consumer_key: format!("{name}-key"),
            consumer_secret: format!("{name}-consumer-secret"),
            owner,
            permission: Permission::ReadWriteMessages,
            callbacks: None,
            client_id: format!("{name}-client"),
            client_secret: None,
        }
    }

    /// Whether people who were asked by OAuth 2 may be sent back to `address`.
    pub(super) fn returns_to(&self, address: &str) -> bool {
        let known = self.callbacks.as_ref().is_none_or(|callbacks| callbacks.iter().any(|known| known == address));
        known && Url::parse(address).is_ok()
    }
}

impl Person {
    /// Somebody whom everybody may write to, and who follows and blocks nobody.
    pub fn new(id: u64, screen_name: &str, name: &str) -> Self {
        Person {
            id: UserId(id),
            name: name.to_owned(),
            screen_name: screen_name.to_owned(),
            open_dms: true,
            follows: BTreeSet::new(),
            blocks: BTreeSet::new(),
            mutes: BTreeSet::new(),
        }
    }
}

impl Token {
    /// A token with all rights for `user`, with the token and secret of the default world's pattern.
    pub fn for_user(user: UserId, app: AppId) -> Self {
        Token {
            token: format!("{user}-simtoken"),
            secret: format!("{user}-sim-token-secret"),
            user,
            app,
            permission: Permission::ReadWriteMessages,
        }
    }
}

impl Settings {
    /// The app of the default world.
    pub const APP: AppId = AppId(16_777_259);
    /// The bot's account in the default world, `@snowbot`.
    pub const BOT: UserId = UserId(906_948_460_078_698_496);
    /// The owner of the default world's app, `@dev`.
    pub const OWNER: UserId = UserId(1_900_000_000_000_000_001);
    /// A person of the default world, `@ada`.
    pub const ADA: UserId = UserId(1_900_000_000_000_000_007);
    /// A person of the default world, `@ben`.
    pub const BEN: UserId = UserId(1_900_000_000_000_000_008);
}

impl Default for Settings {
    fn default() -> Self {
        let app = App {
            consumer_key: "simkey0001".to_owned(),
            consumer_secret: "sim-consumer-secret-01".to_owned(),
            client_id: "simclient0001".to_owned(),
            client_secret: Some("sim-client-secret-01".to_owned()),
            ..App::new(Self::APP, "our-bot", Self::OWNER)
        };
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            time_scale: 1.0,
            begins: Duration::ZERO,
            people: vec![
                Person::new(Self::BOT.0, "snowbot", "SnowBot"),
                Person::new(Self::OWNER.0, "dev", "The developer"),
                Person::new(Self::ADA.0, "ada", "Ada"),
                Person::new(Self::BEN.0, "ben", "Ben"),
                Person::new(1_900_000_000_000_000_009, "chloe", "Chloé ☃"),
            ],
            tokens: vec![Token::for_user(Self::BOT, app.id), Token::for_user(Self::OWNER, app.id)],
            apps: vec![app],
            rules: Rules::default(),
        }
    }
}
