//! A bot's folder, read and compiled.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::bot::{self, Diagnostic, FileFacts, Program, Severity, Sources};
use crate::model::MediaType;

/// Why a bot cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is nothing of that name.
    #[error("{}: there is no such folder; a bot is a folder with a {} in it", .0.display(), bot::SCRIPT)]
    NoFolder(PathBuf),
    /// A file was named instead of its folder.
    #[error("{}: this is a file; name the bot's folder, the one with the {}", .0.display(), bot::SCRIPT)]
    NotAFolder(PathBuf),
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
    #[error("the bot cannot run:\n\n{0}")]
    Wrong(String),
}

/// A bot that can run.
#[derive(Debug)]
pub struct Loaded {
    /// What the machine runs.
    pub program: Program,
    /// The files that it was made of.
    pub sources: Sources,
    /// What its author should look at, a line each.
    pub warnings: Vec<String>,
}

/// Reads the files of a bot's folder that its script may name, by their path within the folder.
pub fn read_bot(folder: &Path) -> Result<Sources, LoadError> {
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => return Err(LoadError::NotAFolder(folder.to_owned())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(LoadError::NoFolder(folder.to_owned()));
        }
        // Of anything else reading it tells more.
        _ => {}
    }
    let mut sources = Sources::new();
    read_folder(folder, "", &mut sources)?;
    if !sources.contains_key(bot::SCRIPT) {
        return Err(LoadError::NoScript(folder.to_owned()));
    }
    Ok(sources)
}

/// Reads the conversation tests among the files of a bot, by their path within its folder.
pub fn read_tests(folder: &Path, sources: &Sources) -> Result<BTreeMap<String, String>, LoadError> {
    let tests = sources.files.keys().filter(|file| file.ends_with(".test.kdl"));
    let read = |file: &String| {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|source| LoadError::Unreadable { path, source })?;
        Ok((file.clone(), text))
    };
    tests.map(read).collect()
}

/// Reads and compiles a bot.
pub fn compile_bot(folder: &Path) -> Result<Loaded, LoadError> {
    let sources = read_bot(folder)?;
    match bot::compile(&sources) {
        Ok(compiled) => {
            let line = |warning: &Diagnostic| {
                let help = warning.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
                format!("{}:{}: {}{help}", folder.join(&warning.file).display(), warning.line(&sources), warning.message)
            };
            let warnings = compiled.warnings.iter().map(line).collect();
            Ok(Loaded { program: compiled.program, sources, warnings })
        }
        Err(found) => Err(LoadError::Wrong(report(folder, &found, &sources, false))),
    }
}

/// Everything that was found in a bot, and a closing line that counts it. Files are named as one would open them from here.
pub fn report(folder: &Path, found: &[Diagnostic], sources: &Sources, coloured: bool) -> String {
    let from_here = |file: &str| folder.join(file).display().to_string();
    let sources: Sources = sources.iter().map(|(file, text)| (from_here(file), text.clone())).collect();
    let shown = found.iter().map(|diagnostic| {
        let diagnostic = Diagnostic { file: from_here(&diagnostic.file), ..diagnostic.clone() };
        diagnostic.render(&sources, coloured) + "\n\n"
    });
    let mut text: String = shown.collect();
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    text.push_str(&format!("{}: {}, {}", folder.display(), counted(errors, "error"), counted(found.len() - errors, "warning")));
    text
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
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
        } else {
            sources.files.insert(name, facts(&path).map_err(unreadable(&path))?);
        }
    }
    Ok(())
}

/// How large a file is, and what its first bytes say that it is.
fn facts(path: &Path) -> std::io::Result<FileFacts> {
    let mut head = Vec::new();
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    file.take(16).read_to_end(&mut head)?;
    Ok(FileFacts { bytes, kind: MediaType::of(&head) })
}
