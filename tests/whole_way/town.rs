//! A small town: X simulated, and `junco run` as a process of its own that can be stopped and killed.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use junco::client::{Auth, Client, Events, Keys, Timeouts, UserToken};
use junco::clock::SystemClock;
use junco::model::{AppId, EventsApi, MessageId, Secret, UserId};
use junco::simulator::{App, Outcome, Person, Rules, Settings, Shown, Simulator, Token};
use junco::wire::signature;
use tempfile::TempDir;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The account that the bot answers for.
pub(crate) const BOT: UserId = UserId(123);

/// A person.
pub(crate) const PEER: UserId = UserId(456);

/// The town.
pub(crate) struct Town {
    pub(crate) x: Simulator,
    bot: PathBuf,
    /// The accounts that the bot answers for.
    accounts: Vec<UserId>,
    flavor: &'static str,
    folder: TempDir,
    address: SocketAddr,
    process: Option<Child>,
}

impl Town {
    /// SnowBot for one account, its webhook registered and subscribed.
    pub(crate) async fn with_snowbot() -> Town {
        Town::with(&PathBuf::from("bots/snowbot"), &[BOT]).await
    }

    /// A bot for some accounts.
    pub(crate) async fn with(bot: &std::path::Path, accounts: &[UserId]) -> Town {
        Town::over(bot, accounts, "v1.1").await
    }

    /// The same, sending through one of X's interfaces.
    pub(crate) async fn over(bot: &std::path::Path, accounts: &[UserId], flavor: &'static str) -> Town {
        let x = Simulator::start(settings(accounts)).await.unwrap();
        let bot = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(bot);
        x.set_feeds(&bot.join("feed")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut town = Town { x, bot, accounts: accounts.to_vec(), flavor, folder, address, process: None };
        town.start();
        town.events().register(&town.webhook()).await.unwrap();
        for account in accounts {
            town.subscribe(*account).await;
        }
        town
    }

    /// Subscribes a person to the same app, so that both ends of a chat are delivered.
    pub(crate) async fn subscribe(&self, user: UserId) {
        let webhook = self.x.webhooks()[0].id.0;
        self.events().subscribe(webhook, user, Auth::User(keys().user(&token(user)))).await.unwrap();
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none());
        let config = self.folder.path().join("junco.toml");
        std::fs::write(&config, self.config()).unwrap();
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_junco"))
            .args(["run", "--config"])
            .arg(&config)
            // It is ours; the service would take it for a setting of its own.
            .env_remove("JUNCO_STORM_SEED")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let listening = log.by_ref().map(Result::unwrap).inspect(|line| eprintln!("{line}")).find(|line| line.contains("listening:"));
        let listening = listening.expect("the service starts");
        let address = listening.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
        self.address = address.parse().unwrap();
        // The log is read on, or the service would stop when the pipe is full.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
        self.process = Some(process);
    }

    /// Ends the service as a power switch does.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Asks the service to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        let asked = Command::new("kill").arg(process.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(process.wait().unwrap().success(), "a service that is asked to end ends well");
    }

    pub(crate) fn webhook(&self) -> String {
        format!("http://{}/webhook/twitter", self.address)
    }

    /// The person types.
    pub(crate) fn says(&self, text: &str) -> MessageId {
        self.x.say(PEER, BOT, text).unwrap()
    }

    /// The person taps.
    pub(crate) fn taps(&self, message: &Shown, label: &str) -> MessageId {
        self.x.tap(PEER, message.id, &junco::simulator::Choice::Label(label.to_owned())).unwrap()
    }

    /// The next message of the bot after `after`.
    pub(crate) async fn answer(&self, after: MessageId) -> Shown {
        self.x.next_message(BOT, PEER, after, PATIENCE).await.expect("the bot answers")
    }

    /// Everything that the bot said to the person.
    pub(crate) fn said(&self) -> Vec<String> {
        self.x.transcript(BOT, PEER).into_iter().filter(|message| message.from == BOT).map(|message| message.text).collect()
    }

    /// Checks that the account has said so many messages to the person, and that nothing more comes of what happened: once everything
    /// is delivered, another message is answered, and its answer is the only new one.
    pub(crate) async fn has_said_just(&self, count: usize) {
        self.delivered().await;
        self.answer(self.says("about")).await;
        assert_eq!(self.said().len(), count + 1, "with the answer to `about`: {:?}", self.said());
    }

    /// Waits until X has delivered everything.
    pub(crate) async fn delivered(&self) {
        let none_pending =
            |stage: &junco::simulator::Stage| stage.deliveries().iter().all(|delivery| delivery.outcome != Outcome::Pending).then_some(());
        self.x.wait_for(PATIENCE, none_pending).await.expect("X has delivered everything");
    }

    /// Posts a signed body to the webhook, as X does.
    pub(crate) async fn post(&self, body: &str) -> u16 {
        let signature = signature::sign(SECRET.as_bytes(), body.as_bytes());
        let request = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap().post(self.webhook());
        let request = request.header(signature::SIGNATURE_HEADER, signature).body(body.to_owned());
        request.send().await.unwrap().status().as_u16()
    }

    fn events(&self) -> Events {
        let client = Client::new(self.x.url().parse().unwrap(), Timeouts::default(), Arc::new(SystemClock)).unwrap();
        Events::new(client, EventsApi::Enterprise, keys())
    }

    fn config(&self) -> String {
        let mut text = format!(
            "listen = \"{}\"\nstore = \"sled:{}\"\nlookups = \"{x}/feed\"\n[x]\napi = \"{x}\"\nupload = \"{x}\"\nflavor = \"{}\"\n[limits]\nsend_timeout = \"1s\"\nresend_after = \"4s\"\naccount_sends = 0\napp_sends = 0\n\
             [[app]]\nid = \"{APP}\"\nconsumer_key = \"{KEY}\"\nconsumer_secret = \"{SECRET}\"\n",
            self.address,
            self.folder.path().join("data").display(),
            self.flavor,
            x = self.x.url(),
        );
        for account in &self.accounts {
            let token = Token::for_user(*account, APP);
            text.push_str(&format!(
                "[[account]]\nuser_id = \"{account}\"\napp = \"{APP}\"\nbot = \"{}\"\naccess_token = \"{}\"\naccess_token_secret = \"{}\"\n",
                self.bot.display(),
                token.token,
                token.secret,
            ));
        }
        text
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

pub(crate) const APP: AppId = Settings::APP;
const KEY: &str = "town-key";
pub(crate) const SECRET: &str = "town-secret";

fn keys() -> Keys {
    Keys { consumer_key: KEY.into(), consumer_secret: Secret::new(SECRET), owner: Some(token(Settings::OWNER)) }
}

fn token(user: UserId) -> UserToken {
    let token = Token::for_user(user, APP);
    UserToken { token: Secret::new(token.token), secret: Secret::new(token.secret) }
}

fn settings(accounts: &[UserId]) -> Settings {
    let app = App { consumer_key: KEY.into(), consumer_secret: SECRET.into(), ..App::new(APP, "town", Settings::OWNER) };
    let mut people = vec![Person::new(Settings::OWNER.0, "dev", "The developer"), Person::new(PEER.0, "peer", "Peer")];
    people.extend(accounts.iter().map(|account| Person::new(account.0, &format!("bot{account}"), "Bot")));
    Settings {
        tokens: people.iter().map(|person| Token::for_user(person.id, APP)).collect(),
        people,
        apps: vec![app],
        // Retries of deliveries come soon, so that a test need not wait for minutes.
        rules: Rules {
            rate_limits: false,
            remembered: 100_000,
            retry_after: [1, 2, 4, 8].map(Duration::from_secs).to_vec(),
            ..Rules::default()
        },
        ..Settings::default()
    }
}
