//! `http`: what a script asks of a server.

use std::time::Duration;

use super::body::Owner;
use super::fields::Fields;
use super::hosts;
use super::scripts::{Script, Use, counted, misplaced};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::{Lookup, LookupIx, Op, Reads};
use crate::bot::syntax::{Located, Node, Scalar};
use crate::bot::template::Template;
use crate::model::LookupMethod;

/// How long a try may take, unless the script says otherwise; and the most that it may say.
const TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);
const MOST_RETRIES: i64 = 5;
const LONGEST_CACHE: Duration = Duration::from_secs(86_400);

/// The children of an `http`.
#[derive(Default)]
struct Parts<'n> {
    bodies: Vec<&'n Node>,
    pictures: Vec<&'n Node>,
    ok: Option<&'n Node>,
    fail: Option<&'n Node>,
}

impl Script<'_> {
    /// Flattened: the lookup, the ok steps, a jump to the end, the fail steps.
    pub(super) fn http(&mut self, node: &Node, owner: &Owner, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let name = fields.arg("a name");
        let asked = self.method(&fields);
        let least = Duration::from_millis(1);
        let timeout = fields.span_within("timeout", least..=LONGEST_TIMEOUT).unwrap_or(TIMEOUT);
        let retry = fields.int("retry", 0..=MOST_RETRIES).and_then(|retry| u32::try_from(retry).ok()).unwrap_or(0);
        let cache = fields.span_within("cache", least..=LONGEST_CACHE);
        let key = fields.text("idempotency");
        fields.finish();
        let parts = self.parts(node);
        let method = asked.as_ref().map(|(method, _)| *method);
        self.is_consistent(&fields, &parts, method, retry);
        let idempotency = key.map(|key| self.text_for(&key, Use::Address));
        let sent = parts.bodies.iter().flat_map(|body| self.sent(body)).collect();
        let pictures = parts.pictures.iter().filter_map(|picture| self.picture(picture)).collect();
        let (Some(name), Some((method, url))) = (name, asked) else {
            // What the branches do wrong is told all the same.
            self.branches_of_http(&parts, owner, ops);
            return;
        };
        self.can_be_read(name.value, "an answer", &name.at);
        let url = self.address(&url);
        let ix = LookupIx(self.lookups.len());
        self.lookups.push(Lookup {
            name: name.value.to_owned(),
            id: self.lookup_id(owner, name.value),
            body: owner.body,
            at: ops.len(),
            fail: 0,
            method,
            url,
            fields: sent,
            pictures,
            timeout,
            retry,
            cache,
            idempotency,
            reads: Reads::All,
        });
        self.notes.lookups.push(name.at);
        ops.push(Op::LookUp(ix));
        self.lookups[ix.0].fail = self.branches_of_http(&parts, owner, ops);
    }

    /// The ok and the fail steps; gives where the latter begin.
    fn branches_of_http(&mut self, parts: &Parts, owner: &Owner, ops: &mut Vec<Op>) -> usize {
        self.block(&steps(parts.ok), owner, ops);
        let jump = ops.len();
        ops.push(Op::Jump { to: 0 });
        let fail = ops.len();
        self.block(&steps(parts.fail), owner, ops);
        ops[jump] = Op::Jump { to: ops.len() };
        fail
    }

    fn method<'n>(&self, fields: &Fields<'n>) -> Option<(LookupMethod, Located<&'n str>)> {
        match (fields.text("get"), fields.text("post")) {
            (Some(url), None) => Some((LookupMethod::Get, url)),
            (None, Some(url)) => Some((LookupMethod::Post, url)),
            (Some(_), Some(post)) => {
                self.found.add(Diagnostic::error("misplaced", &post.at, "this both gets and posts").help("keep one of them"));
                None
            }
            (None, None) => {
                if fields.prop("get").or(fields.prop("post")).is_none() {
                    let finding = Diagnostic::error("missing", fields.at(), "`http` lacks an address");
                    self.found.add(finding.help("add get=\"https://…\" or post=\"https://…\""));
                }
                None
            }
        }
    }

    fn parts<'n>(&self, node: &'n Node) -> Parts<'n> {
        let mut parts = Parts::default();
        for child in node.children() {
            let place = match child.name.value.as_str() {
                "body" => {
                    parts.bodies.push(child);
                    continue;
                }
                "picture" => {
                    parts.pictures.push(child);
                    continue;
                }
                "ok" => &mut parts.ok,
                "fail" => &mut parts.fail,
                _ => {
                    self.found.add(misplaced(child, "an http", &["body", "picture", "ok", "fail"]));
                    continue;
                }
            };
            Fields::new(child, self.found).finish();
            if place.replace(child).is_some() {
                let message = format!("a second `{}`", child.name.value);
                self.found.add(Diagnostic::error("duplicate", &child.name.at, message).help("keep one"));
            }
        }
        parts
    }

    fn is_consistent(&self, fields: &Fields, parts: &Parts, method: Option<LookupMethod>, retry: u32) {
        let at = |name| fields.prop(name).map_or(fields.at(), |value| &value.at);
        if parts.fail.is_none_or(|fail| fail.children().is_empty()) {
            let message = "what happens when there is no answer?";
            self.found.add(Diagnostic::error("missing", fields.at(), message).help("add fail { say \"…\" }"));
        }
        match method {
            Some(LookupMethod::Post) if fields.prop("cache").is_some() => {
                self.found.add(Diagnostic::error("misplaced", at("cache"), "a post is never answered from memory").help("leave it out"));
            }
            Some(LookupMethod::Post) if retry > 0 && fields.prop("idempotency").is_none() => {
                let message = "a post that is tried again may be carried out twice";
                let help = "add idempotency=\"{{ prompt.id }}\" if the server knows such keys, or leave out retry=";
                self.found.add(Diagnostic::error("retry", at("retry"), message).help(help));
            }
            Some(LookupMethod::Get) => {
                if let Some(body) = parts.bodies.first().or(parts.pictures.first()) {
                    self.found.add(Diagnostic::error("misplaced", &body.name.at, "a get has no body").help("put it into the address"));
                }
                if fields.prop("idempotency").is_some() {
                    let message = "a get may be repeated in any case";
                    self.found.add(Diagnostic::error("misplaced", at("idempotency"), message).help("leave it out"));
                }
            }
            Some(LookupMethod::Post) | None => {}
        }
    }

    /// What a `body` node sends: its properties, of which plain values keep their types.
    fn sent(&mut self, node: &Node) -> Vec<(String, Template)> {
        let fields = Fields::new(node, self.found);
        fields.too_much();
        fields.no_children();
        if node.props.is_empty() {
            let finding = Diagnostic::error("missing", fields.at(), "`body` lacks what it sends");
            self.found.add(finding.help("write body name=\"{{ slot }}\""));
        }
        let mut sent = Vec::new();
        for (name, value) in fields.unasked() {
            let text = match &value.value {
                Scalar::Text(text) => text.clone(),
                Scalar::Int(number) => format!("{{{{ {number} }}}}"),
                Scalar::Number(number) => format!("{{{{ {number} }}}}"),
                Scalar::Flag(flag) => format!("{{{{ {flag} }}}}"),
                Scalar::Other => "{{ none }}".to_owned(),
            };
            sent.push((name.value.clone(), self.text_for(&Located { value: text, at: value.at.clone() }, Use::Sent)));
        }
        sent
    }

    /// What a `picture` node sends: the picture that a slot keeps the address of, under the slot's name or another.
    fn picture(&mut self, node: &Node) -> Option<(String, Template)> {
        let fields = Fields::new(node, self.found);
        let slot = fields.arg("the slot of a question of type picture");
        let field = fields.text("as");
        fields.finish();
        let slot = slot?;
        let name = field.map_or(slot.value, |field| field.value).to_owned();
        self.notes.pictures.push(Located { value: slot.value.to_owned(), at: slot.at.clone() });
        // Who has sent none is asked about without one.
        let text = Located { value: format!("{{{{ {} | default('') }}}}", slot.value), at: slot.at };
        Some((name, self.text_for(&text, Use::Sent)))
    }

    /// The address of a lookup, whose host is written out and allowed.
    fn address(&mut self, url: &Located<&str>) -> Template {
        if let Err(refused) = hosts::allowed(url.value, self.allow) {
            let at = self.inside(&url.at, url.value, &refused.at);
            let finding = Diagnostic::error("host", &at, refused.message);
            self.found.add(match refused.wrong {
                Some(host) if self.allow.is_empty() => finding.help(format!("write allow \"{host}\" in the bot node")),
                Some(host) => finding.suggest(&host, self.allow.iter().map(String::as_str)),
                None => finding.help("write it as \"https://host.example/path?key={{ value }}\""),
            });
        }
        self.url(url)
    }

    fn lookup_id(&self, owner: &Owner, name: &str) -> String {
        counted(format!("{}/{name}", owner.name), self.lookups.iter().map(|lookup| lookup.id.as_str()))
    }
}

fn steps(node: Option<&Node>) -> Vec<&Node> {
    node.map(|node| node.children().iter().collect()).unwrap_or_default()
}
