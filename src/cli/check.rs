//! `junco check`: proves scripts before they run.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::bot;
use crate::service::{read_bot, report};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders of bots.
    #[arg(required = true, value_name = "BOT")]
    bots: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut all_good = true;
    for folder in &args.bots {
        all_good &= check(folder)?;
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(folder: &Path) -> anyhow::Result<bool> {
    let sources = read_bot(folder)?;
    let coloured = std::io::stdout().is_terminal();
    let (found, good) = match bot::compile(&sources) {
        Ok(compiled) => (compiled.warnings, true),
        Err(found) => (found, false),
    };
    println!("{}", report(folder, &found, &sources, coloured));
    Ok(good)
}
