//! Steps as lines: what is said and done, and the ways out with the condition under which they are taken.

use std::ops::Range;

use super::{Builder, says};
use crate::bot::{Confirm, Media, Op, Pick, PromptKind};
use crate::graph::text::{plain, span};
use crate::graph::{Role, Row};

/// A way out of steps.
pub(super) struct Exit {
    /// Where it leads.
    pub(super) to: usize,
    /// Under what condition.
    pub(super) when: Option<String>,
}

/// Steps that are run only under a condition.
struct Branch {
    steps: Range<usize>,
    when: String,
    /// The answer to a confirmation that leads here, by the index of the prompt's step.
    answer: Option<(usize, &'static str)>,
}

impl Builder<'_> {
    /// The lines of a body.
    pub(super) fn body(&mut self, steps: &[Op]) -> Vec<Row> {
        let branches = self.branches(steps);
        let (mut rows, mut said) = (Vec::new(), false);
        // Where the lines of each prompt begin.
        let mut asked: Vec<(usize, Range<usize>)> = Vec::new();
        for (at, op) in steps.iter().enumerate() {
            let branch = innermost(&branches, at);
            let when = branch.map(|branch| branch.when.clone());
            // A box tells how a state begins, not all that it says.
            if says(op) && (said || when.is_some()) {
                continue;
            }
            said = (said || says(op)) && !matches!(op, Op::Prompt(_));
            match op {
                Op::Prompt(prompt) => {
                    let begin = rows.len();
                    rows.extend(self.prompt(*prompt));
                    asked.push((at, begin..rows.len()));
                }
                Op::Goto(target) => {
                    let answer = branch.and_then(|branch| branch.answer);
                    let yes_or_no = answer.and_then(|answer| option_of(&asked, &mut rows, answer));
                    match yes_or_no {
                        Some(option) => option.to = Some(target.state.0),
                        None => rows.push(Row::new(Role::Step, when.unwrap_or_else(|| "then".to_owned())).to(Some(target.state.0))),
                    }
                }
                other => rows.extend(self.step(other, when)),
            }
        }
        rows
    }

    /// The line of a step that is neither a prompt nor a way to a state.
    fn step(&mut self, op: &Op, when: Option<String>) -> Option<Row> {
        let told = |what: &str| when.as_ref().map_or_else(|| what.to_owned(), |when| format!("{when}: {what}"));
        match op {
            Op::Say { variants, .. } => variants.first().map(|text| Row::new(Role::Says, plain(text))),
            Op::Media(Media { pick: Pick::File(file), .. }) => Some(Row::new(Role::Step, told(&format!("shows {file}")))),
            Op::Media(Media { pick: Pick::Row { table, .. }, .. }) => Some(Row::new(Role::Step, told(&format!("shows one of {table}")))),
            Op::LookUp(ix) => {
                let lookup = self.program.lookup(*ix);
                Some(Row::new(Role::Step, told(&format!("looks up {}", lookup.name))))
            }
            Op::Remind(ix) => {
                let reminder = self.program.reminder(*ix);
                let text = format!("after {} a reminder", span(reminder.after));
                let to = self.exits(&reminder.steps).first().map(|exit| exit.to);
                Some(Row::new(Role::Step, told(&text)).to(to))
            }
            Op::HandOver(ix) => {
                let desk = self.desk(self.program.handoff(*ix).queue.as_deref());
                Some(Row::new(Role::Step, told("hands over")).to(Some(desk)))
            }
            Op::End => Some(Row::new(Role::Step, told("the end"))),
            Op::OptOut => Some(Row::new(Role::Step, told("writes no more"))),
            Op::Forget => Some(Row::new(Role::Step, told("forgets the person"))),
            Op::Link { label, .. } => Some(Row::new(Role::Step, told(&format!("links to {}", plain(label))))),
            Op::Prompt(_) | Op::Goto(_) | Op::Jump { .. } | Op::JumpUnless { .. } | Op::Set { .. } | Op::Unset { .. } => None,
            Op::Cancel { .. } | Op::Count { .. } | Op::Tag { .. } | Op::Typing | Op::Read | Op::OptIn => None,
        }
    }

    /// The ways out of steps that ask nothing.
    pub(super) fn exits(&mut self, steps: &[Op]) -> Vec<Exit> {
        let branches = self.branches(steps);
        let mut exits: Vec<Exit> = Vec::new();
        for (at, op) in steps.iter().enumerate() {
            let to = match op {
                Op::Goto(target) => target.state.0,
                Op::HandOver(ix) => self.desk(self.program.handoff(*ix).queue.as_deref()),
                _ => continue,
            };
            let when = innermost(&branches, at).map(|branch| branch.when.clone());
            exits.push(Exit { to, when });
        }
        exits
    }

    /// Branches are flattened into jumps; here they are found again.
    fn branches(&self, steps: &[Op]) -> Vec<Branch> {
        let mut branches = Vec::new();
        let mut add = |from: usize, to: usize, when: [String; 2], answers: [Option<(usize, &'static str)>; 2]| {
            let [when, otherwise] = when;
            branches.push(Branch { steps: from..to, when, answer: answers[0] });
            if let Some(Op::Jump { to: end }) = to.checked_sub(1).filter(|last| *last >= from).map(|last| &steps[last]) {
                branches.push(Branch { steps: to..*end, when: otherwise, answer: answers[1] });
            }
        };
        for (at, op) in steps.iter().enumerate() {
            match op {
                Op::JumpUnless { condition, to } => {
                    let when = format!("if {}", condition.source());
                    add(at + 1, *to, [when, "otherwise".to_owned()], [None, None]);
                }
                Op::LookUp(ix) => {
                    let lookup = self.program.lookup(*ix);
                    let when = [format!("{} answers", lookup.name), format!("{} fails", lookup.name)];
                    add(at + 1, lookup.fail, when, [None, None]);
                }
                Op::Prompt(ix) => {
                    if let PromptKind::Confirm(confirm) = &self.program.prompt(*ix).kind {
                        let words = &self.program.defaults.words;
                        let answers = [Some((at, Confirm::YES)), Some((at, Confirm::NO))];
                        add(at + 1, confirm.no, [words.yes.clone(), words.no.clone()], answers);
                    }
                }
                _ => {}
            }
        }
        branches
    }
}

fn innermost(branches: &[Branch], at: usize) -> Option<&Branch> {
    branches.iter().filter(|branch| branch.steps.contains(&at)).min_by_key(|branch| branch.steps.len())
}

/// The line of the answer to a confirmation, as long as it leads nowhere.
fn option_of<'r>(asked: &[(usize, Range<usize>)], rows: &'r mut [Row], (prompt, id): (usize, &str)) -> Option<&'r mut Row> {
    let (_, lines) = asked.iter().find(|(at, _)| *at == prompt)?;
    let is_it = |row: &Row| matches!(&row.tally, Some(super::Tally::Taken(_, option)) if option == id);
    rows[lines.clone()].iter_mut().find(|row| is_it(row)).filter(|row| row.to.is_none())
}
