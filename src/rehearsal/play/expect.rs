//! What a test expects: of the next message, of all messages, of the end.

use std::ops::Range;

use super::{Player, Stop, quoted};
use crate::bot::limits;
use crate::rehearsal::Look;
use crate::rehearsal::script::{End, Expected};
use crate::rehearsal::world::Said;

impl Player<'_> {
    /// Checks the next message, or, with a count, all of them; what it checked is read then.
    pub(super) async fn expect(&mut self, at: &Range<usize>, expected: &Expected) -> Result<(), Stop> {
        if let Some(count) = expected.count {
            self.settle(at).await?;
            return self.expect_count(at, expected, count);
        }
        if self.unread.is_empty() {
            self.settle(at).await?;
        }
        let Some(place) = self.unread.pop_front() else {
            return Err(self.wrong(at, "expected a message of the bot, but none came".to_owned(), None));
        };
        let said = self.world.said()[place].clone();
        if let Some(text) = expected.text.as_ref().filter(|text| !said.message.text.contains(text.as_str())) {
            let message = format!("expected a message with {}, but the bot said {}", quoted(text), quoted(&said.message.text));
            let help = "every message of the bot needs a `bot` of its own, in their order".to_owned();
            return Err(self.wrong(at, message, Some(help)));
        }
        self.expect_all(at, expected, place, &said)
    }

    /// Of all messages so far so many contain the text; whatever else was said is read with them.
    fn expect_count(&mut self, at: &Range<usize>, expected: &Expected, count: usize) -> Result<(), Stop> {
        let text = expected.text.clone().unwrap_or_default();
        let all = self.world.said().iter().enumerate().filter(|(place, _)| !self.pages.contains(place));
        let counted: Vec<(usize, Said)> =
            all.filter(|(_, said)| said.message.text.contains(&text)).map(|(place, said)| (place, said.clone())).collect();
        if counted.len() != count {
            let message = format!("expected {} {count} times in all, but the bot said it {} times", quoted(&text), counted.len());
            return Err(self.wrong(at, message, None));
        }
        self.unread.clear();
        counted.iter().try_for_each(|(place, said)| self.expect_all(at, expected, *place, said))
    }

    /// Checks the rest of what is expected of a message, and names it.
    fn expect_all(&mut self, at: &Range<usize>, expected: &Expected, place: usize, said: &Said) -> Result<(), Stop> {
        if let Some(state) = expected.state.as_ref().filter(|state| said.state.as_ref() != Some(state)) {
            let is = said.state.as_ref().map_or_else(|| "in no state".to_owned(), |now| format!("in `{now}`"));
            return Err(self.wrong(at, format!("expected the state `{state}`, but the conversation is {is}"), None));
        }
        if let Some(options) = expected.options.filter(|options| !self.has_options(said, *options)) {
            let message = format!("expected {options} options, but the prompt has {}", said.options);
            return Err(self.wrong(at, message, None));
        }
        // What turned pages first was as late as the first tap; what is typed into the open prompt is never late.
        let late = self.turned_late.take().or(said.late);
        let typed = self.look == Look::Numbered && late.is_none();
        if let Some(class) = expected.late.filter(|class| late != Some(*class) && !typed) {
            let was = late.map_or_else(|| "there was none".to_owned(), |late| format!("it was {}", late.word()));
            return Err(self.wrong(at, format!("expected a tap that is {}, but {was}", class.word()), None));
        }
        if let Some(file) = &expected.media {
            let has = said.message.media.as_deref();
            if !has.is_some_and(|has| file.is_empty() || has == file || has.rsplit('/').next() == Some(file)) {
                let wanted = if file.is_empty() { "a picture".to_owned() } else { format!("the picture `{file}`") };
                let has = has.map_or_else(|| "the message has none".to_owned(), |has| format!("the message has `{has}`"));
                return Err(self.wrong(at, format!("expected {wanted}, but {has}"), None));
            }
        }
        if let Some(links) = expected.links.filter(|links| *links != said.message.links.len()) {
            let message = format!("expected {links} links, but the message has {}", said.message.links.len());
            return Err(self.wrong(at, message, None));
        }
        self.named.extend(expected.name.clone().map(|name| (name, place)));
        Ok(())
    }

    /// Whether the message's prompt has so many options, on all pages or on the one that buttons show first.
    fn has_options(&self, said: &Said, options: usize) -> bool {
        if said.options == options {
            return true;
        }
        let paged = said.options > limits::OPTIONS;
        paged && (self.look != Look::Native || said.message.options.len() == options)
    }

    /// Checks how the conversation stands.
    pub(super) async fn end(&mut self, at: &Range<usize>, end: &End) -> Result<(), Stop> {
        self.settle(at).await?;
        let state = self.world.state().await?;
        let is = state.as_ref().and_then(|state| state.at.as_deref()).unwrap_or_default();
        if let Some(expected) = end.state.as_deref().filter(|expected| *expected != is) {
            let is = if is.is_empty() { "in no state".to_owned() } else { format!("in `{is}`") };
            return Err(self.wrong(at, format!("expected the state `{expected}` in the end, but the conversation is {is}"), None));
        }
        for (slot, expected) in &end.slots {
            let value = state.as_ref().and_then(|state| state.slots.get(slot)).map(ToString::to_string);
            let value = value.unwrap_or_default();
            if value != *expected {
                let is = if value.is_empty() { "is not set".to_owned() } else { format!("is {}", quoted(&value)) };
                return Err(self.wrong(at, format!("expected the slot `{slot}` to be {}, but it {is}", quoted(expected)), None));
            }
        }
        Ok(())
    }

    /// Checks how often a server was asked.
    pub(super) async fn calls(&mut self, at: &Range<usize>, name: &str, count: Option<usize>) -> Result<(), Stop> {
        self.settle(at).await?;
        let calls = self.world.servers.calls(name);
        if count.map_or(calls > 0, |count| calls == count) {
            return Ok(());
        }
        let wanted = count.map_or_else(|| "at least once".to_owned(), |count| format!("{count} times"));
        Err(self.wrong(at, format!("expected `{name}` to be asked {wanted}, but it was asked {calls} times"), None))
    }
}
