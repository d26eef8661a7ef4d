//! The rule that a text which nothing took comes nearest to: for whoever looks after the script.

use super::{Matcher, Takes};
use crate::bot::pattern::{Part, Phrase};
use crate::bot::program::RuleIx;
use crate::model::fold;

/// How much of a text a rule has to share, of a thousand.
const LEAST: u32 = 400;

/// How alike two words are that count as one misspelt, of a thousand.
const ALIKE: u32 = 650;

impl Matcher {
    /// The rule with the pattern that shares most with a text, words misspelt counted in part; `None` where none shares enough.
    pub fn nearest(&self, text: &str) -> Option<RuleIx> {
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let phrases = self.texts.entries.iter().filter_map(|entry| match &entry.takes {
            Takes::Phrase(phrase) => Some((likeness(phrase, &words), entry.rank.order)),
            Takes::Near(..) | Takes::Regex(_) => None,
        });
        // Of those equally near the one that stands first.
        let best =
            phrases.filter(|(likeness, _)| *likeness >= LEAST).min_by_key(|(likeness, order)| (std::cmp::Reverse(*likeness), *order));
        best.map(|(_, order)| RuleIx(order))
    }
}

/// What a phrase and a text have in common, of a thousand: twice the shared words by the words of both. Where a phrase lets any words
/// stand, they count as one.
fn likeness(phrase: &Phrase, typed: &[&str]) -> u32 {
    let words: Vec<&str> = phrase.words().collect();
    let is_open = phrase.parts.iter().any(|part| matches!(part, Part::Any | Part::Many(_)));
    let counted = if is_open { typed.len().min(words.len() + 1) } else { typed.len() };
    let shared: u32 = words.iter().map(|word| typed.iter().map(|other| alike(word, other)).max().unwrap_or(0)).sum();
    let all = u32::try_from(words.len() + counted).unwrap_or(u32::MAX);
    (2 * shared).checked_div(all).unwrap_or(0)
}

fn alike(a: &str, b: &str) -> u32 {
    let most = a.chars().count().max(b.chars().count()).max(1);
    let wrong = strsim::osa_distance(a, b).min(most);
    let alike = u32::try_from(1_000 - 1_000 * wrong / most).unwrap_or(0);
    if alike >= ALIKE { alike } else { 0 }
}

#[cfg(test)]
mod tests {
    use crate::bot::{Sources, compile};

    fn nearest(typed: &str) -> Option<String> {
        let script = r#"
            bot "x"
            on "snow report" "(report|rpt) {area...}" { say "a" }
            on "help" "what can you do" { say "b" }
            on "* weather *" { say "c" }
        "#;
        let compiled = compile(&Sources::from([("bot.kdl".to_owned(), script.to_owned())])).unwrap();
        let program = compiled.program;
        program.matcher.nearest(typed).map(|rule| program.rule(rule).name.clone())
    }

    #[test]
    fn shared_and_misspelt_words_make_a_rule_near() {
        for (typed, rule) in [
            ("Snow reprot please!", Some("snow report")),
            ("hlep", Some("help")),
            ("what can i do here", Some("help")),
            ("wheather", Some("* weather *")),
            ("where is the wheather now", Some("* weather *")),
            ("sing me a song about the sea", None),
            ("?!", None),
        ] {
            assert_eq!(nearest(typed).as_deref(), rule, "{typed}");
        }
    }
}
