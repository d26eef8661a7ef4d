//! `junco test`: plays the conversation tests of bots.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::bot::{self, Diagnostic, Program, Sources};
use crate::rehearsal::script::{Suite, Test, read_suite};
use crate::rehearsal::{self, Coverage, Failure, Item, Look, Reached, Report};
use crate::service::{LoadError, read_bot, read_tests, report};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folders of bots; their tests are the files `*.test.kdl` in them.
    #[arg(required = true, value_name = "BOT")]
    bots: Vec<PathBuf>,
    /// Only tests whose name contains this; coverage is not asked for then.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only with menus shown this way; without it in all three.
    #[arg(long, value_enum)]
    rendering: Option<Rendering>,
    /// Print one JSON document instead.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Rendering {
    /// Options as buttons.
    Native,
    /// Options as numbered lines, answered by typing.
    Numbered,
    /// Options as buttons, six on a page.
    Paged,
}

impl Rendering {
    fn look(self) -> Look {
        match self {
            Rendering::Native => Look::Native,
            Rendering::Numbered => Look::Numbered,
            Rendering::Paged => Look::Paged,
        }
    }
}

/// What came of one bot's tests.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: usize,
    documents: Vec<Value>,
}

/// One bot, read.
struct Bot<'a> {
    folder: &'a Path,
    program: Arc<Program>,
    sources: Sources,
    suites: Vec<Suite>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut sum = Outcome::default();
    for folder in &args.bots {
        match read(folder)? {
            Ok(bot) => {
                let outcome = bot.test(args)?;
                sum.passed += outcome.passed;
                sum.failed += outcome.failed;
                sum.documents.extend(outcome.documents);
            }
            Err(Unplayable::Asked(error)) => {
                eprintln!("junco: {error}");
                return Ok(ExitCode::from(2));
            }
            Err(Unplayable::Wrong(shown)) => {
                eprintln!("{shown}");
                sum.failed += 1;
                sum.documents.push(json!({ "bot": folder.display().to_string(), "error": shown }));
            }
        }
    }
    if args.json {
        println!("{:#}", json!({ "bots": sum.documents, "passed": sum.passed, "failed": sum.failed }));
    } else {
        println!("{} passed, {} failed", sum.passed, sum.failed);
    }
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why the tests of a bot cannot be played.
enum Unplayable {
    /// There is no such bot.
    Asked(LoadError),
    /// The script or its tests have errors.
    Wrong(String),
}

fn read(folder: &Path) -> anyhow::Result<Result<Bot<'_>, Unplayable>> {
    let read = read_bot(folder).and_then(|sources| read_tests(folder, &sources).map(|tests| (sources, tests)));
    let (sources, tests) = match read {
        Ok(read) => read,
        Err(error) => return Ok(Err(Unplayable::Asked(error))),
    };
    let coloured = std::io::stderr().is_terminal();
    let program = match bot::compile(&sources) {
        Ok(compiled) => Arc::new(compiled.program),
        Err(found) => return Ok(Err(Unplayable::Wrong(report(folder, &found, &sources, coloured)))),
    };
    let (mut suites, mut found) = (Vec::new(), Vec::new());
    for (file, text) in &tests {
        match read_suite(file, text) {
            Ok(suite) => {
                found.extend(rehearsal::check(&program, &suite));
                suites.push(suite);
            }
            Err(errors) => found.extend(errors),
        }
    }
    if found.is_empty() {
        return Ok(Ok(Bot { folder, program, sources, suites }));
    }
    let texts: Sources = tests.into_iter().collect();
    Ok(Err(Unplayable::Wrong(report(folder, &found, &texts, coloured))))
}

impl Bot<'_> {
    fn test(&self, args: &Args) -> anyhow::Result<Outcome> {
        let wanted = |test: &&Test| args.filter.as_ref().is_none_or(|filter| test.name.contains(filter.as_str()));
        let tests: Vec<(&Suite, &Test)> =
            self.suites.iter().flat_map(|suite| suite.tests.iter().filter(wanted).map(move |test| (suite, test))).collect();
        let looks = args.rendering.map_or(Look::ALL.to_vec(), |rendering| vec![rendering.look()]);
        let reports = play_all(&self.program, &tests, &looks)?;
        let reached: Vec<Reached> = reports.iter().map(|report| report.reached.clone()).collect();
        let coverage = rehearsal::coverage(&self.program, &self.sources, &reached);
        let failed = reports.iter().filter(|report| !report.failures.is_empty()).count();
        // What a failed test has not reached says nothing.
        let lacks: Vec<(&Suite, Diagnostic)> = match args.filter {
            Some(_) => Vec::new(),
            None if failed > 0 => Vec::new(),
            None => self.suites.iter().flat_map(|suite| coverage.lacks(suite).into_iter().map(move |lack| (suite, lack))).collect(),
        };
        if !args.json {
            self.print(&tests, &reports, &lacks, &coverage);
        }
        let document = self.document(&tests, &reports, &lacks, &coverage);
        Ok(Outcome { passed: tests.len() - failed, failed: failed + lacks.len(), documents: vec![document] })
    }

    fn print(&self, tests: &[(&Suite, &Test)], reports: &[Report], lacks: &[(&Suite, Diagnostic)], coverage: &Coverage) {
        println!("{}: {} {}", self.folder.display(), tests.len(), if tests.len() == 1 { "test" } else { "tests" });
        for ((suite, test), report) in tests.iter().zip(reports) {
            let verdict = if report.failures.is_empty() { "ok" } else { "FAILED" };
            let cut = report.cut.iter().map(|(look, at)| format!(" ({} up to line {})", look.name(), line(&suite.text, *at)));
            println!("test {} ... {verdict}{}", test.name, cut.collect::<String>());
        }
        let coloured = std::io::stdout().is_terminal();
        for ((suite, test), report) in tests.iter().zip(reports) {
            self.print_failures(suite, test, &report.failures, coloured);
        }
        for (suite, lack) in lacks {
            println!("\n{}", self.render(suite, lack, coloured));
        }
        println!();
        if self.suites.iter().all(|suite| suite.tests.is_empty()) {
            println!("there is no test to play; write one into a file NAME.test.kdl of that folder");
        } else if reports.iter().all(|report| report.failures.is_empty()) {
            self.print_coverage(coverage);
        }
    }

    /// What fails at one place in several renderings is told once, with the conversation of the first.
    fn print_failures(&self, suite: &Suite, test: &Test, failures: &[Failure], coloured: bool) {
        for (place, failure) in failures.iter().enumerate() {
            let alike = |other: &&Failure| other.diagnostic.span == failure.diagnostic.span;
            if failures[..place].iter().any(|other| alike(&other)) {
                continue;
            }
            let looks: Vec<&str> = failures.iter().filter(alike).map(|failure| failure.look.name()).collect();
            println!("\n---- {} ({})", test.name, looks.join(", "));
            println!("{}\n", self.render(suite, &failure.diagnostic, coloured));
            failure.transcript.iter().flat_map(|line| line.lines()).for_each(|line| println!("    {line}"));
        }
    }

    fn print_coverage(&self, coverage: &Coverage) {
        let late: Vec<&str> = coverage.late.iter().map(|late| late.word()).collect();
        let share = |items: &[Item]| format!("{} of {}", items.iter().filter(|item| item.reached).count(), items.len());
        println!(
            "coverage: states {}, options {}, taps {}",
            share(&coverage.states),
            share(&coverage.options),
            if late.is_empty() { "none".to_owned() } else { late.join(" ") }
        );
        for (what, items) in [("state", &coverage.states), ("option", &coverage.options)] {
            for item in items.iter().filter(|item| !item.reached) {
                let place = item.place.as_ref().map_or_else(
                    || self.folder.display().to_string(),
                    |(file, line)| format!("{}:{line}", self.folder.join(file).display()),
                );
                println!("  {place}: {what} `{}` was not reached", item.name);
            }
        }
    }

    fn render(&self, suite: &Suite, diagnostic: &Diagnostic, coloured: bool) -> String {
        let path = self.folder.join(&suite.file).display().to_string();
        let sources = Sources::from([(path.clone(), suite.text.clone())]);
        Diagnostic { file: path, ..diagnostic.clone() }.render(&sources, coloured)
    }

    fn document(&self, tests: &[(&Suite, &Test)], reports: &[Report], lacks: &[(&Suite, Diagnostic)], coverage: &Coverage) -> Value {
        let found = |suite: &Suite, diagnostic: &Diagnostic| {
            json!({
                "file": suite.file,
                "line": line(&suite.text, diagnostic.span.start),
                "message": diagnostic.message,
                "help": diagnostic.help,
            })
        };
        let failure = |suite: &Suite, failure: &Failure| {
            let mut document = found(suite, &failure.diagnostic);
            document["rendering"] = failure.look.name().into();
            document["transcript"] = failure.transcript.clone().into();
            document
        };
        let tested = tests.iter().zip(reports).map(|((suite, test), report)| {
            json!({
                "file": suite.file,
                "name": test.name,
                "line": line(&suite.text, test.at.start),
                "ok": report.failures.is_empty(),
                "failures": report.failures.iter().map(|one| failure(suite, one)).collect::<Vec<_>>(),
                "stopped": report.cut.iter().map(|(look, at)| json!({ "rendering": look.name(), "line": line(&suite.text, *at) })).collect::<Vec<_>>(),
            })
        });
        let items = |items: &[Item]| {
            let missing = items.iter().filter(|item| !item.reached).map(|item| {
                let (file, line) = item.place.clone().unzip();
                json!({ "name": item.name, "file": file, "line": line })
            });
            json!({ "percent": Coverage::share(items), "all": items.len(), "not_reached": missing.collect::<Vec<_>>() })
        };
        json!({
            "bot": self.folder.display().to_string(),
            "tests": tested.collect::<Vec<_>>(),
            "lacks": lacks.iter().map(|(suite, lack)| found(suite, lack)).collect::<Vec<_>>(),
            "coverage": {
                "states": items(&coverage.states),
                "options": items(&coverage.options),
                "late": coverage.late.iter().map(|late| late.word()).collect::<Vec<_>>(),
            },
        })
    }
}

/// Plays the tests, on as many threads as there are processors; the reports come in the tests' order.
fn play_all(program: &Arc<Program>, tests: &[(&Suite, &Test)], looks: &[Look]) -> anyhow::Result<Vec<Report>> {
    let next = AtomicUsize::new(0);
    let play = || {
        let mut reports = Vec::new();
        while let Some((suite, test)) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            reports.push((test.at.start, suite.file.as_str(), rehearsal::run(program, suite, test, looks)?));
        }
        std::io::Result::Ok(reports)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(tests.len());
    let mut reports = Vec::new();
    std::thread::scope(|scope| {
        let players: Vec<_> = (0..threads).map(|_| scope.spawn(play)).collect();
        for player in players {
            let played = player.join().map_err(|_| anyhow::anyhow!("a test broke off"))?;
            reports.extend(played.context("a test could not be played")?);
        }
        anyhow::Ok(())
    })?;
    reports.sort_by(|one, other| (one.1, one.0).cmp(&(other.1, other.0)));
    Ok(reports.into_iter().map(|(.., report)| report).collect())
}

fn line(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
