//! What one can do to the world: people write and tap, faults strike, and one waits for what comes of it.

mod apps;
mod backstage;
mod feeds;
mod platform;
mod social;
mod trouble;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::event::Content;
use super::refusal::Refusal;
use super::settings::Person;
use super::shared::Shared;
use super::world::{ApiCall, Choice, DeliveryRecord, Draft, Group, Parcel, Shown, Signal, WEB_CLIENT, World};
use super::{delivery, draft};
use crate::model::{AppId, MediaKind, MediaType, MessageId, Timestamp, UserId};

/// The world as those see it who act in it. A cheap copy acts on the same world.
#[derive(Clone)]
pub struct Stage {
    pub(super) shared: Arc<Shared>,
}

pub use trouble::Order;

impl Stage {
    /// Everybody who lives here.
    pub fn people(&self) -> Vec<Person> {
        self.shared.see(|world| world.people.iter().cloned().collect())
    }

    /// A person by id or screen name.
    pub fn find(&self, who: &str) -> Result<Person, Error> {
        self.shared.see(|world| world.people.find(who).cloned())
    }

    /// Takes somebody in; whoever has the same id is replaced.
    pub fn admit(&self, person: Person) -> Result<(), Error> {
        self.shared.change(|world, _| world.people.admit(person))
    }

    /// Writes a message, as a person types it.
    pub fn say(&self, from: UserId, to: UserId, text: &str) -> Result<MessageId, Error> {
        self.write(from, to, Draft { text: text.to_owned(), ..Draft::default() }, WEB_CLIENT)
    }

    /// Sends a picture or video with a text, which may be empty.
    pub fn say_with_media(&self, from: UserId, to: UserId, text: &str, kind: MediaKind) -> Result<MessageId, Error> {
        let media = self.upload(from, kind);
        self.write(from, to, Draft { text: text.to_owned(), media: Some(media), ..Draft::default() }, WEB_CLIENT)
    }

    /// Opens the chat with an account, by a link that names a welcome message or by itself: the welcome message that stands there then,
    /// and can be tapped, is the named one or the account's default.
    pub fn open_chat(&self, person: UserId, account: UserId, welcome: Option<u64>) -> Result<Option<Shown>, Error> {
        self.shared.change(|world, now| {
            let shown = world.open_chat(person, account, welcome, now)?;
            Ok(shown.and_then(|id| world.messages.get(id)).map(|message| message.shown.clone()))
        })
    }

    /// Sends a picture or video of one's own.
    pub fn say_with_file(&self, from: UserId, to: UserId, text: &str, file: Vec<u8>) -> Result<MessageId, Error> {
        let kind = MediaType::of(&file).map(MediaType::kind).ok_or_else(|| Refusal::bad_media("media type unrecognized."))?;
        let media = self.shared.change(|world, now| world.upload(from, kind, Some(file.into()), now));
        self.write(from, to, Draft { text: text.to_owned(), media: Some(media), ..Draft::default() }, WEB_CLIENT)
    }

    /// The type and the bytes of what hangs on a message.
    pub fn file(&self, message: MessageId) -> Option<(MediaType, Vec<u8>)> {
        self.shared.see(|world| {
            let file = world.file(message)?;
            Some((file.media_type(), file.bytes.to_vec()))
        })
    }

    /// Taps a quick reply under a message that was sent to `person`, however old it is and however often it was tapped.
    pub fn tap(&self, person: UserId, message: MessageId, choice: &Choice) -> Result<MessageId, Error> {
        let (id, parcels) = self.shared.change(|world, now| world.tap(person, message, choice, now))?;
        delivery::submit(&self.shared, parcels);
        Ok(id)
    }

    /// Writes as the account's owner does in another client: the echo names `app`, or the web client.
    pub fn send_as_human(&self, account: UserId, to: UserId, text: &str, app: Option<AppId>) -> Result<MessageId, Error> {
        self.write(account, to, Draft { text: text.to_owned(), ..Draft::default() }, app.unwrap_or(WEB_CLIENT))
    }

    /// Makes a picture or video that `owner` may attach once to a message sent through the API.
    pub fn upload(&self, owner: UserId, kind: MediaKind) -> u64 {
        self.shared.change(|world, now| world.upload(owner, kind, None, now))
    }

    /// The chat between two people, oldest first.
    pub fn transcript(&self, a: UserId, b: UserId) -> Vec<Shown> {
        self.transcript_after(a, b, MessageId(0))
    }

    /// What was said between two people after a message, oldest first.
    pub fn transcript_after(&self, a: UserId, b: UserId, after: MessageId) -> Vec<Shown> {
        self.shared.see(|world| world.messages.chat(a, b, after).map(|message| message.shown.clone()).collect())
    }

    /// The groups, each with all that was said in it.
    pub fn groups(&self) -> Vec<Group> {
        self.shared.see(|world| world.groups.all().collect())
    }

    /// Waits until `look` finds something; looks again only when something changed. `None` after `timeout`.
    pub fn wait_for<T>(&self, timeout: Duration, mut look: impl FnMut(&Stage) -> Option<T>) -> impl Future<Output = Option<T>> {
        let stage = self.clone();
        async move { stage.shared.wait(timeout, || look(&stage)).await }
    }

    /// The first message from `from` to `to` after `after`, when there is one.
    pub async fn next_message(&self, from: UserId, to: UserId, after: MessageId, timeout: Duration) -> Option<Shown> {
        let written = |stage: &Stage| stage.transcript_after(from, to, after).into_iter().find(|message| message.from == from);
        self.wait_for(timeout, written).await
    }

    /// Delivers a message again, to everybody subscribed; returns how many deliveries that makes.
    pub fn redeliver(&self, message: MessageId) -> usize {
        self.dispatch(|world, now| world.copies(message, now))
    }

    /// Delivers every message there ever was again, oldest first; returns how many deliveries that makes.
    pub fn redeliver_all(&self) -> usize {
        self.dispatch(|world, now| {
            let messages: Vec<_> = world.messages.ids().collect();
            messages.into_iter().flat_map(|message| world.copies(message, now)).collect()
        })
    }

    /// Delivers any body, rightly signed, to those who listen for `account`.
    pub fn post_raw(&self, account: UserId, body: &str) -> Result<usize, Error> {
        match self.dispatch(|world, now| world.tell(account, &Content::Raw { kind: "raw", body: body.to_owned() }, now)) {
            0 => Err(Error::NotSubscribed(account)),
            count => Ok(count),
        }
    }

    /// The newest deliveries, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.see(|world| world.log.deliveries().cloned().collect())
    }

    /// The newest calls of the API, oldest first.
    pub fn api_calls(&self) -> Vec<ApiCall> {
        self.shared.see(|world| world.log.calls().cloned().collect())
    }

    /// Who was shown to be typing or to have read, newest last.
    pub fn signals(&self) -> Vec<Signal> {
        self.shared.see(|world| world.log.signals().cloned().collect())
    }

    fn write(&self, from: UserId, to: UserId, draft: Draft, app: AppId) -> Result<MessageId, Error> {
        let (id, parcels) = self.shared.change(|world, now| {
            if world.people.get(from).is_none() {
                return Err(Error::UnknownPerson(from.to_string()));
            }
            world.may_write(from, to)?;
            draft::check(&draft, &world.rules)?;
            Ok(world.post(from, to, draft, app, now))
        })?;
        delivery::submit(&self.shared, parcels);
        Ok(id)
    }

    /// Lets something happen and its deliveries leave.
    fn dispatch(&self, pack: impl FnOnce(&mut World, Timestamp) -> Vec<Parcel>) -> usize {
        let parcels = self.shared.change(pack);
        let count = parcels.len();
        delivery::submit(&self.shared, parcels);
        count
    }
}
