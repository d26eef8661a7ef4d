//! The `table` node: rows from CSV or JSON, typed and bounded by `col`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fields::Fields;
use super::scripts::misplaced;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::sources::Sources;
use crate::bot::syntax::{Findings, Located, Node};
use crate::bot::table::{Cell, Row, Table};

/// A table and where its rows stand.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) table: Arc<Table>,
    pub(super) file: String,
    pub(super) rows_at: Vec<Place>,
}

/// What a `col` says of a column.
struct Column {
    at: Place,
    max: Option<usize>,
    int: bool,
    unique: bool,
}

/// Cells by column, as they stand in the file.
struct RawRow {
    at: Place,
    cells: BTreeMap<String, String>,
}

pub(super) fn table(node: &Node, sources: &Sources, found: &Findings) -> Option<Loaded> {
    let fields = Fields::new(node, found);
    let name = fields.arg("a name");
    let (file, key) = (fields.required("file"), fields.required("key"));
    let sep = separator(&fields, found);
    fields.finish();
    let columns = columns(node, found);
    let (name, file, key) = (name?, file?, key?);
    let Some(text) = sources.get(file.value) else {
        let message = format!("the bot has no file `{}`", file.value);
        let data = sources.keys().map(String::as_str).filter(|path| !path.ends_with(".kdl"));
        found.add(Diagnostic::error("no-file", &file.at, message).suggest(file.value, data));
        return None;
    };
    let raw = if file.value.ends_with(".json") { json(&file, text, found)? } else { csv(&file, text, sep, found)? };
    let header: BTreeSet<&str> = raw.iter().flat_map(|row| row.cells.keys().map(String::as_str)).collect();
    let wanted = columns.iter().map(|(name, column)| (name.as_str(), &column.at)).chain([(key.value, &key.at)]);
    for (column, at) in wanted.filter(|(column, _)| !header.contains(column)) {
        let message = format!("`{}` has no column `{column}`", file.value);
        let finding = Diagnostic::error("no-column", at, message);
        // The only column is a whole line: the file parts its columns otherwise.
        let parted = [';', '\t'].into_iter().find(|sep| header.len() == 1 && header.iter().all(|name| name.contains(*sep)));
        found.add(match parted {
            Some(sep) => finding.help(format!("its columns are parted by another sign: add sep={:?}", sep.to_string())),
            None => finding.suggest(column, header.iter().copied()),
        });
    }
    let rows_at = raw.iter().map(|row| row.at.clone()).collect();
    let rows = raw.into_iter().map(|raw| row(raw, key.value, &columns, found)).collect();
    let loaded = Loaded { table: Arc::new(Table::new(name.value, rows)), file: file.value.to_owned(), rows_at };
    unique(&loaded, key.value, &columns, found);
    Some(loaded)
}

fn separator(fields: &Fields, found: &Findings) -> u8 {
    let Some(sep) = fields.text("sep") else { return b',' };
    match sep.value.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => *byte,
        _ => {
            found.add(Diagnostic::error("separator", &sep.at, "a separator is one character").help("use \",\", \";\" or \"\\t\""));
            b','
        }
    }
}

fn columns(node: &Node, found: &Findings) -> BTreeMap<String, Column> {
    let mut columns = BTreeMap::new();
    for child in node.children() {
        if child.name.value != "col" {
            found.add(misplaced(child, "a table", &["col"]));
            continue;
        }
        let fields = Fields::new(child, found);
        let name = fields.arg("a column's name");
        let int = fields.text("type").and_then(|kind| fields.one_of(&kind, &[("text", false), ("int", true)])).unwrap_or(false);
        let max = fields.int("max", 1..=i64::MAX).and_then(|max| usize::try_from(max).ok());
        let unique = fields.flag("unique");
        fields.finish();
        fields.no_children();
        if let Some(name) = name {
            let column = Column { at: name.at.clone(), max, int, unique };
            if columns.insert(name.value.to_owned(), column).is_some() {
                found.add(Diagnostic::error("duplicate", &name.at, format!("column `{}` is described twice", name.value)));
            }
        }
    }
    columns
}

fn csv(file: &Located<&str>, text: &str, sep: u8, found: &Findings) -> Option<Vec<RawRow>> {
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = csv::ReaderBuilder::new().delimiter(sep).trim(csv::Trim::All).from_reader(&text.as_bytes()[bom..]);
    let place = |position: Option<&csv::Position>| {
        let start = position.map_or(0, |position| bom + usize::try_from(position.byte()).unwrap_or(0)).min(text.len());
        let start = start + (text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len());
        let end = text[start..].find(['\r', '\n']).map_or(text.len(), |end| start + end);
        Place { file: file.value.into(), span: start..end }
    };
    let refuse = |error: &csv::Error| {
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("this row has {len} cells, the first line {expected_len}"),
            _ => format!("the table cannot be read: {error}"),
        };
        found.add(
            Diagnostic::error("table", &place(error.position()), message)
                .help(format!("put cells with a `{}` in them in quotes", char::from(sep))),
        );
    };
    let header = reader.headers().map_err(|error| refuse(&error)).ok()?.clone();
    let mut names = BTreeSet::new();
    for name in header.iter().filter(|name| !names.insert(*name)) {
        let message = format!("the column `{name}` is there twice");
        found.add(Diagnostic::error("duplicate", &place(header.position()), message).help("rename one of them"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(RawRow {
                at: place(record.position()),
                cells: header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect(),
            }),
            Err(error) => refuse(&error),
        }
    }
    Some(rows)
}

fn json(file: &Located<&str>, text: &str, found: &Findings) -> Option<Vec<RawRow>> {
    let help = "write [{\"column\": \"text\", …}, …]";
    let whole = |span| Place { file: file.value.into(), span };
    let rows: Vec<BTreeMap<String, serde_json::Value>> = match serde_json::from_str(text) {
        Ok(rows) => rows,
        Err(error) => {
            let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            // The reader counts in bytes: what it points at may be the end of the file, or lie within a character.
            let at = text.floor_char_boundary((line + error.column().saturating_sub(1)).min(text.len()));
            let end = text.ceil_char_boundary(text.len().min(at + 1));
            found.add(Diagnostic::error("table", &whole(at..end), format!("the table cannot be read: {error}")).help(help));
            return None;
        }
    };
    let mut raw = Vec::new();
    for (ix, row) in rows.into_iter().enumerate() {
        let mut cells = BTreeMap::new();
        for (name, value) in row {
            let cell = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                serde_json::Value::Null => String::new(),
                _ => {
                    let message = format!("row {}: `{name}` is neither a text nor a number", ix + 1);
                    found.add(Diagnostic::error("table", &whole(0..0), message).help(help));
                    continue;
                }
            };
            cells.insert(name, cell);
        }
        raw.push(RawRow { at: whole(0..0), cells });
    }
    Some(raw)
}

fn row(raw: RawRow, key: &str, columns: &BTreeMap<String, Column>, found: &Findings) -> Row {
    let RawRow { at, cells } = raw;
    let key = cells.get(key).cloned().unwrap_or_default();
    let cells = cells.into_iter().map(|(name, text)| {
        let column = columns.get(&name);
        let length = limits::length(&text);
        if let Some(max) = column.and_then(|column| column.max).filter(|max| length > *max) {
            let message = format!("row `{key}`: `{name}` has {length} characters, at most {max} are allowed");
            found.add(Diagnostic::error("cell", &at, message).help("shorten it, or raise `max=` of that `col`"));
        }
        let cell = match (column.is_some_and(|column| column.int), text.parse()) {
            (true, Ok(number)) => Cell::Int(number),
            (true, Err(_)) => {
                let message = format!("row `{key}`: `{text}` in `{name}` is not a whole number");
                found.add(Diagnostic::error("cell", &at, message));
                Cell::Int(0)
            }
            (false, _) => Cell::Text(text),
        };
        (name, cell)
    });
    Row { cells: cells.collect(), key }
}

/// Keys are always unique and never empty; other columns where `unique=#true` says so.
fn unique(loaded: &Loaded, key: &str, columns: &BTreeMap<String, Column>, found: &Findings) {
    let unique = columns.iter().filter(|(name, column)| column.unique && *name != key).map(|(name, _)| name.as_str());
    for name in unique.chain([key]) {
        let mut seen = BTreeSet::new();
        for (row, at) in loaded.table.rows.iter().zip(&loaded.rows_at) {
            let Some(cell) = row.cells.get(name).map(Cell::to_string) else {
                // Where no row has it, that is said once, of the column.
                if loaded.table.rows.iter().all(|row| !row.cells.contains_key(name)) {
                    break;
                }
                found.add(Diagnostic::error("cell", at, format!("a row without `{name}`")).help("every row needs it"));
                continue;
            };
            if cell.trim().is_empty() && name == key {
                found.add(Diagnostic::error("cell", at, format!("a row whose `{name}` is empty")).help("a row is found by its key"));
            }
            if !seen.insert(cell.clone()) {
                let message = format!("`{cell}` is in `{name}` of more than one row");
                found.add(Diagnostic::error("duplicate", at, message).help("keep one of them, or make them different"));
            }
        }
    }
}
