//! Reading one node: each property by its type, and a word about every one that nobody asked for.

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::program::Late;
use crate::bot::syntax::{Findings, Located, Node, Scalar};
use crate::model::parse_duration;

/// A node that is being read. What is known of it is what was asked for before [`Fields::finish`].
pub(super) struct Fields<'a> {
    node: &'a Node,
    found: &'a Findings,
    known: RefCell<Vec<&'static str>>,
    args: Cell<usize>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(node: &'a Node, found: &'a Findings) -> Self {
        Fields { node, found, known: RefCell::default(), args: Cell::new(0) }
    }

    /// Where the node's name stands.
    pub(super) fn at(&self) -> &'a Place {
        &self.node.name.at
    }

    /// The next argument, a text that has to be there: `a "name"`.
    pub(super) fn arg(&self, what: &str) -> Option<Located<&'a str>> {
        self.next_arg(what).and_then(|arg| self.as_text(arg))
    }

    /// The next argument, a text or a whole number that has to be there, as a text.
    pub(super) fn word_arg(&self, what: &str) -> Option<Located<String>> {
        self.next_arg(what).and_then(|arg| self.as_word(arg))
    }

    /// The next argument, a whole number that has to be there.
    pub(super) fn int_arg(&self, what: &str, range: RangeInclusive<i64>) -> Option<i64> {
        self.next_arg(what).and_then(|arg| self.as_int(arg, range))
    }

    /// All arguments that are left, which are texts.
    pub(super) fn args(&self) -> Vec<Located<&'a str>> {
        let args = self.node.args.iter().skip(self.args.replace(self.node.args.len()));
        args.filter_map(|arg| self.as_text(arg)).collect()
    }

    pub(super) fn text(&self, name: &'static str) -> Option<Located<&'a str>> {
        self.prop(name).and_then(|value| self.as_text(value))
    }

    /// A text that has to be there.
    pub(super) fn required(&self, name: &'static str) -> Option<Located<&'a str>> {
        if self.prop(name).is_none() {
            let message = format!("`{}` lacks {name}=", self.node.name.value);
            self.found.add(Diagnostic::error("missing", self.at(), message).help(format!("add {name}=\"…\"")));
        }
        self.text(name)
    }

    /// A text or a whole number, as a text.
    pub(super) fn word(&self, name: &'static str) -> Option<Located<String>> {
        self.prop(name).and_then(|value| self.as_word(value))
    }

    pub(super) fn int(&self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.prop(name).and_then(|value| self.as_int(value, range))
    }

    pub(super) fn flag(&self, name: &'static str) -> bool {
        let Some(value) = self.prop(name) else { return false };
        if let Scalar::Flag(flag) = value.value {
            return flag;
        }
        self.found.add(Diagnostic::error("type", &value.at, format!("{name}= is yes or no")).help("write #true or #false"));
        false
    }

    /// A span of time: `"30m"`.
    pub(super) fn span(&self, name: &'static str) -> Option<Duration> {
        self.text(name).and_then(|text| self.as_span(&text))
    }

    /// A span of time within bounds.
    pub(super) fn span_within(&self, name: &'static str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        let text = self.text(name)?;
        self.as_span_within(&text, bounds)
    }

    pub(super) fn as_span_within(&self, text: &Located<&str>, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        let span = self.as_span(text)?;
        if bounds.contains(&span) {
            return Some(span);
        }
        let help = format!("use a span from {} to {}", spoken(*bounds.start()), spoken(*bounds.end()));
        self.found.add(
            Diagnostic::error(
                "range",
                &text.at,
                format!("`{}` is too {}", text.value, if span < *bounds.start() { "short" } else { "long" }),
            )
            .help(help),
        );
        None
    }

    pub(super) fn as_span(&self, text: &Located<&str>) -> Option<Duration> {
        let span = parse_duration(text.value);
        if span.is_none() {
            let message = format!("`{}` is not a span of time", text.value);
            self.found.add(Diagnostic::error("duration", &text.at, message).help("write a number and ms, s, m, h or d: \"30m\""));
        }
        span
    }

    /// What to do with late taps.
    pub(super) fn late(&self) -> Option<Late> {
        self.text("late").and_then(|text| self.as_late(&text))
    }

    pub(super) fn as_late(&self, text: &Located<&str>) -> Option<Late> {
        let policies = [
            ("follow", Late::Follow),
            ("rewind", Late::Rewind),
            ("apply", Late::Apply),
            ("ask", Late::Ask),
            ("reject", Late::Reject),
            ("ignore", Late::Ignore),
        ];
        self.one_of(text, &policies)
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, text: &Located<&str>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("`{}` means nothing here", text.value);
            self.found.add(Diagnostic::error("unknown-word", &text.at, message).suggest(text.value, words.iter().map(|(word, _)| *word)));
        }
        found
    }

    /// The properties that nobody asked for, as texts: slots to set.
    pub(super) fn rest(&self) -> Vec<(&'a Located<String>, Located<String>)> {
        self.unasked().filter_map(|(name, value)| Some((name, self.as_word(value)?))).collect()
    }

    /// The properties that nobody asked for.
    pub(super) fn unasked(&self) -> impl Iterator<Item = &'a (Located<String>, Located<Scalar>)> {
        let known = self.known.borrow().clone();
        self.node.props.iter().filter(move |(name, _)| !known.contains(&name.value.as_str()))
    }

    /// Reports arguments that nobody asked for.
    pub(super) fn too_much(&self) {
        for arg in self.node.args.iter().skip(self.args.get()) {
            let message = format!("`{}` does not take this", self.node.name.value);
            self.found.add(Diagnostic::error("too-much", &arg.at, message).help("leave it out, or give it as a property: name=\"…\""));
        }
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(&self) {
        self.too_much();
        for (name, _) in self.unasked() {
            let message = format!("`{}` has no property `{}`", self.node.name.value, name.value);
            let known = self.known.borrow();
            self.found.add(Diagnostic::error("unknown-property", &name.at, message).suggest(&name.value, known.iter().copied()));
        }
    }

    /// Reports children where there can be none.
    pub(super) fn no_children(&self) {
        if let Some(child) = self.node.children().first() {
            let message = format!("`{}` has no children", self.node.name.value);
            self.found.add(Diagnostic::error("children", &child.name.at, message).help("put this behind it, on a line of its own"));
        }
    }

    fn next_arg(&self, what: &str) -> Option<&'a Located<Scalar>> {
        let arg = self.node.args.get(self.args.get());
        self.args.set(self.args.get() + 1);
        if arg.is_none() {
            let (name, message) = (&self.node.name.value, format!("`{}` lacks {what}", self.node.name.value));
            self.found.add(Diagnostic::error("missing", self.at(), message).help(format!("write {name} \"…\"")));
        }
        arg
    }

    /// A property as it is written.
    pub(super) fn prop(&self, name: &'static str) -> Option<&'a Located<Scalar>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&name) {
            known.push(name);
        }
        self.node.props.iter().find(|(prop, _)| prop.value == name).map(|(_, value)| value)
    }

    pub(super) fn as_text(&self, value: &'a Located<Scalar>) -> Option<Located<&'a str>> {
        if let Scalar::Text(text) = &value.value {
            return Some(Located { value: text, at: value.at.clone() });
        }
        self.found.add(Diagnostic::error("type", &value.at, "a text is wanted here").help("put it in quotes: \"…\""));
        None
    }

    fn as_word(&self, value: &'a Located<Scalar>) -> Option<Located<String>> {
        match &value.value {
            Scalar::Int(number) => Some(Located { value: number.to_string(), at: value.at.clone() }),
            Scalar::Number(number) => Some(Located { value: number.to_string(), at: value.at.clone() }),
            _ => self.as_text(value).map(|text| Located { value: text.value.to_owned(), at: text.at }),
        }
    }

    pub(super) fn as_int(&self, value: &Located<Scalar>, range: RangeInclusive<i64>) -> Option<i64> {
        match value.value {
            Scalar::Int(number) if range.contains(&number) => Some(number),
            Scalar::Int(_) => {
                let help = match (*range.start(), *range.end()) {
                    (least, i64::MAX) => format!("use {least} or more"),
                    (least, most) => format!("use a number from {least} to {most}"),
                };
                self.found.add(Diagnostic::error("range", &value.at, "this number does not fit").help(help));
                None
            }
            _ => {
                self.found.add(Diagnostic::error("type", &value.at, "a whole number is wanted here").help("write it without quotes: 3"));
                None
            }
        }
    }
}

/// A span of time as scripts write it.
pub(super) fn spoken(span: Duration) -> String {
    let millis = span.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(size, _)| millis > 0 && millis.is_multiple_of(*size));
    unit.map_or_else(|| format!("{millis}ms"), |(size, unit)| format!("{}{unit}", millis / size))
}
