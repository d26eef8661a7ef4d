//! Secrets come from the environment, from `*_file` keys, or from a configuration file that nobody else may read.

use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use super::{ConfigError, invalid};

/// The keys whose values are secret.
const SECRETS: [&str; 8] = [
    "password_hash",
    "owner_token",
    "consumer_secret",
    "consumer_secrets",
    "owner_token_secret",
    "access_token",
    "access_token_secret",
    "client_secret",
];

/// Those that `junco login` writes: their files may not be there yet, and it has to know where they belong.
const WRITTEN: [&str; 4] = ["owner_token", "owner_token_secret", "access_token", "access_token_secret"];

/// Whether the value of a key is secret.
pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.contains(&key)
}

/// Whether a table holds a secret itself, at any depth.
pub(super) fn holds_any(table: &Table) -> bool {
    table.iter().any(|(key, value)| is_secret(key) || tables(value).any(holds_any))
}

/// Refuses a file with secrets that others may read.
pub(super) fn check_mode(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = std::fs::metadata(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let shown = path.display().to_string();
    let what = format!("holds secrets but others may read it (mode {mode:03o}): run `chmod 600 {shown}`, or move them to the environment");
    Err(invalid(&shown, &what))
}

/// Replaces `KEY_file = "path"` by `KEY`, the file's content without the space around it. Paths are relative to the configuration.
pub(super) fn read_files(table: &mut Table, folder: &Path) -> Result<(), ConfigError> {
    for secret in SECRETS {
        let key = format!("{secret}_file");
        if let Some(Value::String(named)) = table.remove(&key) {
            let path = folder.join(&named);
            let is_written = WRITTEN.contains(&secret);
            if is_written {
                table.insert(key, Value::String(named.clone()));
            }
            match std::fs::read_to_string(&path) {
                // What `junco login` has yet to write, or was kept from writing.
                Ok(text) if is_written && text.trim().is_empty() => {}
                Err(error) if is_written && error.kind() == ErrorKind::NotFound => {}
                Ok(text) => drop(table.insert(secret.to_owned(), content(secret, &text).map_err(|what| invalid(&named, what))?)),
                Err(source) => return Err(ConfigError::Unreadable { path, source }),
            }
        }
    }
    for (_, value) in table.iter_mut() {
        match value {
            Value::Table(nested) => read_files(nested, folder)?,
            Value::Array(entries) => {
                for nested in entries.iter_mut().filter_map(Value::as_table_mut) {
                    read_files(nested, folder)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a file says of a secret: one line, or of a list a line for each.
fn content(secret: &str, text: &str) -> Result<Value, &'static str> {
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match (lines.pop(), lines.is_empty()) {
        (None, _) => Err("is empty: write the secret into it"),
        (Some(last), _) if secret == "consumer_secrets" => {
            lines.push(last);
            Ok(Value::Array(lines.into_iter().map(|line| Value::String(line.to_owned())).collect()))
        }
        (Some(only), true) => Ok(Value::String(only.to_owned())),
        (Some(_), false) => Err("has several lines: write the secret alone into it"),
    }
}

fn tables(value: &Value) -> Box<dyn Iterator<Item = &Table> + '_> {
    match value {
        Value::Table(table) => Box::new(std::iter::once(table)),
        Value::Array(entries) => Box::new(entries.iter().filter_map(Value::as_table)),
        _ => Box::new(std::iter::empty()),
    }
}
