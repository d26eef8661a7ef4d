//! Posting: a message enters the chat, and copies of it leave for those who are subscribed.

use std::time::Duration;

use super::super::error::Error;
use super::super::event;
use super::faults::{Disturbance, Signing};
use super::log::Outcome;
use super::messages::{Choice, Message, Shown};
use super::text::Wrapped;
use super::{WEB_CLIENT, WebhookId, World};
use crate::model::{AppId, Link, MessageId, QuickOption, Tap, Timestamp, UserId};

/// A message to be posted; the checks are done.
#[derive(Debug, Clone, Default)]
pub(in crate::simulator) struct Draft {
    pub(in crate::simulator) text: String,
    pub(in crate::simulator) options: Vec<QuickOption>,
    pub(in crate::simulator) links: Vec<Link>,
    pub(in crate::simulator) media: Option<u64>,
    pub(in crate::simulator) tap: Option<Tap>,
}

/// One copy of an event, ready to leave.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Parcel {
    /// The number of its record.
    pub(in crate::simulator) number: u64,
    pub(in crate::simulator) webhook: WebhookId,
    pub(in crate::simulator) body: String,
    pub(in crate::simulator) signing: Signing,
    pub(in crate::simulator) delay: Duration,
    /// Attempts made so far.
    pub(in crate::simulator) attempts: usize,
}

/// Whom a copy is for, and of what.
#[derive(Debug, Clone, Copy)]
struct Label {
    for_user: UserId,
    message: Option<MessageId>,
    echo: bool,
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
        let message = self.compose(id, from, to, draft, app);
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

    /// The copies of a message, as if it had just been sent: one for each end that is subscribed, on each webhook.
    pub(in crate::simulator) fn copies(&mut self, id: MessageId, now: Timestamp) -> Vec<Parcel> {
        let Some(message) = self.messages.get(id).cloned() else { return vec![] };
        let (from, to) = (message.shown.from, message.shown.to);
        let mut ends = vec![(from, true)];
        if to != from {
            ends.push((to, false));
        }
        let mut leaving = Vec::new();
        for (for_user, echo) in ends {
            for webhook in self.hooks.listening(for_user, now) {
                let disturbance = self.faults.on_delivery(echo);
                let body = event::delivery(self, &message, for_user, disturbance.without_users);
                leaving.extend(self.pack(webhook, Label { for_user, message: Some(id), echo }, body, &disturbance));
            }
        }
        leaving
    }

    /// Copies of something that is not a message, for everybody who is to hear of it.
    pub(in crate::simulator) fn tell(&mut self, for_user: UserId, body: &str, now: Timestamp) -> Vec<Parcel> {
        let mut leaving = Vec::new();
        for webhook in self.hooks.listening(for_user, now) {
            let disturbance = self.faults.on_delivery(false);
            leaving.extend(self.pack(webhook, Label { for_user, message: None, echo: false }, body.to_owned(), &disturbance));
        }
        leaving
    }

    /// Opens the records of a copy and of its duplicates; what is not held leaves.
    fn pack(&mut self, webhook: WebhookId, label: Label, body: String, disturbance: &Disturbance) -> Vec<Parcel> {
        let body = event::padded(body, disturbance.padded_to);
        let mut leaving = Vec::new();
        for _ in 0..disturbance.copies {
            let number = self.log.open(webhook, label.for_user, label.message, label.echo);
            let (signing, delay) = (disturbance.signing, disturbance.delay);
            let parcel = Parcel { number, webhook, body: body.clone(), signing, delay, attempts: 0 };
            if disturbance.hold {
                self.log.settle(number, Outcome::Held);
                self.held.insert(number, parcel);
            } else {
                leaving.push(parcel);
            }
        }
        leaving
    }

    fn compose(&mut self, id: MessageId, from: UserId, to: UserId, draft: Draft, app: AppId) -> Message {
        let mut wrapped = Wrapped::new(&draft.text, || self.dice.word(10));
        let picture = draft.media.and_then(|media| self.uploads.attach(media));
        if picture.is_some() {
            let code = self.dice.word(10);
            // With no other text the link still has the space before it (contract §3.2).
            wrapped.text.push(' ');
            let page = format!("https://twitter.com/messages/media/{id}");
            wrapped.push_link(format!("https://t.co/{code}"), format!("pic.twitter.com/{code}"), page);
        }
        let short_links = draft.links.iter().map(|_| format!("https://t.co/{}", self.dice.word(10))).collect();
        Message {
            wrapped,
            short_links,
            picture_name: self.dice.word(8),
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
            },
        }
    }
}
