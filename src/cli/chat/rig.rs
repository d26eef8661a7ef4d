//! The simulator and the service side by side: started, set up, restarted, crashed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use url::Url;

use super::bot::{Bot, End};
use crate::account::welcome::{Desk, File};
use crate::client::{Auth, Client, Events, Keys, Timeouts, UserToken};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::conversation;
use crate::model::{EventsApi, Key, Secret, UserId};
use crate::service::{Service, compile_bot};
use crate::simulator::{Outcome, Settings, Simulator};

/// The person who chats.
const PERSON: UserId = Settings::ADA;

/// The bot's account.
const ACCOUNT: UserId = Settings::BOT;

/// Where the conversations are kept.
pub(in crate::cli) enum Place {
    /// In this folder, for the next time.
    Folder(PathBuf),
    /// Nowhere, once the chat is over.
    Temporary,
}

/// Everything that a chat needs.
pub(in crate::cli) struct Rig {
    simulator: Simulator,
    bot: Arc<Bot>,
    address: SocketAddr,
    console: SocketAddr,
    /// Kept until the chat is over; the folder goes with it.
    _temporary: Option<TempDir>,
}

impl Rig {
    /// Starts the simulator and the service, registers the webhook with its challenge, and subscribes the account.
    pub(in crate::cli) async fn start(bot: &Path, place: Place) -> anyhow::Result<Self> {
        let simulator = Simulator::start(Settings::default()).await?;
        simulator.set_feeds(&bot.join("feed"))?;
        let (folder, temporary) = match place {
            Place::Folder(folder) => (folder, None),
            Place::Temporary => {
                let temporary = tempfile::tempdir().context("cannot make a folder for the conversations")?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let world = World { settings: simulator.settings().clone(), url: simulator.url(), bot: bot.to_owned(), folder };
        let service = Service::start(world.config(free, free)?).await?;
        let (address, console) = (service.address(), service.console().context("the console is open")?);
        // It keeps its addresses over restarts, so that X and a page that is open find it again.
        let service = Bot::running(service, Box::new(move || world.config(address, console)));
        simulator.offer(service.levers());
        let rig = Rig { simulator, bot: service, address, console, _temporary: temporary };
        rig.set_up(bot).await?;
        Ok(rig)
    }

    pub(in crate::cli) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub(in crate::cli) fn person(&self) -> UserId {
        PERSON
    }

    pub(in crate::cli) fn account(&self) -> UserId {
        ACCOUNT
    }

    /// The webhook's address.
    pub(in crate::cli) fn webhook(&self) -> String {
        format!("http://{}/webhook/twitter", self.address)
    }

    /// The console's address.
    pub(in crate::cli) fn console(&self) -> String {
        format!("http://{}", self.console)
    }

    /// The phone page's address.
    pub(in crate::cli) fn phone(&self) -> String {
        format!("{}/phone", self.simulator.url())
    }

    /// Stops the service in good order and starts it again: what is said meanwhile is delivered when it is back.
    pub(in crate::cli) async fn restart(&self) -> anyhow::Result<()> {
        self.bot.again(End::Stop).await
    }

    /// Stops the service as a crash does and starts it again.
    pub(in crate::cli) async fn crash(&self) -> anyhow::Result<()> {
        self.bot.again(End::Crash).await
    }

    /// Waits until nothing is under way any more, in either direction; at most `limit`.
    pub(in crate::cli) async fn settled(&self, limit: Duration) {
        let settled = async {
            while !self.is_settled().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // What is still under way then shows up when it comes.
        let _ = tokio::time::timeout(limit, settled).await;
    }

    /// The state that the conversation is in.
    pub(in crate::cli) async fn state(&self) -> anyhow::Result<Option<String>> {
        self.bot.state(Key::new(ACCOUNT, PERSON)).await
    }

    /// Ends everything in good order.
    pub(in crate::cli) async fn stop(self) -> anyhow::Result<()> {
        self.bot.end(End::Stop).await?;
        self.simulator.stop().await;
        Ok(())
    }

    async fn is_settled(&self) -> bool {
        let under_way = self.simulator.deliveries().iter().any(|delivery| delivery.outcome == Outcome::Pending);
        !under_way && self.bot.is_idle().await
    }

    /// What `junco webhook register`, `junco subscription add` and `junco welcome set` do at X.
    async fn set_up(&self, bot: &Path) -> anyhow::Result<()> {
        let settings = self.simulator.settings();
        let app = &settings.apps[0];
        let token = |user: UserId| {
            let token = settings.tokens.iter().find(|token| token.user == user).context("a token")?;
            anyhow::Ok(UserToken { token: Secret::new(&token.token), secret: Secret::new(&token.secret) })
        };
        let keys = Keys {
            consumer_key: app.consumer_key.clone(),
            consumer_secret: Secret::new(&app.consumer_secret),
            owner: Some(token(app.owner)?),
        };
        let account = token(ACCOUNT)?;
        let client = Client::new(Url::parse(&self.simulator.url())?, Timeouts::default(), Arc::new(SystemClock))?;
        let events = Events::new(client.clone(), EventsApi::Enterprise, keys.clone());
        let webhook = events.register(&self.webhook()).await.context("the webhook was not registered")?;
        events.subscribe(webhook.id, ACCOUNT, Auth::User(keys.user(&account))).await.context("the account was not subscribed")?;
        let program = compile_bot(bot)?.program;
        if program.welcome.is_none() {
            return Ok(());
        }
        let message = conversation::welcome(&program, ACCOUNT)?;
        let file = File::on(&message, bot)?;
        let desk = Desk { api: &client, upload: &client, account: keys.user(&account) };
        let plan = desk.standing().await?.plan(&message, file.as_ref());
        desk.carry_out(&plan, &message, file.as_ref()).await.context("the welcome message was not set")?;
        Ok(())
    }
}

/// What the service has to know of its world.
struct World {
    settings: Settings,
    url: String,
    bot: PathBuf,
    folder: PathBuf,
}

impl World {
    fn config(&self, listen: SocketAddr, console: SocketAddr) -> anyhow::Result<Config> {
        let settings = &self.settings;
        let (app, token) = (&settings.apps[0], settings.tokens.iter().find(|token| token.user == ACCOUNT).context("a token of the bot")?);
        let text = toml::toml! {
            [limits]
            // The simulator answers at once; a lost answer should not keep a person waiting for half a minute.
            send_timeout = "2s"
            echo_wait = "1s"
            resend_after = "5s"
        };
        let mut table = text;
        let mut put = |key: &str, value: toml::Value| table.insert(key.to_owned(), value);
        put("listen", listen.to_string().into());
        put("store", format!("sled:{}", self.folder.display()).into());
        let address = |key: &str| (key.to_owned(), toml::Value::from(self.url.clone()));
        put("x", toml::Table::from_iter([address("api"), address("upload")]).into());
        put("lookups", format!("{}/feed", self.url).into());
        let entry = |pairs: &[(&str, String)]| {
            let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), toml::Value::from(value.clone())));
            toml::Value::Array(vec![toml::Table::from_iter(pairs).into()])
        };
        let owner = settings.tokens.iter().find(|token| token.user == app.owner).context("a token of the app's owner")?;
        let app_entry = [
            ("id", app.id.to_string()),
            ("consumer_key", app.consumer_key.clone()),
            ("consumer_secret", app.consumer_secret.clone()),
            ("owner_token", owner.token.clone()),
            ("owner_token_secret", owner.secret.clone()),
        ];
        put("app", entry(&app_entry));
        let account_entry = [
            ("user_id", ACCOUNT.to_string()),
            ("app", app.id.to_string()),
            ("bot", self.bot.display().to_string()),
            ("access_token", token.token.clone()),
            ("access_token_secret", token.secret.clone()),
        ];
        put("account", entry(&account_entry));
        let config = Config::from_table(table, "dev")?;
        Ok(Config { console: Some(console), unguarded: true, ..config })
    }
}
