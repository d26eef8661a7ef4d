//! X simulated, a service with a console, and browsers without script that are signed in to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use junco::client::{Client, Events, Keys, Timeouts, UserToken};
use junco::clock::{Clock, SystemClock};
use junco::config::Config;
use junco::conversation::{Event, Notice};
use junco::model::{AppId, EventsApi, Key, Secret, Timestamp, UserId};
use junco::service::Service;
use junco::simulator::{App, Person, Rules, Settings, Simulator, Stage, Token};
use reqwest::redirect::Policy;
use tempfile::TempDir;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const BOT: UserId = UserId(123);
pub(crate) const EVE: UserId = UserId(890);
pub(crate) const APP: AppId = Settings::APP;
const KEY: &str = "console-key";
const SECRET: &str = "console-secret-of-the-app";

/// The hash of `correct horse` with parameters that tests have time for.
const CHEAP: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM$GppqX6NkjNZiVG15lt4+zoe/N708vJWa2If9POHHWo0";

const SCRIPT: &str = r#"bot "b" version=1
welcome { say "Welcome <here>."; menu "home" }
state "home" { say "Home."; option "Hours" goto="home" }
fallback { say "What?" }
"#;

struct WorldClock(Stage);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) struct World {
    pub(crate) x: Simulator,
    pub(crate) service: Service,
    pub(crate) folder: TempDir,
    address: std::net::SocketAddr,
}

/// Somebody at a browser.
pub(crate) struct Browser {
    http: reqwest::Client,
    console: String,
    cookie: String,
    mark: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) refresh: String,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> World {
        let x = Simulator::start(settings()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bot")).unwrap();
        std::fs::write(folder.path().join("bot/bot.kdl"), SCRIPT).unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = config(&x, address, folder.path());
        let service = Service::start_with(config, Arc::new(WorldClock(Stage::clone(&x)))).await.unwrap();
        // The watchdog's first look finds no webhook; a later one would set to rights what a test has just done.
        let looked = |stage: &Stage| stage.api_calls().iter().any(|call| call.path.contains("account_activity/webhooks")).then_some(());
        x.wait_for(std::time::Duration::from_secs(20), looked).await.expect("the watchdog looks at the start");
        World { x, service, folder, address }
    }

    /// The same with its webhook registered.
    pub(crate) async fn registered() -> (World, u64) {
        let world = World::new().await;
        let id = world.events().register(&world.webhook()).await.unwrap().id;
        (world, id)
    }

    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/webhook/twitter", self.address)
    }

    pub(crate) fn events(&self) -> Events {
        let client = Client::new(self.x.url().parse().unwrap(), Timeouts::default(), Arc::new(SystemClock)).unwrap();
        let keys = Keys { consumer_key: KEY.into(), consumer_secret: Secret::new(SECRET), owner: Some(token(Settings::OWNER)) };
        Events::new(client, EventsApi::Enterprise, keys)
    }

    pub(crate) async fn subscribers(&self, webhook: u64) -> Vec<UserId> {
        self.events().subscriptions(webhook).await.unwrap().users
    }

    pub(crate) async fn browser(&self, name: &str) -> Browser {
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none()).build().unwrap();
        let console = format!("http://{}", self.service.console().unwrap());
        let form = [("name", name), ("password", "correct horse")];
        let answer = http.post(format!("{console}/sign-in")).form(&form).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut browser = Browser { http, console, cookie, mark: String::new() };
        let page = browser.get("/activity").await.text;
        browser.mark = page.split("name=\"mark\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        browser
    }

    pub(crate) async fn notices(&self) -> Vec<Notice> {
        let entries = self.service.store().journal(Key::of_account(BOT), 0..=u64::MAX).await.unwrap();
        let turns = entries.into_iter().flat_map(|entry| entry.turns);
        turns.filter_map(|turn| if let Event::Noticed(notice) = turn.event { Some(notice) } else { None }).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Every secret of the configuration.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let tokens = [BOT, Settings::OWNER].into_iter().flat_map(|user| {
            let token = token(user);
            [token.token.expose().to_owned(), token.secret.expose().to_owned()]
        });
        tokens.chain([SECRET.to_owned(), CHEAP.to_owned()]).collect()
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.answer(self.http.get(format!("{}{path}", self.console)).header("cookie", &self.cookie)).await
    }

    /// A navigation that another site began: strict cookies stay at home.
    pub(crate) async fn comes_from_elsewhere(&self, url: &str) -> Page {
        self.answer(self.http.get(url)).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("mark", self.mark.as_str())]).collect();
        self.answer(self.http.post(format!("{}{path}", self.console)).header("cookie", &self.cookie).form(&fields)).await
    }

    /// Sends a form and follows to the page that tells what came of it.
    pub(crate) async fn does(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let page = self.post(path, fields).await;
        assert_eq!((page.status, page.location.split('#').next()), (303, Some("/account")), "{path}: {}", page.text);
        self.get("/account").await.text
    }

    /// Decides at X, in its own form, and is sent back.
    pub(crate) async fn decides(&self, x: &str, token: &str, person: UserId, decision: &str) -> Page {
        let fields = [("oauth_token", token), ("person", &person.to_string()), ("decision", decision)];
        self.answer(self.http.post(format!("{x}/oauth/authorize")).form(&fields)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (status, location, refresh) = (answer.status().as_u16(), header("location"), header("refresh"));
        Page { status, location, refresh, text: answer.text().await.unwrap() }
    }
}

fn token(user: UserId) -> UserToken {
    let Token { token, secret, .. } = Token::for_user(user, APP);
    UserToken { token: Secret::new(token), secret: Secret::new(secret) }
}

fn config(x: &Simulator, address: std::net::SocketAddr, folder: &std::path::Path) -> Config {
    let (token, owner) = (token(BOT), token(Settings::OWNER));
    let operator = |name: &str, role: &str| format!("[[operator]]\nname = \"{name}\"\nrole = \"{role}\"\npassword_hash = \"{CHEAP}\"\n");
    let text = format!(
        "listen = \"{address}\"\nstore = \"sled:{data}\"\nurl = \"http://{address}/webhook/twitter\"\nconsole = \"127.0.0.1:0\"\n\
         [watch]\nrepair = false\nevery = \"10h\"\n[x]\napi = \"{x}\"\nupload = \"{x}\"\n\
         [[app]]\nid = \"{APP}\"\nconsumer_key = \"{KEY}\"\nconsumer_secret = \"{SECRET}\"\nowner_token = \"{}\"\nowner_token_secret = \"{}\"\n\
         [[account]]\nuser_id = \"{BOT}\"\napp = \"{APP}\"\nbot = \"{bot}\"\naccess_token = \"{}\"\naccess_token_secret = \"{}\"\n{}{}",
        owner.token.expose(),
        owner.secret.expose(),
        token.token.expose(),
        token.secret.expose(),
        operator("vic", "view"),
        operator("ada", "admin"),
        data = folder.join("data").display(),
        bot = folder.join("bot").display(),
        x = x.url(),
    );
    let config = Config::from_table(toml::from_str(&text).unwrap(), "test").unwrap();
    Config { folder: Some(folder.to_owned()), ..config }
}

fn settings() -> Settings {
    let app = App { consumer_key: KEY.into(), consumer_secret: SECRET.into(), ..App::new(APP, "console", Settings::OWNER) };
    let people = vec![
        Person::new(Settings::OWNER.0, "dev", "The developer"),
        Person::new(BOT.0, "bot", "Bot <b>of</b> bots"),
        Person::new(EVE.0, "eve", "Eve"),
    ];
    Settings {
        begins: Duration::from_secs(10 * 24 * 3600),
        tokens: [Settings::OWNER, BOT].map(|user| Token::for_user(user, APP)).to_vec(),
        people,
        apps: vec![app],
        rules: Rules { crc_period: None, remembered: 100_000, ..Rules::default() },
        ..Settings::default()
    }
}
