//! Plays a script: enters states, takes their steps, shows prompts, gathers what is said.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::metadata::{AskingRef, Metadata, Showing};
use super::output::{Draft, Output};
use super::{Action, Asking, Context, Fired, Row, RowId, State, Trace, Value, answer, bounds, delivery};
use crate::bot::{self, Choice, Op, Program, PromptIx, PromptKind, Question, Scope, StateIx, Target, Template, limits};
use crate::model::{QuickOption, fold, folds_to};

/// A turn being played.
pub(super) struct Play<'a> {
    pub(super) program: &'a Program,
    pub(super) context: &'a Context,
    pub(super) state: State,
    pub(super) trace: Trace,
    output: Output,
    actions: Vec<Action>,
    captures: BTreeMap<String, String>,
    steps_left: usize,
}

/// How a body of steps ended.
enum Flow {
    /// At its last step.
    Through,
    /// At a prompt that waits.
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

fn quick_option(choice: Choice<'_>, showing: &Showing) -> QuickOption {
    QuickOption {
        label: choice.label.into_owned(),
        description: choice.description.map(Cow::into_owned),
        metadata: Some(choice.metadata.map_or_else(|| showing.option(choice.id), str::to_owned)),
    }
}

/// An option's id that shows a page of its prompt instead of answering it.
const PAGE_MARK: char = '>';

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
            steps_left: bounds::STEPS,
        }
    }

    /// The state after the turn, its orders and its trace. Each message becomes a row, due at once.
    pub(super) fn finish(mut self) -> (State, Vec<Action>, Trace) {
        let drafts = std::mem::take(&mut self.output).into_drafts();
        let first = self.context.messages;
        for (place, Draft { message, asking }) in drafts.into_iter().enumerate() {
            let id = RowId { revision: self.context.revision, index: first + place as u32 };
            if place >= bounds::MESSAGES {
                self.actions.push(Action::DeadLetter { row: id, code: 0, reason: "one event causes at most ten messages".into() });
                continue;
            }
            delivery::queue(&mut self.state, Row::due(id, &message, asking, self.context.now));
            self.actions.push(Action::Send { row: id, message, asking });
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
            // A capture serves the way into a state; inside, its slots speak.
            self.captures.clear();
            self.arrive(target.state);
            for (slot, value) in slots {
                self.set(&slot, Value::Text(value));
                self.state.given.insert(slot);
            }
            match self.take_steps(target.state, 0) {
                Flow::Leaves(next) => target = next,
                flow => return self.settle(&flow),
            }
        }
    }

    /// Plays a state on behind one of its prompts.
    pub(super) fn resume_behind(&mut self, prompt: PromptIx) {
        let (state, at) = (self.program.prompt(prompt).state, self.program.prompt(prompt).at);
        match self.take_steps(state, at + 1) {
            Flow::Leaves(target) => self.enter(&target),
            flow => self.settle(&flow),
        }
    }

    /// Plays the steps of a rule or of the fallback. Where they stay in the state it was a digression: the prompt is repeated.
    pub(super) fn digress(&mut self, steps: &'a [Op], captures: BTreeMap<String, String>) {
        self.captures = captures;
        // A rule is not visited: its variants take turns with the person's messages.
        match self.take(steps, 0, self.state.messages as usize) {
            Flow::Leaves(target) => self.enter(&target),
            Flow::Over => self.settle(&Flow::Over),
            Flow::Through | Flow::Waits => self.repeat(),
        }
    }

    /// Shows the open prompt again, as the same asking.
    pub(super) fn repeat(&mut self) {
        let open = self.state.open.and_then(|number| self.state.askings.iter().position(|asking| asking.number == number));
        let Some(place) = open else { return };
        match self.prompt_of(&self.state.askings[place]) {
            Some(prompt) => self.show_asking(prompt, place, false),
            // The script has it no longer.
            None => self.state.open = None,
        }
    }

    /// Turns the open asking to a page and shows it again.
    pub(super) fn turn_page(&mut self, page: usize) {
        if let Some(asking) = self.state.askings.iter_mut().find(|asking| Some(asking.number) == self.state.open) {
            asking.page = page;
        }
        self.repeat();
    }

    /// Asks a prompt as a new asking, from wherever the person is.
    pub(super) fn ask_anew(&mut self, prompt: PromptIx, page: usize) {
        self.state.at = Some(self.program.state(self.program.prompt(prompt).state).name.clone());
        self.show(prompt, page);
    }

    pub(super) fn say_words(&mut self, text: &str) {
        self.output.say(text, false);
    }

    pub(super) fn say(&mut self, template: &Template) {
        let text = self.render(template);
        self.output.say(&text, false);
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

    /// The prompt that an asking showed, if the script still has it.
    pub(super) fn prompt_of(&self, asking: &Asking) -> Option<PromptIx> {
        self.program.prompt_named(self.program.state_named(&asking.state)?, &asking.prompt)
    }

    /// All options of a prompt, on whatever page.
    pub(super) fn choices(&mut self, prompt: PromptIx) -> Vec<Choice<'a>> {
        // A scope costs more than all the options that need none.
        let scope = if self.program.prompt(prompt).has_fixed_options() { Scope::empty() } else { self.scope() };
        let choices = self.program.choices(prompt, &scope);
        choices.faults.into_iter().for_each(|fault| self.fault(fault));
        choices.options
    }

    /// The options of a prompt as messages can carry them.
    pub(super) fn pages(&mut self, prompt: PromptIx) -> Vec<Vec<Choice<'a>>> {
        let size = self.program.prompt(prompt).from.as_ref().map_or(limits::OPTIONS, |from| from.page);
        bot::pages(self.choices(prompt), size)
    }

    /// The page that an option's id stands for, where it is ours and shows another page.
    pub(super) fn page_named(id: &str) -> Option<usize> {
        id.strip_prefix(PAGE_MARK)?.parse().ok()
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

    fn settle(&mut self, flow: &Flow) {
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
                Op::Say { variants, breaks } => {
                    let text = self.render(&variants[variant % variants.len()]);
                    self.output.say(&text, *breaks);
                }
                Op::Prompt(prompt) => {
                    if !self.is_given(*prompt) {
                        self.show(*prompt, 0);
                        return Flow::Waits;
                    }
                }
                Op::Set { slot, value } => {
                    let value = self.render(value);
                    self.set(slot, Value::Text(value));
                }
                Op::Unset { slot } => {
                    self.state.slots.remove(slot);
                }
                Op::JumpUnless { condition, to } => {
                    if !self.holds(condition) {
                        at = *to;
                    }
                }
                Op::Jump { to } => at = *to,
                Op::Goto(target) => return Flow::Leaves(target.clone()),
                Op::End => return Flow::Over,
            }
        }
        Flow::Through
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
        option.or_else(|| answer::accept(question, typed))
    }

    fn show(&mut self, prompt: PromptIx, page: usize) {
        let definition = self.program.prompt(prompt);
        self.state.asked += 1;
        self.state.askings.push(Asking {
            number: self.state.asked,
            state: self.program.state(definition.state).name.clone(),
            prompt: definition.name.clone(),
            at: self.context.now,
            page,
            answered: false,
            slots: Some(self.state.slots.clone()),
        });
        self.state.open = Some(self.state.asked);
        self.state.wrong = 0;
        self.show_asking(prompt, self.state.askings.len() - 1, true);
    }

    /// Only the first showing stands for the asking: a tap on it tells nothing of a repetition that is still on its way.
    fn show_asking(&mut self, prompt: PromptIx, place: usize, is_first: bool) {
        let program = self.program;
        if let Some(text) = &program.prompt(prompt).text {
            self.say(text);
        }
        let (number, page) = (self.state.askings[place].number, self.state.askings[place].page);
        let options = self.options(prompt, number, page);
        if !options.is_empty() {
            self.output.ask(options, is_first.then_some(number), &program.defaults.words.choose);
        }
    }

    fn options(&mut self, prompt: PromptIx, asking: u32, page: usize) -> Vec<QuickOption> {
        let mut pages = self.pages(prompt);
        let (page, count) = (page % pages.len(), pages.len());
        let showing = self.showing(prompt, asking);
        let mut options: Vec<QuickOption> = pages.swap_remove(page).into_iter().map(|choice| quick_option(choice, &showing)).collect();
        if count > 1 {
            let id = format!("{PAGE_MARK}{}", (page + 1) % count);
            let described = options.iter().any(|option| option.description.is_some());
            options.push(QuickOption {
                label: self.program.defaults.words.more.clone(),
                description: described.then(|| self.program.defaults.words.more.clone()),
                metadata: Some(showing.option(&id)),
            });
        }
        options
    }

    fn showing(&self, prompt: PromptIx, asking: u32) -> Showing {
        let prompt = self.program.prompt(prompt);
        let metadata = Metadata {
            state: self.program.state(prompt.state).name.clone(),
            prompt: prompt.name.clone(),
            option: String::new(),
            asking: AskingRef::Number(asking),
            revision: self.program.revision.clone(),
            started: self.state.started,
        };
        metadata.showing(self.context.key)
    }

    fn render(&mut self, template: &Template) -> String {
        if let Some(text) = template.as_literal() {
            return text.to_owned();
        }
        template.render(&self.scope()).unwrap_or_else(|error| {
            self.fault(format!("`{}`: {error}", template.source()));
            String::new()
        })
    }

    fn holds(&mut self, condition: &Template) -> bool {
        condition.holds(&self.scope()).unwrap_or_else(|error| {
            self.fault(format!("`{}`: {error}", condition.source()));
            false
        })
    }

    fn scope(&self) -> Scope {
        let mut scope = Scope::new(self.program);
        scope.set_user(&self.state.peer);
        scope.set_account(self.context.key.account);
        scope.set_now(self.context.now);
        for (name, value) in &self.state.slots {
            match value {
                Value::Text(text) => scope.set_text(name, text),
                Value::Int(number) => scope.set_int(name, *number),
            }
        }
        scope.set_captures(&self.captures);
        if let Some(number) = self.state.open {
            scope.set_prompt(&number.to_string());
        }
        scope
    }

    fn fault(&mut self, what: String) {
        self.actions.push(Action::Fault { what });
    }

    /// Notes what took the event.
    pub(super) fn fired(&mut self, fired: Fired) {
        self.trace.fired = fired;
    }
}
