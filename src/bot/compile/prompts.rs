//! Prompts: questions and menus, and their options.

use std::collections::BTreeSet;

use super::fields::Fields;
use super::header::label;
use super::scripts::{Script, SetBy, misplaced};
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Answer, FromTable, Op, OptionDef, Prompt, PromptIx, PromptKind, Question, StateIx};
use crate::bot::syntax::{Located, Node};
use crate::bot::template::Template;

/// Properties of an `ask` that later versions know.
const ASK_LATER: [&str; 2] = ["secret", "id"];
/// Properties of an `option` that later versions know.
const OPTION_LATER: [&str; 1] = ["late"];

/// What an `ask` says of the answers it takes.
struct AskedFor<'n> {
    kind: Kind,
    min: Option<i64>,
    max: Option<i64>,
    pattern: Option<Located<&'n str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Choice,
    Later,
}

const KINDS: [(&str, Kind); 9] = [
    ("text", Kind::Text),
    ("int", Kind::Int),
    ("choice", Kind::Choice),
    ("number", Kind::Later),
    ("date", Kind::Later),
    ("email", Kind::Later),
    ("phone", Kind::Later),
    ("url", Kind::Later),
    ("media", Kind::Later),
];

impl Script<'_> {
    /// The options of a body: its menu.
    pub(super) fn menu(&mut self, nodes: &[&Node], state: StateIx, ops: &mut Vec<Op>) {
        let options = nodes.iter().filter_map(|node| self.option(node, None)).collect();
        let menus = self.prompts.iter().filter(|prompt| prompt.state == state && matches!(prompt.kind, PromptKind::Menu)).count();
        let name = if menus == 0 { "menu".to_owned() } else { format!("menu-{}", menus + 1) };
        let at = nodes[0].name.at.clone();
        let prompt = Prompt { state, name, at: 0, text: None, kind: PromptKind::Menu, options, from: None, late: None, ttl: None };
        self.prompt(prompt, at, nodes, ops);
    }

    pub(super) fn ask(&mut self, node: &Node, state: StateIx, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let (slot, text) = (fields.arg("a slot"), fields.arg("a text"));
        let from = self.from(&fields);
        let options: Vec<&Node> = node.children().iter().filter(|child| child.name.value == "option").collect();
        let kind = fields.text("type").and_then(|kind| self.kind(&fields, &kind));
        let kind = kind.unwrap_or(if from.is_some() || !options.is_empty() { Kind::Choice } else { Kind::Text });
        let asked_for = AskedFor {
            kind,
            min: fields.int("min", i64::MIN..=i64::MAX),
            max: fields.int("max", i64::MIN..=i64::MAX),
            pattern: fields.text("match"),
        };
        let answer = self.answer(&asked_for, &fields);
        let (retries, giveup) = self.patience(&fields);
        let fuzzy = fields.int("fuzzy", 0..=3).and_then(|fuzzy| u8::try_from(fuzzy).ok()).unwrap_or(0);
        let greedy = fields.flag("greedy");
        let (late, ttl) = (fields.late(), fields.span("ttl"));
        fields.finish(&ASK_LATER);
        let invalid = self.invalid(node);
        if kind == Kind::Choice && from.is_none() && options.is_empty() {
            let help = "add options, or from=\"TABLE\"";
            self.found.add(Diagnostic::error("no-options", fields.at(), "there is nothing to choose from").help(help));
        }
        let (Some(slot), Some(text)) = (slot, text) else { return };
        self.sayable(&text, limits::TEXT);
        self.sets(slot.value, &slot.at, SetBy::Ask);
        if self.prompts.iter().any(|prompt| prompt.state == state && prompt.name == slot.value) {
            let message = format!("`{}` is asked twice in this state", slot.value);
            self.found
                .add(Diagnostic::error("duplicate", &slot.at, message).help("a tap could not tell them apart; use another state or slot"));
        }
        let text = Some(self.text(&text));
        let defs = options.iter().filter_map(|option| self.option(option, Some(&answer))).collect();
        let slot_name = slot.value.to_owned();
        let question = Question { slot: slot_name.clone(), answer, invalid, retries, giveup, fuzzy, greedy, secret: false };
        let kind = PromptKind::Question(question);
        let prompt = Prompt { state, name: slot_name, at: 0, text, kind, options: defs, from, late, ttl };
        self.prompt(prompt, slot.at, &options, ops);
    }

    fn prompt(&mut self, mut prompt: Prompt, at: Place, options: &[&Node], ops: &mut Vec<Op>) {
        self.distinct(&prompt, options);
        prompt.at = ops.len();
        ops.push(Op::Prompt(PromptIx(self.prompts.len())));
        self.prompts.push(prompt);
        self.notes.prompts.push((at, options.iter().map(|option| option.name.at.clone()).collect()));
    }

    /// Options are found again by their ids.
    fn distinct(&self, prompt: &Prompt, nodes: &[&Node]) {
        let rows = prompt.from.as_ref().and_then(|from| self.tables.get(&from.table));
        let mut ids: BTreeSet<&str> = rows.iter().flat_map(|rows| &rows.table.rows).map(|row| row.key.as_str()).collect();
        for (option, node) in prompt.options.iter().zip(nodes) {
            if !ids.insert(&option.id) {
                let message = format!("another option here is called `{}` too", option.id);
                let help = "a tap could not tell them apart; give one an id=";
                self.found.add(Diagnostic::error("duplicate", &node.name.at, message).help(help));
            }
            if limits::length(&option.id) > limits::NAME * 2 {
                let help = "an option's name goes into its metadata; give it a short id=";
                self.found.add(Diagnostic::error("name", &node.name.at, "this option's name is too long").help(help));
            }
        }
    }

    fn kind(&self, fields: &Fields, kind: &Located<&str>) -> Option<Kind> {
        let found = match kind.value {
            "location" => Some(Kind::Later),
            _ => fields.one_of(kind, &KINDS),
        };
        if found == Some(Kind::Later) {
            self.found.add(super::fields::later(&format!("type=\"{}\"", kind.value), &kind.at));
        }
        found
    }

    fn from(&self, fields: &Fields) -> Option<FromTable> {
        let page = fields.int("page", 1..=19).and_then(|page| usize::try_from(page).ok());
        let table = fields.text("from")?;
        if !self.tables.contains_key(table.value) {
            let message = format!("there is no table `{}`", table.value);
            let finding = Diagnostic::error("no-table", &table.at, message);
            self.found.add(finding.suggest(table.value, self.tables.keys().map(String::as_str)));
            return None;
        }
        Some(FromTable { table: table.value.to_owned(), page: page.unwrap_or(18) })
    }

    fn answer(&self, asked: &AskedFor, fields: &Fields) -> Answer {
        let bounds = asked.min.zip(asked.max).is_some_and(|(min, max)| min > max);
        if bounds {
            self.found.add(Diagnostic::error("range", fields.at(), "min is more than max: no answer could ever fit").help("exchange them"));
        }
        if let (Some(pattern), Kind::Int | Kind::Choice) = (&asked.pattern, asked.kind) {
            self.found.add(Diagnostic::error("misplaced", &pattern.at, "match= is for answers of type text").help("leave it out"));
        }
        match asked.kind {
            Kind::Int => Answer::Int { min: asked.min, max: asked.max },
            Kind::Choice => {
                if asked.min.or(asked.max).is_some() {
                    self.found
                        .add(Diagnostic::error("misplaced", fields.at(), "min= and max= are for numbers and texts").help("leave them out"));
                }
                Answer::Choice
            }
            Kind::Text | Kind::Later => {
                let chars = |bound: Option<i64>| bound.map(|bound| usize::try_from(bound).unwrap_or(0));
                let max = chars(asked.max).unwrap_or(limits::ANSWER);
                if max > limits::ANSWER {
                    let message = format!("an answer may have at most {} characters", limits::ANSWER);
                    self.found.add(Diagnostic::error("range", fields.at(), message).help("lower max="));
                }
                Answer::Text { min: chars(asked.min), max, pattern: asked.pattern.as_ref().and_then(|pattern| self.regex(pattern)) }
            }
        }
    }

    fn patience(&self, fields: &Fields) -> (Option<u32>, Option<StateIx>) {
        let retries = fields.int("retries", 0..=i64::from(u32::MAX)).and_then(|retries| u32::try_from(retries).ok());
        let giveup = fields.text("giveup");
        if let (Some(giveup), None) = (&giveup, retries) {
            self.found.add(Diagnostic::error("missing", &giveup.at, "giveup= without retries= never happens").help("add retries=3"));
        }
        (retries, giveup.and_then(|giveup| self.state(&giveup)))
    }

    fn invalid(&mut self, node: &Node) -> Option<Template> {
        let mut invalid = None;
        for child in node.children() {
            let fields = Fields::new(child, self.found);
            match child.name.value.as_str() {
                "option" => continue,
                "invalid" if invalid.is_none() => {
                    if let Some(text) = fields.arg("a text") {
                        self.sayable(&text, limits::TEXT);
                        invalid = Some(self.text(&text));
                    }
                    fields.finish(&[]);
                    fields.no_children();
                }
                "invalid" => {
                    self.found.add(Diagnostic::error("duplicate", fields.at(), "a second `invalid`").help("keep one"));
                }
                _ => self.found.add(misplaced(child, "an ask", &["invalid", "option"])),
            }
        }
        invalid
    }

    /// An option of a menu, or of a question that takes `answer`.
    fn option(&mut self, node: &Node, answer: Option<&Answer>) -> Option<OptionDef> {
        let fields = Fields::new(node, self.found);
        let text = fields.arg("a label");
        let (id, value, goto) = (fields.word("id"), fields.word("value"), fields.text("goto"));
        let (desc, metadata) = (fields.text("desc"), fields.text("metadata"));
        fields.no_children();
        let target = goto.as_ref().and_then(|state| self.target(state, &fields, &OPTION_LATER));
        match goto {
            Some(_) => fields.too_much(),
            None => fields.finish(&OPTION_LATER),
        }
        let text = text?;
        if !text.value.contains('{') {
            label(&text, self.found);
        }
        self.bounded(desc.as_ref(), "description", limits::DESCRIPTION);
        self.bounded(metadata.as_ref(), "metadata", limits::METADATA);
        let value = self.value(value, &text, goto.as_ref(), answer);
        let named = id.or_else(|| value.clone()).map(|name| name.value);
        let id = named.unwrap_or_else(|| format!("{}/{}", goto.as_ref().map_or("", |goto| goto.value), text.value));
        Some(OptionDef {
            id,
            label: self.text(&text),
            description: desc.map(|desc| self.text(&desc)),
            value: value.map(|value| value.value),
            goto: target,
            metadata: metadata.map(|metadata| metadata.value.to_owned()),
        })
    }

    fn bounded(&self, text: Option<&Located<&str>>, what: &str, limit: usize) {
        if let Some(text) = text.filter(|text| limits::length(text.value) > limit && !text.value.contains("{{")) {
            let message = format!("this {what} has {} characters; X takes at most {limit}", limits::length(text.value));
            self.found.add(Diagnostic::error("option", &text.at, message).help("shorten it"));
        }
    }

    /// The answer that an option gives: its `value=`, else its label; none where it leads away instead.
    fn value(
        &self,
        value: Option<Located<String>>,
        label: &Located<&str>,
        goto: Option<&Located<&str>>,
        answer: Option<&Answer>,
    ) -> Option<Located<String>> {
        match (answer, value, goto) {
            (None, Some(value), _) => {
                let help = "set one on the way: goto=\"STATE\" slot=\"…\"";
                self.found.add(Diagnostic::error("misplaced", &value.at, "an option of a menu answers nothing").help(help));
                None
            }
            (None, None, None) => {
                self.found.add(Diagnostic::error("missing", &label.at, "this option leads nowhere").help("add goto=\"STATE\""));
                None
            }
            (None, None, Some(_)) | (Some(_), None, Some(_)) => None,
            (Some(_), Some(value), Some(_)) => {
                let message = "this option both answers and leads away";
                self.found.add(Diagnostic::error("misplaced", &value.at, message).help("keep either value= or goto="));
                None
            }
            (Some(answer), value, None) => {
                let value = value.unwrap_or_else(|| Located { value: label.value.to_owned(), at: label.at.clone() });
                if !fits(answer, &value.value) {
                    let message = format!("`{}` is no answer that this question takes", value.value);
                    self.found.add(Diagnostic::error("option", &value.at, message).help("add or change value="));
                }
                Some(value)
            }
        }
    }
}

/// Whether an option's value is an answer that the question would take when typed.
fn fits(answer: &Answer, value: &str) -> bool {
    match answer {
        Answer::Choice => !value.contains("{{"),
        Answer::Number { .. } | Answer::Date { .. } | Answer::Email | Answer::Phone | Answer::Url => true,
        Answer::Media | Answer::Location => false,
        Answer::Int { min, max } => {
            value.parse().is_ok_and(|number: i64| min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max))
        }
        Answer::Text { min, max, pattern } => {
            let length = limits::length(value);
            length <= *max && min.is_none_or(|min| length >= min) && pattern.as_ref().is_none_or(|pattern| pattern.is_match(value))
        }
    }
}
