//! The console and the phone page in a real browser: Chromium, driven by Playwright.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

#[expect(dead_code, reason = "of the workshop only Node is wanted here")]
#[path = "../strangers/workshop.rs"]
mod workshop;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use junco::config::Config;
use junco::service::Service;
use junco::simulator::{Person, Settings, Simulator, Token};
use serde_json::{Value, json};
use tempfile::TempDir;
use workshop::Workshop;

const PASSWORD: &str = "correct horse";

/// Its hash, with parameters that a test has time for.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM$GppqX6NkjNZiVG15lt4+zoe/N708vJWa2If9POHHWo0";

/// A bot that asks, so that there is something to look into.
const BOT: &str = r#"bot "desk" version=1
welcome { say "Good day. I know sizes."; menu "home" }
on "hello" "hello *" { goto "home" }
on "size" { goto "size" }
state "home" {
  say "Hello {{ user.name }}."
  option "Size" goto="size"
  option "Again" goto="home"
}
state "size" {
  ask "size" "Which size?" { option "S"; option "L" }
  say "{{ size }} it is."
  option "Home" goto="home"
}
fallback { say "I only know sizes." }"#;

/// Somebody whose name does harm where it is not shown as a text.
const NASTY: u64 = 1_900_000_000_000_000_066;

#[actix_web::test]
async fn people_of_the_house_work_in_a_real_browser() {
    let Some(node) = Workshop::node() else { return };
    let world = World::start().await;
    node.run("../browser/console.mjs", &world.given()).await;
}

#[actix_web::test]
async fn an_admin_looks_after_the_account_in_a_real_browser() {
    let Some(node) = Workshop::node() else { return };
    let world = World::start().await;
    node.run("../browser/account.mjs", &world.given()).await;
}

/// In a world of its own: X lets its webhooks be listed fifteen times in fifteen minutes.
#[actix_web::test]
async fn accounts_are_taken_out_and_let_in_again_in_a_real_browser() {
    let Some(node) = Workshop::node() else { return };
    let world = World::start().await;
    node.run("../browser/accounts.mjs", &world.given()).await;
}

#[actix_web::test]
async fn a_bot_is_tried_on_a_phone_in_a_real_browser() {
    let Some(node) = Workshop::node() else { return };
    let dev = Dev::start();
    let given = json!({ "phone": dev.phone, "shots": shots(), "secret": Settings::default().apps[0].consumer_secret });
    node.run("../browser/phone.mjs", &given).await;
}

/// Takes the pictures of the README anew: `cargo test --test browser -- --ignored pictures`.
#[actix_web::test]
#[ignore = "takes the pictures of the README anew"]
async fn pictures_of_the_readme() {
    let Some(node) = Workshop::node() else { return };
    let dev = Dev::start();
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    let given = json!({ "phone": dev.phone, "console": dev.console, "shots": shots(), "pictures": pictures });
    node.run("../browser/pictures.mjs", &given).await;
}

/// `junco dev` with SnowBot.
struct Dev {
    process: Child,
    phone: String,
    console: String,
    _folder: TempDir,
}

impl Dev {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_junco"))
            .args(["dev", "bots/snowbot", "--data"])
            .arg(folder.path().join("data"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told = |what: &str| {
            let line = said.find(|line| line.starts_with(what)).expect("it tells where its pages are");
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        let (phone, console) = (told("phone:"), told("console:"));
        // What it says is read on, or it would wait for a reader.
        std::thread::spawn(move || said.for_each(drop));
        Dev { process, phone, console, _folder: folder }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// X, the service with its console, and where pictures go.
struct World {
    x: Simulator,
    service: Service,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let mut settings = Settings::default();
        settings.people.push(Person::new(NASTY, "nasty", "<img src=x onerror=alert(1)>\u{202e}reversed"));
        let x = Simulator::start(settings).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let bot = folder.path().join("bot");
        std::fs::create_dir_all(&bot).unwrap();
        std::fs::write(bot.join("bot.kdl"), BOT).unwrap();
        let service = Service::start(config(&x, &bot, folder.path())).await.unwrap();
        let webhook = format!("http://{}/webhook/twitter", service.address());
        set_up(&x, &webhook).await;
        World { x, service, _folder: folder }
    }

    fn given(&self) -> Value {
        json!({
            "x": self.x.url(),
            "console": format!("http://{}", self.service.console().unwrap()),
            "webhook": format!("http://{}/webhook/twitter", self.service.address()),
            "bot": Settings::BOT.to_string(),
            "ada": Settings::ADA.to_string(),
            "nasty": NASTY.to_string(),
            "password": PASSWORD,
            "shots": shots(),
            "secrets": secrets(&self.x),
        })
    }
}

/// Where pictures of the pages go.
fn shots() -> PathBuf {
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
    std::fs::create_dir_all(&shots).unwrap();
    shots
}

/// What no page may show.
fn secrets(x: &Simulator) -> Vec<String> {
    let settings = x.settings();
    let tokens = settings.tokens.iter().flat_map(|token| [token.token.clone(), token.secret.clone()]);
    tokens.chain(settings.apps.iter().map(|app| app.consumer_secret.clone())).chain([HASH.to_owned()]).collect()
}

fn config(x: &Simulator, bot: &Path, folder: &Path) -> Config {
    let (app, token) = (&x.settings().apps[0], Token::for_user(Settings::BOT, Settings::APP));
    let owner = Token::for_user(Settings::OWNER, Settings::APP);
    let text = format!(
        r#"listen = "{listen}"
url = "http://{listen}/webhook/twitter"
console = "127.0.0.1:0"
store = "sled:{data}"
lookups = "{x}/feed"
[x]
api = "{x}"
upload = "{x}"
[[app]]
id = "{app_id}"
consumer_key = "{key}"
consumer_secret = "{secret}"
owner_token = "{owner_token}"
owner_token_secret = "{owner_secret}"
[[account]]
user_id = "{user}"
app = "{app_id}"
bot = "{bot}"
access_token = "{token}"
access_token_secret = "{token_secret}"
[[operator]]
name = "vic"
role = "view"
password_hash = "{HASH}"
[[operator]]
name = "kim"
role = "reply"
password_hash = "{HASH}"
[[operator]]
name = "ada"
role = "admin"
password_hash = "{HASH}"
"#,
        listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(),
        data = folder.join("data").display(),
        x = x.url(),
        app_id = app.id,
        key = app.consumer_key,
        secret = app.consumer_secret,
        owner_token = owner.token,
        owner_secret = owner.secret,
        user = Settings::BOT,
        bot = bot.display(),
        token = token.token,
        token_secret = token.secret,
    );
    Config::from_table(text.parse().unwrap(), "the test").unwrap()
}

async fn set_up(x: &Simulator, webhook: &str) {
    use junco::client::{Auth, Client, Events, Keys, Timeouts, UserToken};
    use junco::model::{EventsApi, Secret, UserId};
    let app = &x.settings().apps[0];
    let token = |user: UserId| {
        let token = Token::for_user(user, Settings::APP);
        UserToken { token: Secret::new(token.token), secret: Secret::new(token.secret) }
    };
    let keys = Keys {
        consumer_key: app.consumer_key.clone(),
        consumer_secret: Secret::new(app.consumer_secret.clone()),
        owner: Some(token(Settings::OWNER)),
    };
    let client = Client::new(x.url().parse().unwrap(), Timeouts::default(), std::sync::Arc::new(junco::clock::SystemClock)).unwrap();
    let events = Events::new(client, EventsApi::Enterprise, keys.clone());
    let webhook = events.register(webhook).await.unwrap();
    events.subscribe(webhook.id, Settings::BOT, Auth::User(keys.user(&token(Settings::BOT)))).await.unwrap();
}
