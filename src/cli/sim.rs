//! `junco sim`: the simulator of X alone, for any bot to be pointed at.

use std::net::SocketAddr;
use std::process::ExitCode;

use crate::simulator::{Settings, Simulator};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Decides everything that looks random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    super::start_log();
    let asked_to_end = super::asked_to_end()?;
    let simulator = Simulator::start(Settings { listen: args.listen, seed: args.seed, ..Settings::default() }).await?;
    println!("X, simulated: {url} (open it in a browser to see who lives there and how to point a bot at it)", url = simulator.url());
    asked_to_end.await;
    simulator.stop().await;
    Ok(ExitCode::SUCCESS)
}
