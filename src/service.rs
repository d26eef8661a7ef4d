//! Wiring: builds the store, the doors and the loops from a configuration; starts, drains, stops.

mod access;
mod bots;
mod figures;
mod upkeep;
mod watching;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::bot::{Program, Sources};
use crate::client::{Client, Timeouts};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Flavor, Unsure};
use crate::console;
use crate::conversation::{Event, Fired, Outcome, Rendering};
use crate::model::UserId;
use crate::outbox::{self, Lookups, Outbox, Servers, StandIn, X};
use crate::pace::{Limits, Pace, is_free};
use crate::store::{EmbeddedStore, Entry, Options, Store, StoreError};
use crate::turn::Turns;
use crate::webhook::{self, Door};

use access::Accesses;
pub(crate) use access::file as oauth2_file;
use figures::Figures;

pub use bots::{LoadError, Loaded, compile_bot, read_bot, read_tests, report};

/// A running service.
pub struct Service {
    address: SocketAddr,
    store: Arc<dyn Store>,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    outbox: JoinHandle<()>,
    watchdog: JoinHandle<()>,
    console: Option<console::Opened>,
    figures: Option<Figures>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Starts everything that a configuration names. What is acknowledged from here on is kept.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        Self::start_with(config, Arc::new(SystemClock)).await
    }

    /// The same by another clock: for tests in which hours pass at once. Calls of X are still signed by the machine's.
    pub async fn start_with(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let (programs, scripts) = load_programs(&config)?;
        let folder = config.store_folder().context("the store is checked with the configuration")?;
        let store = open_store(folder, config.retention).await?;
        let pace = rebuild_pace(&config, store.as_ref(), clock.as_ref()).await?;
        let (turns, woken) = Turns::new(store.clone(), clock.clone(), programs, config.limits.lost_after());
        let turns = Arc::new(if is_newer(&config) { turns.showing(Rendering { numbered: true, ..Rendering::default() }) } else { turns });
        turns.recall_accounts().await?;

        let (stop, stopped) = watch::channel(false);
        // The doors open only where both can: a start that fails sends nothing.
        let sending = client(&config.x.api, &config)?;
        let accesses = access::accesses(&config, &sending);
        let outbox = make_outbox(&config, sending.clone(), &accesses, turns.clone(), clock.clone(), pace)?;
        let figures = config.metrics.map(|address| figures::listen(address, turns.clone(), clock.clone())).transpose()?;
        let senders = config.account.iter().map(|account| (account.user_id, account.app)).collect();
        let door = web::Data::new(Door::new(apps(&config), limits(&config), turns.clone()).sending(senders));
        let patient = upkeep::patient(&config)?;
        let registries = upkeep::registries(&config, &patient);
        let watchdog = watching::watchdog(&config, &patient, &registries, &accesses, turns.clone(), clock.clone(), door.clone());
        let upkeep = upkeep::upkeep(&config, patient, &registries, sending, outbox.clone(), door.clone(), clock)?;
        let bots = console::Bots { turns, scripts };
        let console = open_console(&config, &door, bots, upkeep)?;
        let (address, server, serving) = listen(&config, door, store.clone())?;
        let outbox = tokio::spawn(outbox.run(woken, stopped.clone()));
        let watchdog = tokio::spawn(watchdog.run(stopped));
        Ok(Service { address, store, server, serving, outbox, watchdog, console, figures, stop })
    }

    /// Where the webhook listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the console listens, if there is one.
    pub fn console(&self) -> Option<SocketAddr> {
        self.console.as_ref().map(console::Opened::address)
    }

    /// Where the figures are, if they are anywhere.
    pub fn figures(&self) -> Option<SocketAddr> {
        self.figures.as_ref().map(|figures| figures.address)
    }

    /// The store, for reading.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Waits until a part of the service has ended by itself, which none does while all is well, and says which. There is no going on
    /// without it: what is acknowledged would be answered by nobody, or looked after by nobody. What is acknowledged is kept, so the
    /// process is to end, and to be started again by whatever started it.
    pub async fn fails(&mut self) -> &'static str {
        tokio::select! {
            _ = &mut self.outbox => "the outbox",
            _ = &mut self.watchdog => "the watchdog",
            _ = &mut self.serving => "the webhook's server",
        }
    }

    /// Lets nothing more in, ends what is under way, and closes the store.
    pub async fn stop(self) -> anyhow::Result<()> {
        if let Some(console) = self.console {
            console.close().await;
        }
        self.server.stop(true).await;
        self.serving.await??;
        let _ = self.stop.send(true);
        self.outbox.await?;
        self.watchdog.await?;
        if let Some(figures) = self.figures {
            figures.server.stop(false).await;
            figures.serving.await??;
        }
        self.store.close().await?;
        Ok(())
    }

    /// Stops as a crash does, as far as a process can crash alone: nothing is drained, nothing is closed.
    pub async fn crash(self) {
        self.outbox.abort();
        self.watchdog.abort();
        if let Some(console) = self.console {
            console.close().await;
        }
        self.server.stop(false).await;
        self.serving.abort();
        if let Some(figures) = self.figures {
            figures.server.stop(false).await;
        }
        let _ = self.outbox.await;
        let _ = self.watchdog.await;
        let _ = self.serving.await;
    }
}

/// The programs of accounts, and the files that they were made of.
type Bots = (BTreeMap<UserId, Arc<Program>>, BTreeMap<UserId, Arc<Sources>>);

fn load_programs(config: &Config) -> anyhow::Result<Bots> {
    let mut by_folder: BTreeMap<&Path, (Arc<Program>, Arc<Sources>)> = BTreeMap::new();
    let (mut programs, mut scripts) = Bots::default();
    for account in &config.account {
        if !by_folder.contains_key(account.bot.as_path()) {
            let loaded = compile_bot(&account.bot)?;
            for warning in &loaded.warnings {
                tracing::warn!("{warning}");
            }
            by_folder.insert(&account.bot, (Arc::new(loaded.program), Arc::new(loaded.sources)));
        }
        let (program, sources) = by_folder[account.bot.as_path()].clone();
        programs.insert(account.user_id, program);
        scripts.insert(account.user_id, sources);
    }
    Ok((programs, scripts))
}

async fn open_store(folder: &Path, retention: Duration) -> anyhow::Result<Arc<dyn Store>> {
    let path = folder.to_owned();
    let opened = tokio::task::spawn_blocking(move || EmbeddedStore::open(&path, Options { retention, ..Options::default() })).await?;
    let wanted = if let Err(StoreError::Io { .. }) = opened { " (wanted is a folder that this user may write to)" } else { "" };
    let store = opened.with_context(|| format!("conversations cannot be kept in {}{wanted}", folder.display()))?;
    Ok(Arc::new(store))
}

/// The limits of X count over 24 hours, so what was sent before the start counts too.
async fn rebuild_pace(config: &Config, store: &dyn Store, clock: &dyn Clock) -> anyhow::Result<Pace> {
    let lifted = |limit: u32| (limit > 0).then_some(limit);
    let mut pace = Pace::new(Limits { per_account: lifted(config.limits.account_sends), per_app: lifted(config.limits.app_sends) });
    let apps: BTreeMap<UserId, _> = config.account.iter().map(|account| (account.user_id, account.app)).collect();
    // Of a send whose echo came before X's answer both are told.
    let mut counted = HashSet::new();
    let mut count = |entry: Entry| {
        let Some(app) = apps.get(&entry.key.account) else { return };
        let state = &entry.record.state;
        let sent = entry.turns.iter().filter_map(|turn| match &turn.event {
            Event::Settled { outcome: Outcome::Sent(id), .. } => Some(*id),
            Event::Echo { message, .. } if turn.trace.fired == Fired::Confirmation => Some(message.id),
            _ => None,
        });
        for _ in sent.filter(|id| counted.insert(*id)) {
            // The record stands after the send, which was the last of the replies.
            let free = !is_newer(config) && is_free(state.heard, state.replies.saturating_sub(1), entry.at);
            pace.sent(entry.at, entry.key.account, *app, free);
        }
    };
    store.replay(clock.now().minus(Duration::from_secs(24 * 3600)), &mut count).await?;
    Ok(pace)
}

fn make_outbox(
    config: &Config,
    api: Client,
    accesses: &Accesses,
    turns: Arc<Turns>,
    clock: Arc<dyn Clock>,
    pace: Pace,
) -> anyhow::Result<Arc<Outbox>> {
    let upload = client(&config.x.upload, config)?;
    let machine: Arc<dyn Clock> = Arc::new(SystemClock);
    let senders = senders(config, accesses);
    let x = X::new(api, upload, machine, senders);
    let apps = x.apps();
    let settings = outbox::Settings {
        owner: format!("{}", std::process::id()),
        resend: config.unsure == Unsure::Resend,
        echo_wait: config.limits.echo_wait,
        resend_after: config.limits.resend_after,
        in_flight: config.limits.in_flight,
        picture_bytes: config.limits.media,
        free_replies: !is_newer(config),
    };
    Ok(Outbox::new(turns, Arc::new(x), servers(config, clock.clone()), clock, apps, pace, settings))
}

fn client(address: &Url, config: &Config) -> anyhow::Result<Client> {
    let timeouts = Timeouts { total: config.limits.send_timeout, ..Timeouts::default() };
    Ok(Client::new(address.clone(), timeouts, Arc::new(SystemClock))?)
}

fn open_console(config: &Config, door: &Door, bots: console::Bots, upkeep: console::Upkeep) -> anyhow::Result<Option<console::Opened>> {
    let Some(address) = config.console else { return Ok(None) };
    let operator = |one: &crate::config::Operator| {
        let password_hash = one.password_hash.clone()?;
        Some(console::Operator { name: one.name.clone(), role: one.role, texts: one.texts, password_hash })
    };
    let operators = (!config.unguarded).then(|| config.operator.iter().filter_map(operator).collect());
    let rules = console::Rules { proxy: config.access.proxy, idle: config.access.idle, operators };
    Ok(Some(console::open(address, rules, door, bots, Arc::new(SystemClock), upkeep)?))
}

fn servers(config: &Config, clock: Arc<dyn Clock>) -> Arc<dyn Servers> {
    let lookups = Lookups::new(clock);
    match &config.lookups {
        Some(base) => Arc::new(StandIn::new(base.clone(), lookups)),
        None => Arc::new(lookups),
    }
}

fn listen(
    config: &Config,
    door: web::Data<Door>,
    store: Arc<dyn Store>,
) -> anyhow::Result<(SocketAddr, ServerHandle, JoinHandle<std::io::Result<()>>)> {
    let path = config.path.clone();
    let store = web::Data::from(store);
    let factory = move || {
        App::new()
            .app_data(store.clone())
            .route("/healthz", web::get().to(HttpResponse::Ok))
            .route("/readyz", web::get().to(ready))
            .configure(|routes| webhook::routes(routes, &path, door.clone()))
    };
    let server = HttpServer::new(factory)
        .disable_signals()
        .shutdown_timeout(10)
        .client_request_timeout(Duration::from_secs(5))
        .bind(config.listen)
        .with_context(|| format!("cannot listen on {}: choose another address with `listen`, or stop what listens there", config.listen))?;
    let address = *server.addrs().first().context("bound to no address")?;
    let server = server.run();
    Ok((address, server.handle(), tokio::spawn(server)))
}

/// 200 when a commit could succeed now; 503 with the reason when it could not.
async fn ready(store: web::Data<dyn Store>) -> HttpResponse {
    match store.ready().await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => HttpResponse::ServiceUnavailable().body(format!("{error}\n")),
    }
}

fn apps(config: &Config) -> Vec<webhook::App> {
    config.app.iter().map(|app| webhook::App { id: app.id, secrets: app.secrets().cloned().collect() }).collect()
}

fn limits(config: &Config) -> webhook::Limits {
    webhook::Limits { body: config.limits.body, body_timeout: config.limits.body_timeout }
}

/// Whether messages leave through the newer interface.
fn is_newer(config: &Config) -> bool {
    config.x.flavor == Flavor::V2
}

fn senders(config: &Config, accesses: &Accesses) -> BTreeMap<UserId, outbox::Sender> {
    let sender = |account: &crate::config::Account| {
        let app = config.app(account.app)?;
        let (token, token_secret) = account.tokens()?;
        let sender = outbox::Sender {
            app: app.id,
            consumer_key: app.consumer_key.clone(),
            consumer_secret: app.signing_secret()?.clone(),
            token: token.clone(),
            token_secret: token_secret.clone(),
            folder: account.bot.clone(),
            newer: is_newer(config),
            access: accesses.get(&account.user_id).cloned(),
        };
        Some((account.user_id, sender))
    };
    config.account.iter().filter_map(sender).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::StatusCode;

    use super::*;
    use crate::bot::compile;
    use crate::clock::ManualClock;
    use crate::conversation::{Origin, RowId};
    use crate::model::{AppId, EventId, Incoming, Key, MessageId, Profile, Timestamp};
    use crate::store::MemoryStore;
    use crate::turn::Arrival;

    #[actix_web::test]
    async fn a_store_that_takes_nothing_is_not_ready_and_says_why() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        assert_eq!(ready(web::Data::from(store.clone())).await.status(), StatusCode::OK);
        store.close().await.unwrap();
        let answer = ready(web::Data::from(store)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let why = to_bytes(answer.into_body()).await.unwrap_or_else(|_| panic!("a body"));
        assert_eq!(why, "the store is closed\n");
    }

    #[tokio::test]
    async fn a_send_whose_echo_came_before_its_answer_counts_once_after_a_restart() {
        const BOT: UserId = UserId(1);
        let config = "[x]\nflavor = \"v2\"\n[[app]]\nid = \"9\"\nconsumer_key = \"k\"\nconsumer_secret = \"s\"\n\
            [[account]]\nuser_id = \"1\"\napp = \"9\"\nbot = \"bot\"\naccess_token = \"1-t\"\naccess_token_secret = \"s\"\n";
        let config = Config::from_table(toml::from_str(config).unwrap(), "test").unwrap();
        let script = Sources::from([("bot.kdl".to_owned(), "bot \"b\" version=1\nfallback { say \"What?\" }".to_owned())]);
        let program = Arc::new(compile(&script).unwrap_or_else(|found| panic!("{found:?}")).program);
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_767_225_600_000)));
        let store = Arc::new(MemoryStore::new());
        let (turns, _woken) = Turns::new(store.clone(), clock.clone(), BTreeMap::from([(BOT, program)]), Duration::from_secs(1));
        let key = Key::new(BOT, UserId(2));
        let message = |id, text: &str| Incoming { id, sent_at: clock.now(), text: text.into(), tap: None, attachment: None };
        let arrives = async |id, event| {
            let arrival = Arrival { key, id: EventId::message(BOT, id), event, peer: Profile::unknown(key.peer) };
            turns.arrive(vec![arrival]).await.unwrap();
        };
        for number in [0, 2] {
            let (heard, said) = (MessageId(10 + number), MessageId(11 + number));
            let event = Event::Message { message: message(heard, "hm"), from: Profile::unknown(key.peer), overtaken: false, waited: false };
            arrives(heard, event).await;
            let row: RowId = store.load(key).await.unwrap().unwrap().state.rows[0].id;
            turns.apply(key, |_| vec![Event::Claimed { row }]).await.unwrap();
            // Of the first the echo comes before the answer, of the second behind it.
            if number == 0 {
                arrives(said, Event::Echo { message: message(said, "What?"), origin: Origin::Ours }).await;
            }
            turns.apply(key, |_| vec![Event::Settled { row, outcome: Outcome::Sent(said) }]).await.unwrap();
            arrives(said, Event::Echo { message: message(said, "What?"), origin: Origin::Ours }).await;
        }
        let pace = rebuild_pace(&config, store.as_ref(), clock.as_ref()).await.unwrap();
        assert_eq!(pace.standing(clock.now(), BOT, AppId(9)).0.sent, 2);
    }
}
