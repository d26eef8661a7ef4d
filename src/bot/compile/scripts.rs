//! What all parts of a compilation share: the names that are declared, and notes for the checks that come after.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::fields::Fields;
use super::tables::Loaded;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Body, Handoff, Lookup, Prompt, Reminder, StateIx, Target, Words};
use crate::bot::scope::RESERVED;
use crate::bot::sources::Sources;
use crate::bot::syntax::{Findings, Located, Node};
use crate::bot::template::{Template, TemplateError, base};

/// A compilation under way.
pub(super) struct Script<'a> {
    pub(super) found: &'a Findings,
    pub(super) sources: &'a Sources,
    /// The bot's own words.
    pub(super) words: &'a Words,
    /// The hosts that lookups may ask.
    pub(super) allow: &'a [String],
    /// States by name and by former name.
    pub(super) states: BTreeMap<String, StateIx>,
    pub(super) tables: BTreeMap<String, Loaded>,
    pub(super) prompts: Vec<Prompt>,
    pub(super) lookups: Vec<Lookup>,
    pub(super) reminders: Vec<Reminder>,
    pub(super) handoffs: Vec<Handoff>,
    /// The files that the script may send.
    pub(super) media: BTreeSet<String>,
    /// The step that is being compiled; none in the welcome message.
    pub(super) site: Option<Site>,
    pub(super) notes: Notes,
}

/// A step of a body, by its index.
pub(super) type Site = (Body, usize);

/// What the checks need and the program does not keep.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What templates read.
    pub(super) reads: Vec<Read>,
    /// Slots that are set.
    pub(super) sets: Vec<SlotSet>,
    /// Where each step stands.
    pub(super) steps: BTreeMap<Site, Place>,
    /// Where each prompt and its options stand, by the prompt's index.
    pub(super) prompts: Vec<(Place, Vec<Place>)>,
    /// Where each state's name stands, by its index.
    pub(super) states: Vec<Place>,
    /// Where each lookup's name stands, by its index.
    pub(super) lookups: Vec<Place>,
    /// The slots of pictures that lookups send, each time.
    pub(super) pictures: Vec<Located<String>>,
    /// Reminders that are cancelled by name.
    pub(super) cancels: Vec<(String, Place)>,
    /// Where `optout` stands.
    pub(super) optouts: Vec<Place>,
}

/// Something that a template reads.
#[derive(Debug)]
pub(super) struct Read {
    /// The name, and the attributes that are written out behind it: `user.name`.
    pub(super) path: String,
    pub(super) at: Place,
    /// The step that reads it.
    pub(super) site: Option<Site>,
    pub(super) used: Use,
    /// The whole text.
    pub(super) template: Template,
}

impl Read {
    /// The name without attributes.
    pub(super) fn name(&self) -> &str {
        base(&self.path)
    }
}

/// What becomes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Use {
    /// People see it.
    Shown,
    /// It decides something.
    Condition,
    /// It is kept in this slot.
    Slot(String),
    /// It is part of an address, or of another line that ends up in logs.
    Address,
    /// It is sent to a server.
    Sent,
    /// It is kept for the statistics.
    Counted,
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
    /// A text with Jinja in it, for people.
    pub(super) fn text(&mut self, text: &Located<impl AsRef<str>>) -> Template {
        self.text_for(text, Use::Shown)
    }

    /// A text with Jinja in it.
    pub(super) fn text_for(&mut self, text: &Located<impl AsRef<str>>, used: Use) -> Template {
        self.template(text, Template::text(text.value.as_ref()), used)
    }

    /// An address with Jinja in it.
    pub(super) fn url(&mut self, text: &Located<&str>) -> Template {
        self.template(text, Template::url(text.value), Use::Address)
    }

    /// A Jinja expression.
    pub(super) fn condition(&mut self, text: &Located<&str>) -> Template {
        self.template(text, Template::condition(text.value), Use::Condition)
    }

    fn template(&mut self, text: &Located<impl AsRef<str>>, compiled: Result<Template, TemplateError>, used: Use) -> Template {
        let rehearsed = compiled.and_then(|template| template.unknown_words().map_or(Ok(template), Err));
        match rehearsed {
            Ok(template) => {
                for path in template.reads() {
                    let at = self.name_within(text, &path);
                    let (site, used, template) = (self.site, used.clone(), template.clone());
                    self.notes.reads.push(Read { path, at, site, used, template });
                }
                template
            }
            Err(error) => {
                let at = error.at.as_ref().map_or_else(|| text.at.clone(), |part| self.inside(&text.at, text.value.as_ref(), part));
                let finding = Diagnostic::error("template", &at, &*error.message);
                let is_open = error.message.contains("end of variable block");
                self.found.add(if is_open { finding.help("a value stands between double braces: {{ name }}") } else { finding });
                Template::literal("")
            }
        }
    }

    /// Where a template first reads a name.
    fn name_within(&self, text: &Located<impl AsRef<str>>, path: &str) -> Place {
        let value = text.value.as_ref();
        let code = value.find('{').unwrap_or(0);
        let start = [path, base(path)].into_iter().find_map(|name| value[code..].find(name).map(|at| code + at));
        let len = base(path).len();
        start.map_or_else(|| text.at.clone(), |start| self.inside(&text.at, value, &(start..start + len)))
    }

    /// A part of a text, in the file: between its quotes the file says what the text says, unless something is escaped.
    pub(super) fn inside(&self, at: &Place, text: &str, part: &Range<usize>) -> Place {
        let Some(file) = self.sources.get(&at.file) else { return at.clone() };
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
    pub(super) fn target(&mut self, state: &Located<&str>, fields: &Fields) -> Option<Target> {
        let mut slots = Vec::new();
        for (name, value) in fields.rest() {
            self.sets(&name.value, &name.at, SetBy::Property);
            slots.push((name.value.clone(), self.text_for(&value, Use::Slot(name.value.clone()))));
        }
        self.state(state).map(|state| Target { state, slots })
    }

    /// Where a property `goto=` leads, if there is one; the properties that are left are slots then.
    pub(super) fn goto_property(&mut self, fields: &Fields) -> Option<Target> {
        let Some(state) = fields.text("goto") else {
            fields.finish();
            return None;
        };
        fields.too_much();
        self.target(&state, fields)
    }

    /// Notes that a slot is set, and reports a name that no slot can have.
    pub(super) fn sets(&mut self, slot: &str, at: &Place, by: SetBy) {
        if self.can_be_read(slot, "a slot", at) {
            self.notes.sets.push(SlotSet { slot: slot.to_owned(), at: at.clone(), by });
        }
    }

    /// Whether templates can read something of that name; reports why not.
    pub(super) fn can_be_read(&self, name: &str, what: &str, at: &Place) -> bool {
        let wrong = if RESERVED.contains(&name) {
            Some((format!("`{name}` is a word of the language"), format!("choose another name for {what}")))
        } else if self.tables.contains_key(name) {
            Some((format!("`{name}` is a table"), format!("{what} of that name would hide it; choose another")))
        } else if !is_identifier(name) {
            Some((format!("`{name}` cannot name {what}"), "use letters, digits and `_`, a letter first".to_owned()))
        } else if limits::length(name) > limits::NAME {
            Some((format!("`{name}` is too long"), format!("use at most {} characters", limits::NAME)))
        } else {
            None
        };
        if let Some((message, help)) = &wrong {
            self.found.add(Diagnostic::error("name", at, message.as_str()).help(help.as_str()));
        }
        wrong.is_none()
    }
}

/// Whether templates can read something of that name.
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What the lookups, reminders and handings over of a rule are called after: its first pattern, no longer than the name of a state,
/// since records keep it.
pub(super) fn name_of_rule(pattern: &str) -> String {
    let mut name = format!("on {pattern}");
    name.truncate(name.floor_char_boundary(limits::NAME));
    name
}

/// The name itself, or counted where it comes again: two rules may begin with the same pattern.
pub(super) fn counted<'n>(name: String, taken: impl Iterator<Item = &'n str>) -> String {
    let taken: BTreeSet<&str> = taken.filter(|other| other.starts_with(&name)).collect();
    if !taken.contains(name.as_str()) {
        return name;
    }
    let free = (2..=taken.len() + 1).map(|count| format!("{name}-{count}")).find(|name| !taken.contains(name.as_str()));
    free.unwrap_or(name)
}

/// Where a node belongs that has strayed.
fn home(name: &str) -> Option<&'static str> {
    Some(match name {
        "bot" | "include" | "table" | "on" | "state" | "fallback" | "welcome" => "at the top of the script",
        "ask" | "confirm" => "in a state",
        "option" => "in a state or an ask",
        "elif" | "else" => "right behind an if",
        "invalid" => "in an ask",
        "yes" | "no" => "in a confirm, or in the bot's words",
        "body" | "ok" | "fail" => "in an http",
        "resume" | "timeout" => "in a handoff",
        "after" => "in the fallback",
        "menu" => "in the welcome",
        "col" => "in a table",
        "late" => "in the bot node; a state or a prompt has late= as a property",
        "idle" | "reorder" | "allow" | "tz" | "words" => "in the bot node",
        _ if super::body::STEPS.contains(&name) => "among the steps of a state, a rule, a reminder or the fallback",
        _ => return None,
    })
}

/// What to say of a node that cannot stand where it stands.
pub(super) fn misplaced(node: &Node, parent: &str, allowed: &[&str]) -> Diagnostic {
    let (name, at) = (node.name.value.as_str(), &node.name.at);
    match home(name) {
        Some(home) => Diagnostic::error("misplaced", at, format!("`{name}` cannot stand in {parent}")).help(format!("it belongs {home}")),
        None => {
            Diagnostic::error("unknown-node", at, format!("`{name}` is not a word of the language")).suggest(name, allowed.iter().copied())
        }
    }
}
