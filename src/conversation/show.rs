//! Showing prompts: a new asking or an old one again, its options on their page, and what they carry.

use super::Asking;
use super::metadata::{AskingRef, Metadata};
use super::output::Shown;
use super::play::Play;
use crate::bot::{self, Choice, PromptIx};
use crate::model::QuickOption;

/// An option's id that shows a page of its prompt instead of answering it.
const PAGE_MARK: char = '>';

impl Play<'_> {
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

    /// The prompt that an asking showed, if the script still has it.
    pub(super) fn prompt_of(&self, asking: &Asking) -> Option<PromptIx> {
        self.program.prompt_named(self.program.state_named(&asking.state)?, &asking.prompt)
    }

    /// All options of a prompt, on whatever page.
    pub(super) fn choices(&mut self, prompt: PromptIx) -> Vec<Choice> {
        let choices = self.program.choices(prompt, &self.scope());
        choices.faults.into_iter().for_each(|fault| self.fault(fault));
        choices.options
    }

    /// The options of a prompt as messages can carry them.
    pub(super) fn pages(&self, prompt: PromptIx, choices: Vec<Choice>) -> Vec<Vec<Choice>> {
        let most = self.context.rendering.options;
        let size = self.program.prompt(prompt).from.as_ref().map_or(most, |from| from.page);
        bot::pages(choices, size, most)
    }

    /// The page that an option's id stands for, where it is ours and shows another page.
    pub(super) fn page_named(id: &str) -> Option<usize> {
        id.strip_prefix(PAGE_MARK)?.parse().ok()
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
        let options = self.options(prompt, number, page % pages.len(), &pages);
        if !options.is_empty() {
            let shown = Shown { options, asking: is_first.then_some(number), in_all, numbered: self.context.rendering.numbered };
            self.output.ask(shown, &program.defaults.words.choose);
        }
    }

    fn options(&self, prompt: PromptIx, asking: u32, page: usize, pages: &[Vec<Choice>]) -> Vec<QuickOption> {
        let mut options: Vec<QuickOption> = pages[page].iter().map(|choice| self.option(prompt, asking, choice)).collect();
        if pages.len() > 1 {
            let id = format!("{PAGE_MARK}{}", (page + 1) % pages.len());
            let described = options.iter().any(|option| option.description.is_some());
            options.push(QuickOption {
                label: self.program.defaults.words.more.clone(),
                description: described.then(|| self.program.defaults.words.more.clone()),
                metadata: Some(self.metadata(prompt, asking, &id)),
            });
        }
        options
    }

    fn option(&self, prompt: PromptIx, asking: u32, choice: &Choice) -> QuickOption {
        QuickOption {
            label: choice.label.clone(),
            description: choice.description.clone(),
            metadata: Some(choice.metadata.clone().unwrap_or_else(|| self.metadata(prompt, asking, &choice.id))),
        }
    }

    fn metadata(&self, prompt: PromptIx, asking: u32, option: &str) -> String {
        let prompt = self.program.prompt(prompt);
        self.metadata_of(&self.program.state(prompt.state).name, &prompt.name, asking, option)
    }

    /// What an option carries, so that a tap on it finds its question.
    pub(super) fn metadata_of(&self, state: &str, prompt: &str, asking: u32, option: &str) -> String {
        let metadata = Metadata {
            state: state.to_owned(),
            prompt: prompt.to_owned(),
            option: option.to_owned(),
            asking: AskingRef::Number(asking),
            revision: self.program.revision.clone(),
            started: self.state.started,
        };
        metadata.write(self.context.key)
    }
}
