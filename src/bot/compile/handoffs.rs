//! `handoff`: a person takes over, until the bot is taken back.

use std::time::Duration;

use super::body::Owner;
use super::fields::Fields;
use super::scripts::{Script, counted, misplaced};
use super::timers::{LONGEST, SHORTEST};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::pattern::{Phrase, parse};
use crate::bot::program::{Handoff, HandoffIx, Op, Resume, Target};
use crate::bot::syntax::{Located, Node};

impl Script<'_> {
    /// `handoff queue="…" note="…" { resume on="…" goto="…"; timeout "12h" goto="…" }`
    pub(super) fn handoff(&mut self, node: &Node, owner: &Owner, ops: &mut Vec<Op>) {
        let fields = Fields::new(node, self.found);
        let (queue, note) = (fields.text("queue"), fields.text("note"));
        fields.finish();
        if let Some(queue) = queue.as_ref().filter(|queue| queue.value.is_empty() || queue.value.contains('{')) {
            self.found.add(Diagnostic::error("name", &queue.at, "a queue has a plain name").help("write it out"));
        }
        let note = note.map(|note| self.text(&note));
        let (mut resume, mut timeout) = (None, None);
        for child in node.children() {
            let is_second = match child.name.value.as_str() {
                "resume" => resume.replace(self.resume(child)).is_some(),
                "timeout" => timeout.replace(self.timeout(child)).is_some(),
                _ => {
                    self.found.add(misplaced(child, "a handoff", &["resume", "timeout"]));
                    continue;
                }
            };
            if is_second {
                let message = format!("a second `{}`", child.name.value);
                self.found.add(Diagnostic::error("duplicate", &child.name.at, message).help("keep one"));
            }
        }
        if resume.is_none() && timeout.is_none() {
            let finding = Diagnostic::warning("no-way-back", fields.at(), "nothing but a rule with scope=\"any\" brings the bot back");
            self.found.add(finding.help("add { resume on=\"bot\"; timeout \"12h\" goto=\"…\" }"));
        }
        let (resume, timeout) = (resume.flatten(), timeout.flatten());
        let ix = HandoffIx(self.handoffs.len());
        let (id, queue) = (self.handoff_id(owner), queue.map(|queue| queue.value.to_owned()));
        self.handoffs.push(Handoff { id, at: ops.len(), body: owner.body, queue, note, resume, timeout });
        ops.push(Op::HandOver(ix));
    }

    fn resume(&mut self, node: &Node) -> Option<Resume> {
        let fields = Fields::new(node, self.found);
        let texts: Vec<Located<&str>> = fields.text("on").into_iter().chain(fields.args()).collect();
        let goto = self.goto_property(&fields);
        fields.no_children();
        if texts.is_empty() {
            let finding = Diagnostic::error("missing", fields.at(), "`resume` lacks the words that do it");
            self.found.add(finding.help("write resume on=\"bot\""));
        }
        let mut words: Vec<String> = texts.iter().flat_map(|text| self.words_of(text)).collect();
        words.sort();
        words.dedup();
        (!words.is_empty()).then_some(Resume { words, goto })
    }

    /// The folded texts that a pattern of nothing but words stands for.
    fn words_of(&self, text: &Located<&str>) -> Vec<String> {
        match parse(text.value) {
            Ok(phrases) => {
                let words: Option<Vec<String>> = phrases.iter().map(Phrase::literal).collect();
                if words.is_none() {
                    let finding = Diagnostic::error("pattern", &text.at, "the words that take the bot back are nothing but words");
                    self.found.add(finding.help("leave out captures and stars"));
                }
                words.unwrap_or_default()
            }
            Err(error) => {
                let at = self.inside(&text.at, text.value, &error.at);
                self.found.add(Diagnostic::error("pattern", &at, error.message).help(error.help));
                Vec::new()
            }
        }
    }

    fn timeout(&mut self, node: &Node) -> Option<(Duration, Option<Target>)> {
        let fields = Fields::new(node, self.found);
        let after = fields.arg("a span of time").and_then(|span| fields.as_span_within(&span, SHORTEST..=LONGEST));
        let goto = self.goto_property(&fields);
        fields.no_children();
        after.map(|after| (after, goto))
    }

    fn handoff_id(&self, owner: &Owner) -> String {
        counted(format!("{}/handoff", owner.name), self.handoffs.iter().map(|handoff| handoff.id.as_str()))
    }

    /// Whether a node hands over for good: neither words nor silence lead behind it.
    pub(super) fn is_final_handoff(&self, node: &Node, ops: &[Op]) -> bool {
        let leads_on = |handoff: &Handoff| {
            handoff.resume.as_ref().is_some_and(|resume| resume.goto.is_none())
                || handoff.timeout.as_ref().is_some_and(|(_, goto)| goto.is_none())
        };
        match ops.last() {
            Some(Op::HandOver(ix)) if node.name.value == "handoff" => !leads_on(&self.handoffs[ix.0]),
            _ => false,
        }
    }
}
