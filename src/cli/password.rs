//! `junco password`: the hash of a password, for an `[[operator]]` of the console.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::asked_to_end;
use crate::console;
use crate::model::Secret;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) async fn run(_: Args) -> anyhow::Result<ExitCode> {
    let is_asked = std::io::stdin().is_terminal();
    let password = if is_asked { typed().await? } else { line()? };
    if password.is_empty() {
        bail!("no password came: type one, or hand it over on standard input");
    }
    let hash = console::hash(&Secret::new(password))?;
    if is_asked {
        println!("[[operator]]\nname = \"YOUR NAME\"\nrole = \"admin\"   # or \"view\", \"reply\"\npassword_hash = \"{}\"", hash.expose());
    } else {
        println!("{}", hash.expose());
    }
    Ok(ExitCode::SUCCESS)
}

/// A password that somebody types, twice, for nobody sees it.
async fn typed() -> anyhow::Result<String> {
    // Ended by Ctrl-C at once, the process would leave a terminal that shows nothing: so the signal is waited for.
    let asked_to_end = asked_to_end()?;
    let _hidden = Hidden::begin().context("the terminal shows what is typed")?;
    let both = tokio::task::spawn_blocking(|| {
        let first = answer("Password (at least ten characters; it does not show): ")?;
        let second = answer("Once more: ")?;
        anyhow::Ok((first, second))
    });
    let (first, second) = tokio::select! {
        both = both => both??,
        () = asked_to_end => bail!("no password was typed"),
    };
    if first != second {
        bail!("the two are not alike: begin again");
    }
    Ok(first)
}

fn answer(question: &str) -> anyhow::Result<String> {
    eprint!("{question}");
    std::io::stderr().flush().context("the terminal takes no question")?;
    let answer = line();
    // The end of the line does not show either.
    eprintln!();
    answer
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password came")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The terminal does not show what is typed, until this goes away.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> std::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Hidden(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing can be done where the terminal is gone.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
