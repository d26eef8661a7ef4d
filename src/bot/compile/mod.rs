//! From the texts of a bot's files to a program, or to everything that is wrong with them.

mod amend;
mod answers;
mod body;
mod check;
mod confirms;
mod fields;
mod handoffs;
mod header;
mod hosts;
mod load;
mod lookups;
mod media;
mod prompts;
mod rules;
mod scripts;
mod states;
mod tables;
mod timers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::Value;

use self::rules::Ruled;
use self::scripts::{Notes, Script, misplaced};
use super::diagnostic::{Diagnostic, Place, Severity};
use super::matcher::Matcher;
use super::program::{Fallback, Program, Reads, RuleIx, State, Welcome};
use super::sources::Sources;
use super::syntax::{Findings, Node};

pub use amend::{Amendment, Taker, amend};
pub(super) use body::STEPS;

/// The file in which every bot begins.
pub const SCRIPT: &str = "bot.kdl";

/// Nodes that stand at the top of a script.
const TOP: [&str; 7] = ["bot", "include", "table", "welcome", "on", "state", "fallback"];

/// A bot that can run.
#[derive(Debug)]
pub struct Compiled {
    /// What the machine runs.
    pub program: Program,
    /// What its author should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Whether a file of a bot's folder, by its path within the folder, is one that [`compile`] wants to be given.
pub fn is_source(path: &str) -> bool {
    let kind = path.rsplit_once('.').map(|(_, kind)| kind);
    matches!(kind, Some("kdl" | "csv" | "json")) && !path.ends_with(".test.kdl")
}

/// Compiles a bot from the texts of its files: `bot.kdl`, what it includes, and its tables. Files it does not name are left alone.
///
/// On failure gives everything that was found, in the order of the files, warnings among it.
pub fn compile(sources: &Sources) -> Result<Compiled, Vec<Diagnostic>> {
    let found = Findings::default();
    let program = build(sources, &found);
    let findings = found.into_sorted();
    match program {
        Some(program) if findings.iter().all(|finding| finding.severity == Severity::Warning) => {
            Ok(Compiled { program, warnings: findings })
        }
        _ => Err(findings),
    }
}

/// The nodes of all files by what they are.
struct Parts<'n> {
    by_name: BTreeMap<&'n str, Vec<&'n Node>>,
}

impl<'n> Parts<'n> {
    fn all(&self, name: &str) -> &[&'n Node] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The only node of that name; reports a second one.
    fn only(&self, name: &str, found: &Findings) -> Option<&'n Node> {
        for second in self.all(name).iter().skip(1) {
            found.add(Diagnostic::error("duplicate", &second.name.at, format!("a second `{name}`")).help("keep one"));
        }
        self.all(name).first().copied()
    }
}

fn build(sources: &Sources, found: &Findings) -> Option<Program> {
    let files = load::load(sources, found);
    let unreadable = found.any();
    let mut parts = Parts { by_name: BTreeMap::new() };
    for node in files.values().flatten() {
        if TOP.contains(&node.name.value.as_str()) {
            parts.by_name.entry(node.name.value.as_str()).or_default().push(node);
        } else {
            found.add(misplaced(node, "the script itself", &TOP));
        }
    }
    let header = match parts.only("bot", found) {
        Some(node) => header::header(node, found),
        // In a file that cannot be read nothing is missed: it may well be there.
        None if unreadable => return None,
        None => {
            let at = Place { file: SCRIPT.into(), span: 0..0 };
            found.add(Diagnostic::error("missing", &at, "the script has no `bot` node").help("begin with bot \"NAME\" version=1"));
            return None;
        }
    };
    let mut script = Script {
        found,
        sources,
        words: &header.defaults.words,
        allow: &header.defaults.allow,
        states: BTreeMap::new(),
        tables: BTreeMap::new(),
        prompts: Vec::new(),
        lookups: Vec::new(),
        reminders: Vec::new(),
        handoffs: Vec::new(),
        media: BTreeSet::new(),
        site: None,
        notes: Notes::default(),
    };
    script.declare_tables(parts.all("table"));
    let states = script.declare_states(parts.all("state"));
    let states: Vec<State> = states.into_iter().filter_map(|(state, node)| script.state_body(state, node)).collect();
    let ruled: Vec<Ruled> = parts.all("on").iter().enumerate().map(|(ix, node)| script.rule(RuleIx(ix), node)).collect();
    let fallback: Option<Fallback> = parts.only("fallback", found).map(|node| script.fallback(node));
    let welcome: Option<Welcome> = parts.only("welcome", found).map(|node| script.welcome(node));
    let used: BTreeSet<String> = files.into_keys().chain(script.tables.values().map(|table| table.file.clone())).collect();

    let events = events(&ruled, found);
    let (mut rules, mut patterns, mut ruled_at) = (Vec::new(), Vec::new(), Vec::new());
    for rule in ruled {
        ruled_at.push(check::RuleAt { phrases: rule.phrases_at, captures: rule.patterns.captures(), metadata: rule.metadata_at });
        rules.push(rule.rule);
        patterns.push(rule.patterns);
    }
    let Script { states: state_names, tables, prompts, mut lookups, reminders, handoffs, media, notes, .. } = script;
    lookups.iter_mut().for_each(|lookup| lookup.reads = reads(&lookup.name, &notes));
    let reads_transcript = notes.reads.iter().any(|read| read.name() == "transcript");
    let places = check::Places { notes, rules: ruled_at, patterns: patterns.clone(), tables: &tables };
    let shared: BTreeMap<_, _> = tables.iter().map(|(name, loaded)| (name.clone(), Arc::clone(&loaded.table))).collect();
    let values = shared.iter().map(|(name, table)| (name.clone(), Value::from_dyn_object(Arc::clone(table)))).collect();
    let program = Program {
        name: header.name,
        version: header.version,
        revision: load::revision(sources, &used),
        defaults: header.defaults,
        states,
        prompts,
        rules,
        lookups,
        reminders,
        handoffs,
        events,
        media,
        reads_transcript,
        fallback,
        welcome,
        tables: shared,
        matcher: Matcher::new(patterns),
        state_names,
        table_values: Arc::new(values),
    };
    check::check(&program, &places, found);
    Some(program)
}

/// The rules for account events; an event has one.
fn events(rules: &[Ruled], found: &Findings) -> BTreeMap<String, RuleIx> {
    let mut events = BTreeMap::new();
    for (ix, rule) in rules.iter().enumerate() {
        let Some(event) = &rule.event else { continue };
        if events.insert(event.value.clone(), RuleIx(ix)).is_some() {
            let message = format!("a second rule for the event `{}`", event.value);
            found.add(Diagnostic::error("duplicate", &event.at, message).help("keep one"));
        }
    }
    events
}

/// What of an answer any text reads.
fn reads(name: &str, notes: &Notes) -> Reads {
    let paths: BTreeSet<&str> = notes.reads.iter().filter(|read| read.name() == name).map(|read| read.path.as_str()).collect();
    if paths.contains(name) {
        return Reads::All;
    }
    Reads::Paths(paths.into_iter().map(|path| path.split('.').skip(1).map(str::to_owned).collect()).collect())
}

#[cfg(test)]
mod tests;
