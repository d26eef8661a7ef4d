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
use junco::simulator::{Settings, Simulator};

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
    for (section, row) in [("", "| `{key}` "), ("x", "| `x.{key}` "), ("limits", "| `limits.{key}` ")] {
        for key in keys(section) {
            let row = row.replace("{key}", &key);
            assert!(["x", "limits", "app", "account"].contains(&key.as_str()) || rows.iter().any(|line| line.starts_with(&row)), "{row}");
        }
    }
    for section in ["app", "account"] {
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
        "x" | "limits" => format!("[{section}]\nnonsense = 1"),
        _ => format!("[[{section}]]\nnonsense = 1"),
    };
    let error = Config::from_table(toml::from_str(&text).expect("TOML"), "test").unwrap_err().to_string();
    let (_, expected) = error.split_once("expected one of ").unwrap_or_else(|| panic!("{error}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).filter(|key| key != section).collect()
}

#[test]
fn the_world_can_be() {
    let settings = Settings::default().with_world(&block("json", "{\n  \"people\": [")).unwrap();
    assert_eq!((settings.people.len(), settings.tokens[1].secret.as_str(), settings.rules.crc_period), (3, "s", None));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { Simulator::start(settings).await.unwrap().stop().await });
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
