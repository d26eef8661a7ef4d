//! `confirm`: a question to be answered with yes or no, and what comes of either.

use super::body::Owner;
use super::fields::Fields;
use super::scripts::{Script, misplaced};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::limits;
use crate::bot::program::{Confirm, Op, OptionDef, Prompt, PromptIx, PromptKind, StateIx};
use crate::bot::syntax::Node;
use crate::bot::template::Template;

impl Script<'_> {
    /// Flattened: the prompt, the yes steps, a jump to the end, the no steps.
    pub(super) fn confirm(&mut self, node: &Node, state: StateIx, owner: &Owner, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let text = fields.arg("a text");
        let (once, late, ttl) = (fields.flag("once"), fields.late(), fields.span("ttl"));
        let id = fields.word("id");
        fields.finish();
        let (yes, no) = self.answers(node);
        if yes.or(no).is_none() {
            let message = "both answers would do the same";
            self.found.add(Diagnostic::error("missing", fields.at(), message).help("add what a no does: { no goto=\"…\" }"));
        }
        let Some(text) = text else { return };
        self.sayable(&text, limits::TEXT);
        let name = id.as_ref().map_or_else(|| self.confirm_name(state), |id| id.value.clone());
        let at = id.map_or_else(|| text.at.clone(), |id| id.at);
        self.is_prompt_name(&name, state, &at);
        let prompt = Prompt {
            state,
            name,
            at: 0,
            text: Some(self.text(&text)),
            kind: PromptKind::Confirm(Confirm { once, no: 0 }),
            options: vec![option(Confirm::YES, &self.words.yes), option(Confirm::NO, &self.words.no)],
            from: None,
            late,
            ttl,
        };
        let ix = PromptIx(self.prompts.len());
        self.prompt(prompt, fields.at().clone(), &[node, node], ops);
        self.branch(yes, owner, ops);
        let jump = ops.len();
        ops.push(Op::Jump { to: 0 });
        let start = ops.len();
        self.branch(no, owner, ops);
        ops[jump] = Op::Jump { to: ops.len() };
        self.prompts[ix.0].kind = PromptKind::Confirm(Confirm { once, no: start });
    }

    fn answers<'n>(&self, node: &'n Node) -> (Option<&'n Node>, Option<&'n Node>) {
        let (mut yes, mut no) = (None, None);
        for child in node.children() {
            let place = match child.name.value.as_str() {
                "yes" => &mut yes,
                "no" => &mut no,
                _ => {
                    self.found.add(misplaced(child, "a confirm", &["yes", "no"]));
                    continue;
                }
            };
            if place.replace(child).is_some() {
                let message = format!("a second `{}`", child.name.value);
                self.found.add(Diagnostic::error("duplicate", &child.name.at, message).help("keep one"));
            }
        }
        (yes, no)
    }

    /// `no { … }`, or in short `no goto="home"`.
    fn branch(&mut self, node: Option<&Node>, owner: &Owner, ops: &mut Vec<Op>) {
        let Some(node) = node else { return };
        let fields = Fields::new(node, self.found);
        self.step_at(owner, ops, &node.name.at);
        let short = node.props.iter().any(|(name, _)| name.value == "goto");
        let target = self.goto_property(&fields);
        if short {
            fields.no_children();
            ops.extend(target.map(Op::Goto));
            return;
        }
        if node.children().is_empty() {
            let message = format!("`{}` does nothing", node.name.value);
            self.found.add(Diagnostic::error("empty", fields.at(), message).help("put its steps in braces, or write goto=\"…\""));
        }
        self.block(&node.children().iter().collect::<Vec<_>>(), owner, ops);
    }

    fn confirm_name(&self, state: StateIx) -> String {
        let own = self.prompts.iter().rev().take_while(|prompt| prompt.state == state);
        match own.filter(|prompt| matches!(prompt.kind, PromptKind::Confirm(_))).count() {
            0 => "confirm".to_owned(),
            count => format!("confirm-{}", count + 1),
        }
    }
}

fn option(id: &str, label: &str) -> OptionDef {
    OptionDef { id: id.to_owned(), label: Template::literal(label), description: None, value: None, goto: None, metadata: None }
}
