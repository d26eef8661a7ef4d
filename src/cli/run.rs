//! `junco run`: the service.

use std::path::PathBuf;
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
    let service = Service::start(config).await?;
    tracing::info!("listening: webhook http://{address}{path}, health http://{address}/healthz", address = service.address());
    super::asked_to_end().await?;
    tracing::info!("stopping: ending what is under way");
    service.stop().await?;
    Ok(ExitCode::SUCCESS)
}
