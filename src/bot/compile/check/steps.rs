//! One step on: where a conversation can go from a place in a program, by whom, and which slots that sets.

use std::collections::BTreeSet;

use crate::bot::compile::scripts::Site;
use crate::bot::pattern::{Part, Phrase};
use crate::bot::program::{Answer, Body, Confirm, Day, Op, Program, Prompt, PromptKind, Question, StateIx, Target};

/// A step from one place to the next.
#[derive(Debug)]
pub(super) struct Step<'p> {
    pub(super) act: Act<'p>,
    pub(super) to: Site,
    /// Slots that are set by it; or that it asks for, so that what is behind it knows.
    pub(super) sets: Vec<&'p str>,
    pub(super) unsets: Option<&'p str>,
    /// The slots of questions which entering the state answers, where it enters one.
    pub(super) given: Option<BTreeSet<&'p str>>,
}

/// What makes a conversation go on.
#[derive(Debug, Clone)]
pub(super) enum Act<'p> {
    /// Nothing has to.
    None,
    /// The person taps.
    Tap(&'p str),
    /// The person types.
    Say(String),
    /// The person types what does not fit, until the bot gives up.
    Wrong,
    /// A server answers, or does not.
    Answer(&'p str, bool),
    /// Time goes by.
    Time,
}

impl<'p> Step<'p> {
    pub(super) fn new(act: Act<'p>, to: Site) -> Self {
        Step { act, to, sets: Vec::new(), unsets: None, given: None }
    }

    fn enter(program: &'p Program, act: Act<'p>, target: &'p Target) -> Self {
        let sets: Vec<&str> = target.slots.iter().map(|(slot, _)| slot.as_str()).collect();
        let asked = asked(program, target.state);
        let given = sets.iter().copied().filter(|slot| asked.contains(slot)).collect();
        Step { act, to: (Body::State(target.state), 0), sets, unsets: None, given: Some(given) }
    }

    fn goto(act: Act<'p>, state: StateIx) -> Self {
        Step { given: Some(BTreeSet::new()), ..Step::new(act, (Body::State(state), 0)) }
    }
}

/// The slots that a state asks for.
fn asked(program: &Program, state: StateIx) -> BTreeSet<&str> {
    let questions = program.state(state).steps.iter().filter_map(|op| match op {
        Op::Prompt(prompt) => match &program.prompt(*prompt).kind {
            PromptKind::Question(question) => Some(question.slot.as_str()),
            PromptKind::Menu | PromptKind::Confirm(_) => None,
        },
        _ => None,
    });
    questions.collect()
}

/// All steps from a place; `given` are the slots whose questions this entry of the state has answered already.
pub(super) fn steps<'p>(program: &'p Program, (body, ix): Site, given: &BTreeSet<&str>) -> Vec<Step<'p>> {
    let Some(op) = program.steps(body).get(ix) else { return Vec::new() };
    let next = (body, ix + 1);
    let on = || Step::new(Act::None, next);
    match op {
        Op::Say { .. }
        | Op::Media(_)
        | Op::Link { .. }
        | Op::Cancel { .. }
        | Op::Count { .. }
        | Op::Tag { .. }
        | Op::Typing
        | Op::Read
        | Op::OptOut
        | Op::OptIn
        | Op::Forget => vec![on()],
        Op::Set { slot, .. } => vec![Step { sets: vec![slot.as_str()], ..on() }],
        Op::Unset { slot } => vec![Step { unsets: Some(slot.as_str()), ..on() }],
        Op::JumpUnless { to, .. } => vec![on(), Step::new(Act::None, (body, *to))],
        Op::Jump { to } => vec![Step::new(Act::None, (body, *to))],
        Op::Goto(target) => vec![Step::enter(program, Act::None, target)],
        Op::LookUp(ix) => {
            let lookup = program.lookup(*ix);
            let step = |good, to| Step { sets: vec![lookup.name.as_str()], ..Step::new(Act::Answer(&lookup.name, good), to) };
            vec![step(true, next), step(false, (body, lookup.fail))]
        }
        Op::Remind(ix) => vec![on(), Step::new(Act::Time, (Body::Reminder(*ix), 0))],
        Op::HandOver(ix) => {
            let handoff = program.handoff(*ix);
            let to = |act, goto: &'p Option<Target>| match goto {
                Some(target) => Step::enter(program, act, target),
                None => Step::new(act, next),
            };
            let resume = handoff.resume.iter().map(|resume| to(Act::Say(resume.words.first().cloned().unwrap_or_default()), &resume.goto));
            resume.chain(handoff.timeout.iter().map(|(_, goto)| to(Act::Time, goto))).collect()
        }
        Op::Prompt(ix) => answers(program, program.prompt(*ix), next, given),
        Op::End => Vec::new(),
    }
}

/// What a person can do with a prompt.
fn answers<'p>(program: &'p Program, prompt: &'p Prompt, next: Site, given: &BTreeSet<&str>) -> Vec<Step<'p>> {
    let mut steps = Vec::new();
    match &prompt.kind {
        PromptKind::Menu => {}
        PromptKind::Confirm(confirm) => {
            for (id, to) in [(Confirm::YES, next), (Confirm::NO, (next.0, confirm.no))] {
                let label = prompt.options.iter().find(|option| option.id == id).map_or(id, |option| option.label.source());
                steps.push(Step::new(Act::Tap(label), to));
            }
            return steps;
        }
        PromptKind::Question(question) => {
            if given.contains(question.slot.as_str()) {
                return vec![Step { sets: vec![question.slot.as_str()], ..Step::new(Act::None, next) }];
            }
            if let Some(act) = answer(program, prompt, question) {
                steps.push(Step { sets: vec![question.slot.as_str()], ..Step::new(act, next) });
            }
            steps.extend(question.giveup.map(|state| Step::goto(Act::Wrong, state)));
        }
    }
    let leading = prompt.options.iter().filter_map(|option| Some((option, option.goto.as_ref()?)));
    steps.extend(leading.map(|(option, target)| Step::enter(program, Act::Tap(option.label.source()), target)));
    steps
}

/// How a person would answer a question.
fn answer<'p>(program: &'p Program, prompt: &'p Prompt, question: &'p Question) -> Option<Act<'p>> {
    let row = prompt.from.as_ref().and_then(|from| program.tables.get(&from.table)).and_then(|table| table.rows.first());
    if let Some(row) = row {
        return Some(Act::Tap(&row.key));
    }
    if let Some(option) = prompt.options.iter().find(|option| option.value.is_some()) {
        return Some(Act::Tap(option.label.source()));
    }
    Some(Act::Say(match &question.answer {
        Answer::Text { .. } => "something".to_owned(),
        Answer::Int { min, max } => min.or(*max).unwrap_or(7).to_string(),
        Answer::Number { min, max } => min.or(*max).unwrap_or(2.5).to_string(),
        Answer::Date { min, max } => match min.or(*max) {
            Some(Day::On(day)) => day.to_string(),
            Some(Day::Today) | None => "today".to_owned(),
        },
        Answer::Email => "ada@mail.example".to_owned(),
        Answer::Phone => "+41 44 668 18 00".to_owned(),
        Answer::Url => "https://page.example".to_owned(),
        Answer::Media | Answer::Picture => "a picture".to_owned(),
        Answer::Location => "a place".to_owned(),
        Answer::Choice => return None,
    }))
}

/// A message that a phrase takes, with words that stand in no script where it takes any.
pub(super) fn sample(phrase: &Phrase, any: &str) -> String {
    let words = phrase.parts.iter().map(|part| match part {
        Part::Word(word) => word.as_str(),
        Part::Int(_) => "7",
        Part::One(_) | Part::Many(_) | Part::Any => any,
    });
    words.collect::<Vec<_>>().join(" ")
}
