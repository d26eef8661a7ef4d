//! What the compiler says of scripts: each `bad/NAME.kdl` is compiled as a bot's `bot.kdl`, with the tables of `bad/data` and the files of
//! `bad/photos` beside it, and everything it says is compared with `bad/NAME.txt`. Of `good/NAME.kdl` and of the bot in `whole` it says
//! nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use junco::bot::{FileFacts, Sources, compile};
use junco::model::MediaType;
use junco::service::read_bot;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bot/bad")
}

fn files(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| kind.contains(found.to_str().unwrap()))).collect();
    files.sort();
    files
}

/// A script as a bot, with the tables and files beside the bad ones.
fn sources(script: &str) -> Sources {
    let mut sources = beside();
    sources.insert("bot.kdl".to_owned(), script.to_owned());
    sources
}

/// What stands beside the bad scripts.
fn beside() -> Sources {
    let mut sources = Sources::new();
    for path in files(&folder().join("data"), "csv json") {
        let name = format!("data/{}", path.file_name().unwrap().to_str().unwrap());
        sources.insert(name, fs::read_to_string(path).unwrap());
    }
    for path in files(&folder().join("photos"), "png jpg") {
        let (name, bytes) = (format!("photos/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap());
        sources.files.insert(name, FileFacts { bytes: bytes.len() as u64, kind: MediaType::of(&bytes) });
    }
    sources
}

/// All that is said of a script.
fn said(script: &Path) -> String {
    let sources = sources(&fs::read_to_string(script).unwrap());
    let found = compile(&sources).map_or_else(|found| found, |compiled| compiled.warnings);
    let shown: Vec<String> = found.iter().map(|finding| finding.render(&sources, false) + "\n").collect();
    shown.join("\n")
}

#[test]
fn nothing_is_said_of_good_scripts() {
    let scripts = files(&folder().with_file_name("good"), "kdl");
    assert!(scripts.len() > 3);
    for script in scripts {
        assert_eq!(said(&script), "", "{}", script.display());
    }
}

#[test]
fn nothing_is_said_of_the_bot_with_every_node() {
    let sources = read_bot(&folder().with_file_name("whole")).unwrap();
    let compiled = compile(&sources).unwrap_or_else(|found| panic!("{found:#?}"));
    assert_eq!(compiled.warnings, []);
}

#[test]
fn bad_scripts_are_explained() {
    let scripts = files(&folder(), "kdl");
    assert!(scripts.len() > 10);
    let wrong: Vec<String> = scripts
        .iter()
        .filter_map(|script| {
            let expected = fs::read_to_string(script.with_extension("txt")).unwrap_or_default();
            let said = said(script);
            (said != expected).then(|| format!("{}:\n{said}", script.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "said otherwise than written; if this is better, rewrite the files:\n{}", wrong.join("\n"));
}

/// `cargo test --test bot -- --ignored` writes down what is said now; look at the difference before committing it.
#[test]
#[ignore = "rewrites the expected texts"]
fn rewrite_what_is_said() {
    for script in files(&folder(), "kdl") {
        fs::write(script.with_extension("txt"), said(&script)).unwrap();
    }
}

#[test]
fn the_examples_of_the_reference_compile() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("bots/README.md")).unwrap();
    let examples: Vec<&str> = page.split("```kdl\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 4);
    for example in examples {
        let sources = sources(example);
        let found = compile(&sources).map_or_else(|found| found, |compiled| compiled.warnings);
        let shown: Vec<String> = found.iter().map(|finding| finding.render(&sources, false)).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n\n"));
    }
}
