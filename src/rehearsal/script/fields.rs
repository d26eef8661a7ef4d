//! Reading one node of a test: each property by its type, and a word about every one that nobody asked for.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::time::Duration;

use kdl::{KdlEntry, KdlNode, KdlValue};

use crate::bot::{Diagnostic, nearest};
use crate::model::parse_duration;
use crate::rehearsal::finding;

/// What was found in a file, told all at once.
pub(super) struct Findings {
    file: String,
    found: RefCell<Vec<Diagnostic>>,
}

impl Findings {
    pub(super) fn new(file: &str) -> Self {
        Findings { file: file.to_owned(), found: RefCell::default() }
    }

    pub(super) fn add(&self, code: &'static str, span: Range<usize>, message: String, help: Option<String>) {
        self.found.borrow_mut().push(finding(code, &self.file, &span, message, help));
    }

    /// A word that means nothing here, and the nearest that does.
    pub(super) fn unknown(&self, code: &'static str, span: Range<usize>, message: String, wrong: &str, names: &[&str]) {
        let help = nearest(wrong, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
        let list = || (!names.is_empty()).then(|| format!("what can stand here: {}", names.join(", ")));
        self.add(code, span, message, help.or_else(list));
    }

    pub(super) fn into_found(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }
}

/// A node that is being read. What is known of it is what was asked for before [`Fields::finish`].
pub(super) struct Fields<'a> {
    pub(super) node: &'a KdlNode,
    pub(super) found: &'a Findings,
    known: RefCell<Vec<&'static str>>,
    args: Cell<usize>,
}

/// Where an entry's value stands.
pub(super) fn span_of(entry: &KdlEntry) -> Range<usize> {
    let span = entry.span();
    span.offset()..span.offset() + span.len()
}

impl<'a> Fields<'a> {
    pub(super) fn new(node: &'a KdlNode, found: &'a Findings) -> Self {
        Fields { node, found, known: RefCell::default(), args: Cell::new(0) }
    }

    pub(super) fn name(&self) -> &'a str {
        self.node.name().value()
    }

    /// Where the node's name stands.
    pub(super) fn at(&self) -> Range<usize> {
        let span = self.node.name().span();
        span.offset()..span.offset() + span.len()
    }

    /// The next argument, a text.
    pub(super) fn maybe_arg(&self) -> Option<String> {
        let mut args = self.node.entries().iter().filter(|entry| entry.name().is_none());
        let arg = args.nth(self.args.replace(self.args.get() + 1))?;
        self.as_text(arg)
    }

    /// The next argument, a text that has to be there.
    pub(super) fn arg(&self, what: &str) -> String {
        let missing = self.node.entries().iter().filter(|entry| entry.name().is_none()).count() <= self.args.get();
        if missing {
            let name = self.name();
            self.found.add("missing", self.at(), format!("`{name}` lacks {what}"), Some(format!("write {name} \"…\"")));
        }
        self.maybe_arg().unwrap_or_default()
    }

    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.prop(name).and_then(|entry| self.as_text(entry))
    }

    pub(super) fn int<T: TryFrom<i128>>(&self, name: &'static str) -> Option<T> {
        let entry = self.prop(name)?;
        let number = entry.value().as_integer().and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let help = "write it without quotes: 3".to_owned();
            self.found.add("type", span_of(entry), format!("{name}= is a whole number"), Some(help));
        }
        number
    }

    pub(super) fn flag(&self, name: &'static str) -> Option<bool> {
        let entry = self.prop(name)?;
        let flag = entry.value().as_bool();
        if flag.is_none() {
            self.found.add("type", span_of(entry), format!("{name}= is yes or no"), Some("write #true or #false".to_owned()));
        }
        flag
    }

    pub(super) fn span(&self, name: &'static str) -> Option<Duration> {
        let (entry, text) = (self.prop(name)?, self.text(name)?);
        self.as_span(&text, span_of(entry))
    }

    pub(super) fn as_span(&self, text: &str, at: Range<usize>) -> Option<Duration> {
        let span = parse_duration(text);
        if span.is_none() {
            let help = "write a number and ms, s, m, h or d: \"30m\"".to_owned();
            self.found.add("duration", at, format!("`{text}` is not a span of time"), Some(help));
        }
        span
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let (entry, text) = (self.prop(name)?, self.text(name)?);
        self.as_one_of(&text, span_of(entry), words)
    }

    pub(super) fn as_one_of<T: Copy>(&self, text: &str, at: Range<usize>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.found.unknown("unknown-word", at, format!("`{text}` means nothing here"), text, &names);
        }
        found
    }

    pub(super) fn prop(&self, name: &'static str) -> Option<&'a KdlEntry> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&name) {
            known.push(name);
        }
        self.node.entries().iter().find(|entry| entry.name().is_some_and(|known| known.value() == name))
    }

    /// The properties that nobody asked for: slots, or what a stub answers.
    pub(super) fn rest(&self) -> Vec<(&'a str, &'a KdlEntry)> {
        let named = self.node.entries().iter().filter_map(|entry| Some((entry.name()?.value(), entry)));
        named.filter(|(name, _)| !self.known.borrow().contains(name)).collect()
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(&self) {
        for (name, entry) in self.rest() {
            let message = format!("`{}` has no property `{name}`", self.name());
            let known: Vec<&str> = self.known.borrow().clone();
            self.found.unknown("unknown-property", span_of(entry), message, name, &known);
        }
        self.finish_args();
    }

    /// Reports arguments and children that nobody asked for.
    pub(super) fn finish_args(&self) {
        for entry in self.node.entries().iter().filter(|entry| entry.name().is_none()).skip(self.args.get()) {
            let help = "leave it out, or give it as a property: name=\"…\"".to_owned();
            self.found.add("too-much", span_of(entry), format!("`{}` does not take this", self.name()), Some(help));
        }
        let takes_children = matches!(self.name(), "test" | "shuffle");
        if let Some(child) = self.node.children().filter(|_| !takes_children).and_then(|children| children.nodes().first()) {
            let span = child.name().span();
            let at = span.offset()..span.offset() + span.len();
            self.found.add("children", at, format!("`{}` has no children", self.name()), None);
        }
    }

    pub(super) fn as_text(&self, entry: &KdlEntry) -> Option<String> {
        let text = entry.value().as_string().map(str::to_owned);
        if text.is_none() {
            let help = "put it in quotes: \"…\"".to_owned();
            self.found.add("type", span_of(entry), "a text is wanted here".to_owned(), Some(help));
        }
        text
    }
}

/// A value as JSON.
pub(super) fn json(value: &KdlValue) -> serde_json::Value {
    match value {
        KdlValue::String(text) => text.clone().into(),
        KdlValue::Integer(number) => i64::try_from(*number).map_or(serde_json::Value::Null, Into::into),
        KdlValue::Float(number) => (*number).into(),
        KdlValue::Bool(flag) => (*flag).into(),
        KdlValue::Null => serde_json::Value::Null,
    }
}
