//! Phrases as sets of messages: whether one takes all that another takes, and a message that both take.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::bot::pattern::{Part, Phrase};

/// Whether `wide` takes every message that `narrow` takes.
///
/// Wherever `narrow` takes any word, it takes one that stands in no script, and no phrase treats such a word better than another: so it
/// is enough to follow that one.
pub(super) fn covers(wide: &Phrase, narrow: &Phrase) -> bool {
    let start = (0, closed(wide, BTreeSet::from([0])));
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some((at, states)) = waiting.pop() {
        if !seen.insert((at, states.clone())) {
            continue;
        }
        let Some(part) = narrow.parts.get(at) else {
            if states.contains(&wide.parts.len()) {
                continue;
            }
            return false;
        };
        let stepped = || closed(wide, states.iter().flat_map(|state| after(wide, *state, part)).collect());
        match part {
            Part::Word(_) | Part::Int(_) | Part::One(_) => waiting.push((at + 1, stepped())),
            Part::Many(_) => waiting.extend([(at, stepped()), (at + 1, stepped())]),
            Part::Any => waiting.extend([(at, stepped()), (at + 1, states.clone())]),
        }
    }
    true
}

/// The places behind a word of that part.
fn after(phrase: &Phrase, state: usize, word: &Part) -> Vec<usize> {
    let Some(part) = phrase.parts.get(state) else { return Vec::new() };
    match (part, word) {
        (Part::Word(part), Part::Word(word)) if part == word => vec![state + 1],
        (Part::Int(_), Part::Word(word)) if is_number(word) => vec![state + 1],
        (Part::Int(_), Part::Int(_)) | (Part::One(_), _) => vec![state + 1],
        (Part::Many(_), _) => vec![state, state + 1],
        (Part::Any, _) => vec![state],
        (Part::Word(_) | Part::Int(_), _) => Vec::new(),
    }
}

/// The places, and those that are reached from them by a star which takes nothing.
fn closed(phrase: &Phrase, mut states: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut at = 0;
    while at < phrase.parts.len() {
        if states.contains(&at) && matches!(phrase.parts[at], Part::Any) {
            states.insert(at + 1);
        }
        at += 1;
    }
    states
}

/// A place in each of two phrases.
type Both = (usize, usize);

/// The shortest message that both phrases take.
pub(super) fn common(one: &Phrase, other: &Phrase) -> Option<String> {
    // From where each place was come to first, and by which word.
    let mut from: BTreeMap<Both, Option<(Both, Option<String>)>> = BTreeMap::from([((0, 0), None)]);
    let mut waiting = VecDeque::from([(0, 0)]);
    let goal = (one.parts.len(), other.parts.len());
    while let Some(at) = waiting.pop_front() {
        if at == goal {
            let mut words = Vec::new();
            let mut at = at;
            while let Some(Some((before, word))) = from.get(&at) {
                words.extend(word.clone());
                at = *before;
            }
            words.reverse();
            return Some(words.join(" "));
        }
        let star = |phrase: &Phrase, at: usize| matches!(phrase.parts.get(at), Some(Part::Any));
        let mut next = Vec::new();
        if star(one, at.0) {
            next.push(((at.0 + 1, at.1), None));
        }
        if star(other, at.1) {
            next.push(((at.0, at.1 + 1), None));
        }
        if let (Some(a), Some(b)) = (one.parts.get(at.0), other.parts.get(at.1))
            && let Some(word) = shared(a, b)
        {
            let ways = |phrase: &Phrase, at: usize| match phrase.parts[at] {
                Part::Many(_) => vec![at, at + 1],
                Part::Any => vec![at],
                Part::Word(_) | Part::Int(_) | Part::One(_) => vec![at + 1],
            };
            let ends = ways(one, at.0).into_iter().flat_map(|a| ways(other, at.1).into_iter().map(move |b| (a, b)));
            next.extend(ends.map(|end| (end, Some(word.clone()))));
        }
        for (to, word) in next {
            from.entry(to).or_insert_with(|| {
                waiting.push_back(to);
                Some((at, word))
            });
        }
    }
    None
}

/// A word that both parts take.
fn shared(a: &Part, b: &Part) -> Option<String> {
    match (a, b) {
        (Part::Word(a), Part::Word(b)) => (a == b).then(|| a.clone()),
        (Part::Word(word), Part::Int(_)) | (Part::Int(_), Part::Word(word)) => is_number(word).then(|| word.clone()),
        (Part::Word(word), _) | (_, Part::Word(word)) => Some(word.clone()),
        (Part::Int(_), _) | (_, Part::Int(_)) => Some("7".to_owned()),
        _ => Some("something".to_owned()),
    }
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit()) && word.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bot::pattern::parse;
    use crate::model::Folded;

    fn phrase(pattern: &str) -> Phrase {
        parse(pattern).unwrap().remove(0)
    }

    #[test]
    fn a_phrase_covers_what_it_always_takes() {
        for (wide, narrow) in [
            ("report {a...}", "report {b}"),
            ("report {a...}", "report {b...} now"),
            ("{a}", "{n:int}"),
            ("{n:int}", "7"),
            ("* weather *", "the weather {day}"),
            ("* a *", "a"),
            ("{x...}", "{y} {z...}"),
            ("*", "{x...}"),
        ] {
            assert!(covers(&phrase(wide), &phrase(narrow)), "{wide} covers {narrow}");
        }
        for (wide, narrow) in
            [("report {a}", "report {b...}"), ("{n:int}", "{a}"), ("{a...}", "*"), ("a {x}", "{x} a"), ("{x...} a", "* a"), ("a", "b")]
        {
            assert!(!covers(&phrase(wide), &phrase(narrow)), "{wide} does not cover {narrow}");
        }
    }

    #[test]
    fn the_shortest_common_message_is_found() {
        for (one, other, text) in [
            ("{a} report", "snow {b}", Some("snow report")),
            ("report {a...}", "{b...} now", Some("report now")),
            ("* a *", "* b *", Some("a b")),
            ("set {n:int}", "{a} {b}", Some("set 7")),
            ("a {x}", "b {x}", None),
            ("{a}", "{b} {c}", None),
        ] {
            assert_eq!(common(&phrase(one), &phrase(other)).as_deref(), text, "{one} and {other}");
        }
    }

    fn pattern() -> impl Strategy<Value = String> {
        let part = |ix: usize| {
            prop_oneof![
                Just("a".to_owned()),
                Just("b".to_owned()),
                Just("7".to_owned()),
                Just("*".to_owned()),
                Just(format!("{{x{ix}}}")),
                Just(format!("{{x{ix}...}}")),
                Just(format!("{{x{ix}:int}}")),
            ]
        };
        (part(0), part(1), part(2), 1..4_usize).prop_map(|(a, b, c, count)| [a, b, c][..count].join(" "))
    }

    proptest! {
        #[test]
        fn messages_agree_with_what_is_said_of_phrases(one in pattern(), other in pattern(), words in prop::collection::vec("a|b|7|c|-8", 1..5)) {
            let (one, other, text) = (phrase(&one), phrase(&other), words.join(" "));
            let takes = |phrase: &Phrase, text: &str| phrase.captured(text, &Folded::new(text)).is_some();
            let (by_one, by_other) = (takes(&one, &text), takes(&other, &text));
            if covers(&one, &other) {
                prop_assert!(by_one || !by_other, "{:?} covers {:?} but for {}", one, other, text);
            }
            match common(&one, &other) {
                Some(text) if !text.is_empty() => prop_assert!(takes(&one, &text) && takes(&other, &text), "{}", text),
                Some(_) => {}
                None => prop_assert!(!(by_one && by_other), "{:?} and {:?} take {}", one, other, text),
            }
        }
    }
}
