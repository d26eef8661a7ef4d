//! Data tables: CSV or JSON rows, typed and bounded by `col`.

/// A data table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The rows in file order.
    pub rows: Vec<Row>,
}

/// A row; its key is what an option shows and a slot stores.
#[derive(Debug)]
pub struct Row {
    /// The value of the key column.
    pub key: String,
}
