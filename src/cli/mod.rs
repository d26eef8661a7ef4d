//! The command line: one file a subcommand.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "commands talk to people on the terminal")]

mod account;
mod chat;
mod check;
mod desk;
mod dev;
mod doctor;
mod fmt;
mod graph;
mod login;
mod migrate;
mod new;
mod password;
mod replay;
mod run;
mod sim;
mod store;
mod subscription;
mod talk;
mod test;
mod webhook;
mod welcome;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A chatbot framework for Direct Messages on X.
#[derive(Debug, Parser)]
#[command(name = "junco", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Chat with a bot through real HTTP and real signatures; no account at X is needed.
    Dev(dev::Args),
    /// Run the service.
    Run(run::Args),
    /// Run the simulator of X alone.
    Sim(sim::Args),
    /// Make a new bot: a folder that runs, with a test.
    New(new::Args),
    /// Chat with a bot in the terminal.
    Talk(talk::Args),
    /// Prove scripts: every mistake with file, line and caret.
    Check(check::Args),
    /// Draw a bot's states and the ways between them.
    Graph(graph::Args),
    /// Format scripts and conversation tests.
    Fmt(fmt::Args),
    /// Play the conversation tests of bots, each in three renderings.
    Test(test::Args),
    /// Let the app in for an account, or for its owner, and keep the tokens.
    Login(login::Args),
    /// Tell who the tokens belong to, what they may do, and what is left of X's limits.
    Account(account::Args),
    /// Register the webhook at X, list, check and delete it.
    Webhook(webhook::Args),
    /// Subscribe the accounts at X, list, count and remove them.
    Subscription(subscription::Args),
    /// Set the bot's welcome message at X, list and delete it.
    Welcome(welcome::Args),
    /// Have X deliver again what it delivered before.
    Replay(replay::Args),
    /// Walk the set-up at X and say what is wrong with it, and what mends it.
    Doctor(doctor::Args),
    /// Hash a password for the console.
    Password(password::Args),
    /// Bring the data of an older Junco up to date.
    Migrate(migrate::Args),
    /// Look after the data of a service that is stopped.
    Store(store::Args),
}

/// Runs the command line; the exit code is 0, 1 when what was asked for did not succeed, 2 when it was asked wrongly.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = match command {
        Command::Dev(args) => runtime.block_on(dev::run(args)),
        Command::Run(args) => runtime.block_on(run::run(args)),
        Command::Sim(args) => runtime.block_on(sim::run(args)),
        Command::New(args) => new::run(&args),
        Command::Talk(args) => runtime.block_on(talk::run(args)),
        Command::Check(args) => Ok(check::run(&args)),
        Command::Graph(args) => graph::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Login(args) => runtime.block_on(login::run(args)),
        Command::Account(args) => runtime.block_on(account::run(args)),
        Command::Webhook(args) => runtime.block_on(webhook::run(args)),
        Command::Subscription(args) => runtime.block_on(subscription::run(args)),
        Command::Welcome(args) => runtime.block_on(welcome::run(args)),
        Command::Replay(args) => runtime.block_on(replay::run(args)),
        Command::Doctor(args) => runtime.block_on(doctor::run(args)),
        Command::Password(args) => runtime.block_on(password::run(args)),
        Command::Migrate(args) => migrate::run(&args),
        Command::Store(args) => store::run(args),
    };
    // A line editor may still wait for the keyboard; nothing is lost when it is not waited for.
    runtime.shutdown_background();
    done.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("junco: {}", told(error));
    if error.is::<Asked>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// A command was asked wrongly; the text says how to ask.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Asked(String);

/// An error with its causes; one that the text tells already is not told again.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text.as_str() {
        "" => cause,
        _ if text.contains(&cause) => text,
        _ => format!("{text}: {cause}"),
    })
}

/// Logs to standard error what `RUST_LOG` asks for, without it what Junco itself does and what goes wrong. Message texts and secrets
/// are never logged.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,junco=info".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    // A second start in one process keeps the first log.
    drop(log.try_init());
}

/// Logs into a chat what `RUST_LOG` asks for, without it warnings and worse, and how far a long start is. What the watchdog finds is on
/// the console: its first look comes before the simulated account is set up. Of answers that the simulator drops on purpose nothing is told.
fn start_log_beside(screen: &chat::Screen) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,junco::store=info,junco::account::watchdog=off,actix_http=off".into());
    let screen = screen.clone();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || screen.clone());
    let log = log.without_time().with_target(false).with_ansi(std::io::stderr().is_terminal());
    drop(log.try_init());
}

/// From the call on SIGTERM and Ctrl-C do not end the process by themselves; the future waits for one of them.
fn asked_to_end() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
