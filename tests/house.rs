//! The shape of the house, held by tests: who may name whom, what the pure rooms may not reach, how long files get, which crates come in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which rooms a room may name (design, "The house"). The command line may name any.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wire", &["model"]),
    ("bot", &["model"]),
    ("pace", &["model"]),
    ("conversation", &["model", "bot"]),
    ("graph", &["model", "bot"]),
    ("clock", &["model"]),
    ("metrics", &["model"]),
    ("config", &["model"]),
    ("store", &["model", "conversation"]),
    ("client", &["model", "wire", "clock"]),
    ("turn", &["model", "bot", "conversation", "store", "clock", "metrics"]),
    ("webhook", &["model", "wire", "conversation", "turn", "clock", "metrics"]),
    ("outbox", &["model", "wire", "conversation", "pace", "client", "store", "turn", "clock", "metrics"]),
    ("account", &["model", "wire", "conversation", "pace", "client", "store", "turn", "clock", "metrics"]),
    ("rehearsal", &["model", "wire", "bot", "conversation", "pace", "clock", "store", "client", "turn", "outbox"]),
    ("console", &["model", "wire", "bot", "graph", "conversation", "pace", "store", "turn", "webhook", "client", "account", "clock"]),
    ("simulator", &["model", "wire"]),
    (
        "service",
        &[
            "model",
            "wire",
            "bot",
            "conversation",
            "pace",
            "clock",
            "config",
            "metrics",
            "store",
            "client",
            "turn",
            "webhook",
            "outbox",
            "account",
            "console",
        ],
    ),
    ("main", &["cli"]),
];

/// Crates that touch the world; none may be reached by the pure rooms.
const WORLDLY: &[&str] = &["actix-web", "tokio", "reqwest", "sled", "rustls", "clap", "tracing", "toml", "mio", "socket2"];

/// Crates that must not come in at all, and why.
const BANNED: &[(&str, &str)] = &[
    ("openssl", "TLS is rustls with ring"),
    ("aws-lc-rs", "needs cmake"),
    ("h2@0.3", "RUSTSEC-2026-0258, through actix-web's feature http2"),
    ("proc-macro-error", "RUSTSEC-2024-0370, through oauth1-request's default features"),
    ("actix-governor", "GPL"),
    ("bincode", "RUSTSEC-2025-0141"),
];

/// Licences that may be shipped; each alternative of an expression counts.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "CC0-1.0",
    "MPL-2.0",
    "BSL-1.0",
    "0BSD",
    "CDLA-Permissive-2.0",
    "Unlicense",
    "MIT-0",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the sources with its text, by its path under `src`.
fn sources() -> BTreeMap<String, String> {
    fn gather(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                gather(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let name = path.strip_prefix(root().join("src")).expect("under src").display().to_string();
                found.insert(name, std::fs::read_to_string(&path).expect("a readable file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    gather(&root().join("src"), &mut found);
    assert!(found.len() > 50, "the sources were found");
    found
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).arg("--locked").current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

#[test]
fn a_room_names_only_the_rooms_it_may() {
    let rooms: BTreeSet<&str> = MAY_NAME.iter().map(|(room, _)| *room).chain(["cli"]).collect();
    for (path, text) in sources() {
        let room = path.split(['/', '.']).next().unwrap_or_default();
        // A test may name more: it plays the rooms around its own.
        if room == "lib" || room == "cli" || path.contains("/tests") {
            continue;
        }
        let (_, may) = MAY_NAME.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{path}: {room} is no room of the house"));
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            let named: String = code[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let known = rooms.contains(named.as_str());
            assert!(!known || named == room || may.contains(&named.as_str()), "{path} names {named}, which {room} may not");
        }
    }
}

#[test]
fn no_file_hides_a_second_thing() {
    let sizes: BTreeMap<String, usize> = sources().into_iter().map(|(path, text)| (path, text.lines().count())).collect();
    let long: Vec<_> = sizes.iter().filter(|(_, lines)| **lines > 600).collect();
    assert!(long.is_empty(), "over 600 lines: {long:?}");
    let over_400 = sizes.values().filter(|lines| **lines > 400).count();
    assert!(over_400 * 10 <= sizes.len(), "{over_400} of {} files have over 400 lines", sizes.len());
}

#[test]
fn nothing_is_silenced_without_a_reason() {
    for (path, text) in sources() {
        assert!(!text.contains("#[allow(") && !text.contains("#![allow("), "{path}: write #[expect(…, reason = …)]");
    }
}

#[test]
fn the_pure_rooms_reach_nothing_of_the_world() {
    let tree = cargo(&["tree", "-e", "normal", "--no-default-features", "--prefix", "none", "--format", "{p}"]);
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("minijinja"), "the tree was read");
    for worldly in WORLDLY {
        assert!(!names.contains(worldly), "{worldly} is reached without the feature `service`");
    }
}

#[test]
fn only_wanted_crates_come_in() {
    let tree = cargo(&["tree", "-e", "normal,build", "--prefix", "none", "--format", "{p}|{l}"]);
    let mut crates = 0;
    for line in tree.lines().filter(|line| !line.starts_with("junco ") && !line.is_empty()) {
        crates += 1;
        let (package, licence) = line.split_once('|').expect("a package and its licence");
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_start_matches('v'));
        for (banned, why) in BANNED {
            let (banned, start) = banned.split_once('@').unwrap_or((banned, ""));
            assert!(name != banned || !version.starts_with(start), "{package} came in: {why}");
        }
        assert!(is_free(licence.trim_end_matches(" (*)")), "{package} has the licence `{licence}`");
    }
    assert!(crates > 100, "the tree was read");
}

/// Whether one alternative of a licence expression may be shipped.
fn is_free(expression: &str) -> bool {
    let listed = |one: &str| LICENCES.contains(&one.trim_matches(['(', ')', ' ']).split(" WITH ").next().unwrap_or_default());
    expression.split(" OR ").flat_map(|part| part.split('/')).any(|choice| choice.split(" AND ").all(listed))
}

#[test]
fn a_licence_that_is_not_listed_is_noticed() {
    assert!(is_free("MIT OR GPL-3.0") && is_free("Apache-2.0 AND ISC") && is_free("MIT/Apache-2.0"));
    assert!(!is_free("GPL-3.0") && !is_free("Apache-2.0 AND OpenSSL") && !is_free(""));
}
