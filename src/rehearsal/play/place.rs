//! Putting the person where a test begins.

use std::ops::Range;

use super::{Player, Stop};
use crate::bot::{Prompt, PromptKind};
use crate::conversation::{Asking, AskingRef, Metadata};
use crate::model::Tap;
use crate::rehearsal::script::Given;
use crate::rehearsal::world::KEY;

/// The option that shows the first page of a prompt again.
const FIRST_PAGE: &str = ">0";

impl Player<'_> {
    /// Puts the person into a state, with slots, and shows a prompt of it. The prompt counts as asked; its message is read.
    pub(super) async fn put(&mut self, at: &Range<usize>, given: &Given) -> Result<(), Stop> {
        let program = self.world.program().clone();
        let state = program.state_named(&given.state);
        let is_given = |prompt: &&Prompt| match &prompt.kind {
            PromptKind::Question(question) => given.slots.iter().any(|(slot, _)| *slot == question.slot),
            PromptKind::Menu | PromptKind::Confirm(_) => false,
        };
        let mut own = program.prompts.iter().filter(|prompt| Some(prompt.state) == state);
        let prompt = match &given.prompt {
            Some(name) => own.find(|prompt| prompt.name == *name),
            None => own.find(|prompt| !is_given(prompt)),
        };
        let prompt = prompt.map(|prompt| prompt.name.clone());
        self.world
            .put(|conversation, now| {
                conversation.at = Some(given.state.clone());
                conversation.slots.extend(given.slots.iter().cloned());
                conversation.open = None;
                let Some(prompt) = &prompt else { return };
                conversation.asked += 1;
                conversation.open = Some(conversation.asked);
                conversation.askings.push(Asking {
                    number: conversation.asked,
                    state: given.state.clone(),
                    prompt: prompt.clone(),
                    at: now,
                    page: 0,
                    answered: false,
                    chosen: None,
                    slots: Some(conversation.slots.clone()),
                });
            })
            .await?;
        match prompt {
            Some(prompt) => self.show(at, given, prompt).await,
            None => Ok(()),
        }
    }

    /// Has the open prompt shown by a tap on its first page.
    async fn show(&mut self, at: &Range<usize>, given: &Given, prompt: String) -> Result<(), Stop> {
        let Some(state) = self.world.state().await? else { return Ok(()) };
        let (option, revision) = (FIRST_PAGE.to_owned(), self.world.program().revision.clone());
        let (asking, started) = (AskingRef::Number(state.asked), state.started);
        let metadata = Metadata { state: given.state.clone(), prompt, option, asking, revision, started }.write(KEY);
        let more = self.world.program().defaults.words.more.clone();
        self.settle(at).await?;
        let before = self.seen;
        self.world.hear(&more, Some(Tap { metadata: Some(metadata) }), None).await?;
        self.settle(at).await?;
        self.unread.retain(|unread| *unread < before);
        if let Some(name) = &given.name
            && self.seen > before
        {
            self.named.insert(name.clone(), self.seen - 1);
        }
        Ok(())
    }
}
