//! `junco new`: a folder with a bot that runs, and a test that shows it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::bot::Words;

/// The bot that is written; it speaks English, and `lang=` is what its own words follow.
const SCRIPT: &str = include_str!("new/bot.kdl");
const TABLE: &str = include_str!("new/places.csv");
const TEST: &str = include_str!("new/bot.test.kdl");

/// What stands for the name and the language in them.
const HEAD: &str = "bot \"helpdesk\" version=1 lang=\"en\" {\n";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The new folder; its last part is the bot's name.
    #[arg(value_parser = folder)]
    name: PathBuf,
    /// The language of the words that the bot says by itself, as "yes" and "more".
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = language)]
    lang: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = &args.name;
    let name = name_of(folder).unwrap_or_default();
    anyhow::ensure!(!folder.exists(), "{} is there already; junco new begins with a folder of its own", folder.display());
    let files = [
        ("bot.kdl".to_owned(), SCRIPT.replacen(HEAD, &head(name, &args.lang), 1)),
        ("data/places.csv".to_owned(), TABLE.to_owned()),
        (format!("{name}.test.kdl"), TEST.to_owned()),
    ];
    std::fs::create_dir_all(folder.join("data")).with_context(|| format!("cannot make {}", folder.display()))?;
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    println!("Talk to it: junco talk {}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// The `bot` node's beginning. In a language whose words are not known they are there to be translated.
fn head(name: &str, lang: &str) -> String {
    let head = format!("bot \"{name}\" version=1 lang=\"{lang}\" {{\n");
    if Words::of(lang).is_some() {
        return head;
    }
    let Words { yes, no, more, stale, invalid, choose, ask, change, noted } = Words::default();
    let words = [
        ("yes", yes),
        ("no", no),
        ("more", more),
        ("stale", stale),
        ("invalid", invalid),
        ("choose", choose),
        ("ask", ask),
        ("change", change),
        ("noted", noted),
    ];
    let words: String = words.iter().map(|(word, text)| format!("    {word} \"{text}\"\n")).collect();
    format!("{head}  // What the bot says by itself, to be put into your language.\n  words {{\n{words}  }}\n")
}

fn name_of(folder: &Path) -> Option<&str> {
    folder.file_name()?.to_str()
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    match name_of(&folder) {
        Some(name) if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) => Ok(folder),
        _ => Err("a bot's name has letters, digits, - and _".to_owned()),
    }
}

fn language(text: &str) -> Result<String, String> {
    let is_tag = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_tag.then(|| text.to_owned()).ok_or_else(|| "write a language as de, or pt-BR".to_owned())
}
