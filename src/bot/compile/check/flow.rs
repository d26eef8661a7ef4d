//! Where a conversation can go: states that nothing leads to or out of.

use std::collections::BTreeSet;

use super::Places;
use super::paths::Paths;
use super::steps::{Act, steps};
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::{Body, Op, Program, PromptKind, RuleIx, StateIx};
use crate::bot::syntax::Findings;

pub(super) fn check(program: &Program, places: &Places, paths: &Paths, found: &Findings) {
    let reached = reached(program);
    // What leads out of every state: of this many rules none has to be looked at again for each of them.
    let everywhere = program.fallback.as_ref().is_some_and(|fallback| fallback.after.is_some()) || leaves(program, Body::Fallback);
    let leaving: Vec<RuleIx> = (0..program.rules.len()).map(RuleIx).filter(|ix| leaves(program, Body::Rule(*ix))).collect();
    let everywhere = everywhere || leaving.iter().any(|ix| program.rule(*ix).within.is_empty());
    for ix in (0..program.states.len()).map(StateIx) {
        let Some(at) = places.notes.states.get(ix.0) else { continue };
        let name = &program.state(ix).name;
        if !reached.contains(&ix) {
            let help = "lead there with a rule, an option or a goto; or take it out";
            found.add(Diagnostic::warning("unreachable", at, format!("nothing leads to the state `{name}`")).help(help));
        }
        let left = everywhere || leaves(program, Body::State(ix)) || leaving.iter().any(|rule| program.rule(*rule).within.contains(&ix));
        if !left {
            let help = "add an option, a goto or an end; or a rule or fallback that leads somewhere";
            let finding = Diagnostic::error("dead-end", at, format!("nothing leads out of the state `{name}`")).help(help);
            found.add(finding.witness(paths.witness((Body::State(ix), 0), None).unwrap_or_default()));
        }
    }
    welcome(program, places, found);
}

/// Every state that any event leads to.
fn reached(program: &Program) -> BTreeSet<StateIx> {
    let mut waiting: Vec<Body> = (0..program.rules.len()).map(|ix| Body::Rule(RuleIx(ix))).chain([Body::Fallback]).collect();
    waiting.extend(program.welcome.iter().filter_map(|welcome| welcome.menu).map(Body::State));
    waiting.extend(program.fallback.iter().filter_map(|fallback| fallback.after).map(|(_, state)| Body::State(state)));
    let mut seen = BTreeSet::new();
    while let Some(body) = waiting.pop() {
        if seen.insert(body) {
            let sites = (0..program.steps(body).len()).map(|ix| (body, ix));
            waiting.extend(sites.flat_map(|site| steps(program, site, &BTreeSet::new())).map(|step| step.to.0));
        }
    }
    seen.into_iter().filter_map(|body| if let Body::State(ix) = body { Some(ix) } else { None }).collect()
}

/// Whether something other than silence leads out of a body.
fn leaves(program: &Program, body: Body) -> bool {
    let ends = program.steps(body).iter().any(|op| matches!(op, Op::End));
    let sites = (0..program.steps(body).len()).map(|ix| (body, ix));
    let mut onward = sites.flat_map(|site| steps(program, site, &BTreeSet::new()));
    ends || onward.any(|step| step.given.is_some() && !matches!(step.act, Act::Time))
}

/// A welcome message can carry only a menu that is there, and only one that is the same for everybody.
fn welcome(program: &Program, places: &Places, found: &Findings) {
    let Some(state) = program.welcome.as_ref().and_then(|welcome| welcome.menu) else { return };
    let Some(at) = places.notes.states.get(state.0) else { return };
    let (name, steps) = (&program.state(state).name, &program.state(state).steps);
    let prompts = steps.iter().filter_map(|op| if let Op::Prompt(ix) = op { Some(program.prompt(*ix)) } else { None });
    match prompts.into_iter().find(|prompt| matches!(prompt.kind, PromptKind::Menu)) {
        None => {
            let message = format!("the welcome message shows the menu of `{name}`, which has none");
            found.add(Diagnostic::error("no-menu", at, message).help("add options to the state, or choose another one"));
        }
        Some(menu) if !menu.has_fixed_options() => {
            let message = format!("the welcome message is the same for everybody, and the options of `{name}` are not");
            found.add(Diagnostic::error("welcome", at, message).help("choose another menu, or write its options without {{ }}"));
        }
        Some(_) => {}
    }
}
