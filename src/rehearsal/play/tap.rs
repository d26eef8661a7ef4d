//! A tap in each rendering: on a button, as a typed number or label, or on a button of a later page.

use std::ops::Range;

use super::{Player, Stop, Went};
use crate::bot::{Answer, PromptIx, PromptKind, Scope};
use crate::conversation::{AskingRef, Lateness, Metadata, Value};
use crate::model::{QuickOption, Tap as Tapped, fold};
use crate::rehearsal::Look;
use crate::rehearsal::script::Tap;
use crate::rehearsal::world::KEY;

impl Player<'_> {
    pub(super) async fn tap(&mut self, at: &Range<usize>, tap: &Tap) -> Result<Went, Stop> {
        self.turned_late = None;
        if tap.metadata.is_some() || tap.was.is_some() {
            return self.tap_foreign(at, tap).await;
        }
        let place = self.find(at, tap).await?;
        match self.look {
            Look::Native | Look::Paged => self.tap_button(at, tap, place).await,
            Look::Numbered => self.type_option(at, tap, place).await,
        }
    }

    /// The message of the bot that the tap is on: the one that was named, or the newest that has the option.
    async fn find(&mut self, at: &Range<usize>, tap: &Tap) -> Result<usize, Stop> {
        if let Some(of) = &tap.of {
            let unknown = || self.wrong(at, format!("no message was named `{of}`"), Some(format!("write as=\"{of}\" behind its bot")));
            return self.named.get(of).copied().ok_or_else(unknown);
        }
        self.settle(at).await?;
        for place in (0..self.seen).rev() {
            if self.option(place, &tap.label).is_some() || self.has_hidden(place, &tap.label).await? {
                return Ok(place);
            }
        }
        let newest = self.world.said().iter().rev().find(|said| !said.message.options.is_empty());
        let labels = newest.map(|said| said.message.options.iter().map(|option| option.label.as_str()).collect::<Vec<_>>().join(", "));
        let help = labels.map(|labels| format!("the newest menu has: {labels}"));
        Err(self.wrong(at, format!("no message has an option `{}`", tap.label), help))
    }

    /// The option of that label on a message, however it is typed, and its place there.
    fn option(&self, place: usize, label: &str) -> Option<(usize, QuickOption)> {
        let folded = fold(label);
        let options = &self.world.said()[place].message.options;
        options.iter().enumerate().find(|(_, option)| fold(&option.label) == folded).map(|(number, option)| (number, option.clone()))
    }

    /// Whether another page of the message's prompt has the option.
    async fn has_hidden(&self, place: usize, label: &str) -> Result<bool, Stop> {
        let said = &self.world.said()[place];
        if self.more(place).is_none() {
            return Ok(false);
        }
        let metadata = said.message.options.iter().find_map(|option| Metadata::read(option.metadata.as_deref()?, KEY));
        let program = self.world.program().clone();
        let prompt = metadata.and_then(|metadata| program.prompt_named(program.state_named(&metadata.state)?, &metadata.prompt));
        let Some(prompt) = prompt else { return Ok(false) };
        let mut scope = Scope::new(&program);
        for (slot, value) in self.world.state().await?.into_iter().flat_map(|state| state.slots) {
            match value {
                Value::Int(number) => scope.set_int(&slot, number),
                Value::Number(number) => scope.set_number(&slot, number),
                Value::Text(text) => scope.set_text(&slot, &text),
            }
        }
        let folded = fold(label);
        Ok(program.choices(prompt, &scope).options.iter().any(|choice| fold(&choice.label) == folded))
    }

    /// The option that shows the next page, where the message has one.
    fn more(&self, place: usize) -> Option<QuickOption> {
        let more = self.world.program().defaults.words.more.clone();
        self.option(place, &more).map(|(_, option)| option)
    }

    /// Taps a button; where the message does not show it, pages are turned until one does.
    async fn tap_button(&mut self, at: &Range<usize>, tap: &Tap, place: usize) -> Result<Went, Stop> {
        let (mut place, mut turned) = (place, 0);
        let most = self.world.said()[place].options.max(1);
        loop {
            if let Some((_, option)) = self.option(place, &tap.label) {
                self.lines.push(format!("tap  {}", tap.label));
                self.press(at, &option).await?;
                return Ok(Went::On);
            }
            let Some(more) = self.more(place).filter(|_| turned < most) else {
                let labels: Vec<&str> = self.world.said()[place].message.options.iter().map(|option| option.label.as_str()).collect();
                let help = format!("it has: {}", labels.join(", "));
                return Err(self.wrong(at, format!("that message has no option `{}`", tap.label), Some(help)));
            };
            self.settle(at).await?;
            let before = self.seen;
            self.lines.push(format!("tap  {}", more.label));
            let id = self.press(at, &more).await?;
            self.settle(at).await?;
            if turned == 0 {
                self.turned_late = self.world.lateness().get(&id).copied().filter(|late| *late != Lateness::Current);
            }
            turned += 1;
            // The page is no answer that a test could ask for.
            self.unread.retain(|unread| *unread < before);
            self.pages.extend(before..self.seen);
            let shown = (before..self.seen).rev().find(|place| !self.world.said()[*place].message.options.is_empty());
            let Some(shown) = shown else {
                return Err(self.wrong(at, format!("no page with an option `{}` came", tap.label), None));
            };
            place = shown;
        }
    }

    async fn press(&mut self, at: &Range<usize>, option: &QuickOption) -> Result<crate::model::MessageId, Stop> {
        let arrival = self.world.heard(&option.label, Some(Tapped { metadata: option.metadata.clone() }), None);
        let id = crate::model::MessageId(arrival.id.id);
        self.tapped.push((at.start, id));
        self.world.deliver(arrival).await?;
        Ok(id)
    }

    /// Types the number of an option of the open prompt, or the label of an older one.
    async fn type_option(&mut self, at: &Range<usize>, tap: &Tap, place: usize) -> Result<Went, Stop> {
        let late = self.native.and_then(|taps| taps.get(&at.start));
        if matches!(late, Some(Lateness::Expired | Lateness::Foreign | Lateness::Retired)) {
            return Ok(Went::Nowhere);
        }
        let numbered = match self.option(place, &tap.label) {
            Some((number, option)) if self.is_open(&option).await? => Some(number + 1),
            _ => None,
        };
        let text = numbered.map_or_else(|| tap.label.clone(), |number| number.to_string());
        self.lines.push(format!("you  {text}"));
        self.world.hear(&text, None, None).await?;
        Ok(Went::On)
    }

    /// Whether an option is of the open prompt, and its number is no answer of its own.
    async fn is_open(&self, option: &QuickOption) -> Result<bool, Stop> {
        let metadata = option.metadata.as_deref().and_then(|metadata| Metadata::read(metadata, KEY));
        let (Some(metadata), Some(state)) = (metadata, self.world.state().await?) else { return Ok(false) };
        let AskingRef::Number(number) = metadata.asking else { return Ok(false) };
        let program = self.world.program();
        let prompt = program.state_named(&metadata.state).and_then(|state| program.prompt_named(state, &metadata.prompt));
        let is_number = |prompt: PromptIx| matches!(&program.prompt(prompt).kind, PromptKind::Question(question) if matches!(question.answer, Answer::Int { .. } | Answer::Number { .. }));
        Ok(state.open == Some(number) && state.waiting.is_empty() && prompt.is_some_and(|prompt| !is_number(prompt)))
    }

    /// Taps an option of somebody else's menu, or of one that the script has no longer.
    async fn tap_foreign(&mut self, at: &Range<usize>, tap: &Tap) -> Result<Went, Stop> {
        if self.look == Look::Numbered {
            return Ok(Went::Nowhere);
        }
        self.settle(at).await?;
        let metadata = match &tap.was {
            None => tap.metadata.clone(),
            Some((state, prompt)) => {
                let started = self.world.state().await?.map(|state| state.started).unwrap_or_default();
                let (state, prompt, option) = (state.clone(), prompt.clone(), tap.label.clone());
                let (asking, revision) = (AskingRef::Number(1), "00000000".to_owned());
                Some(Metadata { state, prompt, option, asking, revision, started }.write(KEY))
            }
        };
        self.lines.push(format!("tap  {}", tap.label));
        self.press(at, &QuickOption { label: tap.label.clone(), description: None, metadata }).await?;
        Ok(Went::On)
    }
}
