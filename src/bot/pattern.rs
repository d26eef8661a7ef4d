//! Patterns of rules: words with captures, alternatives and options, expanded into plain phrases.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::model::{Folded, fold};

/// Most phrases that one pattern may stand for.
const PHRASES: usize = 64;

/// One way to say a pattern: alternatives chosen, options taken or left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phrase {
    pub(super) parts: Vec<Part>,
}

/// A part of a phrase.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A folded word.
    Word(String),
    /// `{name:int}`: a whole number.
    Int(String),
    /// `{name}`: one word.
    One(String),
    /// `{name...}`: one word or more.
    Many(String),
    /// `*`: any words, or none.
    Any,
}

/// Most characters of a pattern.
const LENGTH: usize = 500;

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternError {
    pub(super) message: String,
    pub(super) help: &'static str,
    /// Where in the pattern, in bytes.
    pub(super) at: Range<usize>,
}

/// Reads a pattern. There is at least one phrase, and each has at least one part.
pub(super) fn parse(pattern: &str) -> Result<Vec<Phrase>, PatternError> {
    let mut parser = Parser { text: pattern, at: 0 };
    if pattern.chars().count() > LENGTH {
        let message = format!("this pattern is longer than {LENGTH} characters");
        return Err(parser.error(0..pattern.len(), &message, "write it as several patterns"));
    }
    let phrases = parser.alternatives(None)?;
    let phrases: BTreeSet<Phrase> = phrases.into_iter().map(|parts| Phrase { parts }).filter(|phrase| !phrase.parts.is_empty()).collect();
    if phrases.is_empty() {
        return Err(parser.error(0..pattern.len(), "this pattern has no words", "punctuation is not looked at; use match= for it"));
    }
    for phrase in &phrases {
        let mut names = BTreeSet::new();
        if let Some(name) = phrase.captures().find(|name| !names.insert(*name)) {
            return Err(parser.error(0..pattern.len(), &format!("`{name}` is captured twice"), "give each capture its own name"));
        }
    }
    Ok(phrases.into_iter().collect())
}

impl Phrase {
    /// The names of its captures.
    pub(super) fn captures(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Int(name) | Part::One(name) | Part::Many(name) => Some(name.as_str()),
            Part::Word(_) | Part::Any => None,
        })
    }

    /// Its literal words.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Word(word) => Some(word.as_str()),
            _ => None,
        })
    }

    /// The folded text that it is, when it is nothing but words.
    pub(super) fn literal(&self) -> Option<String> {
        let words: Vec<&str> = self.words().collect();
        (words.len() == self.parts.len()).then(|| words.join(" "))
    }

    /// The phrase without the names of its captures: phrases of one shape take the same messages.
    pub(super) fn shape(&self) -> Vec<Part> {
        let bare = |part: &Part| match part {
            Part::Word(word) => Part::Word(word.clone()),
            Part::Int(_) => Part::Int(String::new()),
            Part::One(_) => Part::One(String::new()),
            Part::Many(_) => Part::Many(String::new()),
            Part::Any => Part::Any,
        };
        self.parts.iter().map(bare).collect()
    }

    /// What it captures of a message that it covers wholly. Where there is a choice, captures take as few words as they can.
    pub(super) fn captured(&self, typed: &str, folded: &Folded) -> Option<BTreeMap<String, String>> {
        let words = &folded.words;
        if !self.may_fit(folded) {
            return None;
        }
        let fits = self.fits(typed, folded);
        if !fits[0][0] {
            return None;
        }
        let mut captures = BTreeMap::new();
        let mut at = 0;
        for (ix, part) in self.parts.iter().enumerate() {
            let least = usize::from(!matches!(part, Part::Any));
            let most = if matches!(part, Part::Any | Part::Many(_)) { words.len() - at } else { 1 };
            let taken = (least..=most).find(|taken| fits[ix + 1][at + taken])?;
            match part {
                Part::Word(_) | Part::Any => {}
                Part::Int(name) => {
                    captures.insert(name.clone(), int(typed, folded, at)?.to_string());
                }
                Part::One(name) | Part::Many(name) => {
                    let text = &typed[words[at].1.start..words[at + taken - 1].1.end];
                    captures.insert(name.clone(), text.to_owned());
                }
            }
            at += taken;
        }
        Some(captures)
    }

    /// A cheap look at the number of words and at both ends, which spares most messages the whole comparison.
    fn may_fit(&self, folded: &Folded) -> bool {
        let least = self.parts.iter().filter(|part| !matches!(part, Part::Any)).count();
        let open = self.parts.iter().any(|part| matches!(part, Part::Any | Part::Many(_)));
        let count = folded.words.len();
        let is = |part: Option<&Part>, word: Option<&(Range<usize>, Range<usize>)>| match (part, word) {
            (Some(Part::Word(part)), Some((place, _))) => folded.text[place.clone()] == *part,
            _ => true,
        };
        (count == least || open && count > least)
            && is(self.parts.first(), folded.words.first())
            && is(self.parts.last(), folded.words.last())
    }

    /// Whether the parts from `i` on can cover the words from `j` on, for all `i` and `j`: bounded by their product, whatever the phrase.
    fn fits(&self, typed: &str, folded: &Folded) -> Vec<Vec<bool>> {
        let (parts, words) = (self.parts.len(), folded.words.len());
        let mut fits = vec![vec![false; words + 1]; parts + 1];
        fits[parts][words] = true;
        for (i, part) in self.parts.iter().enumerate().rev() {
            for j in (0..=words).rev() {
                let behind = j < words && fits[i + 1][j + 1];
                fits[i][j] = match part {
                    Part::Word(word) => behind && folded.text[folded.words[j].0.clone()] == *word,
                    Part::Int(_) => behind && int(typed, folded, j).is_some(),
                    Part::One(_) => behind,
                    Part::Many(_) => j < words && (behind || fits[i][j + 1]),
                    Part::Any => fits[i + 1][j] || (j < words && fits[i][j + 1]),
                };
            }
        }
        fits
    }
}

/// The whole number that a word is, with the sign that folding takes for punctuation.
fn int(typed: &str, folded: &Folded, word: usize) -> Option<i64> {
    let (new, old) = &folded.words[word];
    let digits = &folded.text[new.clone()];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let before = &typed[..old.start];
    let unsigned = before.trim_end_matches(['-', '\u{2212}']);
    let negative = unsigned.len() < before.len() && !unsigned.ends_with(char::is_alphanumeric);
    format!("{}{digits}", if negative { "-" } else { "" }).parse().ok()
}

struct Parser<'p> {
    text: &'p str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, at: Range<usize>, message: &str, help: &'static str) -> PatternError {
        PatternError { message: message.to_owned(), help, at }
    }

    /// Sequences parted by `|`, up to the closing bracket.
    fn alternatives(&mut self, close: Option<char>) -> Result<Vec<Vec<Part>>, PatternError> {
        let open = self.at;
        let mut all = Vec::new();
        loop {
            all.extend(self.sequence()?);
            match self.text[self.at..].chars().next() {
                Some('|') if close.is_some() => self.at += 1,
                Some(c) if Some(c) == close => {
                    self.at += 1;
                    return Ok(all);
                }
                None if close.is_none() => return Ok(all),
                None => return Err(self.error(open - 1..open, "this bracket is never closed", "close it")),
                Some(c) => {
                    let help = "alternatives stand in brackets: (snow|ice)";
                    return Err(self.error(self.at..self.at + c.len_utf8(), &format!("`{c}` means nothing here"), help));
                }
            }
        }
    }

    fn sequence(&mut self) -> Result<Vec<Vec<Part>>, PatternError> {
        let mut phrases = vec![Vec::new()];
        while let Some(c) = self.text[self.at..].chars().next() {
            let start = self.at;
            let ways = match c {
                '|' | ')' | ']' | '}' => break,
                '(' => self.group(')')?,
                '[' => {
                    let mut ways = self.group(']')?;
                    ways.push(Vec::new());
                    ways
                }
                '{' => vec![vec![self.capture()?]],
                '*' => {
                    self.at += 1;
                    vec![vec![Part::Any]]
                }
                _ => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(['(', ')', '[', ']', '{', '}', '*', '|']).unwrap_or(rest.len());
                    self.at += end;
                    vec![fold(&rest[..end]).split(' ').filter(|word| !word.is_empty()).map(|word| Part::Word(word.to_owned())).collect()]
                }
            };
            self.apart(start)?;
            if phrases.len() * ways.len() > PHRASES {
                let message = format!("this pattern stands for more than {PHRASES} phrases");
                return Err(self.error(start..self.at, &message, "write it as several patterns"));
            }
            phrases = phrases.iter().flat_map(|phrase| ways.iter().map(|way| [phrase.as_slice(), way].concat())).collect();
        }
        Ok(phrases)
    }

    fn group(&mut self, close: char) -> Result<Vec<Vec<Part>>, PatternError> {
        self.at += 1;
        self.alternatives(Some(close))
    }

    fn capture(&mut self) -> Result<Part, PatternError> {
        let start = self.at;
        let Some(len) = self.text[start..].find('}') else {
            return Err(self.error(start..start + 1, "this brace is never closed", "write {name}, {name...} or {name:int}"));
        };
        self.at = start + len + 1;
        let inner = self.text[start + 1..start + len].trim();
        match (inner.strip_suffix("..."), inner.split_once(':')) {
            (Some(name), _) => Ok(Part::Many(name.trim().to_owned())),
            (None, Some((name, "int"))) => Ok(Part::Int(name.trim().to_owned())),
            (None, Some((_, kind))) => {
                let message = format!("`{kind}` is no type of capture");
                Err(self.error(start..self.at, &message, "a capture is one word {name}, several {name...} or a number {name:int}"))
            }
            (None, None) => Ok(Part::One(inner.to_owned())),
        }
    }

    /// Brackets, braces and stars stand for whole words; `report[s]` would be read as two.
    fn apart(&self, start: usize) -> Result<(), PatternError> {
        let before = self.text[..start].chars().next_back();
        let first = self.text[start..].chars().next();
        let glued = |a: Option<char>, b: Option<char>| {
            a.is_some_and(|a| a.is_alphanumeric() || ")]}*".contains(a)) && b.is_some_and(|b| b.is_alphanumeric() || "([{*".contains(b))
        };
        if glued(before, first) {
            let help = "brackets stand for whole words; put a space between, or write both words: (report|reports)";
            return Err(self.error(start..self.at, "this is glued to the word before it", help));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, typed: &str) -> Option<Vec<(String, String)>> {
        let folded = Folded::new(typed);
        let found = parse(pattern).unwrap().iter().find_map(|phrase| phrase.captured(typed, &folded));
        found.map(|captures| captures.into_iter().collect())
    }

    fn one(name: &str, text: &str) -> Option<Vec<(String, String)>> {
        Some(vec![(name.to_owned(), text.to_owned())])
    }

    #[test]
    fn captures_keep_what_was_typed() {
        assert_eq!(captured("report {area...}", "Report   for St. Moritz (CH)!"), one("area", "for St. Moritz (CH"));
        assert_eq!(captured("report {area}", "REPORT: Aspen?"), one("area", "Aspen"));
        assert_eq!(captured("report {area}", "report new york"), None, "one word");
        assert_eq!(captured("set {n:int}", "set -3"), one("n", "-3"));
        assert_eq!(captured("set {n:int}", "set x-3"), None, "two words");
        assert_eq!(captured("set {n:int}", "set three"), None);
        assert_eq!(captured("set {n:int}", "set 99999999999999999999"), None, "more than 64 bits");
    }

    #[test]
    fn alternatives_options_and_stars() {
        for (pattern, yes, no) in [
            ("(snow|ice) report", "ICE report", "report"),
            ("[please] help [me|us]", "help us", "please"),
            ("* weather *", "how is the weather today", "whether"),
            ("* weather *", "weather", "wea ther"),
            ("([deep] snow|ice) {n:int}", "deep snow 4", "deep 4"),
        ] {
            assert!(captured(pattern, yes).is_some(), "{pattern}: {yes}");
            assert!(captured(pattern, no).is_none(), "{pattern}: {no}");
        }
        assert_eq!(parse("[a] [b]").unwrap().len(), 3, "the empty phrase is left out");
    }

    #[test]
    fn captures_take_as_few_words_as_they_can() {
        let found = captured("{from...} to {to...}", "A b to c to d").unwrap();
        assert_eq!(found, [("from".into(), "A b".into()), ("to".into(), "c to d".into())]);
    }

    #[test]
    fn a_wrong_pattern_is_refused() {
        for bad in ["", "?!", "(a", "a)", "{a", "a | b", "report[s]", "{a:date} x", "{a} {a}", "[a] [b] [c] [d] [e] [f] [g]"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
