//! Prompts: questions and menus, and their options.

use std::collections::BTreeSet;

use super::answers::fits;
use super::fields::Fields;
use super::header::label;
use super::scripts::{Script, SetBy, misplaced};
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Answer, FromTable, Op, OptionDef, Prompt, PromptIx, PromptKind, Question, StateIx};
use crate::bot::syntax::{Located, Node};
use crate::bot::template::Template;

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
        let choosing = from.is_some() || !options.is_empty();
        let answer = self.answer(&fields, choosing);
        let (retries, giveup) = self.patience(&fields);
        let fuzzy = fields.int("fuzzy", 0..=3).and_then(|fuzzy| u8::try_from(fuzzy).ok()).unwrap_or(0);
        let (greedy, secret) = (fields.flag("greedy"), fields.flag("secret"));
        let (late, ttl) = (fields.late(), fields.span("ttl"));
        fields.finish();
        let invalid = self.invalid(node);
        if matches!(answer, Answer::Choice) && !choosing {
            let help = "add options, or from=\"TABLE\"";
            self.found.add(Diagnostic::error("no-options", fields.at(), "there is nothing to choose from").help(help));
        }
        let (Some(slot), Some(text)) = (slot, text) else { return };
        self.sayable(&text, limits::TEXT);
        self.sets(slot.value, &slot.at, SetBy::Ask);
        self.is_prompt_name(slot.value, state, &slot.at);
        let text = Some(self.text(&text));
        let defs = options.iter().filter_map(|option| self.option(option, Some(&answer))).collect();
        let slot_name = slot.value.to_owned();
        let question = Question { slot: slot_name.clone(), answer, invalid, retries, giveup, fuzzy, greedy, secret };
        let kind = PromptKind::Question(question);
        let prompt = Prompt { state, name: slot_name, at: 0, text, kind, options: defs, from, late, ttl };
        self.prompt(prompt, slot.at, &options, ops);
    }

    pub(super) fn prompt(&mut self, mut prompt: Prompt, at: Place, options: &[&Node], ops: &mut Vec<Op>) {
        self.distinct(&prompt, options);
        prompt.at = ops.len();
        ops.push(Op::Prompt(PromptIx(self.prompts.len())));
        self.prompts.push(prompt);
        self.notes.prompts.push((at, options.iter().map(|option| option.name.at.clone()).collect()));
    }

    /// Reports a name that no prompt can have: taps find their prompts by it.
    pub(super) fn is_prompt_name(&self, name: &str, state: StateIx, at: &Place) {
        if name.is_empty() || limits::length(name) > limits::NAME {
            let message = format!("a prompt's name has 1 to {} characters", limits::NAME);
            self.found.add(Diagnostic::error("name", at, message).help("change it"));
        }
        if self.prompts.iter().rev().take_while(|prompt| prompt.state == state).any(|prompt| prompt.name == name) {
            let message = format!("another prompt of this state is called `{name}`");
            self.found.add(Diagnostic::error("duplicate", at, message).help("a tap could not tell them apart; give one another id="));
        }
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
                    fields.finish();
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
        let target = goto.as_ref().and_then(|state| self.target(state, &fields));
        match goto {
            Some(_) => fields.too_much(),
            None => fields.finish(),
        }
        let text = text?;
        if !text.value.contains('{') {
            label(&text, self.found);
        }
        self.bounded(desc.as_ref().filter(|desc| !desc.value.contains('{')), "description", limits::DESCRIPTION);
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
        if let Some(text) = text.filter(|text| limits::length(text.value) > limit) {
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
