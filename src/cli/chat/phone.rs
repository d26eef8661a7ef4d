//! A person's phone: messages with numbers, so that an older menu can be named, and quick replies that stay tappable for ever.

use anyhow::Context as _;

use super::Rig;
use crate::model::{MediaKind, MessageId, fold};
use crate::simulator::{Choice, Shown};

/// What the person sees of one chat.
#[derive(Default)]
pub(super) struct Phone {
    /// The bot's messages so far; the first has the number 1.
    messages: Vec<Shown>,
}

impl Phone {
    /// Looks for new messages of the bot.
    pub(super) fn look(&mut self, rig: &Rig) -> Vec<(usize, Shown)> {
        let chat = rig.simulator().transcript_after(rig.account(), rig.person(), self.newest());
        let mut new = Vec::new();
        for message in chat.into_iter().filter(|message| message.from == rig.account()) {
            self.messages.push(message.clone());
            new.push((self.messages.len(), message));
        }
        new
    }

    /// The id of the newest message that was looked at.
    pub(super) fn newest(&self) -> MessageId {
        self.messages.last().map_or(MessageId(0), |message| message.id)
    }

    /// The message of a number.
    pub(super) fn message(&self, number: usize) -> anyhow::Result<&Shown> {
        let message = number.checked_sub(1).and_then(|place| self.messages.get(place));
        message.with_context(|| format!("there is no message #{number}; the bot has sent {}", self.messages.len()))
    }

    /// The numbers of all messages with quick replies.
    pub(super) fn menus(&self) -> impl Iterator<Item = (usize, &Shown)> {
        self.messages.iter().enumerate().map(|(place, message)| (place + 1, message)).filter(|(_, message)| !message.options.is_empty())
    }

    /// The newest message with quick replies, and its number. X shows its buttons only while nothing was said after it.
    pub(super) fn newest_menu(&self) -> Option<(usize, &Shown)> {
        self.menus().last()
    }

    /// The newest message that has an option of this label, and its number.
    pub(super) fn newest_with(&self, label: &str) -> Option<(usize, &Shown)> {
        self.menus().filter(|(_, message)| message.options.iter().any(|option| option.label == label)).last()
    }

    /// Taps an option, named by its number or its label.
    pub(super) fn tap(&self, rig: &Rig, message: &Shown, option: &str) -> anyhow::Result<()> {
        let labels = || message.options.iter().map(|option| option.label.as_str()).collect::<Vec<_>>().join(", ");
        let choice = option_named(message, option).with_context(|| format!("no option `{option}` there; it has: {}", labels()))?;
        rig.simulator().tap(rig.person(), message.id, &Choice::Index(choice))?;
        Ok(())
    }
}

/// The place of an option that a person names by its label, however it is typed, or by its number from 1.
pub(super) fn option_named(message: &Shown, name: &str) -> Option<usize> {
    let folded = fold(name);
    let labelled = message.options.iter().position(|option| fold(&option.label) == folded);
    let numbered = || folded.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < message.options.len());
    labelled.or_else(numbered)
}

/// A message as a person sees it.
pub(super) fn show(number: usize, message: &Shown) -> String {
    let mut text = format!("#{number}  {}", message.text.replace('\n', "\n    "));
    if let Some(picture) = &message.picture {
        let kind = match picture.kind {
            MediaKind::Photo => "photo",
            MediaKind::AnimatedGif => "GIF",
            MediaKind::Video => "video",
        };
        text.push_str(&format!("\n    [{kind}]"));
    }
    for (place, option) in message.options.iter().enumerate() {
        let small = option.description.as_deref().map(|text| format!(" — {}", text.replace('\n', " "))).unwrap_or_default();
        text.push_str(&format!("\n    {:>2}  {}{small}", place + 1, option.label));
    }
    for link in &message.links {
        text.push_str(&format!("\n    →   {} {}", link.label, link.url));
    }
    text
}
