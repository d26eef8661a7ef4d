//! `junco store`: looks after the data of a service that is stopped.

mod table;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;

use self::table::{inspected, size};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::store::{Options, Progress, StoreError, compact, inspect};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell the state of a data folder, without changing it; exit code 0 when the next start loses nothing.
    Check {
        #[command(flatten)]
        which: Which,
        /// Print all of it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Copy a data folder small; the old one is kept beside it.
    Compact {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The data folder; without it the one that the configuration names.
    #[arg(conflicts_with = "config")]
    folder: Option<PathBuf>,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "junco.toml")]
    config: PathBuf,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Check { which, json } => check(&which.folder()?, json),
        Command::Compact { which } => compact_folder(&which.folder()?),
    }
}

impl Which {
    fn folder(self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = self.folder {
            return Ok(folder);
        }
        let config = Config::load(&self.config).context("name the data folder, or a configuration")?;
        Ok(config.store_folder().map(PathBuf::from).expect("a configuration without one is refused"))
    }
}

fn check(folder: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let found = inspect(folder, &options("reading"));
    clear_line();
    let found = found?;
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print!("{}", inspected(folder, &found, SystemClock.now()));
    }
    Ok(if found.damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compact_folder(folder: &Path) -> anyhow::Result<ExitCode> {
    let done = compact(folder, &options("starting"));
    clear_line();
    let done = match done {
        Err(error @ StoreError::Map(_)) => Err(error).context("compact once more: the record map is damaged, and is then filled anew")?,
        done => done?,
    };
    if done.is_earlier {
        println!("an earlier compaction had been cut short; it was ended");
    }
    println!("{}: {}, before {}", folder.display(), size(done.after), size(done.before));
    println!("the old folder is {}: delete it when the service runs well on the new one", done.old.display());
    Ok(ExitCode::SUCCESS)
}

/// Options whose progress goes to the terminal, if there is one.
fn options(doing: &'static str) -> Options {
    let progress = move |Progress { done, of }: Progress| {
        if std::io::stderr().is_terminal() {
            clear_line();
            eprint!("{doing}: {} of {}", size(done), size(of));
        }
    };
    Options { progress: Arc::new(progress), ..Options::default() }
}

/// Takes the progress off the terminal.
fn clear_line() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
