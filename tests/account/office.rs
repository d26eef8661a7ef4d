//! An office: X simulated, a folder with a configuration, and `junco` in it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use junco::model::UserId;
use junco::simulator::{Permission, Settings, Simulator, Token};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long before now the world begins, to be moved forward while something is missed.
pub(crate) const HEAD_START: Duration = Duration::from_secs(2 * 3600);

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The office. Its service ends with it.
pub(crate) struct Office {
    pub(crate) x: Simulator,
    folder: TempDir,
    /// Where the service listens.
    pub(crate) port: u16,
    /// Where X is told to deliver to.
    url: String,
    /// Lines of `[x]` beside the addresses.
    over: &'static str,
    service: Option<Child>,
}

impl Office {
    /// X, and a folder in which nobody has done anything yet but write down the app's keys.
    pub(crate) async fn bare(settings: Settings) -> Office {
        let x = Simulator::start(settings).await.unwrap();
        // The port is free again at once, and nobody else is given it so soon.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/webhook/twitter");
        let office = Office { x, folder: tempfile::tempdir().unwrap(), port, url, over: "", service: None };
        std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/bots"), office.path("bots")).unwrap();
        office.write("secrets/consumer", "sim-consumer-secret-01\n");
        office.write("secrets/client", "sim-client-secret-01\n");
        office.configure();
        office
    }

    /// All set up: tokens, service, webhook, subscription, and a post to be liked.
    pub(crate) async fn set_up(settings: Settings) -> Office {
        Office::bare(settings).await.with_tokens().in_service()
    }

    /// The same over another interface of X: `over` is lines of the configuration's `[x]`.
    pub(crate) async fn set_up_over(over: &'static str) -> Office {
        let mut office = Office::bare(Settings { begins: HEAD_START, ..Settings::default() }).await;
        office.over = over;
        office.configure();
        crate::set_up::signs_in_the_newer_way(&office);
        office.with_tokens().in_service()
    }

    /// The same, with the service behind something else that stands at the webhook's address.
    pub(crate) async fn set_up_behind(front: impl FnOnce(u16) -> u16) -> Office {
        let mut office = Office::bare(Settings::default()).await;
        office.url = format!("http://127.0.0.1:{}/webhook/twitter", front(office.port));
        office.configure();
        office.with_tokens().in_service()
    }

    fn with_tokens(self) -> Office {
        self.give(&Token::for_user(Settings::OWNER, Settings::APP), "owner");
        self.give(&Token::for_user(Settings::BOT, Settings::APP), "bot");
        self
    }

    fn in_service(mut self) -> Office {
        self.x.post(Settings::BOT, "Fresh powder", None).unwrap();
        self.start();
        self.does(&["webhook", "register"]);
        self.does(&["subscription", "add"]);
        self
    }

    /// Puts a token where the configuration wants it.
    pub(crate) fn give(&self, token: &Token, whose: &str) {
        self.write(&format!("secrets/{whose}.token"), &token.token);
        self.write(&format!("secrets/{whose}.token-secret"), &token.secret);
    }

    /// Another token of the bot's account, which may do only so much.
    pub(crate) fn lesser_token(permission: Permission) -> Token {
        let token = Token::for_user(Settings::BOT, Settings::APP);
        Token { token: format!("{}-lesser", token.token), secret: format!("{}-lesser", token.secret), permission, ..token }
    }

    /// Writes the configuration, with the account.
    pub(crate) fn configure(&self) {
        self.write("junco.toml", &(self.head() + ACCOUNT));
    }

    /// The configuration up to its accounts.
    pub(crate) fn head(&self) -> String {
        format!(
            "listen = \"127.0.0.1:{}\"\nurl = \"{}\"\n[x]\napi = \"{x}\"\nupload = \"{x}\"\n{}{APP}",
            self.port,
            self.url,
            self.over,
            x = self.x.url(),
        )
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("RUST_LOG");
        command
    }

    /// Runs a command, with nobody at the keyboard.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        let output = tokio::task::block_in_place(|| command.stdin(Stdio::null()).output()).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        for secret in ["sim-consumer-secret-01", "sim-token-secret", "simtoken"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "secrets are never printed: {ran:?}");
        }
        ran
    }

    /// Runs a command that succeeds, and gives what it printed.
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "junco {arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// Runs a command with `--json`, and gives its exit code and its document.
    pub(crate) fn asks(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let ran = self.run(&[arguments, &["--json"]].concat());
        let document = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("junco {arguments:?}: {error}: {ran:?}"));
        (ran.code, document)
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn start(&mut self) {
        assert!(self.service.is_none());
        let mut service = self.command(&["run"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(service.stderr.take().unwrap()).lines();
        let heard: Vec<String> = log.by_ref().map_while(Result::ok).take_while(|line| !line.contains("listening:")).collect();
        // The log is read on, or the service would stop when the pipe is full.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        assert!(service.try_wait().unwrap().is_none(), "the service does not start: {heard:#?}");
        self.service = Some(service);
    }

    /// Ends the service.
    pub(crate) fn stop(&mut self) {
        if let Some(mut service) = self.service.take() {
            let _ = service.kill();
            let _ = service.wait();
        }
    }

    /// Signs in with the PIN that X's page shows to a person.
    pub(crate) fn signs_in(&self, person: UserId, arguments: &[&str]) -> Ran {
        tokio::task::block_in_place(|| {
            let mut login = self.command(&[&["login", "--pin"], arguments].concat());
            let mut login = login.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut told = BufReader::new(login.stderr.take().unwrap());
            let token = request_token(&mut told);
            let pin = pin(&self.x.url(), &token, person);
            writeln!(login.stdin.take().unwrap(), "{pin}").unwrap();
            let mut err = String::new();
            told.read_to_string(&mut err).unwrap();
            let output = login.wait_with_output().unwrap();
            Ran { code: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
        })
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The request token in the address that `junco login` tells.
pub(crate) fn request_token(told: &mut impl std::io::BufRead) -> String {
    let lines = told.lines().map(Result::unwrap);
    let address = lines.into_iter().find(|line| line.contains("oauth_token=")).expect("it tells an address");
    address.split("oauth_token=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

/// The page, as a person fills it in. Where it leads back to, and the text of the page that follows.
pub(crate) fn decide(x: &str, token: &str, person: UserId, decision: &str) -> (Option<String>, String) {
    submit(&format!("{x}/oauth/authorize"), &format!("oauth_token={token}&person={person}&decision={decision}"))
}

/// Sends a form, and gives where its answer leads and what it says.
pub(crate) fn submit(url: &str, form: &str) -> (Option<String>, String) {
    let page = browse(url, Some(form));
    (page.lines().find_map(|line| line.strip_prefix("location: ")).map(|to| to.trim().to_owned()), page)
}

/// What a browser gets: head and body.
pub(crate) fn browse(url: &str, form: Option<&str>) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let (method, form) = if form.is_some() { ("POST", form.unwrap_or_default()) } else { ("GET", "") };
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn pin(x: &str, token: &str, person: UserId) -> String {
    let (_, page) = decide(x, token, person, "allow");
    page.split("id=\"pin\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("no PIN: {page}")).to_owned()
}

/// Whether a file is its owner's alone.
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

const APP: &str = r#"[[app]]
id = "16777259"
consumer_key = "simkey0001"
consumer_secret_file = "secrets/consumer"
owner_token_file = "secrets/owner.token"
owner_token_secret_file = "secrets/owner.token-secret"
client_id = "simclient0001"
client_secret_file = "secrets/client"
"#;

const ACCOUNT: &str = r#"[[account]]
user_id = "906948460078698496"
app = "16777259"
bot = "bots/snowbot"
access_token_file = "secrets/bot.token"
access_token_secret_file = "secrets/bot.token-secret"
oauth2_file = "secrets/bot.oauth2.json"
"#;
