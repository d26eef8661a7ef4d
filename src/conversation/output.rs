//! What a turn says, gathered into as few messages as the limits allow.

use crate::bot::limits;
use crate::model::{Link, Outgoing, QuickOption, numbered, split_text};

/// Buttons of a message (contract §5).
const LINKS: usize = 3;

/// The messages of a turn, while they grow.
#[derive(Debug, Default)]
pub(super) struct Output {
    messages: Vec<Draft>,
}

/// One message, the asking whose options it carries, and how many options that prompt has on all its pages.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) message: Outgoing,
    pub(super) asking: Option<u32>,
    pub(super) options: usize,
}

/// The options of a prompt as one message shows them.
pub(super) struct Shown {
    pub(super) options: Vec<QuickOption>,
    /// The asking, where this is its first showing.
    pub(super) asking: Option<u32>,
    /// How many options the prompt has on all its pages.
    pub(super) in_all: usize,
    /// Whether they stand as numbered lines in the text.
    pub(super) numbered: bool,
}

impl Output {
    /// Adds a text: to the last message where it fits, else as a message of its own. Nothing is said of an empty text.
    pub(super) fn say(&mut self, text: &str, breaks: bool) {
        let text = text.trim_end();
        if text.trim().is_empty() {
            return;
        }
        if let Some(last) = self.messages.last_mut().filter(|_| !breaks)
            && last.message.options.is_empty()
            && last.message.text.chars().count() + 1 + text.chars().count() <= limits::TEXT
        {
            if !last.message.text.is_empty() {
                last.message.text.push('\n');
            }
            last.message.text.push_str(text);
            return;
        }
        self.pieces(text);
    }

    /// A text in messages of its own. What is nothing but space, as many empty lines before a text, X takes for no message.
    fn pieces(&mut self, text: &str) {
        for piece in split_text(text, limits::TEXT).into_iter().filter(|piece| !piece.trim().is_empty()) {
            self.messages.push(Draft { message: Outgoing { text: piece, ..Outgoing::default() }, ..Draft::default() });
        }
    }

    /// A message as it is.
    pub(super) fn whole(&mut self, message: Outgoing) {
        self.messages.push(Draft { message, ..Draft::default() });
    }

    /// A picture, on a message of its own; what is said next stands under it.
    pub(super) fn media(&mut self, file: String, caption: &str) {
        let place = self.messages.len();
        self.pieces(caption.trim_end());
        match self.messages.get_mut(place) {
            // What does not fit under the picture comes behind it.
            Some(first) => first.message.media = Some(file),
            None => self.messages.push(Draft { message: Outgoing { media: Some(file), ..Outgoing::default() }, ..Draft::default() }),
        }
    }

    /// Hangs a button on the last message; a message takes three. Where there are no buttons it is a line of the text.
    pub(super) fn link(&mut self, label: String, url: String, numbered: bool) {
        let is_full = self.messages.last().is_none_or(|last| last.message.links.len() >= LINKS);
        if numbered {
            self.say(&format!("{label}: {url}"), is_full);
        } else if is_full {
            self.say(&label, true);
        }
        if let Some(last) = self.messages.last_mut() {
            last.message.links.push(Link { label, url });
            last.message.numbered |= numbered;
        }
    }

    /// Hangs options on the last message; `otherwise` is its text where nothing was said.
    pub(super) fn ask(&mut self, shown: Shown, otherwise: &str) {
        if self.messages.last().is_none_or(|last| !last.message.options.is_empty()) {
            self.say(otherwise, true);
        }
        let lines = if shown.numbered { numbered(&shown.options) } else { String::new() };
        // The numbers are of no use apart from what they answer, so they go over with it where it would grow too long.
        if let Some(last) = self.messages.last()
            && limits::length(&last.message.text) + 1 + limits::length(&lines) > limits::TEXT
        {
            self.say(otherwise, true);
        }
        let Some(last) = self.messages.last_mut() else { return };
        if shown.numbered {
            if !last.message.text.is_empty() {
                last.message.text.push('\n');
            }
            last.message.text.push_str(&lines);
            last.message.numbered = true;
        }
        last.message.options = shown.options;
        last.asking = shown.asking;
        last.options = shown.in_all;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn into_drafts(self) -> Vec<Draft> {
        self.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: Output) -> Vec<String> {
        output.into_drafts().into_iter().map(|draft| draft.message.text).collect()
    }

    #[test]
    fn texts_are_joined_until_a_break() {
        let mut output = Output::default();
        output.say("one", false);
        output.say("  ", false);
        output.say("two\n", false);
        output.say("three", true);
        assert_eq!(texts(output), ["one\ntwo", "three"]);
    }

    #[test]
    fn a_text_over_the_limit_is_split_never_cut() {
        let mut output = Output::default();
        output.say(&"snow ".repeat(limits::TEXT / 4), false);
        let texts = texts(output);
        assert!(texts.len() == 2 && texts.iter().all(|text| text.chars().count() <= limits::TEXT));
        assert_eq!(texts.concat().matches("snow").count(), limits::TEXT / 4);
    }

    #[test]
    fn options_hang_on_the_last_message() {
        let mut output = Output::default();
        output.say("one", false);
        output.say("two", true);
        let options = vec![QuickOption { label: "A".into(), description: None, metadata: None }];
        output.ask(Shown { options, asking: Some(7), in_all: 1, numbered: false }, "Please choose:");
        let drafts = output.into_drafts();
        assert!(drafts[0].asking.is_none() && drafts[0].message.options.is_empty());
        assert!(drafts[1].asking == Some(7) && drafts[1].message.options.len() == 1);
    }
}
