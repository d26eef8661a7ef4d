//! `junco password`: the hash of a password, for an `[[operator]]` of the console.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::console;
use crate::model::Secret;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> anyhow::Result<ExitCode> {
    let is_asked = std::io::stdin().is_terminal();
    if is_asked {
        // Hiding what is typed would take a crate of its own; the terminal is the operator's.
        eprint!("Password (it shows while you type; at least ten characters): ");
        std::io::stderr().flush().context("the terminal takes no question")?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password came")?;
    let password = line.trim_end_matches(['\r', '\n']);
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
