//! Plays a script: enters states, takes their steps, gathers what is said.

use std::collections::BTreeMap;

use super::output::{Draft, Output};
use super::{Action, Context, Fired, Row, RowId, State, Trace, Value, answer, bounds, delivery};
use crate::bot::{self, Choice, Op, Program, PromptIx, PromptKind, Question, StateIx, Target};
use crate::model::{MessageId, fold, folds_to};

/// A turn being played.
pub(super) struct Play<'a> {
    pub(super) program: &'a Program,
    pub(super) context: &'a Context,
    pub(super) state: State,
    pub(super) trace: Trace,
    pub(super) output: Output,
    pub(super) actions: Vec<Action>,
    /// What the rule's pattern captured; a capture serves the way into a state, inside which slots speak.
    pub(super) captures: BTreeMap<String, String>,
    /// The message that is being taken.
    pub(super) message: Option<MessageId>,
    /// Whether this turn's text is the last.
    pub(super) parting: Option<Parting>,
    /// Whether a person of the house says what is said.
    pub(super) desk: bool,
    steps_left: usize,
}

/// Why nothing of the past goes out after this turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// The person wants to hear nothing.
    OptedOut,
    /// The person is forgotten.
    Forgotten,
}

/// How a body of steps ended.
pub(super) enum Flow {
    /// At its last step.
    Through,
    /// At a prompt, a lookup or a handing over, which goes on later.
    Waits,
    /// With `goto`.
    Leaves(Target),
    /// With `end`, or because the budget was spent.
    Over,
}

/// The option whose label or value was typed: case, accents, punctuation and space do not count.
pub(super) fn called<'c, 'p>(choices: &'c [Choice<'p>], typed: &str) -> Option<&'c Choice<'p>> {
    let typed = fold(typed);
    let is_called = |name: &str| folds_to(name, &typed);
    let mut choices = choices.iter().filter(|_| !typed.is_empty());
    choices.find(|choice| is_called(&choice.label) || choice.value.is_some_and(is_called))
}

impl<'a> Play<'a> {
    pub(super) fn new(program: &'a Program, state: State, context: &'a Context) -> Self {
        Play {
            program,
            context,
            state,
            trace: Trace::default(),
            output: Output::default(),
            actions: Vec::new(),
            captures: BTreeMap::new(),
            message: None,
            parting: None,
            desk: false,
            steps_left: bounds::STEPS,
        }
    }

    /// The state after the turn, its orders and its trace. Each message becomes a row, due at once.
    pub(super) fn finish(mut self) -> (State, Vec<Action>, Trace) {
        self.part();
        let drafts = std::mem::take(&mut self.output).into_drafts();
        let first = self.context.messages;
        for (place, Draft { message, asking, options }) in drafts.into_iter().enumerate() {
            let id = RowId { revision: self.context.revision, index: first + place as u32 };
            if self.state.said >= bounds::MESSAGES {
                let reason = "at most ten messages go out before the person speaks again".into();
                self.actions.push(Action::DeadLetter { row: id, code: 0, reason });
                continue;
            }
            self.state.said += 1;
            if self.parting != Some(Parting::Forgotten) {
                self.remember_line(&self.program.name, &message.text);
            }
            delivery::queue(&mut self.state, Row { desk: self.desk, ..Row::due(id, &message, asking, self.context.now) });
            self.actions.push(Action::Send { row: id, message, asking, options });
        }
        (self.state, self.actions, self.trace)
    }

    /// Whether the turn has said anything so far.
    pub(super) fn has_spoken(&self) -> bool {
        !self.output.is_empty()
    }

    /// Enters a state and plays on until something waits.
    pub(super) fn enter(&mut self, target: &Target) {
        let mut target = target.clone();
        loop {
            let slots: Vec<(String, String)> = target.slots.iter().map(|(slot, value)| (slot.clone(), self.render(value))).collect();
            self.captures.clear();
            self.arrive(target.state);
            for (slot, value) in slots {
                if self.set(&slot, Value::Text(value)) {
                    self.state.given.insert(slot);
                }
            }
            match self.take_steps(target.state, 0) {
                Flow::Leaves(next) => target = next,
                flow => return self.settle(&flow),
            }
        }
    }

    /// Plays a state on from one of its steps.
    pub(super) fn resume(&mut self, state: StateIx, from: usize) {
        match self.take_steps(state, from) {
            Flow::Leaves(target) => self.enter(&target),
            flow => self.settle(&flow),
        }
    }

    /// Plays a state on behind one of its prompts.
    pub(super) fn resume_behind(&mut self, prompt: PromptIx) {
        let prompt = self.program.prompt(prompt);
        self.resume(prompt.state, prompt.at + 1);
    }

    /// Plays the steps of a rule or of the fallback. Where they stay in the state it was a digression: the prompt is repeated.
    pub(super) fn digress(&mut self, steps: &'a [Op], captures: BTreeMap<String, String>) {
        self.captures = captures;
        // A rule is not visited: its variants take turns with the person's messages.
        self.digress_from(steps, 0, self.state.messages as usize);
    }

    /// As [`Play::digress`], from one of the steps on.
    pub(super) fn digress_from(&mut self, steps: &'a [Op], from: usize, variant: usize) {
        match self.take(steps, from, variant) {
            Flow::Leaves(target) => {
                // Who leads the person somewhere speaks again.
                self.state.silence = None;
                self.enter(&target);
            }
            Flow::Over => self.settle(&Flow::Over),
            Flow::Waits => {}
            Flow::Through => self.repeat(),
        }
    }

    /// Sets a slot, unless the slots together would grow over their bound; says whether it was set.
    pub(super) fn set(&mut self, slot: &str, value: Value) -> bool {
        let fits = bounds::slot_fits(&self.state.slots, slot, &value);
        if fits {
            self.state.slots.insert(slot.to_owned(), value);
        } else {
            self.fault(format!("slot `{slot}` not set: the slots of a conversation hold 2 000 bytes together"));
        }
        fits
    }

    fn arrive(&mut self, ix: StateIx) {
        let state = self.program.state(ix);
        self.state.at = Some(state.name.clone());
        self.state.open = None;
        self.state.given.clear();
        if state.counts_visits {
            *self.state.visits.entry(state.name.clone()).or_insert(0) += 1;
        }
    }

    pub(super) fn settle(&mut self, flow: &Flow) {
        match flow {
            Flow::Waits => {}
            Flow::Through | Flow::Leaves(_) => self.state.open = None,
            Flow::Over => {
                self.state.open = None;
                self.state.at = None;
            }
        }
    }

    fn take_steps(&mut self, state: StateIx, from: usize) -> Flow {
        let state = self.program.state(state);
        let visits = self.state.visits.get(&state.name).copied().unwrap_or(0);
        self.take(&state.steps, from, visits.saturating_sub(1) as usize)
    }

    /// Takes steps from `from` on; of variants, the one of number `variant` modulo their count is said.
    fn take(&mut self, steps: &'a [Op], from: usize, variant: usize) -> Flow {
        let mut at = from;
        while let Some(op) = steps.get(at) {
            if self.steps_left == 0 {
                self.fault(format!("the turn took more than {} steps", bounds::STEPS));
                return Flow::Over;
            }
            self.steps_left -= 1;
            at += 1;
            match op {
                Op::Prompt(prompt) => {
                    if !self.is_given(*prompt) {
                        self.show(*prompt, 0);
                        return Flow::Waits;
                    }
                }
                Op::JumpUnless { condition, to } => {
                    if !self.holds(condition) {
                        at = *to;
                    }
                }
                Op::Jump { to } => at = *to,
                Op::Goto(target) => return Flow::Leaves(target.clone()),
                Op::End => return Flow::Over,
                Op::LookUp(lookup) => match self.look_up(*lookup, variant) {
                    Some(fail) => at = fail,
                    None => return Flow::Waits,
                },
                Op::HandOver(handoff) => {
                    self.hand_over(*handoff);
                    return Flow::Waits;
                }
                op => self.take_plain(op, variant),
            }
        }
        Flow::Through
    }

    /// Takes a step that never ends the turn.
    fn take_plain(&mut self, op: &Op, variant: usize) {
        match op {
            Op::Say { variants, breaks } => {
                let text = self.render(&variants[variant % variants.len()]);
                self.output.say(&text, *breaks);
            }
            Op::Media(media) => self.show_media(media, variant),
            Op::Link { label, url } => self.link(label, url),
            Op::Set { slot, value } => {
                let value = self.render(value);
                self.set(slot, Value::Text(value));
            }
            Op::Unset { slot } => drop(self.state.slots.remove(slot)),
            Op::Remind(reminder) => self.remind(*reminder),
            Op::Cancel { reminder } => self.cancel(reminder.as_deref()),
            Op::Count { name, by } => {
                let by = by.as_ref().map(|by| self.render(by));
                self.actions.push(Action::Count { name: name.clone(), by });
            }
            Op::Tag { name } => {
                let name = self.render(name);
                self.tag(&name);
            }
            Op::Typing => self.actions.push(Action::Typing),
            Op::Read => self.actions.extend(self.message.map(|message| Action::Read { message })),
            Op::OptOut => self.parting = Some(Parting::OptedOut),
            Op::OptIn => self.opt_in(),
            Op::Forget => self.parting = Some(Parting::Forgotten),
            Op::Prompt(_) | Op::JumpUnless { .. } | Op::Jump { .. } | Op::Goto(_) | Op::End | Op::LookUp(_) | Op::HandOver(_) => {}
        }
    }

    /// Whether this entry of the state gave the question's slot a value that validates.
    fn is_given(&mut self, prompt: PromptIx) -> bool {
        let PromptKind::Question(question) = &self.program.prompt(prompt).kind else { return false };
        if !self.state.given.contains(&question.slot) {
            return false;
        }
        let Some(given) = self.state.slots.get(&question.slot).map(Value::to_string) else { return false };
        let value = self.matching_value(prompt, question, &given);
        value.map(|value| self.set(&question.slot, value)).is_some()
    }

    /// What a text gives as the answer of a question: an option's value, or the text where it validates.
    fn matching_value(&mut self, prompt: PromptIx, question: &Question, typed: &str) -> Option<Value> {
        let choices = self.choices(prompt);
        let choice = called(&choices, typed).or_else(|| bot::closest(&choices, typed, question.fuzzy));
        let option = choice.and_then(|choice| choice.value).map(|value| answer::of_option(question, value));
        option.or_else(|| answer::accept(question, &answer::Given { text: typed, attachment: None, today: self.today() }))
    }

    /// The day of the turn, where the bot is at home.
    pub(super) fn today(&self) -> jiff::civil::Date {
        answer::day(self.context.now, self.program.defaults.zone.as_deref())
    }

    /// Notes what took the event.
    pub(super) fn fired(&mut self, fired: Fired) {
        self.trace.fired = fired;
    }
}
