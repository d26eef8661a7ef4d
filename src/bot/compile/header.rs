//! The `bot` node: name, version, defaults and the bot's own words.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::fields::Fields;
use super::hosts;
use super::scripts::misplaced;
use crate::bot::diagnostic::{Diagnostic, nearest};
use crate::bot::limits;
use crate::bot::program::{Defaults, Words};
use crate::bot::syntax::{Findings, Located, Node};

/// The longest that events are held to put them in order: people wait for the answer meanwhile.
const LONGEST_HOLD: Duration = Duration::from_secs(10);

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
    let (lang, zone) = (fields.text("lang"), fields.text("tz"));
    fields.finish();
    let words = lang.as_ref().and_then(|lang| Words::of(lang.value));
    let mut defaults = Defaults { words: words.clone().unwrap_or_default(), ..Defaults::default() };
    defaults.zone = zone.and_then(|zone| self::zone(&zone, found));
    let mut seen = BTreeSet::new();
    for child in node.children() {
        if !seen.insert(child.name.value.as_str()) && child.name.value != "allow" {
            let message = format!("a second `{}`", child.name.value);
            found.add(Diagnostic::error("duplicate", &child.name.at, message).help("keep one"));
        }
        default(child, &mut defaults, found);
    }
    if let (Some(lang), None) = (lang, words) {
        strange(&lang, node, found);
    }
    Header { name, version, defaults }
}

/// A language whose words the bot has to bring along.
fn strange(lang: &Located<&str>, node: &Node, found: &Findings) {
    let given: BTreeSet<&str> = node
        .children()
        .iter()
        .filter(|child| child.name.value == "words")
        .flat_map(Node::children)
        .map(|word| word.name.value.as_str())
        .collect();
    let missing: Vec<&str> = WORDS.into_iter().filter(|word| !given.contains(word)).collect();
    if !missing.is_empty() {
        let message = format!("the bot's own words are not known in `{}`, so they are English", lang.value);
        found.add(Diagnostic::warning("language", &lang.at, message).help(format!("give them in words {{ … }}: {}", missing.join(", "))));
    }
}

fn default(node: &Node, defaults: &mut Defaults, found: &Findings) {
    let fields = Fields::new(node, found);
    let span = |what| fields.arg(what).and_then(|span| fields.as_span(&span));
    match node.name.value.as_str() {
        "late" => {
            defaults.late = fields.arg("a policy").and_then(|policy| fields.as_late(&policy));
            defaults.ttl = fields.span("ttl");
        }
        "idle" => defaults.idle = span("a span of time"),
        "reorder" => {
            let hold = fields.arg("a span of time");
            defaults.reorder = hold.and_then(|hold| fields.as_span_within(&hold, Duration::from_millis(1)..=LONGEST_HOLD));
        }
        "handoff" => {
            if fields.required("mute").is_some() {
                defaults.mute = fields.span("mute");
            }
        }
        "words" => {
            fields.finish();
            node.children().iter().for_each(|word| self::word(word, &mut defaults.words, found));
            return;
        }
        "allow" => allow(&fields, defaults, found),
        "tz" => defaults.zone = fields.arg("a time zone").and_then(|name| zone(&name, found)).or(defaults.zone.take()),
        _ => {
            let known = ["late", "idle", "words", "allow", "tz", "reorder", "handoff"];
            return found.add(misplaced(node, "the bot node", &known));
        }
    }
    fields.finish();
    fields.no_children();
}

fn allow(fields: &Fields, defaults: &mut Defaults, found: &Findings) {
    let entries = fields.args();
    if entries.is_empty() {
        found.add(Diagnostic::error("missing", fields.at(), "`allow` lacks a host").help("write allow \"feeds.example\""));
    }
    for entry in entries {
        if hosts::is_entry(entry.value) {
            defaults.allow.push(entry.value.to_owned());
        } else {
            let finding = Diagnostic::error("host", &entry.at, format!("`{}` is no host", entry.value));
            found.add(finding.help("write \"feeds.example\", \"feeds.example:8443\", \"*.feeds.example\" or an IP address"));
        }
    }
}

/// The name of a time zone that is known.
fn zone(name: &Located<&str>, found: &Findings) -> Option<String> {
    match TimeZone::get(name.value) {
        Ok(zone) => Some(zone.iana_name().unwrap_or(name.value).to_owned()),
        Err(_) => {
            let finding = Diagnostic::error("time-zone", &name.at, format!("there is no time zone `{}`", name.value));
            let known: Vec<String> = jiff::tz::db().available().map(|known| known.to_string()).collect();
            found.add(match nearest(name.value, known.iter().map(String::as_str)) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help("write one as \"Europe/Zurich\""),
            });
            None
        }
    }
}

/// The words a bot says by itself.
const WORDS: [&str; 9] = ["yes", "no", "more", "stale", "invalid", "choose", "ask", "change", "noted"];

/// Characters of a sentence that the bot says by itself: the numbered lines of a menu have to find a place under it.
const WORD: usize = 1_000;

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
        "ask" => &mut words.ask,
        "change" => &mut words.change,
        "noted" => &mut words.noted,
        _ => {
            let finding = Diagnostic::error("unknown-node", &node.name.at, format!("`{name}` is no word that a bot says by itself"));
            return found.add(finding.suggest(name, WORDS));
        }
    };
    if let Some(text) = fields.arg("a text") {
        match name {
            "yes" | "no" | "more" => label(&text, found),
            _ if limits::length(text.value) > WORD => {
                let message = format!("the bot's own words have at most {WORD} characters");
                found.add(Diagnostic::error("text", &text.at, message).help("shorten it: options may have to stand under it"));
            }
            _ if text.value.trim().is_empty() => {
                found.add(Diagnostic::error("text", &text.at, "there is nothing to say").help("X takes no empty messages"));
            }
            "ask" | "change" | "noted" if !text.value.contains("{}") => {
                let finding = Diagnostic::warning("word", &text.at, "this does not tell what it is about");
                found.add(finding.help("put {} where the option's label belongs"));
            }
            _ => {}
        }
        *place = text.value.to_owned();
    }
    fields.finish();
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
