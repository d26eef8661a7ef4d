//! The figures: what an acknowledgement, a reply, a match, a conversation and a start cost. One command prints all: `tests/bench/run`.
//!
//! Machines are noisy, so what is compared is run by turns (A B A B …) within one call, and medians over the rounds are shown.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark fails where it stands, and its output is its purpose"
)]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

mod acknowledge;
mod api;
mod fill;
mod load;
mod memory;
mod pages;
mod reply;
mod rules;
mod servers;
mod start;
mod table;
mod way;
#[path = "../strangers/workshop.rs"]
#[expect(dead_code, reason = "of the workshop only Node is wanted here")]
mod workshop;
mod world;

use std::time::Duration;

/// What is asked for.
pub(crate) struct Wish {
    /// How often each run of a comparison is made.
    pub(crate) rounds: usize,
    /// How long one run lasts at most.
    pub(crate) time: Duration,
    /// Conversations of the start-up figures.
    pub(crate) stored: u64,
}

const HELP: &str = "\
tests/bench/run [acknowledge] [way] [reply] [rules] [memory] [start] [pages]   all of them where none is named
    --rounds N     runs of each kind in a comparison, by turns (5)
    --seconds S    the longest time of one run (2)
    --million      start-up with 1 000 000 conversations instead of 100 000";

fn main() {
    // `cargo bench` adds a mark of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "child") {
        return child(&words[1..]);
    }
    let mut wish = Wish { rounds: 5, time: Duration::from_secs(2), stored: 100_000 };
    let mut parts = Vec::new();
    let mut rest = words.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        match word {
            "--rounds" => wish.rounds = rest.next().and_then(|number| number.parse().ok()).expect("--rounds N"),
            "--seconds" => wish.time = Duration::from_secs(rest.next().and_then(|number| number.parse().ok()).expect("--seconds S")),
            "--million" => wish.stored = 1_000_000,
            "acknowledge" | "way" | "reply" | "rules" | "memory" | "start" | "pages" => parts.push(word),
            _ => return println!("{HELP}"),
        }
    }
    // One thread is enough for the load, and leaves the rest of the machine to what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asked = |part: &str| parts.is_empty() || parts.contains(&part);
    if asked("acknowledge") {
        runtime.block_on(acknowledge::print(&wish));
    }
    if asked("way") {
        runtime.block_on(way::print(&wish));
    }
    if asked("reply") {
        runtime.block_on(reply::print(&wish));
    }
    if asked("rules") {
        rules::print(&wish);
    }
    if asked("memory") {
        runtime.block_on(memory::print());
    }
    if asked("start") {
        start::print(&wish);
    }
    if asked("pages") {
        pages::print(&wish);
    }
}

/// What a process of its own does, so that its memory and its threads are its own.
fn child(words: &[String]) {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare"] => servers::bare(),
        ["door", folder] => servers::door(folder.as_ref()),
        ["x"] => pages::x(),
        ["rules", count] => rules::measure(count.parse().unwrap()),
        ["fill", folder, count] => fill::fill(folder.as_ref(), count.parse().unwrap()),
        _ => panic!("no such child: {words:?}"),
    }
}
