//! Conversation tests: what they reach, and that each of their expectations can fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use junco::bot::{Program, compile};
use junco::rehearsal::script::{Suite, read_suite};
use junco::rehearsal::{Coverage, Look, Reached, Report, check, coverage, run};
use junco::service::{read_bot, read_tests};

mod expectations;
mod renderings;

fn shop() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rehearsal/shop")
}

fn program() -> Arc<Program> {
    match compile(&read_bot(&shop()).unwrap()) {
        Ok(compiled) => Arc::new(compiled.program),
        Err(found) => panic!("{found:?}"),
    }
}

/// Reads tests of the shop; they name nothing that it does not have.
fn suite(program: &Program, text: &str) -> Suite {
    let suite = read_suite("a.test.kdl", text).unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(check(program, &suite), []);
    suite
}

/// What became of the first test of a text.
fn played(text: &str, looks: &[Look]) -> Report {
    let program = program();
    let suite = suite(&program, text);
    run(&program, &suite, &suite.tests[0], looks).unwrap()
}

/// What failed first in each rendering: the text at its caret, and the message.
fn failures(text: &str, looks: &[Look]) -> Vec<String> {
    let failures = played(text, looks).failures;
    failures.into_iter().map(|failure| format!("{}: {}", &text[failure.diagnostic.span], failure.diagnostic.message)).collect()
}

#[test]
fn the_tests_of_the_shop_pass_in_all_renderings() {
    let (program, sources) = (program(), read_bot(&shop()).unwrap());
    let tests = read_tests(&shop(), &sources).unwrap();
    let suite = suite(&program, &tests["shop.test.kdl"]);
    let mut reached: Vec<Reached> = Vec::new();
    for test in &suite.tests {
        let report = run(&program, &suite, test, &Look::ALL).unwrap();
        let told: Vec<String> = report.failures.iter().map(|one| format!("{}: {one:?}", one.look.name())).collect();
        assert_eq!(told, Vec::<String>::new(), "{}", test.name);
        reached.push(report.reached);
    }
    let coverage = coverage(&program, &sources, &reached);
    assert_eq!(coverage.lacks(&suite), []);
    let late: Vec<&str> = coverage.late.iter().map(|late| late.word()).collect();
    assert_eq!(late, ["foreign", "retired", "consumed", "expired", "superseded", "current"]);
    assert_eq!(Coverage::share(&coverage.states), 100);
}

#[test]
fn what_was_not_reached_has_its_line_and_is_asked_for() {
    let (program, sources) = (program(), read_bot(&shop()).unwrap());
    let suite =
        suite(&program, "test \"a\" { user \"hi\"; bot }\ncovers states=\"21%\" options=\"1%\" late=\"early\"\ncovers states=\"20%\"");
    let report = run(&program, &suite, &suite.tests[0], &[Look::Native]).unwrap();
    let coverage = coverage(&program, &sources, &[report.reached]);
    let states: Vec<(&str, usize, bool)> =
        coverage.states.iter().map(|state| (state.name.as_str(), state.place.as_ref().unwrap().1, state.reached)).collect();
    assert_eq!(states, [("home", 18, true), ("photo", 24, false), ("report", 29, false), ("order", 38, false), ("human", 51, false)]);
    let line = |name: &str| coverage.options.iter().find(|option| option.name == name).and_then(|option| option.place.clone()).unwrap().1;
    assert_eq!((line("home/menu: Order a map"), line("order/map: Aspen map"), line("report/menu: Home")), (22, 39, 36));
    let lacks: Vec<String> = coverage.lacks(&suite).into_iter().map(|lack| lack.message).collect();
    assert_eq!(
        lacks,
        ["states are covered to 20 %, and 21 % are asked for", "options are covered to 0 %, and 1 % are asked for", "no tap was early"]
    );
}
