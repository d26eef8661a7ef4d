//! Patterns that another rule takes away.

use std::collections::BTreeMap;

use super::Places;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::matcher::{Reach, RulePatterns};
use crate::bot::pattern::{Part, Phrase};
use crate::bot::program::Program;
use crate::bot::syntax::Findings;

/// Phrases of one shape take the same messages, however their captures are called.
type Shape = (bool, i64, Vec<Part>);

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    let mut seen: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
    for (ix, (rule, at)) in places.patterns.iter().zip(&places.rules).enumerate() {
        let texts = rule.phrases.iter().zip(&at.phrases).map(|(phrase, at)| (false, phrase, at));
        let metadata = rule.metadata.iter().zip(&at.metadata).map(|(phrase, at)| (true, phrase, at));
        for (is_metadata, phrase, phrase_at) in texts.chain(metadata) {
            let rules = seen.entry((is_metadata, rule.priority, phrase.shape())).or_default();
            let other = rules.iter().copied().find(|other| meet(&places.patterns[*other], rule));
            match other {
                Some(other) => equal(program, other, phrase, phrase_at, found),
                None if !is_metadata => shadowed(program, places, ix, phrase, phrase_at, found),
                None => {}
            }
            rules.push(ix);
        }
    }
}

/// Whether there is a state in which both hold with equal right: a rule for certain states goes before one for all.
fn meet(a: &RulePatterns, b: &RulePatterns) -> bool {
    if a.within.is_empty() || b.within.is_empty() {
        a.within.is_empty() && b.within.is_empty()
    } else {
        a.within.iter().any(|state| b.within.contains(state))
    }
}

fn equal(program: &Program, other: usize, phrase: &Phrase, at: &Place, found: &Findings) {
    let message = format!("the rule `{}` takes the same messages", program.rules[other].name);
    let help = format!("\"{}\" would never get here; take one of them out, or give it a priority=", sample(phrase));
    found.add(Diagnostic::error("same-pattern", at, message).help(help));
}

/// Words that a rule of higher priority takes wherever this one holds.
fn shadowed(program: &Program, places: &Places, ix: usize, phrase: &Phrase, at: &Place, found: &Findings) {
    let rule = &places.patterns[ix];
    let Some(text) = phrase.literal() else { return };
    let state = rule.within.first().copied();
    let Some(winner) = program.matcher.find(&text, state, Reach::All).map(|found| found.rule.0) else { return };
    if winner != ix && places.patterns[winner].priority > rule.priority && places.patterns[winner].within.is_empty() {
        let message = format!("the rule `{}` takes this before", program.rules[winner].name);
        let help = format!("\"{text}\" never gets here; raise its priority= or take it out");
        found.add(Diagnostic::error("shadowed", at, message).help(help));
    }
}

/// A message that the phrase takes.
fn sample(phrase: &Phrase) -> String {
    let words = phrase.parts.iter().map(|part| match part {
        Part::Word(word) => word.as_str(),
        Part::Int(_) => "7",
        Part::One(_) | Part::Many(_) | Part::Any => "something",
    });
    words.collect::<Vec<_>>().join(" ")
}
