//! `media` and `link`: what hangs on a message.

use super::fields::Fields;
use super::scripts::{Script, Use};
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Media, Op, Pick};
use crate::bot::syntax::{Located, Node};
use crate::model::MediaType;

impl Script<'_> {
    /// `media FILE caption="…"`, or `media pick=TABLE caption=COLUMN`.
    pub(super) fn show_media(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let picked = fields.prop("pick").is_some();
        let file = if picked { None } else { fields.arg("a file") };
        let (table, caption) = (fields.text("pick"), fields.text("caption"));
        fields.finish();
        fields.no_children();
        if let Some(file) = file {
            let caption = caption.map(|caption| {
                self.bounded_text(&caption);
                self.text(&caption)
            });
            if let Some(file) = self.file(&file) {
                ops.push(Op::Media(Media { pick: Pick::File(file), caption }));
            }
        } else if let Some(table) = table.filter(|table| self.table_of_files(table, caption.as_ref())) {
            let pick = Pick::Row { table: table.value.to_owned(), caption: caption.map(|caption| caption.value.to_owned()) };
            ops.push(Op::Media(Media { pick, caption: None }));
        }
    }

    /// A file of the bot that X would take.
    pub(super) fn file(&mut self, file: &Located<&str>) -> Option<String> {
        if file.value.contains('{') {
            let finding = Diagnostic::error("no-file", &file.at, "the file must be written out");
            self.found.add(finding.help("put the files into a table, and write media pick=\"TABLE\""));
            return None;
        }
        self.sendable(file.value, &file.at, "").then(|| file.value.to_owned())
    }

    /// A table whose keys are files, and whose rows have that column.
    fn table_of_files(&mut self, table: &Located<&str>, column: Option<&Located<&str>>) -> bool {
        let Some(loaded) = self.tables.get(table.value) else {
            let finding = Diagnostic::error("no-table", &table.at, format!("there is no table `{}`", table.value));
            self.found.add(finding.suggest(table.value, self.tables.keys().map(String::as_str)));
            return false;
        };
        let (rows, places) = (std::sync::Arc::clone(&loaded.table), loaded.rows_at.clone());
        if rows.rows.is_empty() {
            let message = format!("the table `{}` has no rows to pick from", table.value);
            self.found.add(Diagnostic::error("options", &table.at, message).help("add rows"));
        }
        if let Some(column) = column.filter(|column| !rows.rows.iter().any(|row| row.cells.contains_key(column.value))) {
            let message = format!("the table `{}` has no column `{}`", table.value, column.value);
            let names = rows.rows.first().map(|row| row.cells.keys().map(String::as_str).collect::<Vec<_>>()).unwrap_or_default();
            self.found.add(Diagnostic::error("no-column", &column.at, message).suggest(column.value, names));
        }
        let help = format!("`media pick=\"{}\"` shows it", table.value);
        for (row, at) in rows.rows.iter().zip(&places) {
            self.sendable(&row.key, at, &help);
            let length = column.and_then(|column| row.text(column.value)).map_or(0, |text| limits::length(&text));
            if length > limits::TEXT {
                let message = format!("this caption has {length} characters; X takes at most {}", limits::TEXT);
                self.found.add(Diagnostic::error("row", at, message).help(help.as_str()));
            }
        }
        true
    }

    /// Whether X would take the file; reports why not.
    fn sendable(&mut self, file: &str, at: &Place, help: &str) -> bool {
        let refuse = |message: String, advice: &str| {
            let help = if help.is_empty() { advice.to_owned() } else { format!("{advice}; {help}") };
            self.found.add(Diagnostic::error("media", at, message).help(help));
            false
        };
        let Some(facts) = self.sources.files.get(file) else {
            let finding = Diagnostic::error("no-file", at, format!("the bot has no file `{file}`"));
            let files = self.sources.files.keys().map(String::as_str);
            self.found.add(if help.is_empty() { finding.suggest(file, files) } else { finding.help(help).suggest(file, files) });
            return false;
        };
        let Some(kind) = facts.kind else {
            let takes = MediaType::ALL.map(MediaType::name).join(", ");
            return refuse(format!("`{file}` is nothing that X shows"), &format!("X takes {takes}"));
        };
        let largest = kind.kind().largest();
        if facts.bytes > largest {
            let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
            let message = format!("`{file}` has {} MB; X takes at most {}", megabytes(facts.bytes), megabytes(largest));
            return refuse(message, "make it smaller");
        }
        self.media.insert(file.to_owned());
        true
    }

    /// `link LABEL url=…`
    pub(super) fn link(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let (label, url) = (fields.arg("a label"), fields.required("url"));
        fields.finish();
        fields.no_children();
        let (Some(label), Some(url)) = (label, url) else { return };
        if !label.value.contains('{') {
            super::header::label(&label, self.found);
        }
        let label = self.text(&label);
        // An address that comes from somewhere as a whole is an address already; parts of one are values.
        let whole = url.value.trim_start().starts_with("{{");
        let scheme = ["https://", "http://"].iter().any(|scheme| url.value.starts_with(scheme));
        if !whole && !scheme || scheme && !url.value.contains('{') && url::Url::parse(url.value).is_err() {
            let finding = Diagnostic::error("address", &url.at, format!("`{}` is no address of a web page", url.value));
            self.found.add(finding.help("it begins with https:// or http://"));
        }
        let url = if whole { self.text_for(&url, Use::Address) } else { self.url(&url) };
        ops.push(Op::Link { label, url });
    }

    /// Reports a text that is too long for a message whatever is in it.
    pub(super) fn bounded_text(&self, text: &Located<&str>) {
        let length = limits::length(text.value);
        if length > limits::TEXT && !text.value.contains('{') {
            let message = format!("this text has {length} characters; X takes at most {}", limits::TEXT);
            self.found.add(Diagnostic::error("text", &text.at, message).help("shorten it"));
        }
    }
}
