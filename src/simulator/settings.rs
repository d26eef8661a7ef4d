//! What a world starts with: people, apps, tokens, the rules of the platform, and its pace.

mod newer;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Serialize;
use url::{Host, Url};

use super::json;
use super::world::Face;
use crate::model::{AppId, UserId};
pub use newer::{ActivityShape, NewerRules};

/// Everything a simulator is started with. The default is a small world that a bot can move into at once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Decides everything that looks random, so that a run can be repeated.
    pub seed: u64,
    /// How much faster than the real clock retries and checks come round: 60 makes a minute of a second. Limits on answers are not scaled.
    pub time_scale: f64,
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
    /// The client id of OAuth 2.
    pub client_id: String,
    /// The client secret of OAuth 2; a public client has none.
    pub client_secret: Option<String>,
    /// Where people may be sent back to after they were asked; addresses of this machine always, unless addresses are strict.
    pub callbacks: Vec<String>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Reads only.
    Read,
    /// Reads and writes, but no direct messages.
    ReadWrite,
    /// All, direct messages too: what a bot needs.
    ReadWriteMessages,
}

/// What the platform insists on. Figures are those of the contract unless a test or a benchmark wants others.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Webhook addresses must be https, without a port, of at most 200 characters (contract §1.5). Off, for `http://127.0.0.1:port`.
    pub strict_urls: bool,
    /// How many webhooks may be registered (contract §4.6).
    pub webhooks: usize,
    /// How many subscriptions an app may have (contract §4.6).
    pub subscriptions: usize,
    /// How long after it was made a subscription begins to get events; up to 10 s at X (contract §2.1).
    pub subscription_delay: Duration,
    /// How long a webhook may take to answer a challenge or an event (contract §1.1, §2.2).
    pub answer_limit: Duration,
    /// The waits before the second, third … attempt of a delivery (contract §2.2).
    pub retry_after: Vec<Duration>,
    /// How often valid webhooks are challenged; `None` for never.
    pub crc_period: Option<Duration>,
    /// How many deliveries of one webhook may be under way at a time; 1 delivers strictly in order.
    pub concurrency: usize,
    /// How long a GIF or a video is worked on after its upload, scaled as retries are (contract §4.4).
    pub media_processing: Duration,
    /// Whether the limits per 15 minutes and per day hold.
    pub rate_limits: bool,
    /// Whether answers carry `x-rate-limit-…` headers, which X leaves out at times (contract §4.9).
    pub rate_headers: bool,
    /// Messages a user may send a day, free replies apart (contract §4.1).
    pub user_daily: usize,
    /// Messages an app may send a day, free replies apart (contract §4.1).
    pub app_daily: usize,
    /// Whether the same text twice in a row to one person is refused with 151 (contract §5).
    pub refuse_duplicates: bool,
    /// Whether answers write `/` as `\/` and non-ASCII as `\uXXXX`, as X does (contract §4).
    pub escape_answers: bool,
    /// The same for deliveries, whose form is not known (contract §8).
    pub escape_deliveries: bool,
    /// How many deliveries and calls are remembered; messages always are.
    pub remembered: usize,
    /// What is different for those who call the newer API.
    pub v2: NewerRules,
}

impl Rules {
    /// How long a webhook that was registered by this face may take.
    pub(super) fn answer_limit(&self, face: Face) -> Duration {
        match face {
            Face::Older => self.answer_limit,
            Face::Newer => self.v2.answer_limit,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            strict_urls: false,
            webhooks: 3,
            subscriptions: 500,
            subscription_delay: Duration::ZERO,
            answer_limit: Duration::from_secs(3),
            retry_after: [3, 27, 242].map(Duration::from_secs).to_vec(),
            crc_period: Some(Duration::from_secs(3600)),
            concurrency: 16,
            media_processing: Duration::from_secs(2),
            rate_limits: true,
            rate_headers: true,
            user_daily: 1_000,
            app_daily: 15_000,
            refuse_duplicates: false,
            escape_answers: true,
            escape_deliveries: false,
            remembered: 10_000,
            v2: NewerRules::default(),
        }
    }
}

impl App {
    /// An app whose keys and secrets follow the pattern of the default world.
    pub fn new(id: AppId, name: &str, owner: UserId) -> Self {
        App {
            id,
            name: name.to_owned(),
            url: "https://example.org".to_owned(),
            consumer_key: format!("simkey{id}"),
            consumer_secret: format!("sim-consumer-secret-{id}"),
            owner,
            client_id: format!("simclient{id}"),
            client_secret: Some(format!("sim-client-secret-{id}")),
            callbacks: vec![],
        }
    }

    /// Whether people may be sent back to `address`.
    pub(super) fn returns_to(&self, address: &str, rules: &Rules) -> bool {
        let on_this_machine = || match Url::parse(address).ok()?.host()? {
            Host::Domain(name) => Some(name == "localhost"),
            Host::Ipv4(ip) => Some(ip.is_loopback()),
            Host::Ipv6(ip) => Some(ip.is_loopback()),
        };
        self.callbacks.iter().any(|known| known == address) || (!rules.strict_urls && on_this_machine() == Some(true))
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
