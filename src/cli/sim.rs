//! `junco sim`: the simulator of X alone, for any bot to be pointed at.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::model::parse_duration;
use crate::simulator::{Settings, Simulator};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Decides everything that looks random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much faster than the real clock retries and checks come round.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    time_scale: f64,
    /// How long before now the world begins, such as 2h: so much it can be moved forward before its ids are of the future.
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span)]
    begins: Duration,
    /// Take only the webhook addresses that X takes: https, no port, at most 200 characters.
    #[arg(long)]
    strict_urls: bool,
    /// Who lives there: a JSON file of people, apps, tokens and rules, each instead of the usual ones.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    super::start_log();
    let asked_to_end = super::asked_to_end()?;
    let simulator = Simulator::start(settings(args)?).await?;
    println!("X, simulated: {url} (open it in a browser to see who lives there and how to point a bot at it)", url = simulator.url());
    println!("phone:        {url}/phone (chat there as one of them)", url = simulator.url());
    asked_to_end.await;
    simulator.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn settings(args: Args) -> anyhow::Result<Settings> {
    let Args { listen, seed, time_scale, begins, strict_urls, world } = args;
    let mut settings = Settings { listen, seed, time_scale, begins, ..Settings::default() };
    if let Some(path) = world {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        settings = settings.with_world(&text).with_context(|| path.display().to_string())?;
    }
    settings.rules.strict_urls |= strict_urls;
    Ok(settings)
}

fn span(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write 300ms, 3s, 30m, 12h or 7d".to_owned())
}
