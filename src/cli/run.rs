//! `junco run`: the service.

use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;

use crate::config::Config;
use crate::service::Service;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "junco.toml")]
    config: PathBuf,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    super::start_log();
    let config = Config::load(&args.config)?;
    let path = config.path.clone();
    let mut asked_to_end = pin!(super::asked_to_end()?);
    let mut service = tokio::select! {
        service = Service::start(config) => service?,
        // A start may take long; what it has read it reads again the next time.
        () = &mut asked_to_end => return Ok(ExitCode::SUCCESS),
    };
    let console = service.console().map(|address| format!(", console http://{address}")).unwrap_or_default();
    tracing::info!("listening: webhook http://{address}{path}, health http://{address}/healthz{console}", address = service.address());
    tokio::select! {
        () = &mut asked_to_end => {}
        part = service.fails() => anyhow::bail!("{part} has ended by itself, see the log above; what was acknowledged is kept: start the service again"),
    }
    tracing::info!("stopping: ending what is under way");
    service.stop().await?;
    Ok(ExitCode::SUCCESS)
}
