//! `junco dev`: the first five minutes. The simulator, the service and a chat, joined by real HTTP and real signatures.

use std::path::PathBuf;
use std::process::ExitCode;

use super::chat::{self, Place, Rig, Script};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bot's folder.
    bot: PathBuf,
    /// Play a conversation from a file and exit: 0 when every reply was as expected, else 1.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Where the conversations are kept; without it in ./data/dev, or, with --script, nowhere.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    super::start_log("warn");
    let script = args.script.as_deref().map(Script::read).transpose()?;
    let place = match (args.data, &script) {
        (Some(folder), _) => Place::Folder(folder),
        (None, Some(_)) => Place::Temporary,
        (None, None) => Place::Folder(PathBuf::from("data/dev")),
    };
    let mut rig = Rig::start(&args.bot, place).await?;
    println!("X, simulated:  {}", rig.simulator().url());
    println!("webhook:       {}", rig.webhook());
    let played = match &script {
        Some(script) => script.play(&mut rig).await,
        None => chat::chat(&mut rig).await,
    };
    rig.stop().await?;
    played?;
    if script.is_some() {
        println!("as expected");
    }
    Ok(ExitCode::SUCCESS)
}
