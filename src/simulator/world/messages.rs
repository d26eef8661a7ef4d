//! Messages, kept for ever, in the order of their ids.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::error::Error;
use super::super::json;
use super::files::File;
use super::text::Wrapped;
use crate::model::{AppId, Link, MediaKind, MessageId, QuickOption, Tap, Timestamp, UserId};

/// A message as it stands in the chat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Its id, and the id of the event that tells of it.
    #[serde(serialize_with = "json::text")]
    pub id: MessageId,
    /// When it was sent, as its id says.
    pub at: Timestamp,
    /// Who sent it.
    #[serde(serialize_with = "json::text")]
    pub from: UserId,
    /// To whom.
    #[serde(serialize_with = "json::text")]
    pub to: UserId,
    /// What it says, as it was typed.
    pub text: String,
    /// The quick replies under it.
    pub options: Vec<QuickOption>,
    /// The buttons under it.
    pub links: Vec<Link>,
    /// A picture or video with it.
    pub picture: Option<Picture>,
    /// Set when a quick reply was tapped.
    pub tap: Option<Tap>,
    /// The app that it was sent with.
    #[serde(serialize_with = "json::text")]
    pub app: AppId,
    /// The custom profile under which it was sent.
    #[serde(serialize_with = "json::maybe_text")]
    pub profile: Option<u64>,
    /// Set when it is a welcome message, which was shown and not sent.
    #[serde(serialize_with = "json::maybe_text")]
    pub welcome: Option<u64>,
    /// The welcome message that its sender had before them.
    #[serde(serialize_with = "json::maybe_text")]
    pub initiated_via: Option<u64>,
}

/// An uploaded picture or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Its id.
    #[serde(serialize_with = "json::text")]
    pub id: u64,
    /// What it is.
    pub kind: MediaKind,
    /// How many bytes it has.
    pub size: u64,
}

/// An option of a message, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// By its place, from 0.
    Index(usize),
    /// By its label, exactly.
    Label(String),
}

/// A message with what the platform made of it.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Message {
    pub(in crate::simulator) shown: Shown,
    /// The text with short links; the last of its links is the picture's, if there is one.
    pub(in crate::simulator) wrapped: Wrapped,
    /// The short links of the buttons.
    pub(in crate::simulator) short_links: Vec<String>,
    /// The bytes of the picture.
    pub(in crate::simulator) file: Option<File>,
}

/// All messages.
#[derive(Default)]
pub(in crate::simulator) struct Messages {
    all: BTreeMap<MessageId, Message>,
    chats: BTreeMap<(UserId, UserId), Vec<MessageId>>,
    of_user: BTreeMap<UserId, Vec<MessageId>>,
    /// Who does no longer want to see what.
    hidden: BTreeSet<(UserId, MessageId)>,
}

impl Messages {
    pub(super) fn insert(&mut self, message: Message) {
        let Shown { id, from, to, .. } = message.shown;
        self.chats.entry(pair(from, to)).or_default().push(id);
        self.of_user.entry(from).or_default().push(id);
        if from != to {
            self.of_user.entry(to).or_default().push(id);
        }
        self.all.insert(id, message);
    }

    /// Puts a welcome message before a person: it stands in the chat, but is no message of anybody's for the API.
    pub(super) fn insert_shown(&mut self, message: Message) {
        let Shown { id, from, to, .. } = message.shown;
        self.chats.entry(pair(from, to)).or_default().push(id);
        self.all.insert(id, message);
    }

    pub(in crate::simulator) fn get(&self, id: MessageId) -> Option<&Message> {
        self.all.get(&id)
    }

    /// All messages, oldest first.
    pub(in crate::simulator) fn ids(&self) -> impl Iterator<Item = MessageId> {
        self.all.keys().copied()
    }

    /// The messages between two people after `after`, oldest first.
    pub(in crate::simulator) fn chat(&self, a: UserId, b: UserId, after: MessageId) -> impl DoubleEndedIterator<Item = &Message> {
        let ids = self.chats.get(&pair(a, b)).map_or(&[][..], Vec::as_slice);
        let new = ids.partition_point(|id| *id <= after);
        ids[new..].iter().filter_map(|id| self.all.get(id))
    }

    /// The messages to and from a user, newest first, as the API shows them.
    pub(in crate::simulator) fn of_user(&self, user: UserId) -> impl Iterator<Item = &Message> {
        let ids = self.of_user.get(&user).into_iter().flatten().rev();
        ids.filter(move |id| !self.hidden.contains(&(user, **id))).filter_map(|id| self.all.get(id))
    }

    /// A message that is a user's and that the API shows them.
    pub(in crate::simulator) fn shown_to(&self, user: UserId, id: MessageId) -> Option<&Message> {
        let theirs = |message: &&Message| message.shown.from == user || message.shown.to == user;
        self.all.get(&id).filter(theirs).filter(|message| message.shown.welcome.is_none() && !self.hidden.contains(&(user, id)))
    }

    /// Takes a message out of a user's view, and out of nobody else's; `false` when it is not in it.
    pub(in crate::simulator) fn hide(&mut self, user: UserId, id: MessageId) -> bool {
        self.shown_to(user, id).is_some() && self.hidden.insert((user, id))
    }

    /// The option that `person` taps on a message, however old it is.
    pub(super) fn option(&self, person: UserId, id: MessageId, choice: &Choice) -> Result<(&Shown, &QuickOption), Error> {
        let shown = &self.all.get(&id).ok_or(Error::UnknownMessage(id))?.shown;
        if shown.to != person {
            return Err(Error::NotTheirs { message: id, person });
        }
        let option = match choice {
            Choice::Index(index) => shown.options.get(*index),
            Choice::Label(label) => shown.options.iter().find(|option| option.label == *label),
        };
        let named = match choice {
            Choice::Index(index) => format!("number {index}, counted from 0"),
            Choice::Label(label) => label.clone(),
        };
        let labels = || shown.options.iter().map(|option| option.label.clone()).collect();
        option.map(|option| (shown, option)).ok_or_else(|| Error::NoSuchOption { message: id, choice: named, options: labels() })
    }
}

fn pair(a: UserId, b: UserId) -> (UserId, UserId) {
    (a.min(b), a.max(b))
}
