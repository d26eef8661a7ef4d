//! `junco migrate`: brings the data of an older Junco up to date.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::store::{EmbeddedStore, Options, Upgraded, upgrade};

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
    let newest = EmbeddedStore::FORMAT;
    if EmbeddedStore::format(&folder)?.is_none() {
        bail!("{shown}: there is no data in this folder; name the one that holds the journal-….jnl files");
    }
    match upgrade(&folder, &Options::default())? {
        None => println!("{shown}: format {newest}, the newest: nothing to do"),
        Some(Upgraded { from, backup }) => {
            println!("{shown}: format {from} was brought up to format {newest}");
            println!("the data as it was is in {}: delete it when the service runs well", backup.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
