//! Showing prompts: a new asking or an old one again, its options on their page, and what they carry.

use super::Asking;
use std::borrow::Cow;

use super::metadata::{AskingRef, Metadata, Showing};
use super::output::Shown;
use super::play::Play;
use crate::bot::{self, Choice, PromptIx, Scope};
use crate::model::QuickOption;

/// An option's id that shows a page of its prompt instead of answering it.
const PAGE_MARK: char = '>';

impl<'a> Play<'a> {
    /// Shows a prompt as a new asking.
    pub(super) fn show(&mut self, prompt: PromptIx, page: usize) {
        let definition = self.program.prompt(prompt);
        let number = self.next_asking();
        self.state.askings.push(Asking {
            number,
            state: self.program.state(definition.state).name.clone(),
            prompt: definition.name.clone(),
            at: self.context.now,
            page,
            answered: false,
            chosen: None,
            slots: Some(self.state.slots.clone()),
        });
        self.state.open = Some(number);
        self.state.wrong = 0;
        self.show_asking(prompt, self.state.askings.len() - 1, true);
    }

    /// The number of a new asking, which texts know from here on.
    pub(super) fn next_asking(&mut self) -> u32 {
        self.state.asked += 1;
        self.state.prompt = Some(self.state.asked);
        self.state.asked
    }

    /// Asks a prompt as a new asking, from wherever the person is.
    pub(super) fn ask_anew(&mut self, prompt: PromptIx, page: usize) {
        self.state.at = Some(self.program.state(self.program.prompt(prompt).state).name.clone());
        self.show(prompt, page);
    }

    /// Shows the open prompt again, as the same asking.
    pub(super) fn repeat(&mut self) {
        let open = self.state.open.and_then(|number| self.state.askings.iter().position(|asking| asking.number == number));
        // Under a goodbye nothing is left to be tapped.
        let Some(place) = open.filter(|_| self.parting.is_none()) else { return };
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
    pub(super) fn pages(&self, prompt: PromptIx, choices: Vec<Choice<'a>>) -> Vec<Vec<Choice<'a>>> {
        let most = self.context.rendering.options;
        let size = self.program.prompt(prompt).from.as_ref().map_or(most, |from| from.page);
        bot::pages(choices, size, most)
    }

    /// The page that an option's id stands for, where it is ours and shows another page.
    pub(super) fn page_named(id: &str) -> Option<usize> {
        // No prompt has more pages than that, so a greater number is none of ours.
        id.strip_prefix(PAGE_MARK)?.parse::<u16>().ok().map(usize::from)
    }

    /// Only the first showing stands for the asking: a tap on it tells nothing of a repetition that is still on its way.
    fn show_asking(&mut self, prompt: PromptIx, place: usize, is_first: bool) {
        let program = self.program;
        if let Some(text) = &program.prompt(prompt).text {
            self.say(text);
        }
        let (number, page) = (self.state.askings[place].number, self.state.askings[place].page);
        let choices = self.choices(prompt);
        let in_all = choices.len();
        let pages = self.pages(prompt, choices);
        let options = self.options(prompt, number, page, pages);
        if !options.is_empty() {
            let shown = Shown { options, asking: is_first.then_some(number), in_all, numbered: self.context.rendering.numbered };
            self.output.ask(shown, &program.defaults.words.choose);
        }
    }

    fn options(&self, prompt: PromptIx, asking: u32, page: usize, mut pages: Vec<Vec<Choice<'a>>>) -> Vec<QuickOption> {
        let (page, count) = (page % pages.len(), pages.len());
        let definition = self.program.prompt(prompt);
        let showing = self.showing_of(&self.program.state(definition.state).name, &definition.name, asking);
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

    /// What the options of an asking carry, so that a tap on one finds its question.
    pub(super) fn showing_of(&self, state: &str, prompt: &str, asking: u32) -> Showing {
        let metadata = Metadata {
            state: state.to_owned(),
            prompt: prompt.to_owned(),
            option: String::new(),
            asking: AskingRef::Number(asking),
            revision: self.program.revision.clone(),
            started: self.state.started,
        };
        metadata.showing(self.context.key)
    }
}

pub(super) fn quick_option(choice: Choice<'_>, showing: &Showing) -> QuickOption {
    QuickOption {
        label: choice.label.into_owned(),
        description: choice.description.map(Cow::into_owned),
        metadata: Some(choice.metadata.map_or_else(|| showing.option(choice.id), str::to_owned)),
    }
}
