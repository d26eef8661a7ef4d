//! `junco fmt`: scripts and conversation tests in one look.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::bot::{self, Sources};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders of bots, or scripts.
    #[arg(required = true, value_name = "BOT")]
    bots: Vec<PathBuf>,
    /// Change nothing; name the files that are not in order, and fail if there are any.
    #[arg(long)]
    check: bool,
}

/// What became of a file.
enum Done {
    Kept,
    Changed,
    /// It cannot be read as a script; this tells why.
    Refused(String),
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut scripts = Vec::new();
    for bot in &args.bots {
        gather(bot, &mut scripts).with_context(|| bot.display().to_string())?;
    }
    let mut code = ExitCode::SUCCESS;
    for script in scripts {
        match format(&script, args.check).with_context(|| script.display().to_string())? {
            Done::Kept => {}
            Done::Changed => {
                println!("{}", script.display());
                if args.check {
                    code = ExitCode::FAILURE;
                }
            }
            Done::Refused(why) => {
                eprintln!("{why}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn format(script: &Path, check: bool) -> anyhow::Result<Done> {
    let text = std::fs::read_to_string(script)?;
    let file = script.display().to_string();
    match bot::format(&file, &text) {
        Ok(formatted) if formatted == text => Ok(Done::Kept),
        Ok(formatted) => {
            if !check {
                std::fs::write(script, formatted)?;
            }
            Ok(Done::Changed)
        }
        Err(found) => {
            let sources = Sources::from([(file, text)]);
            let coloured = std::io::stderr().is_terminal();
            let shown: Vec<String> = found.iter().map(|finding| finding.render(&sources, coloured) + "\n").collect();
            Ok(Done::Refused(shown.join("\n")))
        }
    }
}

/// The scripts of a folder and of the folders within it, in the order of their names; or the script that was named.
fn gather(path: &Path, scripts: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        scripts.push(path.to_owned());
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut entries = entries?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|kind| kind == "kdl") {
            gather(&entry, scripts)?;
        }
    }
    Ok(())
}
