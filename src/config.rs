//! `junco.toml` and the environment become a [`Config`]. The only reader of the environment; secrets are wrapped as they are read.

mod console;
mod overlay;
mod secrets;
mod setup;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use url::Url;

use crate::model::{AppId, EventsApi, Secret, UserId, parse_duration};

pub use console::{Access, Operator};
pub use watch::{Revoked, Watch};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("{from}: {what}")]
    Invalid {
        /// The file, or the environment variable.
        from: String,
        /// What is wrong, and what to do.
        what: String,
    },
}

/// Everything the service needs to know. Units and defaults: design §7.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the webhook and the health checks listen.
    #[serde(default = "default_listen", deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Where the figures for Prometheus are; nowhere when absent.
    #[serde(default, deserialize_with = "maybe_address")]
    pub metrics: Option<SocketAddr>,
    /// The webhook's path.
    #[serde(default = "default_path")]
    pub path: String,
    /// The store: `sled:FOLDER`.
    #[serde(default = "default_store")]
    pub store: String,
    /// The webhook's public address, for registration at X.
    #[serde(default)]
    pub url: Option<Url>,
    /// What becomes of a send whose fate stays unknown.
    #[serde(default)]
    pub unsure: Unsure,
    /// How long the journal is kept; event ids at least six days.
    #[serde(default = "default_retention", deserialize_with = "duration")]
    pub retention: Duration,
    /// How X is reached.
    #[serde(default)]
    pub x: Platform,
    /// For rehearsals: the address that is asked in place of every server that a bot asks, at `/HOST/PATH`.
    #[serde(default)]
    pub lookups: Option<Url>,
    /// How the service looks after its accounts.
    #[serde(default)]
    pub watch: Watch,
    /// The doors' limits.
    #[serde(default)]
    pub limits: Limits,
    /// The apps whose deliveries are accepted.
    #[serde(default)]
    pub app: Vec<App>,
    /// The accounts that the bot answers for.
    #[serde(default)]
    pub account: Vec<Account>,
    /// Where the web console listens; absent where there is none.
    #[serde(default, deserialize_with = "maybe_address")]
    pub console: Option<SocketAddr>,
    /// Whether everybody on this machine may enter it: for trying out a bot, and never to be had from a file.
    #[serde(skip)]
    pub unguarded: bool,
    /// The folder of the configuration, beside which tokens are kept; none where it came from no file.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
    /// How the console is entered.
    #[serde(default)]
    pub access: Access,
    /// Who may enter it.
    #[serde(default)]
    pub operator: Vec<Operator>,
}

/// What becomes of a send whose fate stays unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsure {
    /// It is sent again: at worst it is said twice.
    #[default]
    Resend,
    /// It is kept for a person to decide: at worst it is never said.
    Hold,
}

/// How X is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Platform {
    /// The base of REST calls.
    pub api: Url,
    /// The base of media uploads.
    pub upload: Url,
    /// How to send.
    pub flavor: Flavor,
    /// Which interface webhooks are registered and accounts subscribed with; without it the one that goes with `flavor`.
    pub events: Option<Events>,
    /// The environment in the paths of the premium interface; without it the paths are those of enterprise.
    pub environment: Option<String>,
}

/// The doors' limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The largest accepted body, in bytes; larger ones get 413.
    pub body: usize,
    /// How long a body may take to arrive.
    #[serde(deserialize_with = "duration")]
    pub body_timeout: Duration,
    /// How long a call of X's API may take; then its fate is unknown. Less than `resend_after`.
    #[serde(deserialize_with = "duration")]
    pub send_timeout: Duration,
    /// How long a send of unknown fate waits for its echo before the account's messages are listed; never past `resend_after`.
    #[serde(deserialize_with = "duration")]
    pub echo_wait: Duration,
    /// How long after its attempt a send of unknown fate is decided at the latest, where X does not list the messages.
    #[serde(deserialize_with = "duration")]
    pub resend_after: Duration,
    /// Sends of an account in 24 hours; 0 lifts the limit.
    pub account_sends: u32,
    /// Sends of an app in 24 hours; 0 lifts the limit.
    pub app_sends: u32,
    /// Sends in flight at a time, 1 to 10 000.
    pub in_flight: usize,
    /// The largest picture of a person's that is handed to a lookup, in bytes.
    pub media: usize,
}

/// One app registered at X.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The app's id, as echoes name it.
    #[serde(deserialize_with = "id")]
    pub id: AppId,
    /// The public key (API key).
    pub consumer_key: String,
    /// The secret (API secret key).
    #[serde(default, deserialize_with = "secret")]
    pub consumer_secret: Option<Secret>,
    /// Several secrets during rotation, newest first.
    #[serde(default, deserialize_with = "secret_list")]
    pub consumer_secrets: Vec<Secret>,
    /// The owner's token; registers the webhook.
    #[serde(default, deserialize_with = "secret")]
    pub owner_token: Option<Secret>,
    /// The owner's token secret.
    #[serde(default, deserialize_with = "secret")]
    pub owner_token_secret: Option<Secret>,
    /// Where the owner's token is written.
    #[serde(default)]
    pub owner_token_file: Option<PathBuf>,
    /// Where the owner's token secret is written.
    #[serde(default)]
    pub owner_token_secret_file: Option<PathBuf>,
    /// The id of the app's OAuth 2 client.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The secret of that client; a public client has none.
    #[serde(default, deserialize_with = "secret")]
    pub client_secret: Option<Secret>,
}

/// One account that the bot answers for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's user id.
    #[serde(deserialize_with = "id")]
    pub user_id: UserId,
    /// The app that sends for it.
    #[serde(deserialize_with = "id")]
    pub app: AppId,
    /// The bot's folder.
    pub bot: PathBuf,
    /// The account's access token; a service does not run without it.
    #[serde(default, deserialize_with = "secret")]
    pub access_token: Option<Secret>,
    /// The account's access token secret.
    #[serde(default, deserialize_with = "secret")]
    pub access_token_secret: Option<Secret>,
    /// Where the access token is written.
    #[serde(default)]
    pub access_token_file: Option<PathBuf>,
    /// Where the access token secret is written.
    #[serde(default)]
    pub access_token_secret_file: Option<PathBuf>,
    /// Where the account's OAuth 2 tokens are written, for calls of the v2 interface.
    #[serde(default)]
    pub oauth2_file: Option<PathBuf>,
}

/// Which of X's interfaces knows the webhooks and subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Events {
    /// Account Activity of enterprise, or of premium where there is an `environment`.
    #[serde(rename = "v1.1")]
    V1_1,
    /// Account Activity of the v2 interface.
    #[serde(rename = "v2")]
    V2,
    /// X Activity.
    #[serde(rename = "activity")]
    Activity,
}

/// Which of X's interfaces sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Flavor {
    /// `direct_messages/events/new`, with quick replies.
    #[default]
    #[serde(rename = "v1.1")]
    V1_1,
    /// `/2/dm_conversations/with/:id/messages`, with numbered text.
    #[serde(rename = "v2")]
    V2,
}

impl Default for Platform {
    fn default() -> Self {
        let constant = |address| Url::parse(address).expect("a constant address");
        Platform {
            api: constant("https://api.x.com"),
            upload: constant("https://upload.x.com"),
            flavor: Flavor::default(),
            events: None,
            environment: None,
        }
    }
}

impl Platform {
    /// Which interface knows the webhooks and subscriptions.
    pub fn events_api(&self) -> EventsApi {
        let usual = match self.flavor {
            Flavor::V1_1 => Events::V1_1,
            Flavor::V2 => Events::V2,
        };
        match (self.events.unwrap_or(usual), &self.environment) {
            (Events::V1_1, None) => EventsApi::Enterprise,
            (Events::V1_1, Some(environment)) => EventsApi::Premium(environment.clone()),
            (Events::V2, _) => EventsApi::V2,
            (Events::Activity, _) => EventsApi::Activity,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 1 << 20,
            body_timeout: Duration::from_secs(2),
            send_timeout: Duration::from_secs(10),
            echo_wait: Duration::from_secs(10),
            resend_after: Duration::from_secs(30),
            account_sends: 1_000,
            app_sends: 15_000,
            in_flight: 128,
            media: 5 << 20,
        }
    }
}

impl Limits {
    /// How long after its attempt a send that nobody settled belongs to a process that has ended.
    pub fn lost_after(&self) -> Duration {
        (self.send_timeout + self.echo_wait).min(self.resend_after)
    }
}

impl App {
    /// The secrets that deliveries may be signed with, newest first.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.consumer_secrets.iter().chain(&self.consumer_secret)
    }

    /// The secret that requests are signed with.
    pub fn signing_secret(&self) -> Option<&Secret> {
        self.secrets().next()
    }
}

impl Config {
    /// Reads a file, with the environment over it, for a service: every account has its tokens.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let config = Self::load_for_setup(path)?;
        config.check_runnable().map_err(|what| invalid(&path.display().to_string(), &what))?;
        Ok(config)
    }

    /// Checks a configuration that stands as a table.
    pub fn from_table(table: toml::Table, from: &str) -> Result<Self, ConfigError> {
        let config = Self::for_setup(table, from)?;
        config.check_runnable().map_err(|what| invalid(from, &what))?;
        Ok(config)
    }

    /// Checks a configuration to which tokens and accounts may yet be added.
    fn for_setup(table: toml::Table, from: &str) -> Result<Self, ConfigError> {
        let said = |error: toml::de::Error| invalid(from, &error.to_string().trim_end().replace("\nin ", "; see "));
        let config: Config = table.try_into().map_err(said)?;
        config.check().map_err(|what| invalid(from, &what))?;
        Ok(config)
    }

    /// The folder of the embedded store.
    pub fn store_folder(&self) -> Option<&Path> {
        self.store.strip_prefix("sled:").filter(|folder| !folder.is_empty()).map(Path::new)
    }

    /// The app of that id.
    pub fn app(&self, id: AppId) -> Option<&App> {
        self.app.iter().find(|app| app.id == id)
    }

    /// Paths count from the folder of the configuration, wherever the service is started.
    fn settle_in(&mut self, folder: &Path) {
        self.folder = Some(folder.to_owned());
        if let Some(store) = self.store_folder() {
            self.store = format!("sled:{}", folder.join(store).display());
        }
        for app in &mut self.app {
            settle(&mut app.owner_token_file, folder);
            settle(&mut app.owner_token_secret_file, folder);
        }
        for account in &mut self.account {
            account.bot = folder.join(&account.bot);
            settle(&mut account.access_token_file, folder);
            settle(&mut account.access_token_secret_file, folder);
            settle(&mut account.oauth2_file, folder);
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.app.is_empty() {
            return Err("no [[app]]: add the app's id, consumer_key and consumer_secret".into());
        }
        for app in &self.app {
            if app.signing_secret().is_none() {
                return Err(format!("[[app]] {}: add consumer_secret (or consumer_secrets, newest first)", app.id));
            }
            if self.app.iter().filter(|other| other.id == app.id).count() > 1 {
                return Err(format!("[[app]] {} stands twice: give it consumer_secrets = [\"new\", \"old\"] instead", app.id));
            }
        }
        for account in &self.account {
            if self.app(account.app).is_none() {
                return Err(format!("[[account]] {}: its app {} is not among the [[app]]s", account.user_id, account.app));
            }
            if self.account.iter().filter(|other| other.user_id == account.user_id).count() > 1 {
                return Err(format!("[[account]] {} stands twice: an account has one bot", account.user_id));
            }
        }
        console::check(&self.operator)?;
        if self.console.is_some() && self.operator.is_empty() {
            return Err(
                "console: nobody may enter it; add an [[operator]] with name, role and the password_hash that `junco password` prints"
                    .into(),
            );
        }
        if self.store_folder().is_none() {
            return Err(format!("store = \"{}\": write sled:FOLDER, such as sled:./data", self.store));
        }
        if !self.path.starts_with('/') {
            return Err(format!("path = \"{}\": begin it with a slash", self.path));
        }
        if let Some((key, url)) = [("x.api", &self.x.api), ("x.upload", &self.x.upload)].into_iter().find(|(_, url)| !is_web(url)) {
            return Err(format!("{key} = \"{url}\": write an address of https, such as https://api.x.com"));
        }
        if self.x.events_api().to_string().parse::<EventsApi>().is_err() {
            return Err("x.environment: write its name as X shows it, of letters, digits, - and _".into());
        }
        if !(1..=10_000).contains(&self.limits.in_flight) {
            return Err(format!("limits.in_flight = {}: write a number from 1 to 10000", self.limits.in_flight));
        }
        if self.watch.every.is_zero() {
            return Err("watch.every = \"0s\": write how often X is asked, such as 2m".into());
        }
        if self.limits.send_timeout >= self.limits.resend_after {
            return Err("limits.send_timeout must be shorter than limits.resend_after".into());
        }
        Ok(())
    }
}

/// A simulator has no https.
fn is_web(url: &Url) -> bool {
    url.has_host() && ["https", "http"].contains(&url.scheme())
}

fn settle(path: &mut Option<PathBuf>, folder: &Path) {
    if let Some(path) = path {
        *path = folder.join(&*path);
    }
}

/// What is wrong with a TOML text, without the line itself: it may hold a secret.
fn without_source(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

fn invalid(from: &str, what: &str) -> ConfigError {
    ConfigError::Invalid { from: from.to_owned(), what: what.to_owned() }
}

fn unreadable(path: &Path, source: std::io::Error) -> ConfigError {
    if source.kind() == std::io::ErrorKind::NotFound {
        let what = "there is no such file: write it as the README shows, or name another; to try a bot without one, run `junco dev BOT`";
        return invalid(&path.display().to_string(), what);
    }
    ConfigError::Unreadable { path: path.to_owned(), source }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn default_path() -> String {
    "/webhook/twitter".into()
}

fn default_retention() -> Duration {
    Duration::from_secs(30 * 24 * 3600)
}

fn default_store() -> String {
    "sled:./data".into()
}

/// Ids are strings in X's own JSON, but people write numbers too.
fn id<'de, D: Deserializer<'de>, T: std::str::FromStr<Err: std::fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    let text = match Either::deserialize(deserializer)? {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
    };
    text.parse().map_err(de::Error::custom)
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom(format!("`{text}` is not an address: write an IP and a port, such as 127.0.0.1:8080")))
}

fn maybe_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    address(deserializer).map(Some)
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is not a span: write 500ms, 30s, 5m, 12h or 7d")))
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(deserializer).map_err(|_: D::Error| unshown("a text in quotes"))?;
    there(text).map(Some)
}

fn secret_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer).map_err(|_: D::Error| unshown("a list of texts in quotes"))?;
    texts.into_iter().map(there).collect()
}

/// With an empty secret anybody could sign a delivery.
fn there<E: de::Error>(text: String) -> Result<Secret, E> {
    if text.trim().is_empty() { Err(E::custom("a secret here is empty: write it, or leave the key out")) } else { Ok(Secret::new(text)) }
}

/// Stands for serde's own words, which would quote the secret.
fn unshown<E: de::Error>(expected: &str) -> E {
    E::custom(format!("a secret here is of the wrong kind: write {expected}"))
}

#[cfg(test)]
mod tests;
