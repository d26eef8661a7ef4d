//! The environment over the file: `JUNCO_APP__0__CONSUMER_SECRET` sets `consumer_secret` of the first `[[app]]`.

use std::ffi::OsString;

use toml::{Table, Value};

use super::{ConfigError, invalid};

/// Every variable of ours begins so.
const PREFIX: &str = "JUNCO_";

/// The variables of ours, in the order of their names.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(super) fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    ours(std::env::vars_os())
}

/// Other people's variables may hold any bytes.
pub(super) fn ours(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, ConfigError> {
    let named = variables.filter_map(|(name, text)| Some((name.into_string().ok().filter(|name| name.starts_with(PREFIX))?, text)));
    let mut ours = named
        .map(|(name, text)| match text.into_string() {
            Ok(text) => Ok((name, text)),
            Err(_) => Err(invalid(&name, "its value is not UTF-8")),
        })
        .collect::<Result<Vec<_>, _>>()?;
    ours.sort();
    Ok(ours)
}

/// The file, and the variables that were laid over it: either may be what is wrong.
pub(super) fn name_sources(file: String, variables: &[(String, String)]) -> String {
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() { file } else { format!("{file} with {}", names.join(", ")) }
}

/// Lays variables over a table. Array places count from 0 and are added in order.
pub(super) fn apply(table: &mut Table, variables: Vec<(String, String)>) -> Result<(), ConfigError> {
    for (name, text) in variables {
        let path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
        set(table, &path, text).map_err(|what| invalid(&name, &what))?;
    }
    Ok(())
}

fn set(table: &mut Table, path: &[String], text: String) -> Result<(), String> {
    let (key, rest) = path.split_first().ok_or("names no key")?;
    let is_secret = super::secrets::is_secret(key);
    if is_secret {
        // A file that the configuration names for the secret would otherwise be read over it.
        table.remove(&format!("{key}_file"));
    }
    let Some((place, behind)) = rest.split_first() else {
        let value = if is_secret { Value::String(text) } else { typed(table.get(key), text) };
        table.insert(key.clone(), value);
        return Ok(());
    };
    let Ok(place) = place.parse::<usize>() else {
        let nested = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
        return set(nested.as_table_mut().ok_or_else(|| format!("`{key}` has no keys below it"))?, rest, text);
    };
    let array = table.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new()));
    let array = array.as_array_mut().ok_or_else(|| format!("`{key}` is not a list"))?;
    if place > array.len() {
        return Err(format!("`{key}` has {} entries so far: the next one is number {}", array.len(), array.len()));
    }
    if place == array.len() {
        array.push(if behind.is_empty() { Value::String(text.clone()) } else { Value::Table(Table::new()) });
    }
    match &mut array[place] {
        Value::Table(entry) if !behind.is_empty() => set(entry, behind, text),
        entry if behind.is_empty() => {
            *entry = typed(Some(entry), text);
            Ok(())
        }
        _ => Err(format!("`{key}` holds no tables")),
    }
}

/// A variable takes the type of what it replaces; without that, whole numbers and truth values are recognised.
fn typed(old: Option<&Value>, text: String) -> Value {
    match old {
        Some(Value::String(_)) => Value::String(text),
        _ => match (text.parse::<i64>(), text.parse::<bool>()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(truth)) => Value::Boolean(truth),
            _ => Value::String(text),
        },
    }
}
