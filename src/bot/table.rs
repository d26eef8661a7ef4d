//! Data tables as templates and menus see them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

/// A data table. In templates `name[key].column` reads a cell, and a loop over it gives the rows in file order.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The rows in file order.
    pub rows: Vec<Arc<Row>>,
    by_key: BTreeMap<String, usize>,
}

/// A row; its key is what an option shows and a slot stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The value of the key column.
    pub key: String,
    /// All columns, the key's among them.
    pub cells: BTreeMap<String, Cell>,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Of a column with `type="int"`.
    Int(i64),
    /// Of any other column.
    Text(String),
}

impl Table {
    /// A table of these rows. Of several rows with one key the first is found by it.
    pub fn new(name: &str, rows: Vec<Row>) -> Self {
        let mut by_key = BTreeMap::new();
        for (ix, row) in rows.iter().enumerate() {
            by_key.entry(row.key.clone()).or_insert(ix);
        }
        Table { name: name.to_owned(), rows: rows.into_iter().map(Arc::new).collect(), by_key }
    }

    /// The row with that key.
    pub fn row(&self, key: &str) -> Option<&Arc<Row>> {
        self.by_key.get(key).map(|ix| &self.rows[*ix])
    }
}

impl Row {
    /// The text of a cell, if it has any.
    pub fn text(&self, column: &str) -> Option<Cow<'_, str>> {
        let text = match self.cells.get(column)? {
            Cell::Int(number) => Cow::Owned(number.to_string()),
            Cell::Text(text) => Cow::Borrowed(text.as_str()),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Int(number) => number.fmt(f),
            Cell::Text(text) => text.fmt(f),
        }
    }
}

impl Object for Table {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let row = match key.as_str() {
            Some(key) => self.row(key),
            // A slot of type int still finds a row whose key is that number.
            None => self.row(&key.to_string()),
        };
        row.map(|row| Value::from_dyn_object(Arc::clone(row)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rows.iter().map(|row| Value::from_dyn_object(Arc::clone(row))).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.cells.get(key.as_str()?).map(|cell| match cell {
            Cell::Int(number) => Value::from(*number),
            Cell::Text(text) => Value::from(text.as_str()),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.cells.keys().map(Value::from).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::{Scope, Template};

    #[test]
    fn templates_read_cells_and_walk_over_rows() {
        let row = |name: &str, id| Row {
            key: name.into(),
            cells: BTreeMap::from([("name".into(), Cell::Text(name.into())), ("id".into(), Cell::Int(id))]),
        };
        let table = Arc::new(Table::new("resorts", vec![row("Vail", 7), row("Aspen", 8)]));
        let tables = BTreeMap::from([("resorts".to_owned(), Value::from_dyn_object(table))]);
        let mut scope = Scope::over(Arc::new(tables));
        scope.set_text("area", "Aspen");
        for (source, text) in [
            ("{{ resorts[area].id + 1 }}", "9"),
            ("{% for r in resorts %}{{ r.name }} {% endfor %}", "Vail Aspen "),
            ("{{ resorts | length }} {{ resorts['Vail'] }}", "2 Vail"),
            ("[{{ resorts['Nowhere'].id }}]", "[]"),
        ] {
            assert_eq!(Template::text(source).unwrap().render(&scope).unwrap(), text, "{source}");
        }
    }
}
