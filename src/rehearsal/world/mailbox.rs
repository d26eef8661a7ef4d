//! X in memory: takes what the bot sends, and keeps it for ever.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{ACCOUNT, APP, PERSON};
use crate::client::{Download, DownloadFailure, Failure};
use crate::clock::{Clock as _, ManualClock};
use crate::model::{Incoming, MessageId, Outgoing, Profile, Timestamp, UserId};
use crate::outbox::{MediaFailure, Platform};
use crate::wire::DirectMessage;
use crate::wire::rest::MessagePage;

/// One chat, as X has it.
pub(super) struct Mailbox {
    clock: Arc<ManualClock>,
    inner: Mutex<Inner>,
    /// Told where a message was taken whose sender will never hear of it.
    pub(super) taken: Notify,
}

#[derive(Default)]
struct Inner {
    sent: Vec<Sent>,
    newest: u64,
    keeps_silent: bool,
}

/// A message that X has taken.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) id: MessageId,
    pub(super) at: Timestamp,
    pub(super) message: Outgoing,
}

impl Mailbox {
    pub(super) fn new(clock: Arc<ManualClock>) -> Self {
        Mailbox { clock, inner: Mutex::default(), taken: Notify::new() }
    }

    /// An id that is younger than all before.
    pub(super) fn mint(&self) -> MessageId {
        self.inner().mint(self.clock.now())
    }

    /// From here on a message is taken and never answered.
    pub(super) fn keep_silent(&self, silent: bool) {
        self.inner().keeps_silent = silent;
    }

    /// What was sent, from a place on.
    pub(super) fn sent_from(&self, place: usize) -> Vec<Sent> {
        self.inner().sent.get(place..).map(<[Sent]>::to_vec).unwrap_or_default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, message: &Outgoing) -> (MessageId, bool) {
        let (mut inner, at) = (self.inner(), self.clock.now());
        let id = inner.mint(at);
        inner.sent.push(Sent { id, at, message: message.clone() });
        (id, inner.keeps_silent)
    }
}

impl Inner {
    fn mint(&mut self, now: Timestamp) -> MessageId {
        self.newest = MessageId::first_at(now).0.max(self.newest + 1);
        MessageId(self.newest)
    }
}

impl Sent {
    /// The message as it comes back.
    pub(super) fn echo(&self) -> Incoming {
        Incoming { id: self.id, sent_at: self.at, text: self.message.text.clone(), tap: None, attachment: None }
    }
}

#[async_trait]
impl Platform for Mailbox {
    async fn send_message(&self, _: UserId, _: UserId, message: &Outgoing, _: Option<u64>) -> Result<MessageId, Failure> {
        let (id, is_lost) = self.take(message);
        if is_lost {
            self.taken.notify_one();
            // Whoever waits ends before the answer comes.
            std::future::pending::<()>().await;
        }
        Ok(id)
    }

    async fn list_messages(&self, _: UserId, _: Option<&str>) -> Result<MessagePage, Failure> {
        let direct = |sent: &Sent| DirectMessage {
            message: sent.echo(),
            sender: ACCOUNT,
            recipient: PERSON,
            source_app: Some(APP),
            sender_profile: Profile::unknown(ACCOUNT),
            welcome: None,
        };
        Ok(MessagePage { messages: self.inner().sent.iter().rev().map(direct).collect(), next: None })
    }

    async fn media(&self, _: UserId, _: &str, _: bool) -> Result<u64, MediaFailure> {
        Ok(1)
    }

    async fn fetch(&self, _: UserId, _: &str, _: usize) -> Result<Download, DownloadFailure> {
        // Lookups are answered by stubs, which need no picture.
        Err(DownloadFailure::Unknown)
    }

    async fn indicate_typing(&self, _: UserId, _: UserId) -> Result<(), Failure> {
        Ok(())
    }

    async fn mark_read(&self, _: UserId, _: UserId, _: MessageId) -> Result<(), Failure> {
        Ok(())
    }
}
