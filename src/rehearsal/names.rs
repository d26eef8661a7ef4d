//! Names that a test uses and its bot does not have.

use std::ops::Range;

use super::finding;
use super::script::{Given, Step, Stub, Suite, What};
use crate::bot::{Diagnostic, Program, nearest};

/// Every name of a file of tests that its bot does not have.
pub fn check(program: &Program, suite: &Suite) -> Vec<Diagnostic> {
    let mut names = Names { program, suite, found: Vec::new() };
    suite.stubs.iter().for_each(|stub| names.stub(stub));
    suite.tests.iter().for_each(|test| names.steps(&test.steps));
    names.found
}

struct Names<'a> {
    program: &'a Program,
    suite: &'a Suite,
    found: Vec<Diagnostic>,
}

impl Names<'_> {
    fn steps(&mut self, steps: &[Step]) {
        let mut named: Vec<&str> = Vec::new();
        for step in steps {
            match &step.what {
                What::Bot(expected) => {
                    self.state(&step.at, expected.state.as_deref());
                    named.extend(expected.name.as_deref());
                }
                What::End(end) => self.state(&step.at, end.state.as_deref()),
                What::Given(given) => {
                    self.given(&step.at, given);
                    named.extend(given.name.as_deref());
                }
                What::Calls { name, .. } => self.lookup(&step.at, name),
                What::Stub(stub) => self.stub(stub),
                What::Tap(tap) => {
                    if let Some(of) = tap.of.as_deref().filter(|of| !named.contains(of)) {
                        let help = format!("write as=\"{of}\" behind its bot");
                        self.unknown(&step.at, format!("no message was named `{of}`"), of, &named, Some(help));
                    }
                }
                What::Shuffle(shuffle) => self.taps(&shuffle.steps, &named),
                _ => {}
            }
        }
    }

    fn taps(&mut self, steps: &[Step], named: &[&str]) {
        for step in steps {
            if let What::Tap(tap) = &step.what
                && let Some(of) = tap.of.as_deref().filter(|of| !named.contains(of))
            {
                self.unknown(&step.at, format!("no message was named `{of}`"), of, named, None);
            }
        }
    }

    fn state(&mut self, at: &Range<usize>, state: Option<&str>) {
        if let Some(state) = state.filter(|state| !state.is_empty() && self.program.state_named(state).is_none()) {
            let names: Vec<&str> = self.program.states.iter().map(|state| state.name.as_str()).collect();
            self.unknown(at, format!("the bot has no state `{state}`"), state, &names, None);
        }
    }

    fn given(&mut self, at: &Range<usize>, given: &Given) {
        self.state(at, Some(&given.state));
        let (Some(state), Some(prompt)) = (self.program.state_named(&given.state), &given.prompt) else { return };
        if self.program.prompt_named(state, prompt).is_none() {
            let own = self.program.prompts.iter().filter(|prompt| prompt.state == state);
            let names: Vec<&str> = own.map(|prompt| prompt.name.as_str()).collect();
            self.unknown(at, format!("the state `{}` has no prompt `{prompt}`", given.state), prompt, &names, None);
        }
    }

    fn lookup(&mut self, at: &Range<usize>, name: &str) {
        if !self.program.lookups.iter().any(|lookup| lookup.name == name) {
            let names: Vec<&str> = self.program.lookups.iter().map(|lookup| lookup.name.as_str()).collect();
            self.unknown(at, format!("the bot asks no server for `{name}`"), name, &names, None);
        }
    }

    fn stub(&mut self, stub: &Stub) {
        self.lookup(&stub.at, &stub.name);
    }

    fn unknown(&mut self, at: &Range<usize>, message: String, wrong: &str, names: &[&str], otherwise: Option<String>) {
        let near = nearest(wrong, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
        let list = || (!names.is_empty() && names.len() <= 12).then(|| format!("there is: {}", names.join(", ")));
        let help = near.or(otherwise).or_else(list);
        self.found.push(finding("unknown-name", &self.suite.file, at, message, help));
    }
}
