//! What is measured, and what it is fed: children that listen, and signed deliveries made beforehand.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use junco::model::{AppId, MessageId, Timestamp, UserId};
use junco::simulator::Token;
use junco::wire::signature;

pub(crate) const ACCOUNT: UserId = UserId(4_503_599_627_370_601);
pub(crate) const APP: AppId = AppId(16_777_259);
pub(crate) const SECRET: &str = "bench-consumer-secret";
/// The public half of the app's keys.
pub(crate) const KEY: &str = "bench-key";
pub(crate) const PATH: &str = "/webhook/twitter";

/// Of the console's one operator.
pub(crate) const PASSWORD: &str = "bench password";
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$aLjBCitzzdJFDWNIbn/m4A$lfcvDdcV2B2f02WEtk6/GXKkv51Z3/B3m46M76rkgxQ";

/// The first of the people; the others follow.
const FIRST_PEER: u64 = 1_900_000_000_000_000_000;

/// What people type; SnowBot answers each with one message.
const TEXTS: [&str; 6] = ["hi", "report aspen", "show me a snow picture", "how is the weather up there", "help", "what else?"];

/// A SnowBot that answers everything by itself, asking nobody and showing nothing, so that its figures are its own.
pub(crate) fn snowbot() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/snowbot")
}

/// A process that was started here and ends with this.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// This very program, as another part of the benchmark.
    pub(crate) fn child(words: &[&str]) -> Server {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Server::start(command.arg("child").args(words))
    }

    /// `junco run` over a folder of its own.
    pub(crate) fn junco(folder: &Path, api: SocketAddr) -> Server {
        Server::start(&mut run(folder, configuration(folder, api)))
    }

    /// The same with a console, and where that listens.
    pub(crate) fn junco_with_console(folder: &Path, api: SocketAddr) -> (Server, SocketAddr) {
        let operator = format!("[[operator]]\nname = \"bench\"\nrole = \"admin\"\npassword_hash = \"{PASSWORD_HASH}\"\n");
        let (server, addresses) =
            Server::told(&mut run(folder, format!("console = \"127.0.0.1:0\"\n{}{operator}", configuration(folder, api))));
        (server, *addresses.last().unwrap())
    }

    fn start(command: &mut Command) -> Server {
        Server::told(command).0
    }

    /// Starts a process and waits until it says where it listens.
    fn told(command: &mut Command) -> (Server, Vec<SocketAddr>) {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let listening = log.find(|line| line.contains("listening:")).expect("the server starts");
        let addresses = listening.split("http://").skip(1).map(|rest| rest.split(['/', ',']).next().unwrap().parse().unwrap());
        let addresses: Vec<SocketAddr> = addresses.collect();
        // The log is read on, or the process would stop when the pipe is full.
        std::thread::spawn(move || log.for_each(drop));
        (Server { process, address: addresses[0] }, addresses)
    }

    /// Its memory, now and at most: (`VmRSS`, `VmHWM`) in bytes.
    pub(crate) fn memory(&self) -> (u64, u64) {
        resident(&self.process.id().to_string())
    }

    /// The processor time that it took so far, to a hundredth of a second.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // Behind the name, which may hold anything, stand the fields from the third on.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was stopped is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The memory of a process: now and at most, in bytes.
pub(crate) fn resident(process: &str) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

fn run(folder: &Path, configuration: String) -> Command {
    let config = folder.join("junco.toml");
    std::fs::write(&config, configuration).unwrap();
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
    command.args(["run", "--config"]).arg(config);
    command
}

fn configuration(folder: &Path, api: SocketAddr) -> String {
    let token = Token::for_user(ACCOUNT, APP);
    format!(
        "listen = \"127.0.0.1:0\"\npath = \"{PATH}\"\nstore = \"sled:{}\"\n[x]\napi = \"http://{api}\"\n\
         [limits]\naccount_sends = 0\napp_sends = 0\n\
         [[app]]\nid = \"{APP}\"\nconsumer_key = \"{KEY}\"\nconsumer_secret = \"{SECRET}\"\n\
         [[account]]\nuser_id = \"{ACCOUNT}\"\napp = \"{APP}\"\nbot = \"{}\"\naccess_token = \"{}\"\naccess_token_secret = \"{}\"\n",
        folder.join("data").display(),
        snowbot().display(),
        token.token,
        token.secret,
    )
}

/// Makes deliveries, none of which was there before.
pub(crate) struct Press {
    peers: u64,
    made: u64,
    first: MessageId,
    now: Timestamp,
}

/// Whole HTTP requests, one behind the other.
pub(crate) struct Corpus {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Corpus {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, place: usize) -> Option<&[u8]> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }
}

impl Press {
    /// A press for the messages of so many people, who write by turns.
    pub(crate) fn new(peers: u64) -> Press {
        let now = Timestamp::from_millis(0).plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
        Press { peers, made: 0, first: MessageId::first_at(now), now }
    }

    pub(crate) fn print(&mut self, count: usize) -> Corpus {
        let mut corpus = Corpus { bytes: Vec::with_capacity(count * 1500), ends: Vec::with_capacity(count) };
        for _ in 0..count {
            let body = self.body();
            let signature = signature::sign(SECRET.as_bytes(), body.as_bytes());
            let head = format!(
                "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{}: {signature}\r\ncontent-length: {}\r\n\r\n",
                signature::SIGNATURE_HEADER,
                body.len()
            );
            corpus.bytes.extend_from_slice(head.as_bytes());
            corpus.bytes.extend_from_slice(body.as_bytes());
            corpus.ends.push(corpus.bytes.len());
        }
        corpus
    }

    /// A delivery as X writes it (contract §3.3), of a fresh message.
    pub(crate) fn body(&mut self) -> String {
        let (peer, id, at) = (FIRST_PEER + self.made % self.peers, self.first.0 + self.made, self.now);
        let text = TEXTS[(self.made / self.peers + self.made) as usize % TEXTS.len()];
        self.made += 1;
        let mut users = String::new();
        for (id, name) in [(peer, "ada_example"), (ACCOUNT.0, "snowbot")] {
            let comma = if users.is_empty() { "" } else { "," };
            let picture = "pbs.twimg.com/profile_images/1/a_normal.jpg";
            write!(
                users,
                r#"{comma}"{id}":{{"id":"{id}","created_timestamp":"1741944413000","name":"{name}","screen_name":"{name}","protected":false,"verified":false,"followers_count":3,"friends_count":5,"statuses_count":8,"profile_image_url":"http://{picture}","profile_image_url_https":"https://{picture}"}}"#
            )
            .unwrap();
        }
        format!(
            r#"{{"for_user_id":"{ACCOUNT}","direct_message_events":[{{"type":"message_create","id":"{id}","created_timestamp":"{at}","message_create":{{"target":{{"recipient_id":"{ACCOUNT}"}},"sender_id":"{peer}","message_data":{{"text":"{text}","entities":{{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]}}}}}}}}],"users":{{{users}}}}}"#,
            at = at.as_millis(),
        )
    }
}
