//! Rounds in which nobody is asked anything. Answers of servers, reminders and timeouts do not count as waiting.

use std::collections::BTreeSet;

use super::Places;
use super::paths::Paths;
use super::steps::{Act, Step, steps};
use crate::bot::compile::scripts::Site;
use crate::bot::diagnostic::Diagnostic;
use crate::bot::program::{Body, Program, ReminderIx, StateIx};
use crate::bot::syntax::Findings;

/// A place, and the slots with which its state was entered: their questions are skipped.
type Spot<'p> = (Site, BTreeSet<&'p str>);

/// Depth first, with a stack of its own: a script may be long.
pub(super) fn check(program: &Program, places: &Places, paths: &Paths, found: &Findings) {
    let mut done: BTreeSet<Spot> = BTreeSet::new();
    for start in entries(program) {
        let mut path: Vec<(Spot, Vec<Spot>)> = Vec::new();
        let mut on_path: BTreeSet<Spot> = BTreeSet::new();
        let mut next = Some(start);
        loop {
            if let Some(spot) = next.take().filter(|spot| !done.contains(spot)) {
                on_path.insert(spot.clone());
                let onward = unasked(program, &spot);
                path.push((spot, onward));
            }
            let Some((spot, onward)) = path.last_mut() else { break };
            match onward.pop() {
                Some(to) if on_path.contains(&to) => {
                    let from = spot.0;
                    let first = path.iter().position(|(passed, _)| *passed == to).unwrap_or(0);
                    let round: Vec<Site> = path[first..].iter().map(|(passed, _)| passed.0).collect();
                    report(program, places, paths, &round, from, found);
                }
                Some(to) => next = Some(to),
                None => {
                    on_path.remove(spot);
                    done.insert(spot.clone());
                    path.pop();
                }
            }
        }
    }
}

fn report(program: &Program, places: &Places, paths: &Paths, round: &[Site], closing: Site, found: &Findings) {
    let mut names: Vec<String> = round.iter().map(|(body, _)| name(program, *body)).collect();
    names.dedup();
    if names.len() > 1 && names.first() == names.last() {
        names.pop();
    }
    let first = names.first().cloned().unwrap_or_default();
    let told = format!("{} → {first}", names.join(" → "));
    let Some(at) = places.notes.steps.get(&closing) else { return };
    let finding = Diagnostic::error("endless", at, format!("this goes round without waiting for the person: {told}"));
    let mut witness = round.iter().find_map(|site| paths.witness(*site, None)).unwrap_or_default();
    if !witness.is_empty() {
        witness.push(format!("({told}, without end)"));
    }
    found.add(finding.help("ask something on the way, or show a menu").witness(witness));
}

fn name(program: &Program, body: Body) -> String {
    match body {
        Body::State(ix) => program.state(ix).name.clone(),
        Body::Reminder(ix) => program.reminder(ix).id.clone(),
        Body::Rule(ix) => program.rule(ix).name.clone(),
        Body::Fallback => "fallback".to_owned(),
    }
}

/// Every way into a state or a reminder: without slots, and as each step enters it.
fn entries(program: &Program) -> Vec<Spot<'_>> {
    let states = (0..program.states.len()).map(|ix| Body::State(StateIx(ix)));
    let bodies: Vec<Body> = states.chain((0..program.reminders.len()).map(|ix| Body::Reminder(ReminderIx(ix)))).collect();
    let sites = bodies.iter().flat_map(|body| (0..program.steps(*body).len()).map(|ix| (*body, ix)));
    let entered = sites.flat_map(|site| steps(program, site, &BTreeSet::new())).filter_map(|step| Some((step.to, step.given?)));
    bodies.iter().map(|body| ((*body, 0), BTreeSet::new())).chain(entered).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Where it goes on without the person.
fn unasked<'p>(program: &'p Program, (site, given): &Spot<'p>) -> Vec<Spot<'p>> {
    let by_itself = |step: &Step| matches!(step.act, Act::None | Act::Answer(..) | Act::Time);
    let onward = steps(program, *site, given).into_iter().filter(by_itself);
    let mut onward: Vec<Spot> = onward.map(|step| (step.to, step.given.unwrap_or_else(|| given.clone()))).collect();
    // The last one is taken first.
    onward.reverse();
    onward
}
