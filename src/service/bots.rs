//! A bot's folder, read and compiled.

use std::path::{Path, PathBuf};

use crate::bot::{self, Diagnostic, Program, Severity, Sources};

/// Why a bot cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or the folder could not be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The folder has no script.
    #[error("{}: there is no {} in this folder; a bot is a folder with a script of that name", .0.display(), bot::SCRIPT)]
    NoScript(PathBuf),
    /// The script has errors; the text shows them all.
    #[error("{0}")]
    Wrong(String),
}

/// A bot that can run.
#[derive(Debug)]
pub struct Loaded {
    /// What the machine runs.
    pub program: Program,
    /// What its author should look at, rendered.
    pub warnings: Vec<String>,
}

/// Reads the files of a bot's folder that its script may name, by their path within the folder.
pub fn read_bot(folder: &Path) -> Result<Sources, LoadError> {
    let mut sources = Sources::new();
    read_folder(folder, "", &mut sources)?;
    if !sources.contains_key(bot::SCRIPT) {
        return Err(LoadError::NoScript(folder.to_owned()));
    }
    Ok(sources)
}

/// Reads and compiles a bot.
pub fn compile_bot(folder: &Path) -> Result<Loaded, LoadError> {
    let sources = read_bot(folder)?;
    match bot::compile(&sources) {
        Ok(compiled) => {
            let warnings = compiled.warnings.iter().map(|warning| warning.render(&sources, false)).collect();
            Ok(Loaded { program: compiled.program, warnings })
        }
        Err(found) => Err(LoadError::Wrong(report(folder, &found, &sources, false))),
    }
}

/// Everything that was found in a bot, and a closing line that counts it.
pub fn report(folder: &Path, found: &[Diagnostic], sources: &Sources, coloured: bool) -> String {
    let mut text: String = found.iter().map(|diagnostic| diagnostic.render(sources, coloured) + "\n\n").collect();
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    text.push_str(&format!("{}: {errors} errors, {} warnings", folder.display(), found.len() - errors));
    text
}

fn read_folder(folder: &Path, prefix: &str, sources: &mut Sources) -> Result<(), LoadError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| LoadError::Unreadable { path, source }
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        if path.is_dir() {
            read_folder(&path, &format!("{name}/"), sources)?;
        } else if bot::is_source(&name) {
            sources.insert(name, std::fs::read_to_string(&path).map_err(unreadable(&path))?);
        }
    }
    Ok(())
}
