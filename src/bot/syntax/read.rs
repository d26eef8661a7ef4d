//! From KDL to the syntax tree. Says what the strict profile adds: strings in quotes, no property twice, no type annotations.

use std::iter::Peekable;
use std::slice;
use std::sync::Arc;

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};

use super::slips::{slips, too_deep};
use super::{Findings, Located, Node, Scalar};
use crate::bot::compile::STEPS;
use crate::bot::diagnostic::{Diagnostic, Place};

/// Quotes that word processors put in the place of `"`.
const CURLED: [char; 5] = ['“', '”', '„', '«', '»'];

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

/// The values of a node that are still to be read.
type Entries<'e> = Peekable<slice::Iter<'e, KdlEntry>>;

/// The KDL of a text; `None` where it is none, or nests deeper than a stack may hold.
pub(crate) fn document(text: &str) -> Option<KdlDocument> {
    too_deep(text, DEPTH).is_none().then(|| KdlDocument::parse_v2(text).ok()).flatten()
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
        let mut entries = node.entries().iter().peekable();
        while let Some(entry) = entries.next() {
            let value = self.value(entry);
            match entry.name() {
                Some(name) => {
                    let span = name.span();
                    let at = self.place(span.offset(), span.offset() + span.len());
                    self.property(&mut read, Located { value: name.value().to_owned(), at }, value);
                }
                None if !is_bare(entry) => read.args.push(value),
                None if !read.args.is_empty() && STEPS.contains(&written(entry)) => {
                    let message = format!("`{}` begins a step of its own", written(entry));
                    let finding = Diagnostic::error("step-behind", &value.at, message);
                    self.found.add(finding.help("put it in braces, on a new line, or behind a `;`"));
                    // What follows belongs to that step.
                    break;
                }
                None => self.bare_word(&mut read, entry, value, &mut entries),
            }
        }
        read.children = node.children().map(|children| children.nodes().iter().map(|child| self.node(child)).collect());
        read
    }

    /// A text without quotes: `goto: "home"`, or the beginning of a sentence.
    fn bare_word<'e>(&self, node: &mut Node, entry: &'e KdlEntry, value: Located<Scalar>, entries: &mut Entries<'e>) {
        if let Some(name) = written(entry).strip_suffix(':')
            && let Some(next) = entries.next_if(|next| next.name().is_none())
        {
            let finding = Diagnostic::error("colon", &value.at, format!("`{name}` is parted from its value by `=`"));
            self.found.add(finding.help(format!("write {name}={}", quoted(written(next)))));
            let next = self.value(next);
            return self.property(node, Located { value: name.to_owned(), at: value.at }, next);
        }
        // A sentence is told once, not word by word.
        let mut at = value.at;
        while let Some(word) = word_of_sentence(entries.clone()) {
            entries.next();
            at.span.end = self.value(word).at.span.end;
        }
        self.bare(&at);
        node.args.push(Located { value: Scalar::Text(straight(&self.text[at.span.clone()]).to_owned()), at });
    }

    fn property(&self, node: &mut Node, name: Located<String>, value: Located<Scalar>) {
        if node.props.iter().any(|(known, _)| known.value == name.value) {
            let message = format!("`{}` is given twice", name.value);
            self.found.add(Diagnostic::error("property-twice", &name.at, message).help("keep one of the two"));
        } else {
            node.props.push((name, value));
        }
    }

    /// Reports a text without quotes, or in those that word processors make.
    fn bare(&self, at: &Place) {
        let written = &self.text[at.span.clone()];
        let message = if written.contains(CURLED) {
            "a text stands in straight quotes".to_owned()
        } else {
            format!("`{written}` is a text without quotes")
        };
        self.found.add(Diagnostic::error("bare-text", at, message).help(format!("write {}", quoted(written))));
    }

    fn value(&self, entry: &KdlEntry) -> Located<Scalar> {
        let end = entry.span().offset() + entry.span().len();
        let written = written(entry);
        let at = self.place(end.saturating_sub(written.len()), end);
        if entry.ty().is_some() {
            self.found.add(Diagnostic::error("type-annotation", &at, "a type in parentheses means nothing here").help("leave it out"));
        }
        let value = match entry.value() {
            KdlValue::String(text) => {
                if entry.name().is_some() && is_bare(entry) {
                    self.bare(&at);
                }
                Scalar::Text(if is_bare(entry) { straight(text).to_owned() } else { text.clone() })
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

/// The next word, unless it is quoted, a property, or begins a step.
fn word_of_sentence<'e>(mut entries: Entries<'e>) -> Option<&'e KdlEntry> {
    let word = entries.next().filter(|word| word.name().is_none() && !written(word).starts_with(['"', '#']))?;
    let is_step = STEPS.contains(&written(word)) && entries.next().is_some_and(|text| written(text).starts_with('"'));
    (!is_step).then_some(word)
}

/// A value as the file says it.
fn written(entry: &KdlEntry) -> &str {
    entry.format().map(|format| format.value_repr.as_str()).unwrap_or_default()
}

/// Whether a value is a text without quotes.
fn is_bare(entry: &KdlEntry) -> bool {
    matches!(entry.value(), KdlValue::String(_)) && !written(entry).starts_with(['"', '#'])
}

/// What stands between quotes of any kind.
fn straight(written: &str) -> &str {
    written.trim_matches(CURLED).trim_matches(['\'', '"'])
}

/// A text as it should have been written.
fn quoted(written: &str) -> String {
    format!("\"{}\"", straight(written))
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
