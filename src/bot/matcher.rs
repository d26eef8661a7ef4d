//! Finds the rule for a text: an index, not a scan.
//!
//! All patterns stand in one list in the order of their rank. The index names the few that can take a text at all, and the
//! first of these that does take it wins.

mod fuzzy;
mod near;
mod regexes;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};

use self::fuzzy::FuzzyIndex;
use self::regexes::RegexIndex;
pub(super) use self::regexes::RegexPattern;
use super::pattern::{Part, Phrase};
use super::program::{RuleIx, StateIx};
use crate::model::Folded;

/// A map that is only looked up, never walked, and hashes alike in every process.
type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// Which rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Rules with `scope="any"`.
    AnyScope,
    /// Rules with a pattern that is nothing but literal words, when that pattern covers the text.
    Literal,
    /// Every rule.
    All,
}

/// A rule that takes a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The rule.
    pub rule: RuleIx,
    /// What its pattern captured, as the person typed it.
    pub captures: BTreeMap<String, String>,
}

/// The compiled patterns of all rules.
#[derive(Debug, Default)]
pub struct Matcher {
    rules: Vec<Scoped>,
    /// Whether any of them has `scope="any"`.
    any_scope: bool,
    texts: Index,
    metadata: Index,
}

/// The patterns of a rule.
#[derive(Debug, Clone, Default)]
pub(super) struct RulePatterns {
    pub(super) within: Vec<StateIx>,
    pub(super) any_scope: bool,
    pub(super) priority: i64,
    pub(super) fuzzy: u8,
    pub(super) phrases: Vec<Phrase>,
    pub(super) regex: Option<RegexPattern>,
    pub(super) metadata: Vec<Phrase>,
}

impl RulePatterns {
    /// What any of the patterns captures.
    pub(super) fn captures(&self) -> Vec<String> {
        let phrases = self.phrases.iter().chain(&self.metadata).flat_map(Phrase::captures).map(str::to_owned);
        phrases.chain(self.regex.iter().flat_map(RegexPattern::captures)).collect()
    }
}

impl Matcher {
    /// An index over the rules of a program, in the order of the script.
    pub(super) fn new(rules: Vec<RulePatterns>) -> Self {
        let scoped: Vec<Scoped> = rules.iter().map(|rule| Scoped { within: rule.within.clone(), any_scope: rule.any_scope }).collect();
        let (mut texts, mut metadata) = (Vec::new(), Vec::new());
        for (order, rule) in rules.into_iter().enumerate() {
            let ranked = |class, edits, words| Rank {
                priority: Reverse(rule.priority),
                class,
                edits,
                words: Reverse(words),
                anywhere: rule.within.is_empty(),
                order,
            };
            for phrase in rule.phrases {
                if let Some(text) = phrase.literal() {
                    let words = phrase.parts.len();
                    let edits = fuzzy::edits(&text, rule.fuzzy);
                    texts.extend((1..=edits).map(|edits| Entry::new(ranked(Class::Fuzzy, edits, words), Takes::Near(text.clone(), edits))));
                }
                texts.push(Entry::new(ranked(class(&phrase), 0, phrase.words().count()), Takes::Phrase(phrase)));
            }
            texts.extend(rule.regex.map(|regex| Entry::new(ranked(Class::Regex, 0, 0), Takes::Regex(regex))));
            let phrases = rule.metadata.into_iter();
            metadata.extend(phrases.map(|phrase| Entry::new(ranked(class(&phrase), 0, phrase.words().count()), Takes::Phrase(phrase))));
        }
        Matcher {
            any_scope: scoped.iter().any(|rule| rule.any_scope),
            rules: scoped,
            texts: Index::new(texts),
            metadata: Index::new(metadata),
        }
    }

    /// The most specific rule that takes a typed text in a state.
    pub fn find(&self, text: &str, at: Option<StateIx>, reach: Reach) -> Option<Found> {
        // Asked before all else of every text, and most scripts have no such rule.
        if reach == Reach::AnyScope && !self.any_scope {
            return None;
        }
        self.texts.find(text, reach != Reach::Literal, |entry| {
            let rule = &self.rules[entry.rank.order];
            rule.holds(at)
                && match reach {
                    Reach::AnyScope => rule.any_scope,
                    Reach::Literal => entry.rank.class == Class::Literal,
                    Reach::All => true,
                }
        })
    }

    /// The most specific `on metadata=` rule that takes the metadata of a tap that is not ours.
    pub fn find_metadata(&self, metadata: &str, at: Option<StateIx>) -> Option<Found> {
        self.metadata.find(metadata, false, |entry| self.rules[entry.rank.order].holds(at))
    }
}

/// Where a rule holds.
#[derive(Debug)]
struct Scoped {
    within: Vec<StateIx>,
    any_scope: bool,
}

impl Scoped {
    fn holds(&self, at: Option<StateIx>) -> bool {
        self.within.is_empty() || at.is_some_and(|at| self.within.contains(&at))
    }
}

/// How specific a pattern is; the least wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    priority: Reverse<i64>,
    class: Class,
    edits: u8,
    words: Reverse<usize>,
    /// A rule for certain states comes before one that holds everywhere.
    anywhere: bool,
    order: usize,
}

/// Kinds of patterns, the most specific first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Literal,
    Typed,
    Words,
    Any,
    Fuzzy,
    Regex,
}

/// A phrase is as vague as the vaguest of its parts.
pub(super) fn class(phrase: &Phrase) -> Class {
    let of = |part: &Part| match part {
        Part::Word(_) => Class::Literal,
        Part::Int(_) => Class::Typed,
        Part::One(_) | Part::Many(_) => Class::Words,
        Part::Any => Class::Any,
    };
    phrase.parts.iter().map(of).max().unwrap_or(Class::Literal)
}

#[derive(Debug)]
struct Entry {
    rank: Rank,
    takes: Takes,
}

#[derive(Debug)]
enum Takes {
    Phrase(Phrase),
    /// A text that is exactly so many edits away.
    Near(String, u8),
    Regex(RegexPattern),
}

impl Entry {
    fn new(rank: Rank, takes: Takes) -> Self {
        Entry { rank, takes }
    }
}

#[derive(Debug, Default)]
struct Index {
    /// In the order of their rank, so that a lower place is a better one.
    entries: Vec<Entry>,
    /// Places of patterns that are nothing but words, by the folded text.
    literals: Lookup<String, Vec<usize>>,
    /// Places of patterns with gaps, by the word of theirs that is in the fewest of them.
    by_word: Lookup<String, Vec<usize>>,
    /// Places of patterns without a word.
    wordless: Vec<usize>,
    fuzzy: FuzzyIndex,
    regexes: RegexIndex,
}

impl Index {
    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| a.rank.cmp(&b.rank));
        let mut index = Index::default();
        let spread = spread(&entries);
        for (place, entry) in entries.iter().enumerate() {
            match &entry.takes {
                Takes::Near(text, edits) => index.fuzzy.add(text, *edits, place),
                Takes::Regex(regex) => index.regexes.add(regex, place),
                Takes::Phrase(phrase) => match (phrase.literal(), phrase.words().min_by_key(|word| spread.get(*word))) {
                    (Some(text), _) => index.literals.entry(text).or_default().push(place),
                    (None, Some(word)) => index.by_word.entry(word.to_owned()).or_default().push(place),
                    (None, None) => index.wordless.push(place),
                },
            }
        }
        index.fuzzy.finish();
        index.regexes.finish();
        index.entries = entries;
        index
    }

    /// The best entry that takes the text and for which `allowed` holds. Literal entries are looked for first, the others if `all`.
    fn find(&self, typed: &str, all: bool, allowed: impl Fn(&Entry) -> bool) -> Option<Found> {
        let folded = Folded::new(typed);
        let mut places: Vec<usize> = self.literals.get(&folded.text).into_iter().flatten().copied().collect();
        // Legacy metadata is looked up in full as well: only the fuzzy and the regex index are left out.
        for (word, _) in &folded.words {
            places.extend(self.by_word.get(&folded.text[word.clone()]).into_iter().flatten());
        }
        places.extend(&self.wordless);
        let mut best = self.first(&mut places, typed, &folded, &allowed);
        if all {
            let better = |place: usize, best: &Option<(usize, Found)>| best.as_ref().is_none_or(|(least, _)| place < *least);
            if self.fuzzy.first_place().is_some_and(|place| better(place, &best)) {
                let mut near = self.fuzzy.near(&folded.text);
                near.retain(|place| better(*place, &best));
                best = self.first(&mut near, typed, &folded, &allowed).or(best);
            }
            if self.regexes.first_place().is_some_and(|place| better(place, &best)) {
                let mut possible = self.regexes.possible(typed);
                possible.retain(|place| better(*place, &best));
                best = self.first(&mut possible, typed, &folded, &allowed).or(best);
            }
        }
        best.map(|(_, found)| found)
    }

    fn first(&self, places: &mut Vec<usize>, typed: &str, folded: &Folded, allowed: &impl Fn(&Entry) -> bool) -> Option<(usize, Found)> {
        places.sort_unstable();
        places.dedup();
        places.iter().find_map(|place| {
            let entry = &self.entries[*place];
            let captures = if allowed(entry) { entry.captured(typed, folded) } else { None };
            captures.map(|captures| (*place, Found { rule: RuleIx(entry.rank.order), captures }))
        })
    }
}

impl Entry {
    fn captured(&self, typed: &str, folded: &Folded) -> Option<BTreeMap<String, String>> {
        match &self.takes {
            Takes::Phrase(phrase) => phrase.captured(typed, folded),
            Takes::Near(text, edits) => fuzzy::is_near(text, &folded.text, *edits).then(BTreeMap::new),
            Takes::Regex(regex) => regex.captured(typed),
        }
    }
}

/// In how many patterns with gaps each word is.
fn spread(entries: &[Entry]) -> Lookup<String, usize> {
    let mut spread: Lookup<String, usize> = Lookup::default();
    for entry in entries {
        if let Takes::Phrase(phrase) = &entry.takes
            && phrase.literal().is_none()
        {
            phrase.words().for_each(|word| *spread.entry(word.to_owned()).or_default() += 1);
        }
    }
    spread
}

#[cfg(test)]
mod tests;
