//! Patterns that another rule takes away, wholly or in part.

use std::collections::BTreeMap;

use super::Places;
use super::overlap::{common, covers};
use super::steps::sample;
use crate::bot::diagnostic::{Diagnostic, Place};
use crate::bot::matcher::{Reach, RulePatterns, class};
use crate::bot::pattern::{Part, Phrase};
use crate::bot::program::{Program, StateIx};
use crate::bot::syntax::Findings;

/// Phrases of one shape take the same messages, however their captures are called.
type Shape = (bool, i64, Vec<Part>);

/// A phrase of a rule, and where it stands.
#[derive(Clone, Copy)]
struct Written<'a> {
    rule: usize,
    phrase: &'a Phrase,
    at: &'a Place,
}

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    let mut seen: BTreeMap<Shape, Vec<usize>> = BTreeMap::new();
    let mut open: Vec<Written> = Vec::new();
    for (ix, (rule, at)) in places.patterns.iter().zip(&places.rules).enumerate() {
        let texts = rule.phrases.iter().zip(&at.phrases).map(|(phrase, at)| (false, phrase, at));
        let metadata = rule.metadata.iter().zip(&at.metadata).map(|(phrase, at)| (true, phrase, at));
        for (is_metadata, phrase, at) in texts.chain(metadata) {
            let rules = seen.entry((is_metadata, rule.priority, phrase.shape())).or_default();
            let written = Written { rule: ix, phrase, at };
            let other = rules.iter().copied().find(|other| *other != ix && meet(&places.patterns[*other], rule));
            match other {
                Some(other) => equal(program, other, written, is_metadata, found),
                None if !is_metadata && !covered(program, places, written, found) => open.push(written),
                None => {}
            }
            rules.push(ix);
        }
    }
    overlaps(program, places, &open, found);
}

/// Whether there is a state in which both hold with equal right: a rule for certain states goes before one for all, and one that comes
/// even before open questions before one that does not.
fn meet(a: &RulePatterns, b: &RulePatterns) -> bool {
    let share = if a.within.is_empty() || b.within.is_empty() {
        a.within.is_empty() && b.within.is_empty()
    } else {
        a.within.iter().any(|state| b.within.contains(state))
    };
    share && a.any_scope == b.any_scope
}

fn equal(program: &Program, other: usize, written: Written, is_metadata: bool, found: &Findings) {
    let message = format!("the rule `{}` takes the same messages", program.rules[other].name);
    let text = sample(written.phrase, "something");
    let text = if is_metadata { format!("(a tap with the metadata `{text}`)") } else { text };
    let finding = Diagnostic::error("same-pattern", written.at, message);
    found.add(finding.help("take one of them out, or give it a priority=").witness(taken(program, &text, other)));
}

/// Whether another rule takes all that this phrase takes; says so.
fn covered(program: &Program, places: &Places, written: Written, found: &Findings) -> bool {
    let (rule, state) = (&places.patterns[written.rule], places.patterns[written.rule].within.first().copied());
    let Some((text, winner)) = winner(program, written.phrase, rule, state) else { return false };
    let other = &places.patterns[winner];
    let holds = other.within.is_empty() || !rule.within.is_empty() && rule.within.iter().all(|state| other.within.contains(state));
    // A phrase of nothing but words is one message, and who takes that takes all of it.
    let all = written.phrase.literal().is_some() || other.phrases.iter().any(|phrase| covers(phrase, written.phrase));
    if winner == written.rule || !holds || !all {
        return false;
    }
    let message = format!("the rule `{}` takes this before", program.rules[winner].name);
    let help = "raise its priority=, put it before the other rule, or take it out";
    let finding = Diagnostic::error("shadowed", written.at, message).help(help);
    found.add(finding.witness(taken(program, &text, winner)));
    true
}

/// Who takes a message that the phrase takes, one with a word that stands in no script.
fn winner(program: &Program, phrase: &Phrase, rule: &RulePatterns, state: Option<StateIx>) -> Option<(String, usize)> {
    let text = sample(phrase, "qqzx");
    let any = program.matcher.find(&text, state, Reach::AnyScope);
    let all = if rule.any_scope { None } else { program.matcher.find(&text, state, Reach::All) };
    any.or(all).map(|found| (sample(phrase, "something"), found.rule.0))
}

fn taken(program: &Program, text: &str, rule: usize) -> Vec<String> {
    vec![format!("user {text}"), format!("(the rule `{}` takes it)", program.rules[rule].name)]
}

/// Phrases of equal rank that some message fits both: then the order decides, which nobody may have meant.
fn overlaps(program: &Program, places: &Places, open: &[Written], found: &Findings) {
    // Phrases can meet only where the words before the first gap of one begin those of the other.
    let mut by_start: BTreeMap<Vec<&str>, Vec<Written>> = BTreeMap::new();
    for written in open.iter().filter(|written| written.phrase.literal().is_none()) {
        let start = start(written.phrase);
        for len in 0..=start.len() {
            for other in by_start.get(&start[..len]).into_iter().flatten() {
                overlap(program, places, *other, *written, found);
            }
        }
        // Those that came before and go on longer.
        let longer =
            by_start.range(start.clone()..).take_while(|(other, _)| other.starts_with(&start)).skip_while(|(other, _)| **other == start);
        longer.flat_map(|(_, others)| others).for_each(|other| overlap(program, places, *other, *written, found));
        by_start.entry(start).or_default().push(*written);
    }
}

/// The words before the first gap.
fn start(phrase: &Phrase) -> Vec<&str> {
    let words = phrase.parts.iter().map_while(|part| if let Part::Word(word) = part { Some(word.as_str()) } else { None });
    words.collect()
}

fn overlap(program: &Program, places: &Places, one: Written, other: Written, found: &Findings) {
    let (a, b) = (&places.patterns[one.rule], &places.patterns[other.rule]);
    let equal =
        a.priority == b.priority && class(one.phrase) == class(other.phrase) && one.phrase.words().count() == other.phrase.words().count();
    if one.rule == other.rule || !equal || !ends_alike(one.phrase, other.phrase) || !meet(a, b) {
        return;
    }
    let Some(text) = common(one.phrase, other.phrase) else { return };
    let state = a.within.iter().find(|state| b.within.contains(state)).copied();
    // A more specific rule may take this very message; then others may still be in doubt, but none that can be shown.
    let Some(winner) = program.matcher.find(&text, state, Reach::All).map(|found| found.rule.0) else { return };
    if winner == one.rule || winner == other.rule {
        let message = format!("the rule `{}` takes some of these messages too", program.rules[one.rule].name);
        let help = "the one that comes first in the script wins; give one of them a priority= if that is not meant";
        let finding = Diagnostic::warning("overlap", other.at, message).help(help);
        found.add(finding.witness(taken(program, &text, winner)));
    }
}

/// A cheap look at the last words, which spares most pairs the whole comparison.
fn ends_alike(one: &Phrase, other: &Phrase) -> bool {
    match (one.parts.last(), other.parts.last()) {
        (Some(Part::Word(one)), Some(Part::Word(other))) => one == other,
        _ => true,
    }
}
