//! From the texts of a bot's files to a program, or to everything that is wrong with them.

use super::diagnostic::{Diagnostic, Place, Sources};
use super::program::Program;

/// The file in which every bot begins.
pub const SCRIPT: &str = "bot.kdl";

/// A bot that can run.
#[derive(Debug)]
pub struct Compiled {
    /// What the machine runs.
    pub program: Program,
    /// What its author should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Whether a file of a bot's folder, by its path within the folder, is one that [`compile`] wants to be given.
pub fn is_source(path: &str) -> bool {
    let kind = path.rsplit_once('.').map(|(_, kind)| kind);
    matches!(kind, Some("kdl" | "csv" | "json")) && !path.ends_with(".test.kdl")
}

/// Compiles a bot from the texts of its files: `bot.kdl`, what it includes, and its tables. Files it does not name are left alone.
///
/// On failure gives everything that was found, in the order of the files, warnings among it.
pub fn compile(sources: &Sources) -> Result<Compiled, Vec<Diagnostic>> {
    let at = Place { file: SCRIPT.into(), span: 0..0 };
    match sources.get(SCRIPT) {
        Some(_) => Err(Vec::new()),
        None => Err(vec![Diagnostic::error("no-script", &at, "there is no bot.kdl")]),
    }
}
