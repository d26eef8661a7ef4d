//! Posting: a message enters the chat.

use super::super::error::Error;
use super::files::File;
use super::messages::{Choice, Message, Picture, Shown};
use super::parcels::Parcel;
use super::text::Wrapped;
use super::{WEB_CLIENT, World};
use crate::model::{AppId, Link, MessageId, QuickOption, Tap, Timestamp, UserId};

/// A message to be posted; the checks are done.
#[derive(Debug, Clone, Default)]
pub(in crate::simulator) struct Draft {
    pub(in crate::simulator) text: String,
    pub(in crate::simulator) options: Vec<QuickOption>,
    pub(in crate::simulator) links: Vec<Link>,
    pub(in crate::simulator) media: Option<u64>,
    pub(in crate::simulator) tap: Option<Tap>,
    /// The custom profile under which it goes out.
    pub(in crate::simulator) profile: Option<u64>,
}

/// What the platform makes of a text and a file, in whatever conversation.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Written {
    /// The text with short links; the last of its links is the picture's, if there is one.
    pub(in crate::simulator) wrapped: Wrapped,
    pub(in crate::simulator) picture: Option<Picture>,
    pub(in crate::simulator) file: Option<File>,
}

impl World {
    /// Puts a message into the chat; returns its id and the copies that are to leave now.
    pub(in crate::simulator) fn post(
        &mut self,
        from: UserId,
        to: UserId,
        draft: Draft,
        app: AppId,
        now: Timestamp,
    ) -> (MessageId, Vec<Parcel>) {
        let id = MessageId(self.mint(now));
        let mut message = self.compose(id, from, to, draft, app);
        message.shown.initiated_via = self.welcomes.answered(from, to);
        self.messages.insert(message);
        self.limits.received(to, from, now);
        (id, self.copies(id, now))
    }

    /// Lets a person tap an option, of whatever age: the label is the text, the metadata comes back (contract §3.3).
    pub(in crate::simulator) fn tap(
        &mut self,
        person: UserId,
        id: MessageId,
        choice: &Choice,
        now: Timestamp,
    ) -> Result<(MessageId, Vec<Parcel>), Error> {
        let (shown, option) = self.messages.option(person, id, choice)?;
        let to = shown.from;
        let tap = Some(Tap { metadata: option.metadata.clone() });
        let draft = Draft { text: option.label.clone(), tap, ..Draft::default() };
        self.may_write(person, to)?;
        Ok(self.post(person, to, draft, WEB_CLIENT, now))
    }

    pub(super) fn compose(&mut self, id: MessageId, from: UserId, to: UserId, draft: Draft, app: AppId) -> Message {
        let Written { wrapped, picture, file } = self.write_down(id, &draft);
        let short_links = draft.links.iter().map(|_| format!("https://t.co/{}", self.dice.word(10))).collect();
        Message {
            wrapped,
            short_links,
            file,
            shown: Shown {
                id,
                at: id.minted_at(),
                from,
                to,
                text: draft.text,
                options: draft.options,
                links: draft.links,
                picture,
                tap: draft.tap,
                app,
                profile: draft.profile,
                welcome: None,
                initiated_via: None,
            },
        }
    }

    /// Wraps the links of a text, and hangs its file on it.
    pub(super) fn write_down(&mut self, id: MessageId, draft: &Draft) -> Written {
        let mut wrapped = Wrapped::new(&draft.text, || self.dice.word(10));
        let (picture, bytes) = draft.media.and_then(|media| self.uploads.attach(media)).unzip();
        if picture.is_some() {
            let code = self.dice.word(10);
            // With no other text the link still has the space before it (contract §3.2).
            wrapped.text.push(' ');
            let page = format!("https://twitter.com/messages/media/{id}");
            wrapped.push_link(format!("https://t.co/{code}"), format!("pic.twitter.com/{code}"), page);
        }
        let file = bytes.map(|bytes| File { base: self.base.clone(), name: self.dice.word(8), bytes });
        Written { wrapped, picture, file }
    }
}
