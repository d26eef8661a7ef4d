//! What the compiler says of bad scripts: each `bad/NAME.kdl` is compiled as a bot's `bot.kdl`, with the tables of `bad/data`
//! beside it, and everything it says is compared with `bad/NAME.txt`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use junco::bot::{Sources, compile};

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

/// All that is said of a script.
fn said(script: &Path) -> String {
    let data = files(&folder().join("data"), "csv json").into_iter();
    let named = data.map(|path| (format!("data/{}", path.file_name().unwrap().to_str().unwrap()), path));
    let all = named.chain([("bot.kdl".to_owned(), script.to_owned())]);
    let sources: Sources = all.map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect();
    let found = compile(&sources).map_or_else(|found| found, |compiled| compiled.warnings);
    let shown: Vec<String> = found.iter().map(|finding| finding.render(&sources, false) + "\n").collect();
    shown.join("\n")
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
        let table = fs::read_to_string(folder().join("data/good.csv")).unwrap();
        let sources = Sources::from([("bot.kdl".to_owned(), example.to_owned()), ("data/good.csv".to_owned(), table)]);
        let found = compile(&sources).map_or_else(|found| found, |compiled| compiled.warnings);
        let shown: Vec<String> = found.iter().map(|finding| finding.render(&sources, false)).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n\n"));
    }
}
