//! (c) Scripts of many rules: what compiling them costs beyond parsing, what matching a message costs, and how much memory they take.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use junco::bot::{Reach, SCRIPT, Sources, compile};

use crate::Wish;
use crate::table::{head, median, row};
use crate::world::resident;

const COUNTS: [usize; 3] = [10, 1_000, 10_000];

/// Of the rules, how many need a regex without a literal that it requires.
const WITHOUT_LITERAL: usize = 20;

const PASSES: usize = 50;

pub(crate) fn print(wish: &Wish) {
    let names = ["parsing ms", "beyond ms", "memory MB", "literal ns", "capture ns", "regex ns", "miss ns", "long miss ns"];
    head("(c) rules: literals, captures, one in ten a regex (20 of these without a required literal)", &[&["rules"], &names[..]].concat());
    let mut rounds = COUNTS.map(|_| Vec::new());
    for _ in 0..wish.rounds.min(3) {
        for (count, rounds) in COUNTS.iter().zip(&mut rounds) {
            let child = Command::new(std::env::current_exe().unwrap()).args(["child", "rules", &count.to_string()]).output().unwrap();
            let line = String::from_utf8(child.stdout).unwrap();
            let numbers: Vec<f64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
            assert_eq!(numbers.len(), names.len(), "{}", String::from_utf8_lossy(&child.stderr));
            rounds.push(numbers);
        }
    }
    for (count, rounds) in COUNTS.iter().zip(&rounds) {
        let figures = (0..names.len()).map(|column| format!("{:.0}", median(rounds.iter().map(|numbers| numbers[column]))));
        row(&std::iter::once(count.to_string()).chain(figures).collect::<Vec<_>>());
    }
}

/// The child: compiles once, matches warm, and prints its figures in the order of the columns.
pub(crate) fn measure(count: usize) {
    let text = script(count);
    let sources = Sources::from([(SCRIPT.to_owned(), text.clone())]);
    let before = resident("self").0;
    let start = Instant::now();
    let program = compile(&sources).unwrap_or_else(|found| panic!("{:?}", found.first())).program;
    let whole = start.elapsed();
    let memory = resident("self").0.saturating_sub(before);
    let parsing = median((0..3).map(|_| timed(|| text.parse::<kdl::KdlDocument>().unwrap())));
    let beyond = whole.saturating_sub(parsing);
    let figures = KINDS.map(|kind| {
        let texts: Vec<(String, bool)> = (0..1_000).map(|ix| message(kind, ix, count)).collect();
        let times = (0..PASSES).flat_map(|_| &texts).map(|(text, hits)| {
            let mut found = None;
            let time = timed(|| found = program.matcher.find(text, None, Reach::All));
            assert_eq!(found.is_some(), *hits, "{text}");
            time
        });
        // The first pass compiles regexes and warms the caches.
        median(times.skip(texts.len())).as_nanos()
    });
    let numbers = [parsing.as_millis(), beyond.as_millis(), u128::from(memory) / 1_000_000].into_iter().chain(figures);
    println!("{}", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" "));
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    drop(std::hint::black_box(work()));
    start.elapsed()
}

#[derive(Clone, Copy)]
enum Kind {
    Literal,
    Capture,
    Regex,
    Miss,
    LongMiss,
}

const KINDS: [Kind; 5] = [Kind::Literal, Kind::Capture, Kind::Regex, Kind::Miss, Kind::LongMiss];

/// Of ten rules six are literals, three have captures, and one is a regex.
fn script(count: usize) -> String {
    let mut text = String::from("bot \"many\" version=1\nstate \"a\" { say \"A\" }\n");
    let mut bare = WITHOUT_LITERAL;
    for ix in 0..count {
        let pattern = match ix % 10 {
            9 if count >= 1_000 && bare > 0 => {
                bare -= 1;
                format!("match=#\"^[a-f]{{3}}[0-9]{{{}}}$\"#", 8 + bare)
            }
            9 => format!("match=#\"(?i)\\bregex{ix}\\s+[0-9]+\\b\"#"),
            6..9 => format!("\"(find|show) item{ix} in {{place...}}\""),
            _ => format!("\"where is thing{ix} now\""),
        };
        writeln!(text, "on {pattern} {{ goto \"a\" }}").unwrap();
    }
    text
}

/// A message, and whether a rule takes it.
fn message(kind: Kind, ix: usize, count: usize) -> (String, bool) {
    let tenth = ix % (count / 10);
    match kind {
        Kind::Literal => (format!("Where is thing{}, now?", tenth * 10 + ix % 6), true),
        Kind::Capture => (format!("show item{} in the old town", tenth * 10 + 6 + ix % 3), true),
        // The first of a large script are those without a literal.
        Kind::Regex => (format!("please REGEX{} 42", (count / 10 - 1) * 10 + 9), true),
        Kind::Miss => (format!("where did you put it {ix}"), false),
        Kind::LongMiss => (format!("where did you put it {ix}, I have been looking for it everywhere in the house ").repeat(4), false),
    }
}
