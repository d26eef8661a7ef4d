use proptest::prelude::*;

use super::*;
use crate::bot::pattern::parse;

fn rule(patterns: &[&str]) -> RulePatterns {
    RulePatterns { phrases: patterns.iter().flat_map(|pattern| parse(pattern).unwrap()).collect(), ..RulePatterns::default() }
}

fn fuzzy(pattern: &str, fuzzy: u8) -> RulePatterns {
    RulePatterns { fuzzy, ..rule(&[pattern]) }
}

fn regex(source: &str) -> RulePatterns {
    RulePatterns { regex: Some(RegexPattern::new(source).unwrap()), ..RulePatterns::default() }
}

fn found(matcher: &Matcher, text: &str) -> Option<usize> {
    matcher.find(text, None, Reach::All).map(|found| found.rule.0)
}

#[test]
fn the_more_specific_pattern_wins() {
    let matcher = Matcher::new(vec![
        regex("report"),
        fuzzy("report aspen vail", 1),
        rule(&["report *"]),
        rule(&["report {area...}"]),
        rule(&["report {day:int}"]),
        rule(&["report aspen"]),
        rule(&["report for {area...}"]),
    ]);
    for (text, rule) in [
        ("Report: ASPEN!", Some(5)),
        ("report 7", Some(4)),
        ("report for vail", Some(6)),
        ("report vail", Some(3)),
        ("report", Some(2)),
        ("a report", Some(0)),
        ("snow", None),
        ("", None),
    ] {
        assert_eq!(found(&matcher, text), rule, "{text}");
    }
}

#[test]
fn priority_goes_before_everything() {
    let urgent = RulePatterns { priority: 100, ..regex("(?i)human") };
    let matcher = Matcher::new(vec![rule(&["a human please"]), urgent]);
    assert_eq!(found(&matcher, "A human, please"), Some(1));
}

#[test]
fn fewer_edits_are_better() {
    let matcher = Matcher::new(vec![fuzzy("snow report", 2), fuzzy("show report", 1)]);
    assert_eq!(found(&matcher, "show repotr"), Some(1));
    assert_eq!(found(&matcher, "snwo repor"), Some(0));
    assert_eq!(found(&matcher, "snow"), None);
    assert_eq!(found(&Matcher::new(vec![fuzzy("hi", 1)]), "ha"), None, "half of it is gone");
}

#[test]
fn rules_hold_where_they_say() {
    let within = |state| RulePatterns { within: vec![StateIx(state)], ..rule(&["help"]) };
    let matcher = Matcher::new(vec![rule(&["help"]), within(1), RulePatterns { any_scope: true, ..rule(&["stop *"]) }]);
    let at = |state, reach| matcher.find("help", state, reach).map(|found| found.rule.0);
    assert_eq!(at(None, Reach::All), Some(0));
    assert_eq!(at(Some(StateIx(1)), Reach::All), Some(1), "the rule of the state itself comes first");
    assert_eq!(at(Some(StateIx(2)), Reach::Literal), Some(0));
    assert_eq!(at(None, Reach::AnyScope), None);
    assert_eq!(matcher.find("stop it", None, Reach::AnyScope).map(|found| found.rule.0), Some(2));
    assert_eq!(matcher.find("stop it", None, Reach::Literal), None);
}

#[test]
fn metadata_has_rules_of_its_own() {
    let old = RulePatterns { metadata: parse("location_choice: {area...}").unwrap(), ..RulePatterns::default() };
    let matcher = Matcher::new(vec![rule(&["location choice {x...}"]), old]);
    let found = matcher.find_metadata("location_choice: Arapahoe Basin", None).unwrap();
    assert_eq!((found.rule.0, found.captures["area"].as_str()), (1, "Arapahoe Basin"));
    assert_eq!(matcher.find_metadata("return_home", None), None);
}

/// The best rule by asking every pattern of every rule.
fn scan(rules: &[RulePatterns], text: &str, at: Option<StateIx>, reach: Reach) -> Option<Found> {
    let folded = Folded::new(text);
    let mut best: Option<(Rank, Found)> = None;
    for (order, rule) in rules.iter().enumerate() {
        let scope = match reach {
            Reach::AnyScope => rule.any_scope,
            Reach::Literal | Reach::All => true,
        };
        if !scope || !(rule.within.is_empty() || at.is_some_and(|at| rule.within.contains(&at))) {
            continue;
        }
        let mut offer = |class, edits, words, captures| {
            let anywhere = rule.within.is_empty();
            let rank = Rank { priority: Reverse(rule.priority), class, edits, words: Reverse(words), anywhere, order };
            if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                best = Some((rank, Found { rule: RuleIx(order), captures }));
            }
        };
        for phrase in &rule.phrases {
            let words = phrase.words().count();
            if let Some(captures) = phrase.captured(text, &folded).filter(|_| reach != Reach::Literal || class(phrase) == Class::Literal) {
                offer(class(phrase), 0, words, captures);
            }
            if let (Some(literal), true) = (phrase.literal(), reach != Reach::Literal) {
                let distance = strsim::osa_distance(&literal, &folded.text);
                if distance > 0 && distance <= usize::from(fuzzy::edits(&literal, rule.fuzzy)) {
                    offer(Class::Fuzzy, u8::try_from(distance).unwrap(), words, BTreeMap::new());
                }
            }
        }
        if let (Some(regex), true) = (&rule.regex, reach != Reach::Literal)
            && let Some(captures) = regex.captured(text)
        {
            offer(Class::Regex, 0, 0, captures);
        }
    }
    best.map(|(_, found)| found)
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec!["snow", "show", "Ice", "in", "é", "aspen", "7", "-12", "aa", "aaa", "long road home"]);
    prop::collection::vec(word, 0..5).prop_map(|words| words.join(" "))
}

fn rules() -> impl Strategy<Value = RulePatterns> {
    let part = prop::sample::select(vec![
        "snow",
        "show",
        "ice",
        "in",
        "e",
        "aspen",
        "{a}",
        "{b...}",
        "{n:int}",
        "*",
        "[in]",
        "(snow|ice in)",
        "aaa",
    ]);
    let phrase = prop::collection::vec(part, 1..5).prop_filter_map("no pattern", |parts| parse(&parts.join(" ")).ok());
    let regex = prop::option::weighted(0.2, prop::sample::select(vec!["(?i)ICE", "sn?ow|aspen", "^(?<n>\\d+)$", "a{2,}", "i(c|n)", "."]));
    let scope = (prop::collection::vec(0..3_usize, 0..2), any::<bool>(), -1..2_i64, 0..3_u8);
    (phrase, regex, scope).prop_map(|(phrases, regex, (within, any_scope, priority, fuzzy))| RulePatterns {
        within: within.into_iter().map(StateIx).collect(),
        any_scope,
        priority,
        fuzzy,
        phrases,
        regex: regex.map(|source| RegexPattern::new(source).unwrap()),
        metadata: Vec::new(),
    })
}

proptest! {
    #[test]
    fn the_index_finds_what_a_scan_finds(
        rules in prop::collection::vec(rules(), 0..12),
        texts in prop::collection::vec(words(), 1..6),
        typo in "[snowice ]{0,12}",
        state in prop::option::of(0..3_usize),
    ) {
        let matcher = Matcher::new(rules.clone());
        for text in texts.iter().chain([&typo]) {
            for reach in [Reach::AnyScope, Reach::Literal, Reach::All] {
                let at = state.map(StateIx);
                prop_assert_eq!(matcher.find(text, at, reach), scan(&rules, text, at, reach), "{:?} {:?}", text, reach);
            }
        }
    }

    #[test]
    fn what_is_a_few_edits_away_is_found_as_a_scan_finds_it(
        patterns in prop::collection::vec(("[abc][abc ]{1,12}[abc]|[ab]{31,35}", 0..3_u8), 1..8),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 0..4),
        which in any::<prop::sample::Index>(),
    ) {
        let rules: Vec<RulePatterns> = patterns.iter().map(|(pattern, edits)| fuzzy(pattern, *edits)).collect();
        let mut typed: Vec<char> = which.get(&patterns).0.chars().collect();
        for (at, edit) in edits {
            let at = at.index(typed.len().max(1));
            match edit {
                0 => typed.insert(at, 'a'),
                1 if at < typed.len() => drop(typed.remove(at)),
                2 if at + 1 < typed.len() => typed.swap(at, at + 1),
                _ if at < typed.len() => typed[at] = 'b',
                _ => {}
            }
        }
        let typed: String = typed.into_iter().collect();
        let found = Matcher::new(rules.clone()).find(&typed, None, Reach::All);
        prop_assert_eq!(found, scan(&rules, &typed, None, Reach::All), "{:?}", typed);
    }

    #[test]
    fn any_text_is_matched_without_harm(text in ".{0,200}") {
        let matcher = Matcher::new(vec![rule(&["{a...} * {b...}", "*"]), fuzzy("snow report", 2), regex("(?i)é+")]);
        prop_assert_eq!(found(&matcher, &text), Some(0));
    }
}
