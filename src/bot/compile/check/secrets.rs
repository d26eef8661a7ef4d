//! Secret answers that a text would show, and questions about money or persons whose late answers nobody thought of.

use std::collections::BTreeSet;

use super::Places;
use super::paths::Paths;
use crate::bot::compile::scripts::{Read, Use};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::{Program, PromptIx, PromptKind};
use crate::bot::syntax::Findings;

pub(super) fn check(program: &Program, places: &Places, paths: &Paths, found: &Findings) {
    let secret: BTreeSet<&str> = program
        .prompts
        .iter()
        .filter_map(|prompt| match &prompt.kind {
            PromptKind::Question(question) if question.secret => Some(question.slot.as_str()),
            PromptKind::Question(_) | PromptKind::Menu | PromptKind::Confirm(_) => None,
        })
        .collect();
    for read in places.notes.reads.iter().filter(|read| secret.contains(read.name())) {
        if let Some(finding) = shown(read) {
            let witness = read.site.and_then(|site| paths.witness(site, None));
            found.add(finding.witness(witness.unwrap_or_default()));
        }
    }
    for ix in (0..program.prompts.len()).map(PromptIx) {
        policy(program, ix, places, found);
    }
}

/// What is wrong with reading a secret there.
fn shown(read: &Read) -> Option<Diagnostic> {
    let name = read.name();
    let (message, help) = match &read.used {
        Use::Condition | Use::Sent => return None,
        Use::Slot(slot) if slot == name => return None,
        Use::Slot(slot) => (format!("`{name}` is secret, and `{slot}` would not be"), "read it where it is needed"),
        Use::Shown => (format!("`{name}` is secret, and this text shows it"), "leave it out; only the body of an http may have it"),
        Use::Address => (format!("`{name}` is secret, and addresses end up in logs"), "send it in the body of a post"),
        Use::Counted => (format!("`{name}` is secret, and statistics keep what they count"), "leave it out"),
    };
    Some(Diagnostic::error("secret", &read.at, message).help(help))
}

/// A prompt about money or a person's data says what a late answer does.
fn policy(program: &Program, ix: PromptIx, places: &Places, found: &Findings) {
    let prompt = program.prompt(ix);
    let delicate = match &prompt.kind {
        PromptKind::Question(question) if question.secret => "secret",
        PromptKind::Confirm(confirm) if confirm.once => "once",
        PromptKind::Menu | PromptKind::Question(_) | PromptKind::Confirm(_) => return,
    };
    let decided = prompt.late.or(program.state(prompt.state).late).or(program.defaults.late).is_some();
    if let (false, Some((at, _))) = (decided, places.notes.prompts.get(ix.0)) {
        let message = format!("this is {delicate}=#true, but nothing says what a late answer does");
        let finding = Diagnostic::warning("no-late", at, message);
        found.add(finding.help("add late=\"reject\" here, in the state or in the bot node"));
    }
}
