//! X simulated, begun in the past, and a service that lives by its time: hours pass at once.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use junco::client::{Auth, Client, Events, Keys, Timeouts, UserToken};
use junco::clock::{Clock, SystemClock};
use junco::config::Config;
use junco::conversation::{Event, Notice, Standing};
use junco::model::{EventsApi, Key, MessageId, Secret, Timestamp, UserId};
use junco::service::Service;
use junco::simulator::{App, Choice, DeliveryRecord, Outcome, Person, Rules, Settings, Shown, Simulator, Stage, Token};
use junco::store::Store;
use tempfile::TempDir;

use crate::road::Road;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const BOT: UserId = UserId(123);
pub(crate) const ADA: UserId = UserId(456);
pub(crate) const BEN: UserId = UserId(789);
pub(crate) const EVE: UserId = UserId(890);

const APP: junco::model::AppId = Settings::APP;
const KEY: &str = "watch-key";
const SECRET: &str = "watch-secret";

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// A bot whose menus stay good, whose confirmation is not.
const SCRIPT: &str = r#"bot "b" version=1 { late "follow" }
on "hi" { goto "home" }
on "order" { goto "order" }
on "name {name}" { say "Noted: {{ name }}." }
state "home" { say "Home."; option "Hours" goto="hours"; option "Order" goto="order" }
state "hours" { say "We are open."; option "Home" goto="home" }
state "order" { confirm "Order now?" late="reject" ttl="30m" { no goto="home" }; say "Ordered."; option "Home" goto="home" }
fallback { say "What?" }
"#;

/// The time of the simulated world.
struct WorldClock(Stage);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The world.
pub(crate) struct World {
    pub(crate) x: Simulator,
    service: Option<Service>,
    address: SocketAddr,
    road: Road,
    folder: TempDir,
    settings: String,
    /// More lines of `[x]`.
    interfaces: String,
    oauth2: Option<PathBuf>,
    token_is_good: bool,
}

impl World {
    /// A world in which a service runs, registered and subscribed; `settings` are more lines of its configuration.
    pub(crate) async fn with(settings: &str) -> World {
        Self::of(SCRIPT, settings).await
    }

    /// The same with another bot.
    pub(crate) async fn of(script: &str, settings: &str) -> World {
        Self::over(script, settings, "").await
    }

    /// The same over other interfaces of X: more lines of `[x]`.
    pub(crate) async fn over(script: &str, settings: &str, interfaces: &str) -> World {
        let x = Simulator::start(world_settings()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bot")).unwrap();
        std::fs::write(folder.path().join("bot/bot.kdl"), script).unwrap();
        // A port that stays the same over restarts, since X keeps the address.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let road = Road::to(address).await;
        let mut world = World {
            x,
            service: None,
            address,
            road,
            folder,
            settings: settings.to_owned(),
            interfaces: interfaces.to_owned(),
            oauth2: None,
            token_is_good: true,
        };
        world.start().await;
        world.set_up().await;
        world
    }

    pub(crate) async fn start(&mut self) {
        assert!(self.service.is_none());
        let config = self.config();
        let clock = Arc::new(WorldClock(Stage::clone(&self.x)));
        self.service = Some(Service::start_with(config, clock).await.unwrap());
    }

    /// Stops the service as a crash does.
    pub(crate) async fn crash(&mut self) {
        self.service.take().unwrap().crash().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.service.take().unwrap().stop().await.unwrap();
    }

    /// Registers the webhook and subscribes the account.
    pub(crate) async fn set_up(&self) {
        let webhook = self.events().register(&self.webhook()).await.unwrap();
        // To X Activity the account itself has to open its private events first.
        if self.events().api() != &EventsApi::Activity {
            self.subscribe(webhook.id).await;
        }
    }

    pub(crate) async fn subscribe(&self, webhook: u64) {
        let token = token(BOT);
        self.events().subscribe(webhook, BOT, Auth::User(keys().user(&token))).await.unwrap();
    }

    pub(crate) fn events(&self) -> Events {
        let client = Client::new(self.x.url().parse().unwrap(), Timeouts::default(), Arc::new(SystemClock)).unwrap();
        Events::new(client, self.config().x.events_api(), keys())
    }

    /// From the next start on the account has OAuth 2 tokens.
    pub(crate) fn oauth2(&mut self, path: &Path) {
        self.oauth2 = Some(path.to_owned());
    }

    pub(crate) fn client_id(&self) -> String {
        self.x.settings().apps[0].client_id.clone()
    }

    pub(crate) fn client_secret(&self) -> String {
        self.x.settings().apps[0].client_secret.clone().unwrap()
    }

    /// Waits until the journal of a person has such an event.
    pub(crate) async fn until_journal(&self, person: UserId, wished: impl Fn(&Event) -> bool) {
        let waiting = async {
            loop {
                let entries = self.store().journal(Key::new(BOT, person), 0..=u64::MAX).await.unwrap();
                if entries.iter().flat_map(|entry| &entry.turns).any(|turn| wished(&turn.event)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("such an event");
    }

    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/webhook/twitter", self.road.address)
    }

    /// Where the account stands.
    pub(crate) async fn standing(&self) -> Standing {
        let record = self.service.as_ref().unwrap().store().load(Key::of_account(BOT)).await.unwrap();
        record.and_then(|record| record.state.standing).map(|standing| *standing).unwrap_or_default()
    }

    /// Stops the service in good order and starts it with another configuration.
    pub(crate) async fn restart_with(&mut self, settings: &str) {
        self.stop().await;
        self.settings = settings.to_owned();
        self.start().await;
    }

    /// From the next start on other interfaces of X are used.
    pub(crate) fn interfaces(&mut self, lines: &str) {
        self.interfaces = lines.to_owned();
    }

    /// What the account record's journal tells since all was well for the first time, but for how often that was.
    pub(crate) async fn noticed(&self) -> Vec<Notice> {
        let entries = self.service.as_ref().unwrap().store().journal(Key::of_account(BOT), 0..=u64::MAX).await.unwrap();
        let notices = entries.into_iter().flat_map(|entry| entry.turns).filter_map(|turn| match turn.event {
            Event::Noticed(notice) => Some(notice),
            _ => None,
        });
        notices.skip_while(|notice| *notice != Notice::Listening).filter(|notice| *notice != Notice::Listening).collect()
    }

    /// Waits until the account stands as is wished.
    pub(crate) async fn until(&self, what: &str, wished: impl Fn(&Standing) -> bool) {
        let waiting = async {
            while !wished(&self.standing().await) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "{what}: {:?}\n{:?}", self.standing().await, self.noticed().await);
    }

    /// Waits until something was noticed so often.
    pub(crate) async fn has_noticed(&self, what: &str, is_it: impl Fn(&Notice) -> bool, times: usize) {
        let waiting = async {
            while self.noticed().await.iter().filter(|notice| is_it(notice)).count() < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{what}: {:?}", self.noticed().await);
    }

    /// Waits until the watchdog has looked since now.
    pub(crate) async fn looked(&self) {
        let now = self.x.now();
        self.until("the watchdog looks", |standing| standing.listening.is_some_and(|at| at >= now)).await;
    }

    pub(crate) fn says(&self, person: UserId, text: &str) -> MessageId {
        self.x.say(person, BOT, text).unwrap()
    }

    pub(crate) fn taps(&self, person: UserId, message: &Shown, label: &str) -> MessageId {
        self.x.tap(person, message.id, &Choice::Label(label.to_owned())).unwrap()
    }

    /// What the bot says next after `after`.
    pub(crate) async fn answer(&self, person: UserId, after: MessageId) -> Shown {
        match self.x.next_message(BOT, person, after, PATIENCE).await {
            Some(message) => message,
            None => panic!("no answer to {person}: {:?}\n{:?}", self.standing().await, self.noticed().await),
        }
    }

    /// Everything that the bot said to a person.
    pub(crate) fn said(&self, person: UserId) -> Vec<String> {
        self.x.transcript(BOT, person).into_iter().filter(|message| message.from == BOT).map(|message| message.text).collect()
    }

    /// Moves the world on until every event has been tried in vain as often as X tries.
    pub(crate) async fn retries_run_out(&self) {
        let ended = |delivery: &DeliveryRecord| delivery.outcome != Outcome::Pending;
        let waiting = async {
            while !self.x.deliveries().iter().all(ended) {
                self.x.advance(MINUTE);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("X gives up");
    }

    /// From the next start on the account has a token that X takes, or one that it does not.
    pub(crate) fn token_is_good(&mut self, good: bool) {
        self.token_is_good = good;
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.service.as_ref().unwrap().store()
    }

    /// What the service tells Prometheus.
    pub(crate) async fn figures(&self) -> String {
        let address = self.service.as_ref().unwrap().figures().unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// Waits until nothing is on its way, in either direction.
    pub(crate) async fn settled(&self) {
        let waiting = async {
            loop {
                let delivered = self.x.deliveries().iter().all(|delivery| delivery.outcome != Outcome::Pending);
                if delivered && self.store().next_due().await.unwrap().is_none() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("all is settled");
    }

    /// Waits until the service has taken so many messages of a person.
    pub(crate) async fn has_taken(&self, person: UserId, count: u32) {
        let waiting = async {
            while self.store().load(Key::new(BOT, person)).await.unwrap().is_none_or(|record| record.state.messages < count) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the messages are taken");
    }

    /// Waits until the bot has said just this to a person.
    pub(crate) async fn has_said(&self, person: UserId, texts: &[&str]) {
        let said = |stage: &Stage| {
            let said = stage.transcript(BOT, person).into_iter().filter(|message| message.from == BOT).map(|message| message.text);
            said.eq(texts.iter().copied()).then_some(())
        };
        assert!(self.x.wait_for(PATIENCE, said).await.is_some(), "{:?}", self.said(person));
    }

    /// Whether X replays for the account.
    pub(crate) fn replays(&self, replay: bool) {
        self.x.set_rules(Rules { replay, ..self.x.rules() });
    }

    /// The answers to all calls of paths that contain this.
    pub(crate) fn calls(&self, path: &str) -> Vec<u16> {
        self.x.api_calls().into_iter().filter(|call| call.path.contains(path)).map(|call| call.status).collect()
    }

    /// X does not reach the webhook and marks it invalid; or reaches it again, which alone changes nothing.
    pub(crate) async fn webhook_is_reached(&self, reached: bool) {
        self.road.set_open(reached);
        self.x.check_webhooks().await;
    }

    fn config(&self) -> Config {
        let (token, owner) = (token(BOT), token(Settings::OWNER));
        let mut text = format!(
            "listen = \"{}\"\nstore = \"sled:{}\"\nurl = \"{}\"\nlookups = \"{x}/feed\"\n{}\n[x]\napi = \"{x}\"\nupload = \"{x}\"\n{}\n\
             [[app]]\nid = \"{APP}\"\nconsumer_key = \"{KEY}\"\nconsumer_secret = \"{SECRET}\"\nowner_token = \"{}\"\nowner_token_secret = \"{}\"\n\
             [[account]]\nuser_id = \"{BOT}\"\napp = \"{APP}\"\nbot = \"{}\"\naccess_token = \"{}\"\naccess_token_secret = \"{}\"\n",
            self.address,
            self.path("data").display(),
            self.webhook(),
            self.settings,
            self.interfaces,
            owner.token.expose(),
            owner.secret.expose(),
            self.path("bot").display(),
            if self.token_is_good { token.token.expose() } else { "123-void" },
            token.secret.expose(),
            x = self.x.url(),
        );
        if let Some(path) = &self.oauth2 {
            text.push_str(&format!("oauth2_file = \"{}\"\n", path.display()));
            let client = format!("[[app]]\nclient_id = \"{}\"\nclient_secret = \"{}\"\n", self.client_id(), self.client_secret());
            text = text.replace("[[app]]\n", &client);
        }
        Config::from_table(toml::from_str(&text).unwrap(), "test").unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }
}

pub(crate) fn keys() -> Keys {
    Keys { consumer_key: KEY.to_owned(), consumer_secret: Secret::new(SECRET), owner: Some(token(Settings::OWNER)) }
}

pub(crate) fn token(user: UserId) -> UserToken {
    let Token { token, secret, .. } = Token::for_user(user, APP);
    UserToken { token: Secret::new(token), secret: Secret::new(secret) }
}

fn world_settings() -> Settings {
    let app = App {
        consumer_key: KEY.into(),
        consumer_secret: SECRET.into(),
        client_secret: Some("watch-client-secret".into()),
        ..App::new(APP, "watch", Settings::OWNER)
    };
    let people = vec![
        Person::new(Settings::OWNER.0, "dev", "The developer"),
        Person::new(BOT.0, "bot", "Bot"),
        Person::new(ADA.0, "ada", "Ada"),
        Person::new(BEN.0, "ben", "Ben"),
        Person::new(EVE.0, "eve", "Eve"),
    ];
    Settings {
        // So far it can be moved on before its ids are of the future.
        begins: Duration::from_secs(10 * 24 * 3600),
        tokens: people.iter().map(|person| Token::for_user(person.id, APP)).collect(),
        people,
        apps: vec![app],
        rules: Rules { rate_limits: false, crc_period: None, remembered: 100_000, ..Rules::default() },
        ..Settings::default()
    }
}
