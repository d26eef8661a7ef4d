//! Names that templates read and nobody sets, slots that are set and nobody reads.

use std::collections::BTreeSet;

use super::Places;
use crate::bot::compile::scripts::{Read, SetBy};
use crate::bot::diagnostic::{Diagnostic, nearest};
use crate::bot::program::{Answer, Program, Prompt, PromptKind};
use crate::bot::syntax::Findings;

/// What every scope has.
const ALWAYS: [&str; 5] = ["user", "account", "now", "prompt", "transcript"];
/// Properties of `option` and `goto`, for which a slot's name may be a slip.
const PROPERTIES: [&str; 6] = ["goto", "value", "desc", "metadata", "id", "late"];

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    let notes = &places.notes;
    let set: BTreeSet<&str> = notes.sets.iter().map(|set| set.slot.as_str()).collect();
    let read: BTreeSet<&str> = notes.reads.iter().map(Read::name).collect();
    let asked: BTreeSet<&str> = notes.sets.iter().filter(|set| set.by == SetBy::Ask).map(|set| set.slot.as_str()).collect();
    let answers: BTreeSet<&str> = program.lookups.iter().map(|lookup| lookup.name.as_str()).collect();
    for read in &notes.reads {
        let name = read.name();
        if !set.contains(name) && !answers.contains(name) && !program.tables.contains_key(name) && !ALWAYS.contains(&name) {
            let tables = program.tables.keys().map(String::as_str);
            let known: BTreeSet<&str> = set.iter().copied().chain(tables).chain(answers.iter().copied()).chain(ALWAYS).collect();
            let message = format!("nothing sets `{name}`, so that it is always empty");
            found.add(Diagnostic::error("never-set", &read.at, message).suggest(name, known));
        }
    }
    for slot in &notes.pictures {
        let asks = |prompt: &Prompt| match &prompt.kind {
            PromptKind::Question(question) => question.slot == slot.value && matches!(question.answer, Answer::Picture),
            PromptKind::Menu | PromptKind::Confirm(_) => false,
        };
        if !program.prompts.iter().any(asks) {
            let message = format!("`{}` is not asked for as a picture", slot.value);
            let help = format!("ask for it: ask \"{}\" \"…\" type=\"picture\"", slot.value);
            found.add(Diagnostic::error("no-picture", &slot.at, message).help(help));
        }
    }
    let mut told = BTreeSet::new();
    for set in notes.sets.iter().filter(|set| !read.contains(set.slot.as_str())) {
        match set.by {
            SetBy::Property | SetBy::Capture | SetBy::Set if asked.contains(set.slot.as_str()) => {}
            SetBy::Property => {
                let message = format!("there is no property `{}`, and nothing reads a slot of that name", set.slot);
                let near = nearest(&set.slot, PROPERTIES.into_iter().chain(asked.iter().copied()).chain(read.iter().copied()));
                let help = near.map_or_else(|| "take it out".to_owned(), |near| format!("did you mean `{near}`?"));
                found.add(Diagnostic::error("unknown-property", &set.at, message).help(help));
            }
            SetBy::Ask | SetBy::Set | SetBy::Capture => {
                if told.insert(&set.slot) {
                    let message = format!("nothing reads the slot `{}`", set.slot);
                    found.add(Diagnostic::warning("never-read", &set.at, message).help("use it in a text or a condition, or take it out"));
                }
            }
        }
    }
}
