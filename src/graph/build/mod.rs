//! From a program to its drawing.

mod steps;

use std::collections::BTreeMap;

use super::text::{plain, span};
use super::{Graph, Kind, Node, Role, Row, Tally};
use crate::bot::{Answer, Op, Pattern, Program, Prompt, PromptIx, PromptKind, Question, Rule};
use steps::Exit;

/// Rules that are named at one state; of the others it is told how many they are.
const ENTRIES: usize = 5;

/// Patterns of a rule that are named.
const PATTERNS: usize = 4;

impl Graph {
    /// Draws a program.
    pub fn of(program: &Program) -> Self {
        let mut builder = Builder { program, nodes: Vec::new(), desks: BTreeMap::new() };
        builder.nodes.extend(program.states.iter().map(|state| Node { kind: Kind::State, name: state.name.clone(), rows: Vec::new() }));
        for ix in 0..program.states.len() {
            builder.state(ix);
        }
        builder.rules();
        builder.welcome();
        builder.fallback();
        builder.desks();
        Graph { title: program.name.clone(), nodes: builder.nodes }
    }
}

/// The drawing while it grows. A state's box has the state's index.
struct Builder<'p> {
    program: &'p Program,
    nodes: Vec<Node>,
    /// The boxes of those who take over, by the queue.
    desks: BTreeMap<Option<String>, usize>,
}

impl Builder<'_> {
    fn state(&mut self, ix: usize) {
        let rows = self.body(&self.program.states[ix].steps);
        self.nodes[ix].rows.extend(rows);
    }

    fn prompt(&self, ix: PromptIx) -> Vec<Row> {
        let prompt = self.program.prompt(ix);
        let path = format!("{}/{}", self.program.state(prompt.state).name, prompt.name);
        let asked = |text: String| Row::new(Role::Asks, text).counted(Tally::Asked(path.clone()));
        let mut rows: Vec<Row> = prompt.text.iter().map(|text| asked(plain(text))).collect();
        if let PromptKind::Question(question) = &prompt.kind {
            rows.push(Row::new(Role::Step, format!("{}: {}", question.slot, wanted(question))));
            if let Some(state) = question.giveup {
                let wrong =
                    question.retries.map_or_else(|| "given up".to_owned(), |retries| format!("after {} wrong answers", retries + 1));
                rows.push(Row::new(Role::Step, wrong).to(Some(state.0)));
            }
        }
        rows.extend(self.table(prompt));
        rows.extend(prompt.options.iter().map(|option| {
            let row = Row::new(Role::Option, plain(&option.label)).counted(Tally::Taken(path.clone(), option.id.clone()));
            row.to(option.goto.as_ref().map(|target| target.state.0))
        }));
        rows
    }

    /// Options out of a table are one line: they are many, and all do the same.
    fn table(&self, prompt: &Prompt) -> Option<Row> {
        let from = prompt.from.as_ref()?;
        let rows = self.program.tables.get(&from.table).map_or(0, |table| table.rows.len());
        Some(Row::new(Role::Option, format!("{rows} of {}", from.table)))
    }

    /// A rule that holds everywhere stands at the states that it leads to; one of certain states stands there.
    fn rules(&mut self) {
        let mut entries: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        let mut anywhere = Vec::new();
        for rule in &self.program.rules {
            let exits = self.exits(&rule.steps);
            if rule.within.is_empty() {
                let leads = exits.iter().any(|exit| self.is_state(exit.to));
                for exit in exits.iter().filter(|exit| self.is_state(exit.to)) {
                    entries.entry(exit.to).or_default().push(ruled(rule, Role::Entry, Some(exit)));
                }
                if !leads {
                    anywhere.push(ruled(rule, Role::Heard, exits.first()).to(exits.first().map(|exit| exit.to)));
                }
            } else {
                let mut rows: Vec<Row> = exits.iter().map(|exit| ruled(rule, Role::Heard, Some(exit)).to(Some(exit.to))).collect();
                if rows.is_empty() {
                    rows.push(ruled(rule, Role::Heard, None));
                }
                for state in &rule.within {
                    self.nodes[state.0].rows.extend(rows.clone());
                }
            }
        }
        for (node, rows) in entries {
            self.nodes[node].rows.splice(0..0, bounded(rows));
        }
        if !anywhere.is_empty() {
            self.nodes.push(Node { kind: Kind::Anywhere, name: "anywhere".to_owned(), rows: anywhere });
        }
    }

    fn is_state(&self, node: usize) -> bool {
        node < self.program.states.len()
    }

    fn welcome(&mut self) {
        let Some(welcome) = &self.program.welcome else { return };
        let mut rows: Vec<Row> = welcome.text.iter().map(|text| Row::new(Role::Says, plain(text))).collect();
        if let Some(menu) = welcome.menu {
            rows.push(Row::new(Role::Step, format!("the menu of {}", self.program.state(menu).name)).to(Some(menu.0)));
        }
        self.nodes.push(Node { kind: Kind::Welcome, name: "welcome".to_owned(), rows });
    }

    fn fallback(&mut self) {
        let Some(fallback) = &self.program.fallback else { return };
        let mut rows = self.body(&fallback.steps);
        if let Some((times, state)) = fallback.after {
            rows.push(Row::new(Role::Step, format!("after {times} in a row")).to(Some(state.0)));
        }
        self.nodes.push(Node { kind: Kind::Fallback, name: "not understood".to_owned(), rows });
    }

    /// How a person gives the bot back.
    fn desks(&mut self) {
        for handoff in &self.program.handoffs {
            let desk = self.desk(handoff.queue.as_deref());
            let mut rows = Vec::new();
            if let Some(resume) = &handoff.resume {
                let words: Vec<String> = resume.words.iter().map(|word| format!("“{word}”")).collect();
                rows.push(Row::new(Role::Heard, words.join(" ")).to(resume.goto.as_ref().map(|target| target.state.0)));
            }
            if let Some((after, target)) = &handoff.timeout {
                let row = Row::new(Role::Step, format!("after {} of silence", span(*after)));
                rows.push(row.to(target.as_ref().map(|target| target.state.0)));
            }
            let known = &mut self.nodes[desk].rows;
            rows.retain(|row| !known.contains(row));
            known.extend(rows);
        }
    }

    fn desk(&mut self, queue: Option<&str>) -> usize {
        let next = self.nodes.len();
        let desk = *self.desks.entry(queue.map(str::to_owned)).or_insert(next);
        if desk == next {
            let name = queue.map_or_else(|| "a person".to_owned(), |queue| format!("a person: {queue}"));
            self.nodes.push(Node { kind: Kind::Desk, name, rows: Vec::new() });
        }
        desk
    }
}

/// The line of a rule, for one of the ways that it takes.
fn ruled(rule: &Rule, role: Role, exit: Option<&Exit>) -> Row {
    let told = |pattern: &Pattern| match pattern {
        Pattern::Words(words) => format!("“{words}”"),
        Pattern::Search(regex) => format!("/{regex}/"),
        Pattern::Metadata(metadata) => format!("⟨{metadata}⟩"),
        Pattern::Event(event) => format!("on {event}"),
    };
    let mut text: Vec<String> = rule.patterns.iter().take(PATTERNS).map(told).collect();
    if let Some(more) = rule.patterns.len().checked_sub(PATTERNS).filter(|more| *more > 0) {
        text.push(format!("and {more} more"));
    }
    if let Some(when) = exit.and_then(|exit| exit.when.as_ref()) {
        text.push(format!("({when})"));
    }
    Row::new(role, text.join(" ")).counted(Tally::Fired(rule.name.clone()))
}

fn bounded(mut rows: Vec<Row>) -> Vec<Row> {
    if let Some(more) = rows.len().checked_sub(ENTRIES).filter(|more| *more > 1) {
        rows.truncate(ENTRIES);
        rows.push(Row::new(Role::Entry, format!("and {more} more rules")));
    }
    rows
}

/// What makes an answer, in a word.
fn wanted(question: &Question) -> &'static str {
    match question.answer {
        Answer::Text { .. } => "a text",
        Answer::Int { .. } => "a whole number",
        Answer::Number { .. } => "a number",
        Answer::Date { .. } => "a day",
        Answer::Email => "an e-mail address",
        Answer::Phone => "a telephone number",
        Answer::Url => "a web address",
        Answer::Choice => "one of these",
        Answer::Media => "a picture or video",
        Answer::Picture => "a picture",
        Answer::Location => "a place",
    }
}

/// Whether a step is one that lines are made of only once before each prompt.
fn says(op: &Op) -> bool {
    matches!(op, Op::Say { .. })
}
