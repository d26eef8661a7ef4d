//! `junco talk`: a chat in the terminal that leaves nothing behind.

use std::path::PathBuf;
use std::process::ExitCode;

use super::chat::{self, Place, Rig, Screen};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bot's folder.
    bot: PathBuf,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let screen = Screen::default();
    super::start_log_beside(&screen);
    let mut rig = Rig::start(&args.bot, Place::Temporary).await?;
    let chatted = chat::chat(&mut rig, &screen).await;
    rig.stop().await?;
    chatted?;
    Ok(ExitCode::SUCCESS)
}
