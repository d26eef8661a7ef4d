//! Rules, the fallback and the welcome message.

use super::body::Owner;
use super::fields::Fields;
use super::scripts::{Script, SetBy, misplaced, name_of_rule};
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::matcher::{RegexPattern, RulePatterns};
use crate::bot::pattern::{PatternError, Phrase, parse};
use crate::bot::program::{Body, Fallback, Op, Pattern, Rule, RuleIx, StateIx, Welcome};
use crate::bot::syntax::{Located, Node};

/// A rule, its patterns, and where each of its phrases was written.
pub(super) struct Ruled {
    pub(super) rule: Rule,
    /// The account event that it is for, and where that is said.
    pub(super) event: Option<Located<String>>,
    pub(super) patterns: RulePatterns,
    pub(super) phrases_at: Vec<Place>,
    pub(super) metadata_at: Vec<Place>,
}

/// All that a rule takes.
fn written(
    texts: &[Located<&str>],
    search: Option<&Located<&str>>,
    metadata: Option<&Located<&str>>,
    event: Option<&Located<String>>,
) -> Vec<Pattern> {
    let texts = texts.iter().map(|text| Pattern::Words(text.value.to_owned()));
    let search = search.map(|search| Pattern::Search(search.value.to_owned()));
    let metadata = metadata.map(|metadata| Pattern::Metadata(metadata.value.to_owned()));
    texts.chain(search).chain(metadata).chain(event.map(|event| Pattern::Event(event.value.clone()))).collect()
}

impl Script<'_> {
    pub(super) fn rule(&mut self, ix: RuleIx, node: &Node) -> Ruled {
        let fields = Fields::new(node, self.found);
        let texts = fields.args();
        let (search, metadata, event) = (fields.text("match"), fields.text("metadata"), self.event(&fields));
        let within = fields.text("in").map(|names| self.states_named(&names)).unwrap_or_default();
        let any_scope = fields.text("scope").and_then(|scope| fields.one_of(&scope, &[("any", true)])).unwrap_or(false);
        let priority = fields.int("priority", -1_000_000..=1_000_000).unwrap_or(0);
        let fuzzy = fields.int("fuzzy", 0..=2).and_then(|fuzzy| u8::try_from(fuzzy).ok()).unwrap_or(0);
        fields.finish();
        self.is_sensible(node, &fields, event.as_ref());
        let (mut phrases, mut phrases_at) = (Vec::new(), Vec::new());
        for text in &texts {
            let read = self.phrases(text);
            phrases_at.extend(read.iter().map(|_| text.at.clone()));
            phrases.extend(read);
        }
        if fuzzy > 0 && !phrases.is_empty() && phrases.iter().all(|phrase| phrase.literal().is_none()) {
            let message = "fuzzy= is for patterns of nothing but words";
            self.found.add(Diagnostic::error("misplaced", fields.at(), message).help("leave it out, or add such a pattern"));
        }
        let regex = search.as_ref().and_then(|source| self.search(source));
        let metadata_phrases = metadata.as_ref().map(|text| self.phrases(text)).unwrap_or_default();
        let metadata_at = metadata.iter().flat_map(|text| metadata_phrases.iter().map(|_| text.at.clone())).collect();
        let name = texts.first().or(search.as_ref()).or(metadata.as_ref()).map(|text| text.value.to_owned());
        let name = name.or_else(|| event.as_ref().map(|event| event.value.clone())).unwrap_or_default();
        let written = written(&texts, search.as_ref(), metadata.as_ref(), event.as_ref());
        let steps = self.body(node.children(), &Owner { body: Body::Rule(ix), name: name_of_rule(&name) });
        let opts_in = steps.iter().any(|op| matches!(op, Op::OptIn));
        Ruled {
            rule: Rule { name, patterns: written, within: within.clone(), any_scope, steps, opts_in },
            event,
            patterns: RulePatterns { within, any_scope, priority, fuzzy, phrases, regex, metadata: metadata_phrases },
            phrases_at,
            metadata_at,
        }
    }

    /// A rule takes something, and does something.
    fn is_sensible(&self, node: &Node, fields: &Fields, event: Option<&Located<String>>) {
        let takes = |name: &str| node.props.iter().any(|(prop, _)| prop.value == name);
        let texts = !node.args.is_empty() || takes("match") || takes("metadata");
        if !texts && !takes("event") {
            let help = "write on \"words\", match=#\"regex\"#, metadata=\"words\" or event=\"follow\"";
            self.found.add(Diagnostic::error("missing", fields.at(), "`on` lacks a pattern").help(help));
        }
        if let (true, Some(event)) = (texts, event) {
            let message = "a rule is for texts or for an event, not for both";
            self.found.add(Diagnostic::error("misplaced", &event.at, message).help("write a second rule"));
        }
        if node.children().is_empty() {
            let finding = Diagnostic::error("empty", fields.at(), "this rule does nothing");
            self.found.add(finding.help("put its steps in braces: { goto \"…\" }"));
        }
    }

    /// The kinds of events that X tells of people (contract §2.5).
    fn event(&self, fields: &Fields) -> Option<Located<String>> {
        let event = fields.text("event")?;
        let kinds = ["follow", "unfollow", "block", "unblock", "mute", "unmute"].map(|kind| (kind, ()));
        fields.one_of(&event, &kinds).map(|()| Located { value: event.value.to_owned(), at: event.at })
    }

    /// Names of states, parted by spaces or commas.
    fn states_named(&self, names: &Located<&str>) -> Vec<StateIx> {
        let each = names.value.split([' ', ',']).filter(|name| !name.is_empty());
        each.filter_map(|name| self.state(&Located { value: name, at: names.at.clone() })).collect()
    }

    fn phrases(&mut self, text: &Located<&str>) -> Vec<Phrase> {
        match parse(text.value) {
            Ok(phrases) => {
                for name in phrases.iter().flat_map(Phrase::captures) {
                    self.sets(name, &text.at, SetBy::Capture);
                }
                phrases
            }
            Err(error) => {
                self.refuse("pattern", text, error);
                Vec::new()
            }
        }
    }

    fn search(&mut self, source: &Located<&str>) -> Option<RegexPattern> {
        match RegexPattern::new(source.value) {
            Ok(regex) => {
                for name in regex.captures() {
                    self.sets(&name, &source.at, SetBy::Capture);
                }
                Some(regex)
            }
            Err(error) => {
                self.refuse("regex", source, error);
                None
            }
        }
    }

    /// The regex that an answer has to match.
    pub(super) fn regex(&self, source: &Located<&str>) -> Option<regex::Regex> {
        match RegexPattern::new(source.value) {
            Ok(_) => regex::Regex::new(source.value).ok(),
            Err(error) => {
                self.refuse("regex", source, error);
                None
            }
        }
    }

    fn refuse(&self, code: &'static str, text: &Located<&str>, error: PatternError) {
        let at = self.inside(&text.at, text.value, &error.at);
        self.found.add(Diagnostic::error(code, &at, error.message).help(error.help));
    }

    pub(super) fn fallback(&mut self, node: &Node) -> Fallback {
        let fields = Fields::new(node, self.found);
        fields.finish();
        let mut after = None;
        for child in node.children().iter().filter(|child| child.name.value == "after") {
            let fields = Fields::new(child, self.found);
            let times = fields.int_arg("a number", 1..=1_000).and_then(|times| u32::try_from(times).ok());
            let state = fields.required("goto").and_then(|state| self.state(&state));
            fields.finish();
            fields.no_children();
            if after.is_some() {
                self.found.add(Diagnostic::error("duplicate", fields.at(), "a second `after`").help("keep one"));
            }
            after = times.zip(state);
        }
        let steps = self.body(
            node.children().iter().filter(|child| child.name.value != "after"),
            &Owner { body: Body::Fallback, name: "fallback".to_owned() },
        );
        if steps.is_empty() && after.is_none() {
            self.found.add(Diagnostic::error("empty", fields.at(), "the fallback does nothing").help("add say \"…\" or goto \"…\""));
        }
        Fallback { steps, after }
    }

    pub(super) fn welcome(&mut self, node: &Node) -> Welcome {
        let fields = Fields::new(node, self.found);
        fields.finish();
        let mut welcome = Welcome { text: Vec::new(), media: None, menu: None };
        for child in node.children() {
            let fields = Fields::new(child, self.found);
            match child.name.value.as_str() {
                "say" => {
                    if let Some(text) = fields.arg("a text") {
                        self.sayable(&text, limits::WELCOME_TEXT);
                        welcome.text.push(self.text(&text));
                    }
                }
                "media" => welcome.media = fields.arg("a file").and_then(|file| self.file(&file)),
                "menu" => welcome.menu = fields.arg("a state").and_then(|state| self.state(&state)),
                _ => {
                    self.found.add(misplaced(child, "the welcome message", &["say", "media", "menu"]));
                    continue;
                }
            }
            fields.finish();
            fields.no_children();
        }
        if welcome.text.is_empty() {
            self.found.add(Diagnostic::error("empty", fields.at(), "the welcome message has no text").help("add say \"…\""));
        }
        welcome
    }
}
