//! Direct messages, as the house sees them: text as a person reads it, ids as ids.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{MessageId, Timestamp, UserId};

/// A message as it came, from a person or as the echo of one that went out.
///
/// The text is as its writer typed it: unescaped once, links expanded, the link that X appends for media removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incoming {
    /// The id that X gave the message.
    pub id: MessageId,
    /// When it was sent, by X's clock.
    pub sent_at: Timestamp,
    /// What it says; may be empty.
    pub text: String,
    /// Set when a quick reply was tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tap: Option<Tap>,
    /// A picture, a video or a place that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
}

/// A tapped quick reply: nothing names the prompt but the metadata that we put there (contract §3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tap {
    /// The option's metadata; absent when the option had none.
    #[serde(default)]
    pub metadata: Option<String>,
}

/// What may hang on a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    /// A picture, an animated picture or a video; its bytes need a signed request (contract §3.3).
    Media {
        /// Its id.
        id: u64,
        /// What it is.
        kind: MediaKind,
        /// Where its bytes are.
        url: String,
    },
    /// A place, longitude first as GeoJSON has it.
    Place {
        /// Degrees east.
        longitude: f64,
        /// Degrees north.
        latitude: f64,
        /// The place's name, where one was shared instead of a point.
        name: Option<String>,
    },
}

/// Kinds of media in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// `photo`
    Photo,
    /// `animated_gif`
    AnimatedGif,
    /// `video`
    Video,
}

/// Who a person is, as far as an event tells; anything but the id may be missing (contract §9, 29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The user's id.
    pub id: UserId,
    /// The display name; empty when the event did not tell.
    #[serde(default)]
    pub name: String,
    /// The handle, without `@`; empty when the event did not tell.
    #[serde(default)]
    pub screen_name: String,
}

impl Profile {
    /// Somebody of whom only the id is known.
    pub fn unknown(id: UserId) -> Self {
        Profile { id, name: String::new(), screen_name: String::new() }
    }
}

/// A message to be sent. Limits: contract §5.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// What it says, unescaped; at most 10 000 characters.
    pub text: String,
    /// The quick replies under it; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<QuickOption>,
    /// Whether quick replies and buttons stand as lines in the text and are not sent as such, since there are none where it goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub numbered: bool,
    /// Call-to-action buttons; at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// A picture or video: the name of its file in the bot's folder. It must be uploaded before the message can be sent, and what X
    /// then knows it by is no part of the message, since that lasts a day and a message may wait longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
}

impl Outgoing {
    /// What it says where there are neither quick replies nor buttons: they stand as lines below the text.
    pub fn as_text(&self) -> Cow<'_, str> {
        if self.numbered || self.options.is_empty() && self.links.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let links = self.links.iter().map(|Link { label, url }| format!("{label}: {url}"));
        let text = (!self.text.is_empty()).then(|| self.text.clone());
        let options = (!self.options.is_empty()).then(|| numbered(&self.options));
        Cow::Owned(text.into_iter().chain(links).chain(options).collect::<Vec<_>>().join("\n"))
    }
}

/// Options as lines of a text, as people count: `1 Label — description`.
pub fn numbered(options: &[QuickOption]) -> String {
    let line = |(ix, option): (usize, &QuickOption)| match &option.description {
        Some(description) => format!("{} {} — {description}", ix + 1, option.label),
        None => format!("{} {}", ix + 1, option.label),
    };
    options.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// One quick reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickOption {
    /// The button's text; at most 36 characters, no URL.
    pub label: String,
    /// The small print; at most 72 characters, on all options of a message or on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What comes back when it is tapped; at most 1 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// One call-to-action button; a click on it causes no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The button's text; at most 36 characters.
    pub label: String,
    /// An http or https address.
    pub url: String,
}
