//! Steps: what a state, a rule, a reminder or the fallback does, branches flattened into jumps.

use super::fields::Fields;
use super::scripts::{Script, SetBy, Use, misplaced};
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::limits;
use crate::bot::program::{Body, Op};
use crate::bot::syntax::{Located, Node};

/// What can stand among steps.
pub(in crate::bot) const STEPS: [&str; 24] = [
    "say", "ask", "option", "confirm", "media", "link", "goto", "set", "unset", "if", "elif", "else", "http", "remind", "cancel",
    "handoff", "count", "tag", "typing", "read", "optout", "optin", "forget", "end",
];

/// Whose steps they are.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) body: Body,
    /// What the names of its lookups, reminders and handings over begin with.
    pub(super) name: String,
}

impl Script<'_> {
    /// Compiles a body.
    pub(super) fn body<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, owner: &Owner) -> Vec<Op> {
        let mut ops = Vec::new();
        // A reminder is compiled in the middle of another body.
        let site = self.site;
        self.block(&nodes.into_iter().collect::<Vec<_>>(), owner, &mut ops);
        self.site = site;
        ops
    }

    pub(super) fn block(&mut self, nodes: &[&Node], owner: &Owner, ops: &mut Vec<Op>) {
        let mut options = Vec::new();
        let mut ix = 0;
        while let Some(node) = nodes.get(ix) {
            ix += 1;
            self.step_at(owner, ops, &node.name.at);
            match (node.name.value.as_str(), owner.body) {
                ("if", _) => {
                    let chain = nodes[ix..].iter().take_while(|node| matches!(node.name.value.as_str(), "elif" | "else")).count();
                    self.branches(&nodes[ix - 1..ix + chain], owner, ops);
                    ix += chain;
                }
                ("ask", Body::State(state)) => self.ask(node, state, ops),
                ("confirm", Body::State(state)) => self.confirm(node, state, owner, ops),
                ("option", Body::State(_)) => options.push(*node),
                ("ask" | "option" | "confirm", _) => {
                    let message = format!("`{}` cannot stand here", node.name.value);
                    self.found.add(Diagnostic::error("misplaced", &node.name.at, message).help("ask in a state and `goto` it"));
                }
                _ if self.step(node, owner, ops) => {}
                (_, body) => self.found.add(misplaced(node, kind(body), &STEPS)),
            }
            let leaves = matches!(ops.last(), Some(Op::Goto(_) | Op::End)) && matches!(node.name.value.as_str(), "goto" | "end");
            if let (true, Some(next)) = (leaves || self.is_final_handoff(node, ops), nodes.get(ix)) {
                let message = format!("nothing behind `{}` is reached", node.name.value);
                self.found.add(Diagnostic::warning("never-reached", &next.name.at, message).help("move it before, or take it out"));
            }
        }
        if let (Body::State(state), false) = (owner.body, options.is_empty()) {
            self.step_at(owner, ops, &options[0].name.at);
            self.menu(&options, state, ops);
        }
    }

    /// Notes where the next step stands, and that texts belong to it.
    pub(super) fn step_at(&mut self, owner: &Owner, ops: &[Op], at: &Place) {
        let site = (owner.body, ops.len());
        self.site = Some(site);
        self.notes.steps.insert(site, at.clone());
    }

    /// Compiles a step that asks nothing; whether it is one.
    fn step(&mut self, node: &Node, owner: &Owner, ops: &mut Vec<Op>) -> bool {
        match node.name.value.as_str() {
            "say" => self.say(node, ops),
            "media" => self.show_media(node, ops),
            "link" => self.link(node, ops),
            "goto" => self.goto(node, ops),
            "set" => self.set(node, owner, ops),
            "unset" => self.unset(node, ops),
            "http" => self.http(node, owner, ops),
            "remind" => self.remind(node, owner, ops),
            "cancel" => self.cancel(node, ops),
            "handoff" => self.handoff(node, owner, ops),
            "count" => self.count(node, ops),
            "tag" => self.tag(node, ops),
            "typing" => self.bare(node, Op::Typing, ops),
            "read" => self.bare(node, Op::Read, ops),
            "optout" => {
                self.notes.optouts.push(node.name.at.clone());
                self.bare(node, Op::OptOut, ops);
            }
            "optin" => self.bare(node, Op::OptIn, ops),
            "forget" => self.bare(node, Op::Forget, ops),
            "end" => self.bare(node, Op::End, ops),
            _ => return false,
        }
        true
    }

    /// A step that is nothing but its name.
    fn bare(&mut self, node: &Node, op: Op, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        fields.finish();
        fields.no_children();
        ops.push(op);
    }

    fn say(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let texts = fields.args();
        let breaks = fields.flag("break");
        fields.finish();
        fields.no_children();
        if node.args.is_empty() {
            self.found.add(Diagnostic::error("missing", fields.at(), "`say` lacks a text").help("write say \"…\""));
        }
        texts.iter().for_each(|text| self.sayable(text, limits::TEXT));
        let variants: Vec<_> = texts.iter().map(|text| self.text(text)).collect();
        if !variants.is_empty() {
            ops.push(Op::Say { variants, breaks });
        }
    }

    /// Reports a text that no message can carry (contract §5).
    pub(super) fn sayable(&self, text: &Located<&str>, limit: usize) {
        if text.value.trim().is_empty() {
            self.found.add(Diagnostic::error("text", &text.at, "there is nothing to say").help("X takes no empty messages"));
        }
        let length = limits::length(text.value);
        if length > limit && !text.value.contains('{') {
            let message = format!("this text has {length} characters; X takes at most {limit}");
            self.found.add(Diagnostic::error("text", &text.at, message).help("say it in two"));
        }
    }

    fn goto(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let state = fields.arg("a state");
        let target = state.and_then(|state| self.target(&state, &fields));
        fields.too_much();
        fields.no_children();
        ops.extend(target.map(Op::Goto));
    }

    /// `set "slot" "value"`, or `set slot="value"` for as many as one likes.
    fn set(&mut self, node: &Node, owner: &Owner, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let named = if node.args.is_empty() { None } else { fields.arg("a slot").zip(fields.word_arg("its value")) };
        let slots = fields.rest();
        if node.args.is_empty() && slots.is_empty() {
            self.found.add(Diagnostic::error("missing", fields.at(), "`set` lacks a slot and its value").help("write set \"slot\" \"…\""));
        }
        fields.too_much();
        fields.no_children();
        let named = named.map(|(name, value)| (Located { value: name.value.to_owned(), at: name.at }, value));
        for (name, value) in named.into_iter().chain(slots.into_iter().map(|(name, value)| (name.clone(), value))) {
            self.step_at(owner, ops, &node.name.at);
            self.sets(&name.value, &name.at, SetBy::Set);
            let value = self.text_for(&value, Use::Slot(name.value.clone()));
            ops.push(Op::Set { slot: name.value, value });
        }
    }

    fn unset(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let slots = fields.args();
        if node.args.is_empty() {
            self.found.add(Diagnostic::error("missing", fields.at(), "`unset` lacks a slot").help("write unset \"slot\""));
        }
        fields.finish();
        fields.no_children();
        ops.extend(slots.into_iter().map(|slot| Op::Unset { slot: slot.value.to_owned() }));
    }

    /// `if`, any number of `elif`, at most one `else`: each branch jumps over what is behind it.
    fn branches(&mut self, chain: &[&Node], owner: &Owner, ops: &mut Vec<Op>) {
        let mut ends = Vec::new();
        for (ix, node) in chain.iter().enumerate() {
            let fields = Fields::new(node, self.found);
            self.step_at(owner, ops, &node.name.at);
            let condition = match node.name.value.as_str() {
                "else" => None,
                _ => fields.arg("a condition").map(|condition| self.condition(&condition)),
            };
            fields.finish();
            if node.children().is_empty() {
                let message = format!("`{}` does nothing", node.name.value);
                self.found.add(Diagnostic::error("empty", fields.at(), message).help("put its steps in braces"));
            }
            let last = ix + 1 == chain.len();
            if node.name.value == "else" && !last {
                self.found.add(Diagnostic::error("misplaced", fields.at(), "`else` is the last branch").help("put it behind the others"));
            }
            let test = condition.map(|condition| {
                ops.push(Op::JumpUnless { condition, to: 0 });
                ops.len() - 1
            });
            self.block(&node.children().iter().collect::<Vec<_>>(), owner, ops);
            if !last {
                ends.push(ops.len());
                ops.push(Op::Jump { to: 0 });
            }
            let next = ops.len();
            if let Some(Op::JumpUnless { to, .. }) = test.map(|test| &mut ops[test]) {
                *to = next;
            }
        }
        let end = ops.len();
        for jump in ends {
            ops[jump] = Op::Jump { to: end };
        }
    }
}

/// What findings call a body.
fn kind(body: Body) -> &'static str {
    match body {
        Body::State(_) => "a state",
        Body::Rule(_) => "a rule",
        Body::Fallback => "the fallback",
        Body::Reminder(_) => "a reminder",
    }
}
