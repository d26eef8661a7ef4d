//! `junco graph`: a bot's state machine as a picture.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::graph::{Graph, Look};
use crate::service::compile_bot;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bot's folder.
    #[arg(value_name = "BOT")]
    bot: PathBuf,
    /// What to write.
    #[arg(long, value_name = "FORMAT", default_value = "svg")]
    format: Format,
    /// The file to write to, instead of standard output.
    #[arg(short, long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A picture.
    Svg,
    /// For Graphviz.
    Dot,
    /// For Mermaid.
    Mermaid,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let graph = Graph::of(&compile_bot(&args.bot)?.program);
    let drawn = match args.format {
        Format::Svg => graph.svg(Look::File),
        Format::Dot => graph.dot(),
        Format::Mermaid => graph.mermaid(),
    };
    match &args.output {
        Some(file) => std::fs::write(file, drawn).with_context(|| file.display().to_string())?,
        None => match write(&drawn) {
            // Whoever reads may have seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.context("standard output")?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn write(drawn: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(drawn.as_bytes())?;
    out.flush()
}
