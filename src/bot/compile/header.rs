//! The `bot` node: name, version, defaults and the bot's own words.

use super::fields::{Fields, later};
use super::scripts::misplaced;
use crate::bot::diagnostic::Diagnostic;
use crate::bot::limits;
use crate::bot::program::{Defaults, Words};
use crate::bot::syntax::{Findings, Located, Node};

/// What the `bot` node says.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) defaults: Defaults,
}

pub(super) fn header(node: &Node, found: &Findings) -> Header {
    let fields = Fields::new(node, found);
    let name = fields.arg("a name").map(|name| name.value.to_owned()).unwrap_or_default();
    let version = fields.int("version", 0..=i64::from(u32::MAX)).and_then(|version| u32::try_from(version).ok()).unwrap_or(0);
    // The language is for people and tools as yet: the bot's words are given one by one.
    fields.text("lang");
    fields.finish(&[]);
    let mut defaults = Defaults::default();
    for child in node.children() {
        default(child, &mut defaults, found);
    }
    Header { name, version, defaults }
}

fn default(node: &Node, defaults: &mut Defaults, found: &Findings) {
    let fields = Fields::new(node, found);
    match node.name.value.as_str() {
        "late" => {
            defaults.late = fields.arg("a policy").and_then(|policy| fields.as_late(&policy));
            defaults.ttl = fields.span("ttl");
        }
        "idle" => defaults.idle = fields.arg("a span of time").and_then(|span| fields.as_span(&span)),
        "words" => {
            fields.finish(&[]);
            node.children().iter().for_each(|word| self::word(word, &mut defaults.words, found));
            return;
        }
        // Nothing asks hosts or tells local time in this version, so that what they say holds by itself.
        "allow" => drop(fields.args()),
        "tz" => drop(fields.arg("a time zone")),
        "reorder" | "handoff" => return found.add(later(&node.name.value, &node.name.at)),
        _ => {
            let known = ["late", "idle", "words", "allow", "tz", "reorder", "handoff"];
            return found.add(misplaced(node, "the bot node", &known));
        }
    }
    fields.finish(&[]);
    fields.no_children();
}

fn word(node: &Node, words: &mut Words, found: &Findings) {
    let fields = Fields::new(node, found);
    let name = node.name.value.as_str();
    let place = match name {
        "yes" => &mut words.yes,
        "no" => &mut words.no,
        "more" => &mut words.more,
        "stale" => &mut words.stale,
        "invalid" => &mut words.invalid,
        "choose" => &mut words.choose,
        "ask" => return found.add(later("ask", &node.name.at)),
        _ => return found.add(misplaced(node, "the bot's words", &["yes", "no", "more", "stale", "invalid", "choose"])),
    };
    if let Some(text) = fields.arg("a text") {
        if matches!(name, "yes" | "no" | "more") {
            label(&text, found);
        }
        *place = text.value.to_owned();
    }
    fields.finish(&[]);
    fields.no_children();
}

/// Reports a text that no button can carry (contract §5).
pub(super) fn label(text: &Located<&str>, found: &Findings) {
    let length = limits::length(text.value);
    if text.value.trim().is_empty() {
        found.add(Diagnostic::error("label", &text.at, "a label needs a text"));
    }
    if length > limits::LABEL {
        let message = format!("this label has {length} characters; X takes at most {}", limits::LABEL);
        found.add(Diagnostic::error("label", &text.at, message).help("shorten it; a `desc=` takes 72 more"));
    }
    if limits::contains_url(text.value) {
        found.add(Diagnostic::error("label", &text.at, "X refuses labels with a link in them").help("put the link into the answer's text"));
    }
}
