//! `junco dev`: the first five minutes. The simulator, the service and a chat, joined by real HTTP and real signatures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::chat::{self, Place, Rig, Screen, Script};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bot's folder.
    bot: PathBuf,
    /// Play a conversation from a file and exit: 0 when every reply was as expected, else 1.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Where the conversations are kept; without it in ./data/dev/BOT, or, with --script, nowhere.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let screen = Screen::default();
    super::start_log_beside(&screen);
    let script = args.script.as_deref().map(Script::read).transpose()?;
    let place = match (args.data, &script) {
        (Some(folder), _) => Place::Folder(folder),
        (None, Some(_)) => Place::Temporary,
        (None, None) => Place::Folder(usual_folder(&args.bot)),
    };
    let kept = if let Place::Folder(folder) = &place { Some(kept_in(folder)) } else { None };
    let mut rig = Rig::start(&args.bot, place).await?;
    println!("X, simulated:   {}", rig.simulator().url());
    println!("phone:          {}", rig.phone());
    println!("webhook:        {}", rig.webhook());
    println!("console:        {}", rig.console());
    kept.iter().for_each(|kept| println!("conversations:  {kept}"));
    let played = match &script {
        Some(script) => script.play(&mut rig).await,
        None => chat::chat(&mut rig, &screen).await,
    };
    rig.stop().await?;
    played?;
    if script.is_some() {
        println!("as expected");
    }
    Ok(ExitCode::SUCCESS)
}

/// Each bot has a folder of its own: the conversations of one mean nothing to another.
fn usual_folder(bot: &Path) -> PathBuf {
    // `.` has no name before it is looked up. A bot that is not there is told of when it is read.
    let bot = bot.canonicalize().unwrap_or_else(|_| bot.to_owned());
    Path::new("data/dev").join(bot.file_name().unwrap_or_default())
}

fn kept_in(folder: &Path) -> String {
    let shown = folder.display();
    match folder.exists() {
        true => format!("{shown} (they go on where they stopped; remove the folder to begin afresh)"),
        false => format!("{shown} (kept for the next start)"),
    }
}
