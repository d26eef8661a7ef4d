//! `junco migrate`: brings the data of an older Junco up to date. There is one format so far, so it only tells which one the data has.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::store::EmbeddedStore;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The store's folder; without it, the one of the configuration.
    #[arg(value_name = "FOLDER", conflicts_with = "config")]
    folder: Option<PathBuf>,
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "junco.toml")]
    config: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => Config::load(&args.config)?.store_folder().context("the store of the configuration has no folder")?.to_owned(),
    };
    let shown = folder.display();
    if !folder.is_dir() {
        bail!("{shown}: there is no such folder; `junco run` makes it when it starts");
    }
    match EmbeddedStore::format(&folder)? {
        Some(format) => println!("{shown}: format {format}, the newest: nothing to do"),
        None => bail!("{shown}: there is no data in this folder; name the one that holds the journal-….jnl files"),
    }
    Ok(ExitCode::SUCCESS)
}
