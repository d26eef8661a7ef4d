//! `junco check`: proves scripts before they run.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::bot;
use crate::service::{LoadError, read_bot, report};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders of bots.
    #[arg(required = true, value_name = "BOT")]
    bots: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for folder in &args.bots {
        match check(folder) {
            Ok(true) => {}
            Ok(false) => code = ExitCode::FAILURE,
            // One that cannot be read does not keep the others from being checked.
            Err(error) => code = super::failed(&error.into()),
        }
    }
    code
}

/// Whether a bot can run; prints what was found in it.
fn check(folder: &Path) -> Result<bool, LoadError> {
    let sources = read_bot(folder)?;
    let coloured = std::io::stdout().is_terminal();
    let (found, good) = match bot::compile(&sources) {
        Ok(compiled) => (compiled.warnings, true),
        Err(found) => (found, false),
    };
    println!("{}", report(folder, &found, &sources, coloured));
    Ok(good)
}
