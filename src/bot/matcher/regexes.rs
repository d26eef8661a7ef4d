//! `match=` rules. A regex is tried only on texts that contain a literal it requires, and compiled when it first is.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::bot::pattern::PatternError;

/// Most characters of a regex.
const LENGTH: usize = 1_000;
/// Most memory of a compiled regex, in bytes.
const SIZE: usize = 1 << 20;
/// A regex of at most this weight is sure to stay within [`SIZE`], so that compiling it can wait.
const LIGHT: usize = 500;
/// Most alternatives among required literals.
const LITERALS: usize = 64;

/// A regex that is compiled when first needed. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::bot) struct RegexPattern {
    source: Arc<str>,
    compiled: Arc<OnceLock<Option<Regex>>>,
    /// One of these is in every text that matches, in lower case; nothing is known when empty.
    required: Vec<String>,
}

impl RegexPattern {
    /// Reads a regex and makes sure that it will compile.
    pub(in crate::bot) fn new(source: &str) -> Result<Self, PatternError> {
        let whole = 0..source.len();
        if source.chars().count() > LENGTH {
            let message = format!("this regex is longer than {LENGTH} characters");
            return Err(PatternError { message, help: "write it as several rules", at: whole });
        }
        let hir = regex_syntax::parse(source).map_err(|error| {
            let (message, span) = match &error {
                regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset..error.span().end.offset),
                regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset..error.span().end.offset),
                _ => (error.to_string(), whole.clone()),
            };
            PatternError { message, help: "see the regex syntax at docs.rs/regex", at: span }
        })?;
        let compiled = OnceLock::new();
        if weight(&hir) > LIGHT {
            let regex = compile(source).map_err(|_| {
                let message = "this regex grows too large".to_owned();
                PatternError { message, help: "use smaller repetitions", at: whole }
            })?;
            compiled.get_or_init(|| Some(regex));
        }
        let required = required(&hir).unwrap_or_default();
        Ok(RegexPattern { source: source.into(), compiled: Arc::new(compiled), required })
    }

    /// What the author wrote.
    pub(in crate::bot) fn source(&self) -> &str {
        &self.source
    }

    /// The names of its groups.
    pub(in crate::bot) fn captures(&self) -> Vec<String> {
        let names = self.regex().map(|regex| regex.capture_names().flatten().map(str::to_owned).collect());
        names.unwrap_or_default()
    }

    /// What its named groups captured, if it matches anywhere in the text.
    pub(super) fn captured(&self, text: &str) -> Option<BTreeMap<String, String>> {
        let regex = self.regex()?;
        let captures = regex.captures(text)?;
        let named =
            regex.capture_names().flatten().filter_map(|name| Some((name.to_owned(), captures.name(name)?.as_str().trim().to_owned())));
        Some(named.collect())
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.source).ok()).as_ref()
    }
}

fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).size_limit(SIZE).dfa_size_limit(SIZE).build()
}

/// Finds the regexes that can match a text at all.
#[derive(Debug, Default)]
pub(super) struct RegexIndex {
    literals: BTreeMap<String, Vec<usize>>,
    automaton: Option<AhoCorasick>,
    by_literal: Vec<Vec<usize>>,
    always: Vec<usize>,
    first: Option<usize>,
}

impl RegexIndex {
    pub(super) fn add(&mut self, regex: &RegexPattern, place: usize) {
        self.first = Some(self.first.map_or(place, |first| first.min(place)));
        if regex.required.is_empty() {
            self.always.push(place);
        }
        for literal in &regex.required {
            self.literals.entry(literal.clone()).or_default().push(place);
        }
    }

    /// Builds the automaton. Where that fails, for sheer size, every regex is tried.
    pub(super) fn finish(&mut self) {
        let (literals, places): (Vec<_>, Vec<_>) = std::mem::take(&mut self.literals).into_iter().unzip();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(literals);
        match automaton {
            Ok(automaton) => (self.automaton, self.by_literal) = (Some(automaton), places),
            Err(_) => self.always.extend(places.into_iter().flatten()),
        }
    }

    pub(super) fn first_place(&self) -> Option<usize> {
        self.first
    }

    /// The places of all regexes that can match.
    pub(super) fn possible(&self, text: &str) -> Vec<usize> {
        let mut places = self.always.clone();
        let text = ascii_letters(text);
        let found = self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(&*text));
        for literal in found {
            places.extend(&self.by_literal[literal.pattern().as_usize()]);
        }
        places
    }
}

/// The Kelvin sign and the long s are a k and an s to a regex that ignores case, so they are to its literals.
fn ascii_letters(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(['\u{212a}', '\u{17f}']) { text.replace('\u{212a}', "k").replace('\u{17f}', "s").into() } else { text.into() }
}

/// Literals of which every match contains at least one; the longest such set that is easily seen.
fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => letters(hir).map(|letters| vec![letters]),
        HirKind::Capture(group) => required(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => best(parts),
        HirKind::Alternation(ways) => {
            let all: Option<Vec<Vec<String>>> = ways.iter().map(required).collect();
            all.map(|all| all.concat()).filter(|all| all.len() <= LITERALS)
        }
        HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// Of the parts of a sequence: the one whose shortest literal is longest. Letters that follow each other make one literal.
fn best(parts: &[Hir]) -> Option<Vec<String>> {
    let mut sets: Vec<Vec<String>> = Vec::new();
    let mut run = String::new();
    for part in parts {
        match letters(part) {
            Some(letters) => run.push_str(&letters),
            None => {
                sets.extend((!run.is_empty()).then(|| vec![std::mem::take(&mut run)]));
                sets.extend(required(part));
            }
        }
    }
    sets.extend((!run.is_empty()).then(|| vec![run]));
    sets.into_iter().max_by_key(|set| set.iter().map(String::len).min())
}

/// The text that a part stands for, in lower case: a literal, or one letter in both its cases.
fn letters(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().filter(|text| !text.is_empty()).map(str::to_ascii_lowercase),
        HirKind::Class(Class::Unicode(class)) => {
            let mut chars = class.iter().flat_map(|range| range.start()..=range.end()).take(5).map(|c| match c {
                '\u{212a}' => 'k',
                '\u{17f}' => 's',
                c => c.to_ascii_lowercase(),
            });
            let first = chars.next()?;
            chars.all(|c| c == first).then(|| first.to_string())
        }
        _ => None,
    }
}

/// About how many states a regex has.
fn weight(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        // Large Unicode classes such as \w take many states.
        HirKind::Class(Class::Unicode(class)) => 1 + class.ranges().len().min(100),
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Capture(group) => 1 + weight(&group.sub),
        HirKind::Repetition(repetition) => {
            let times = usize::try_from(repetition.max.unwrap_or(repetition.min).max(1)).unwrap_or(usize::MAX);
            weight(&repetition.sub).saturating_mul(times)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(weight).fold(0, usize::saturating_add),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_literals_are_seen() {
        for (source, literals) in [
            ("(?i)\\b(agent|human|person)\\b", vec!["agent", "human", "person"]),
            ("(?i)ski +pass", vec!["pass"]),
            ("a.*bcd", vec!["bcd"]),
            ("(x|y*)", vec![]),
            ("^\\d+$", vec![]),
            ("(abc)+d?", vec!["abc"]),
        ] {
            assert_eq!(RegexPattern::new(source).unwrap().required, literals, "{source}");
        }
    }

    #[test]
    fn a_wrong_or_huge_regex_is_refused() {
        for bad in ["(", "a{2,1}", "(\\w{50}){200}", &"a".repeat(2_000)] {
            assert!(RegexPattern::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn case_is_ignored_as_the_regex_does() {
        let regex = RegexPattern::new("(?i)(?<what>skis)").unwrap();
        let mut index = RegexIndex::default();
        index.add(&regex, 7);
        index.finish();
        assert_eq!(index.possible("my \u{17f}\u{212a}I\u{17f}"), [7]);
        assert_eq!(regex.captured("my \u{17f}\u{212a}I\u{17f}").unwrap()["what"], "\u{17f}\u{212a}I\u{17f}");
        assert!(index.possible("snow").is_empty());
    }
}
