//! Where a conversation can go: states that nothing leads to or out of, and rounds without a question in them.

use std::collections::{BTreeMap, BTreeSet};

use super::Places;
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::{Body, Op, Program, PromptKind, StateIx, Target};
use crate::bot::syntax::Findings;

pub(super) fn check(program: &Program, places: &Places, found: &Findings) {
    let ways = Ways::new(program);
    for ix in (0..program.states.len()).map(StateIx) {
        let Some(at) = places.notes.states.get(ix.0) else { continue };
        let name = &program.state(ix).name;
        if !ways.reached.contains(&ix) {
            let help = "lead there with a rule, an option or a goto; or take it out";
            found.add(Diagnostic::warning("unreachable", at, format!("nothing leads to the state `{name}`")).help(help));
        }
        if !ways.left(program, ix) {
            let help = "add an option, a goto or an end; or a rule or fallback that leads somewhere";
            found.add(Diagnostic::error("dead-end", at, format!("nothing leads out of the state `{name}`")).help(help));
        }
    }
    welcome(program, places, found);
    rounds(program, places, found);
}

/// What leads where, by any event.
struct Ways {
    reached: BTreeSet<StateIx>,
    /// States that can be left by something of their own.
    open: BTreeSet<StateIx>,
}

impl Ways {
    fn new(program: &Program) -> Self {
        let mut waiting: Vec<StateIx> = program.rules.iter().flat_map(|rule| gotos(&rule.steps)).collect();
        waiting.extend(program.welcome.iter().filter_map(|welcome| welcome.menu));
        if let Some(fallback) = &program.fallback {
            waiting.extend(gotos(&fallback.steps).chain(fallback.after.map(|(_, state)| state)));
        }
        let from: Vec<Vec<StateIx>> = (0..program.states.len()).map(|ix| exits(program, StateIx(ix))).collect();
        let mut reached = BTreeSet::new();
        while let Some(state) = waiting.pop() {
            if reached.insert(state) {
                waiting.extend(&from[state.0]);
            }
        }
        let ends = |ix: &usize| program.states[*ix].steps.iter().any(|op| matches!(op, Op::End));
        let open = (0..from.len()).filter(|ix| !from[*ix].is_empty() || ends(ix)).map(StateIx).collect();
        Ways { reached, open }
    }

    fn left(&self, program: &Program, state: StateIx) -> bool {
        let leads = |steps: &[Op]| steps.iter().any(|op| matches!(op, Op::Goto(_) | Op::End));
        self.open.contains(&state)
            || program.rules.iter().any(|rule| leads(&rule.steps) && (rule.within.is_empty() || rule.within.contains(&state)))
            || program.fallback.as_ref().is_some_and(|fallback| fallback.after.is_some() || leads(&fallback.steps))
    }
}

fn gotos(steps: &[Op]) -> impl Iterator<Item = StateIx> {
    steps.iter().filter_map(|op| match op {
        Op::Goto(target) => Some(target.state),
        _ => None,
    })
}

/// Where a state's own steps and prompts lead.
fn exits(program: &Program, state: StateIx) -> Vec<StateIx> {
    let mut exits: Vec<StateIx> = gotos(&program.state(state).steps).collect();
    for op in &program.state(state).steps {
        let Op::Prompt(prompt) = op else { continue };
        let prompt = program.prompt(*prompt);
        exits.extend(prompt.options.iter().filter_map(|option| option.goto.as_ref()).map(|target| target.state));
        if let PromptKind::Question(question) = &prompt.kind {
            exits.extend(question.giveup);
        }
    }
    exits
}

/// A welcome message can carry only a menu that is there.
fn welcome(program: &Program, places: &Places, found: &Findings) {
    let Some(state) = program.welcome.as_ref().and_then(|welcome| welcome.menu) else { return };
    let is_menu = |op: &Op| matches!(op, Op::Prompt(ix) if matches!(program.prompt(*ix).kind, PromptKind::Menu));
    if let (false, Some(at)) = (program.state(state).steps.iter().any(is_menu), places.notes.states.get(state.0)) {
        let message = format!("the welcome message shows the menu of `{}`, which has none", program.state(state).name);
        found.add(Diagnostic::error("no-menu", at, message).help("add options to the state, or choose another one"));
    }
}

/// An entry into a state, with those slots given for which it would ask: their questions are skipped.
type Entry<'p> = (StateIx, BTreeSet<&'p str>);

/// Reports rounds in which nobody is asked anything. Depth first, with a stack of its own: a script may be long.
fn rounds(program: &Program, places: &Places, found: &Findings) {
    let mut done: BTreeSet<Entry> = BTreeSet::new();
    let mut edges: BTreeMap<Entry, Vec<(usize, Entry)>> = BTreeMap::new();
    for start in entries(program) {
        let mut path: Vec<(Entry, usize)> = vec![(start, 0)];
        while let Some((entry, next)) = path.last().cloned() {
            let onward = edges.entry(entry.clone()).or_insert_with(|| unasked(program, &entry));
            let Some((op, target)) = onward.get(next).cloned().filter(|_| !done.contains(&entry)) else {
                done.insert(entry);
                path.pop();
                continue;
            };
            if let Some(top) = path.last_mut() {
                top.1 += 1;
            }
            match path.iter().position(|(passed, _)| *passed == target) {
                Some(first) => {
                    let names: Vec<&str> = path[first..].iter().map(|((state, _), _)| program.state(*state).name.as_str()).collect();
                    let round = format!("{} → {}", names.join(" → "), names.first().unwrap_or(&""));
                    if let Some(at) = places.notes.gotos.get(&(Body::State(entry.0), op)) {
                        let message = format!("this goes round without waiting for the person: {round}");
                        found.add(Diagnostic::error("endless", at, message).help("ask something on the way, or show a menu"));
                    }
                }
                None if !done.contains(&target) => path.push((target, 0)),
                None => {}
            }
        }
    }
}

/// Every way into a state: without slots, and as each `goto` and option enters it.
fn entries(program: &Program) -> impl Iterator<Item = Entry<'_>> {
    let states = (0..program.states.len()).map(|ix| (StateIx(ix), BTreeSet::new()));
    let gotos = program.states.iter().flat_map(|state| &state.steps).filter_map(|op| match op {
        Op::Goto(target) => Some(target),
        _ => None,
    });
    let options = program.prompts.iter().flat_map(|prompt| &prompt.options).filter_map(|option| option.goto.as_ref());
    states.chain(gotos.chain(options).map(|target| entry(program, target)))
}

/// The `goto`s that are taken from an entry on before anybody is asked, whatever the conditions say.
fn unasked<'p>(program: &'p Program, (state, given): &Entry<'p>) -> Vec<(usize, Entry<'p>)> {
    let steps = &program.state(*state).steps;
    let (mut found, mut seen, mut waiting) = (Vec::new(), BTreeSet::new(), vec![0]);
    while let Some(ix) = waiting.pop() {
        let Some(op) = steps.get(ix).filter(|_| seen.insert(ix)) else { continue };
        match op {
            Op::Say { .. }
            | Op::Media(_)
            | Op::Link { .. }
            | Op::Set { .. }
            | Op::Unset { .. }
            | Op::LookUp(_)
            | Op::Remind(_)
            | Op::Cancel { .. }
            | Op::Count { .. }
            | Op::Tag { .. }
            | Op::Typing
            | Op::Read
            | Op::OptOut
            | Op::OptIn
            | Op::Forget => waiting.push(ix + 1),
            Op::JumpUnless { to, .. } => waiting.extend([ix + 1, *to]),
            Op::Jump { to } => waiting.push(*to),
            Op::Goto(target) => found.push((ix, entry(program, target))),
            Op::Prompt(prompt) => {
                if let PromptKind::Question(question) = &program.prompt(*prompt).kind
                    && given.contains(question.slot.as_str())
                {
                    waiting.push(ix + 1);
                }
            }
            Op::HandOver(_) | Op::End => {}
        }
    }
    found
}

fn entry<'p>(program: &'p Program, target: &'p Target) -> Entry<'p> {
    let asked = program.state(target.state).steps.iter().filter_map(|op| match op {
        Op::Prompt(prompt) => match &program.prompt(*prompt).kind {
            PromptKind::Question(question) => Some(question.slot.as_str()),
            PromptKind::Menu | PromptKind::Confirm(_) => None,
        },
        _ => None,
    });
    let given = |slot: &&str| target.slots.iter().any(|(name, _)| name == slot);
    (target.state, asked.filter(given).collect())
}
