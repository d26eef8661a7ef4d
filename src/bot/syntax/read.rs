//! From KDL to the syntax tree. Says what the strict profile adds: strings in quotes, no property twice, no type annotations.

use std::sync::Arc;

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};

use super::slips::{slips, too_deep};
use super::{Findings, Located, Node, Scalar};
use crate::bot::diagnostic::{Diagnostic, Place};

/// How deep braces may nest: parser and compiler descend with them, on the stack of any thread.
const DEPTH: usize = 32;

/// Reads a file. What cannot be read is reported and gives no nodes.
pub(in crate::bot) fn read(file: &str, text: &str, found: &Findings) -> Vec<Node> {
    let reader = Reader { file: file.into(), text, found };
    if let Some(span) = too_deep(text, DEPTH) {
        let message = format!("braces nest more than {DEPTH} deep here");
        found.add(Diagnostic::error("too-deep", &reader.place(span.start, span.end), message).help("use states and goto"));
        return Vec::new();
    }
    match KdlDocument::parse_v2(text) {
        Ok(document) => document.nodes().iter().map(|node| reader.node(node)).collect(),
        Err(error) => {
            reader.explain(&error.diagnostics);
            Vec::new()
        }
    }
}

struct Reader<'a> {
    file: Arc<str>,
    text: &'a str,
    found: &'a Findings,
}

impl Reader<'_> {
    fn place(&self, start: usize, end: usize) -> Place {
        Place { file: Arc::clone(&self.file), span: start..end }
    }

    /// The parser recovers badly from the usual slips, so where there are any they are told instead of its own findings.
    fn explain(&self, errors: &[kdl::KdlDiagnostic]) {
        let slips = slips(self.text);
        for slip in &slips {
            let at = self.place(slip.span.start, slip.span.end);
            self.found.add(Diagnostic::error(slip.code, &at, slip.message.clone()).help(slip.help.clone()));
        }
        if !slips.is_empty() {
            return;
        }
        // What follows the first error is mostly its echo.
        for error in errors.iter().take(1) {
            let (start, len) = (error.span.offset(), error.span.len());
            let message = error.message.as_deref().unwrap_or("this cannot be read").to_lowercase();
            let finding = Diagnostic::error("syntax", &self.place(start, start + len), message);
            self.found.add(match &error.help {
                Some(help) => finding.help(help.clone()),
                None => finding,
            });
        }
    }

    fn node(&self, node: &KdlNode) -> Node {
        let span = node.name().span();
        let name = Located { value: node.name().value().to_owned(), at: self.place(span.offset(), span.offset() + span.len()) };
        if node.ty().is_some() {
            self.found.add(Diagnostic::error("type-annotation", &name.at, "a type in parentheses means nothing here").help("leave it out"));
        }
        let mut read = Node { name, args: Vec::new(), props: Vec::new(), children: None };
        for entry in node.entries() {
            let value = self.value(entry);
            match entry.name() {
                None => read.args.push(value),
                Some(name) => {
                    let span = name.span();
                    let at = self.place(span.offset(), span.offset() + span.len());
                    let name = Located { value: name.value().to_owned(), at };
                    if read.props.iter().any(|(known, _)| known.value == name.value) {
                        let message = format!("`{}` is given twice", name.value);
                        self.found.add(Diagnostic::error("property-twice", &name.at, message).help("keep one of the two"));
                    } else {
                        read.props.push((name, value));
                    }
                }
            }
        }
        read.children = node.children().map(|children| children.nodes().iter().map(|child| self.node(child)).collect());
        read
    }

    fn value(&self, entry: &KdlEntry) -> Located<Scalar> {
        let end = entry.span().offset() + entry.span().len();
        let written = entry.format().map(|format| format.value_repr.as_str()).unwrap_or_default();
        let at = self.place(end.saturating_sub(written.len()), end);
        if entry.ty().is_some() {
            self.found.add(Diagnostic::error("type-annotation", &at, "a type in parentheses means nothing here").help("leave it out"));
        }
        let value = match entry.value() {
            KdlValue::String(text) => {
                if !written.starts_with(['"', '#']) {
                    let message = format!("`{written}` is a text without quotes");
                    self.found.add(Diagnostic::error("bare-text", &at, message).help(format!("write \"{}\"", written.trim_matches('\''))));
                }
                Scalar::Text(text.clone())
            }
            KdlValue::Integer(number) => match i64::try_from(*number) {
                Ok(number) => Scalar::Int(number),
                Err(_) => {
                    self.found.add(Diagnostic::error("number", &at, "this number is too large").help("use one of at most 64 bits"));
                    Scalar::Int(0)
                }
            },
            KdlValue::Bool(flag) => Scalar::Flag(*flag),
            KdlValue::Float(number) if number.is_finite() => Scalar::Number(*number),
            KdlValue::Float(_) | KdlValue::Null => Scalar::Other,
        };
        Located { value, at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bytes_of_the_file() {
        let text = "on \"é\" match=#\"❄\"# n=-3 { goto \"x\" }";
        let found = Findings::default();
        let nodes = read("bot.kdl", text, &found);
        assert!(found.into_sorted().is_empty());
        let node = &nodes[0];
        assert_eq!(&text[node.args[0].at.span.clone()], "\"é\"");
        let (name, value) = &node.props[0];
        assert_eq!((&text[name.at.span.clone()], &text[value.at.span.clone()]), ("match", "#\"❄\"#"));
        assert_eq!(node.props[1].1.value, Scalar::Int(-3));
        assert_eq!(node.children()[0].args[0].value, Scalar::Text("x".into()));
    }

    #[test]
    fn any_text_is_read_or_refused() {
        let deep = "a {".repeat(50_000);
        // Just allowed, and just not.
        let [most, more] = [DEPTH, DEPTH + 1].map(|depth| format!("{}{}", "a {\n".repeat(depth), "}\n".repeat(depth)));
        let stray = format!("\"e\"\"a\" {{\" }}o\"e\"\"{}", "{".repeat(50_000));
        for text in [&deep, &stray, &most, &more, "", "\0", "a {", "}", "\"", "(x)y", "#", "/-", "/*", "a \\\n b", "\u{feff}a"] {
            let found = Findings::default();
            read("bot.kdl", text, &found);
        }
    }
}
