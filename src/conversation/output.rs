//! What a turn says, gathered into as few messages as the limits allow.

use crate::bot::limits;
use crate::model::{Outgoing, QuickOption, split_text};

/// The messages of a turn, while they grow.
#[derive(Debug, Default)]
pub(super) struct Output {
    messages: Vec<Draft>,
}

/// One message, and the asking whose options it carries.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) message: Outgoing,
    pub(super) asking: Option<u32>,
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
            last.message.text.push('\n');
            last.message.text.push_str(text);
            return;
        }
        for piece in split_text(text, limits::TEXT) {
            self.messages.push(Draft { message: Outgoing { text: piece, ..Outgoing::default() }, asking: None });
        }
    }

    /// Hangs options on the last message, the first that shows this asking, if it is one; `otherwise` is its text where nothing was said.
    pub(super) fn ask(&mut self, options: Vec<QuickOption>, asking: Option<u32>, otherwise: &str) {
        if self.messages.last().is_none_or(|last| !last.message.options.is_empty()) {
            self.say(otherwise, true);
        }
        if let Some(last) = self.messages.last_mut() {
            last.message.options = options;
            last.asking = asking;
        }
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
        output.ask(vec![QuickOption { label: "A".into(), description: None, metadata: None }], Some(7), "Please choose:");
        let drafts = output.into_drafts();
        assert!(drafts[0].asking.is_none() && drafts[0].message.options.is_empty());
        assert!(drafts[1].asking == Some(7) && drafts[1].message.options.len() == 1);
    }
}
