//! README.md is true: its bot compiles, its conversation plays, its configuration is read, what it shows is what is printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use junco::bot::{Sources, compile};
use junco::config::Config;
use junco::service::report;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README")
}

/// The only block of code of a language that begins so.
fn block(language: &str, beginning: &str) -> String {
    let readme = readme();
    let fence = format!("```{language}\n");
    let blocks = readme.split(&fence).skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block);
    let mut found = blocks.filter(|block| block.starts_with(beginning));
    let block = found.next().unwrap_or_else(|| panic!("no block begins with {beginning:?}"));
    assert_eq!(found.next(), None, "{beginning:?} begins two blocks");
    block.to_owned()
}

fn bakery() -> String {
    block("kdl", "// bots/bakery/bot.kdl\n")
}

fn sources(script: String) -> Sources {
    Sources::from([("bot.kdl".to_owned(), script)])
}

/// Runs the binary in a folder, types a text, and gives whether it succeeded and what it printed.
fn junco(folder: &Path, arguments: &[&str], typed: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    child.stdin.take().expect("a standard input").write_all(typed.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    (output.status.success(), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn the_bot_compiles_without_a_warning() {
    let compiled = compile(&sources(bakery())).unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(compiled.warnings, []);
}

#[test]
fn the_mistake_is_told_as_shown() {
    let wrong = sources(bakery().replacen("goto=\"hours\"", "goto=\"hurs\"", 1));
    let found = compile(&wrong).map(|_| ()).unwrap_err();
    let told = report(Path::new("bots/bakery"), &found, &wrong, false);
    assert_eq!(format!("{told}\n"), block("text", "error["));
}

#[test]
fn the_conversation_plays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("bots/bakery")).unwrap();
    std::fs::write(folder.path().join("bots/bakery/bot.kdl"), bakery()).unwrap();
    std::fs::write(folder.path().join("bakery.chat.kdl"), block("kdl", "// bakery.chat.kdl\n")).unwrap();
    let (good, told) = junco(folder.path(), &["dev", "bots/bakery", "--script", "bakery.chat.kdl"], "");
    assert!(good, "{told}");
}

#[test]
fn the_chat_is_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/bots"), folder.path().join("bots")).unwrap();
    let command = "$ cargo run --release -- dev bots/snowbot\n";
    let shown = block("text", command)[command.len()..].to_owned() + &block("text", "you> /help\n");
    let typed: String = shown.lines().filter_map(|line| line.strip_prefix("you> ")).map(|line| format!("{line}\n")).collect();
    let (good, printed) = junco(folder.path(), &["dev", "bots/snowbot"], &typed);
    assert!(good);
    assert_eq!(without_ports(&printed), without_ports(&shown));
}

#[test]
fn the_state_of_a_folder_is_told_as_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/bots"), folder.path().join("bots")).unwrap();
    assert!(junco(folder.path(), &["dev", "bots/snowbot", "--data", "data"], "hi\n").0);
    let command = "$ junco store check data\n";
    let (good, printed) = junco(folder.path(), &["store", "check", "data"], "");
    assert!(good, "{printed}");
    // Numbers, ages and sizes differ from folder to folder.
    let parts = |text: &str| text.lines().map(|line| line.chars().take(16).collect::<String>()).collect::<Vec<_>>();
    assert_eq!(parts(&printed), parts(&block("text", command)[command.len()..]));
    assert_eq!(printed.lines().next(), block("text", command).lines().nth(1));
}

#[test]
fn the_walk_from_keys_to_a_bot_is_as_shown() {
    let walk = Walk::begin();
    for command in walk.shown.clone() {
        let printed = walk.types(&command.typed);
        if command.typed.starts_with("junco login") && !command.typed.contains("--owner") {
            let (_, add) = printed.split_once("Add to the configuration:\n").unwrap();
            walk.append(&add.replace("bots/NAME", "bots/snowbot"));
            walk.start(&["run"], "listening");
        }
        assert_eq!(alike(&printed), alike(&command.printed), "{}", command.typed);
    }
    assert!(walk.shown.len() > 7, "{:?}", walk.shown);
}

/// A command of the page, and what it prints there.
#[derive(Debug, Clone)]
struct Shown {
    typed: String,
    printed: String,
}

/// The section on accounts as somebody types it, at ports of its own.
struct Walk {
    folder: tempfile::TempDir,
    shown: Vec<Shown>,
    /// Those of X and of the service, as the page has them and as they are here.
    ports: [(&'static str, String); 2],
    running: std::cell::RefCell<Vec<std::process::Child>>,
}

impl Walk {
    fn begin() -> Walk {
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let readme = readme();
        let section = readme.split("\n## ").find(|section| section.starts_with("Set up an account")).unwrap();
        let consoles = section.split("```console\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
        let commands = consoles.flat_map(|console| console.split("$ ").skip(1).map(str::to_owned).collect::<Vec<_>>());
        let shown = commands.map(|command| {
            let (typed, printed) = command.split_once('\n').unwrap();
            Shown { typed: typed.to_owned(), printed: printed.to_owned() }
        });
        let walk = Walk {
            folder: tempfile::tempdir().unwrap(),
            shown: shown.collect(),
            ports: [("8090", free()), ("8080", free())],
            running: std::cell::RefCell::default(),
        };
        std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/bots"), walk.folder.path().join("bots")).unwrap();
        // Where the page leaves it to the default, the port has to be another here.
        let listen = format!("listen = \"127.0.0.1:{}\"\n", walk.ports[1].1);
        walk.append(&(listen + &walk.here(&block("toml", "# junco.toml, before"))));
        walk.start(&["sim", "--listen", &format!("127.0.0.1:{}", walk.ports[0].1)], "X, simulated");
        walk
    }

    fn here(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (page, here)| text.replace(page, here))
    }

    fn append(&self, text: &str) {
        let path = self.folder.path().join("junco.toml");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, before + text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junco"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("RUST_LOG");
        command
    }

    /// Starts what runs in a terminal of its own, and waits until it says that it is there.
    fn start(&self, arguments: &[&str], says: &str) {
        let log = self.folder.path().join(arguments[0]);
        let file = std::fs::File::create(&log).unwrap();
        let child = self.command(arguments).stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        self.running.borrow_mut().push(child);
        for _ in 0..600 {
            if std::fs::read_to_string(&log).unwrap().contains(says) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{arguments:?}: {}", std::fs::read_to_string(&log).unwrap());
    }

    /// Does what the page types, and gives what is printed.
    fn types(&self, typed: &str) -> String {
        if let Some(arguments) = typed.strip_prefix("junco ") {
            let arguments: Vec<&str> = arguments.split(' ').collect();
            return if arguments[0] == "login" { self.signs_in(&arguments) } else { self.runs(&arguments) };
        }
        if let Some((_, rest)) = typed.split_once("http://127.0.0.1:8090/sim/") {
            let (path, body) = rest.split_once(" -H 'content-type: application/json' -d '").unwrap();
            self.asks_x(path, body.trim_end_matches('\''))
        } else {
            let output = Command::new("sh").args(["-c", typed]).current_dir(self.folder.path()).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        }
    }

    fn runs(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Signs in; the page at X is filled in through the simulator's own interface.
    fn signs_in(&self, arguments: &[&str]) -> String {
        use std::io::{BufRead as _, Read as _};
        let mut login = self.command(&[arguments, &["--pin"]].concat());
        let mut login = login.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = std::io::BufReader::new(login.stderr.take().unwrap());
        let mut before = String::new();
        while !before.contains("oauth_token=") {
            told.read_line(&mut before).unwrap();
        }
        let token = before.split("oauth_token=").nth(1).unwrap().split('&').next().unwrap();
        let person = if arguments.contains(&"--owner") { "@dev" } else { "@snowbot" };
        let answer = self.asks_x("authorize", &format!(r#"{{"request_token":"{token}","person":"{person}"}}"#));
        let pin = answer.split('"').nth(3).unwrap().to_owned();
        writeln!(login.stdin.take().unwrap(), "{pin}").unwrap();
        told.read_to_string(&mut before).unwrap();
        let output = login.wait_with_output().unwrap();
        // On a terminal what is typed stands behind the question.
        before.trim_end().to_owned() + " " + &pin + "\n" + std::str::from_utf8(&output.stdout).unwrap()
    }

    fn asks_x(&self, path: &str, body: &str) -> String {
        use std::io::Read as _;
        let host = format!("127.0.0.1:{}", self.ports[0].1);
        let mut stream = std::net::TcpStream::connect(&host).unwrap();
        let head = format!("POST /sim/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n");
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned() + "\n"
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        for child in self.running.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a page and a run have in common: ids of X, tokens, PINs, ports and times differ.
fn alike(text: &str) -> Vec<String> {
    let known = ["906948460078698496", "1900000000000000001", "16777259"];
    let line = |line: &str| {
        let line = without_ports(line);
        let token = line.split("oauth_token=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default().to_owned();
        let line = if token.is_empty() { line } else { line.replace(&token, "TOKEN") };
        let words = line.split_inclusive(|c: char| !c.is_ascii_digit());
        words.fold(String::new(), |line, word| {
            let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
            let differs = !digits.is_empty() && !known.contains(&digits) && digits.bytes().all(|byte| byte.is_ascii_digit());
            line + &if differs { word.replace(digits, "N") } else { word.to_owned() }
        })
    };
    text.trim_end().lines().map(line).collect()
}

/// Ports differ from start to start.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "127.0.0.1:" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[test]
fn the_configuration_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (path, secrets) = (folder.path().join("junco.toml"), folder.path().join("secrets"));
    let text = block("toml", "# junco.toml\n");
    std::fs::write(&path, &text).unwrap();
    // It holds no secret itself, so that anybody may read it.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::create_dir(&secrets).unwrap();
    for name in ["consumer", "token", "token-secret"] {
        std::fs::write(secrets.join(name), format!("{name}\n")).unwrap();
    }
    let config = Config::load(&path).unwrap();
    assert_eq!(config.app[0].signing_secret().unwrap().expose(), "consumer");
    assert_eq!(config.account[0].tokens().unwrap().1.expose(), "token-secret");
}

#[test]
fn every_key_stands_in_the_table() {
    let readme = readme();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    for (section, row) in [
        ("", "| `{key}` "),
        ("x", "| `x.{key}` "),
        ("limits", "| `limits.{key}` "),
        ("access", "| `access.{key}` "),
        ("watch", "| `watch.{key}` "),
    ] {
        for key in keys(section) {
            let row = row.replace("{key}", &key);
            assert!(
                ["x", "limits", "access", "watch", "app", "account", "operator"].contains(&key.as_str())
                    || rows.iter().any(|line| line.starts_with(&row)),
                "{row}"
            );
        }
    }
    for section in ["app", "account", "operator"] {
        for key in keys(section) {
            let told = |line: &&str| line.starts_with(&format!("| `[[{section}]]`")) && line.contains(&format!("`{key}"));
            assert!(rows.iter().any(told), "{section}: {key}");
        }
    }
}

/// The keys that a section of the configuration has, as the error for an unknown one tells them.
fn keys(section: &str) -> BTreeSet<String> {
    let text = match section {
        "" => "nonsense = 1".to_owned(),
        "x" | "limits" | "access" | "watch" => format!("[{section}]\nnonsense = 1"),
        _ => format!("[[{section}]]\nnonsense = 1"),
    };
    let error = Config::from_table(toml::from_str(&text).expect("TOML"), "test").unwrap_err().to_string();
    let (_, expected) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).filter(|key| key != section).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let readme = readme();
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let (headings, paths): (Vec<&str>, Vec<&str>) = links.filter(|link| !link.starts_with("http")).partition(|link| link.starts_with('#'));
    assert!(headings.len() > 5 && paths.len() > 10);
    for heading in headings {
        let title = heading[1..].replace('-', " ");
        assert!(readme.lines().any(|line| line.starts_with("## ") && line[3..].to_lowercase() == title), "{heading}");
    }
    for path in paths {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(), "{path}");
    }
}
