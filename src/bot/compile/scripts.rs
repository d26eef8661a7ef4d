//! What all parts of a compilation share: the names that are declared, and notes for the checks that come after.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fields::{Fields, later};
use super::tables::Loaded;
use crate::bot::diagnostic::{Diagnostic, Place, Sources};
use crate::bot::limits;
use crate::bot::program::{Prompt, StateIx, Target};
use crate::bot::scope::RESERVED;
use crate::bot::syntax::{Findings, Located, Node};
use crate::bot::template::{Template, TemplateError};

/// A compilation under way.
pub(super) struct Script<'a> {
    pub(super) found: &'a Findings,
    pub(super) sources: &'a Sources,
    /// States by name and by former name.
    pub(super) states: BTreeMap<String, StateIx>,
    pub(super) tables: BTreeMap<String, Loaded>,
    pub(super) prompts: Vec<Prompt>,
    pub(super) notes: Notes,
}

/// What the checks need and the program does not keep.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Names that templates read.
    pub(super) reads: Vec<(String, Place)>,
    /// Slots that are set.
    pub(super) sets: Vec<SlotSet>,
    /// Where the `goto` at an index of a state's steps stands.
    pub(super) gotos: BTreeMap<(StateIx, usize), Place>,
    /// Where each prompt and its options stand, by the prompt's index.
    pub(super) prompts: Vec<(Place, Vec<Place>)>,
    /// Where each state's name stands, by its index.
    pub(super) states: Vec<Place>,
}

/// A slot that is set somewhere.
#[derive(Debug)]
pub(super) struct SlotSet {
    pub(super) slot: String,
    pub(super) at: Place,
    pub(super) by: SetBy,
}

/// How a slot is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetBy {
    Ask,
    Set,
    /// A property of a `goto` or an `option`, which may be a misspelt one of theirs.
    Property,
    Capture,
}

impl Script<'_> {
    /// A text with Jinja in it.
    pub(super) fn text(&mut self, text: &Located<impl AsRef<str>>) -> Template {
        self.template(text, Template::text(text.value.as_ref()))
    }

    /// A Jinja expression.
    pub(super) fn condition(&mut self, text: &Located<&str>) -> Template {
        self.template(text, Template::condition(text.value))
    }

    fn template(&mut self, text: &Located<impl AsRef<str>>, compiled: Result<Template, TemplateError>) -> Template {
        let rehearsed = compiled.and_then(|template| template.unknown_words().map_or(Ok(template), Err));
        match rehearsed {
            Ok(template) => {
                for name in template.names() {
                    let at = self.name_within(text, &name);
                    self.notes.reads.push((name, at));
                }
                template
            }
            Err(error) => {
                let at = error.at.as_ref().map_or_else(|| text.at.clone(), |part| self.inside(&text.at, text.value.as_ref(), part));
                self.found.add(Diagnostic::error("template", &at, error.message));
                Template::literal("")
            }
        }
    }

    /// Where a template first reads a name.
    fn name_within(&self, text: &Located<impl AsRef<str>>, name: &str) -> Place {
        let value = text.value.as_ref();
        let code = value.find('{').unwrap_or(0);
        let start = value[code..].find(name).map(|at| code + at);
        start.map_or_else(|| text.at.clone(), |start| self.inside(&text.at, value, &(start..start + name.len())))
    }

    /// A part of a text, in the file: between its quotes the file says what the text says, unless something is escaped.
    pub(super) fn inside(&self, at: &Place, text: &str, part: &Range<usize>) -> Place {
        let Some(file) = self.sources.get(&*at.file) else { return at.clone() };
        let Some(start) = file.get(at.span.clone()).and_then(|written| written.find(text)) else { return at.clone() };
        let base = at.span.start + start;
        // The engine counts in bytes, and may end within a character.
        let (start, end) = (file.floor_char_boundary(base + part.start), file.ceil_char_boundary(base + part.end));
        Place { file: at.file.clone(), span: start..end.max(start) }
    }

    /// The state of that name; reports one that is not there.
    pub(super) fn state(&self, name: &Located<&str>) -> Option<StateIx> {
        let state = self.states.get(name.value).copied();
        if state.is_none() {
            let message = format!("there is no state `{}`", name.value);
            self.found.add(
                Diagnostic::error("goto-nowhere", &name.at, message)
                    .label("no such state")
                    .suggest(name.value, self.states.keys().map(String::as_str)),
            );
        }
        state
    }

    /// Where a `goto` leads; the properties that are left are slots to set on the way.
    pub(super) fn target(&mut self, state: &Located<&str>, fields: &Fields, of_later: &[&str]) -> Option<Target> {
        let mut slots = Vec::new();
        for (name, value) in fields.rest(of_later) {
            self.sets(&name.value, &name.at, SetBy::Property);
            slots.push((name.value.clone(), self.text(&value)));
        }
        self.state(state).map(|state| Target { state, slots })
    }

    /// Notes that a slot is set, and reports a name that no slot can have.
    pub(super) fn sets(&mut self, slot: &str, at: &Place, by: SetBy) {
        let wrong = if RESERVED.contains(&slot) {
            Some((format!("`{slot}` is a word of the language"), "choose another name for the slot"))
        } else if self.tables.contains_key(slot) {
            Some((format!("`{slot}` is a table"), "a slot of that name would hide it; choose another"))
        } else if !is_identifier(slot) {
            Some((format!("`{slot}` cannot name a slot"), "use letters, digits and `_`, a letter first"))
        } else if limits::length(slot) > limits::NAME {
            Some((format!("`{slot}` is too long"), "use at most 64 characters"))
        } else {
            None
        };
        match wrong {
            Some((message, help)) => self.found.add(Diagnostic::error("name", at, message).help(help)),
            None => self.notes.sets.push(SlotSet { slot: slot.to_owned(), at: at.clone(), by }),
        }
    }
}

/// Whether templates can read something of that name.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Nodes of the language that this version does not know how to run.
const LATER: [&str; 14] =
    ["http", "media", "confirm", "link", "handoff", "remind", "cancel", "count", "tag", "typing", "read", "optout", "optin", "forget"];

/// Where the nodes of this version belong.
const HOMES: [(&str, &str); 22] = [
    ("bot", "at the top of the script"),
    ("include", "at the top of the script"),
    ("table", "at the top of the script"),
    ("on", "at the top of the script"),
    ("state", "at the top of the script"),
    ("fallback", "at the top of the script"),
    ("welcome", "at the top of the script"),
    ("ask", "in a state"),
    ("option", "in a state or an ask"),
    ("say", "in a state, a rule or the fallback"),
    ("goto", "in a state, a rule or the fallback"),
    ("set", "in a state, a rule or the fallback"),
    ("unset", "in a state, a rule or the fallback"),
    ("if", "in a state, a rule or the fallback"),
    ("elif", "right behind an if"),
    ("else", "right behind an if"),
    ("end", "in a state, a rule or the fallback"),
    ("invalid", "in an ask"),
    ("after", "in the fallback"),
    ("menu", "in the welcome"),
    ("late", "in the bot node; a state or an ask has late= as a property"),
    ("words", "in the bot node"),
];

/// What to say of a node that cannot stand where it stands.
pub(super) fn misplaced(node: &Node, parent: &str, allowed: &[&str]) -> Diagnostic {
    let name = node.name.value.as_str();
    let at = &node.name.at;
    if LATER.contains(&name) {
        return later(name, at);
    }
    match HOMES.iter().find(|(known, _)| *known == name) {
        Some((_, home)) => {
            Diagnostic::error("misplaced", at, format!("`{name}` cannot stand in {parent}")).help(format!("it belongs {home}"))
        }
        None => {
            Diagnostic::error("unknown-node", at, format!("`{name}` is not a word of the language")).suggest(name, allowed.iter().copied())
        }
    }
}
