//! A script with one more thing that it understands.

use super::{SCRIPT, load};
use crate::bot::program::RuleIx;
use crate::bot::sources::Sources;
use crate::bot::syntax::{Findings, Node};
use crate::model::fold;

/// What is to take a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taker {
    /// A rule that is there, with one more pattern.
    Rule(RuleIx),
    /// A new rule that leads to the state of this name.
    State(String),
}

/// A change of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// The file that it is in.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The line as it is; `None` where it is new.
    pub old: Option<String>,
    /// The line as it shall be.
    pub new: String,
    /// All files with the change.
    pub sources: Sources,
}

/// The change by which a text is taken from now on. `None` where the text has no words, or there is no such rule.
pub fn amend(sources: &Sources, taker: &Taker, text: &str) -> Option<Amendment> {
    // Folded, it has none of the signs that mean something in a pattern.
    let words = fold(text);
    if words.is_empty() {
        return None;
    }
    match taker {
        Taker::Rule(rule) => with_pattern(sources, *rule, &words),
        Taker::State(state) => with_rule(sources, &words, state),
    }
}

fn with_pattern(sources: &Sources, rule: RuleIx, words: &str) -> Option<Amendment> {
    let files = load::load(sources, &Findings::default());
    let node: &Node = files.values().flatten().filter(|node| node.name.value == "on").nth(rule.0)?;
    let last = node.args.last().map_or(&node.name.at, |argument| &argument.at);
    let (file, at) = (last.file.to_string(), last.span.end);
    let text = sources.get(&file)?;
    let (before, behind) = text.split_at_checked(at)?;
    let changed = format!("{before} {}{behind}", quoted(words));
    let number = before.matches('\n').count();
    let line = |text: &str| text.lines().nth(number).map(|line| line.trim().to_owned());
    let (old, new) = (line(text), line(&changed)?);
    let mut sources = sources.clone();
    sources.insert(file.clone(), changed);
    Some(Amendment { file, line: number + 1, old, new, sources })
}

fn with_rule(sources: &Sources, words: &str, state: &str) -> Option<Amendment> {
    let text = sources.get(SCRIPT)?.trim_end();
    let new = format!("on {} {{ goto {} }}", quoted(words), quoted(state));
    let line = text.lines().count() + 1;
    let changed = format!("{text}\n{new}\n");
    let mut sources = sources.clone();
    sources.insert(SCRIPT.to_owned(), changed);
    Some(Amendment { file: SCRIPT.to_owned(), line, old: None, new, sources })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::{Reach, compile};

    const BOT: &str = "bot \"x\"\non \"hi\" \"ho\" fuzzy=1 { goto \"a\" } // greet\non match=#\"(?i)\\bthanks\\b\"# { say \"!\" }\nstate \"a\" { say \"a\"; option \"A\" goto=\"a\" }\n";

    fn sources() -> Sources {
        Sources::from([(SCRIPT.to_owned(), BOT.to_owned())])
    }

    /// The change, and the rule that then takes the text.
    fn amended(taker: &Taker, text: &str) -> (Amendment, Option<RuleIx>) {
        let amendment = amend(&sources(), taker, text).unwrap();
        let program = compile(&amendment.sources).unwrap_or_else(|found| panic!("{found:?}")).program;
        let found = program.matcher.find(text, None, Reach::All).map(|found| found.rule);
        (amendment, found)
    }

    #[test]
    fn a_rule_takes_one_more_text() {
        let (change, found) = amended(&Taker::Rule(RuleIx(0)), "Good {day} \"you\" *!");
        assert_eq!(change.new, "on \"hi\" \"ho\" \"good day you\" fuzzy=1 { goto \"a\" } // greet");
        assert_eq!((change.line, found), (2, Some(RuleIx(0))));
        assert_eq!(change.old.as_deref(), BOT.lines().nth(1));
        let (change, found) = amended(&Taker::Rule(RuleIx(1)), "cheers");
        assert_eq!(change.new, "on \"cheers\" match=#\"(?i)\\bthanks\\b\"# { say \"!\" }");
        assert_eq!((change.line, found), (3, Some(RuleIx(1))));
    }

    #[test]
    fn a_new_rule_leads_to_a_state() {
        let (change, found) = amended(&Taker::State("a".to_owned()), "where is it?");
        assert_eq!((change.new.as_str(), change.line, change.old), ("on \"where is it\" { goto \"a\" }", 5, None));
        assert_eq!(found, Some(RuleIx(2)));
    }

    #[test]
    fn what_has_no_words_cannot_be_taken() {
        assert_eq!(amend(&sources(), &Taker::Rule(RuleIx(0)), " ?! "), None);
        assert_eq!(amend(&sources(), &Taker::Rule(RuleIx(9)), "hello"), None);
    }
}
