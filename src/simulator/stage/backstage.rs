//! What goes on behind the scenes, for the phone page: the wire, the levers, the bytes of pictures.

use actix_web::web::Bytes;

use super::super::lever::Lever;
use super::super::world::wire::Exchange;
use super::super::world::{Message, SignalKind};
use super::Stage;
use crate::model::{MediaType, MessageId, Timestamp, UserId};

impl Stage {
    /// Offers levers beside those that are there; one of the same name takes the other's place.
    pub fn offer(&self, levers: impl IntoIterator<Item = Lever>) {
        self.shared.levers(|all| {
            for lever in levers {
                all.insert(lever.name(), lever);
            }
        });
    }

    /// The levers that can be pulled.
    pub fn levers(&self) -> Vec<Lever> {
        self.shared.levers(|all| all.values().cloned().collect())
    }

    /// Pulls a lever, where those run who offered it: whoever asks may be gone before it is done. `None` when there is no such lever.
    pub async fn pull(&self, name: &str) -> Option<Result<String, String>> {
        let lever = self.shared.levers(|all| all.get(name).cloned())?;
        let pulled = self.shared.beside(lever.pull()).await;
        Some(pulled.unwrap_or_else(|_| Err(format!("`{name}` broke"))))
    }

    /// The bytes of the picture or video that a message has.
    pub(in crate::simulator) fn picture(&self, message: MessageId) -> Option<(MediaType, Bytes)> {
        self.shared.see(|world| world.file(message).map(|file| (file.media_type(), file.bytes.clone())))
    }

    /// The newest message of one person to another.
    pub(in crate::simulator) fn newest(&self, from: UserId, to: UserId) -> Option<MessageId> {
        let of = |message: &&Message| message.shown.from == from;
        self.shared.see(|world| world.messages.chat(from, to, MessageId(0)).rev().find(of).map(|message| message.shown.id))
    }

    /// When one person was last seen typing by another, and up to which message they were seen to have read.
    pub(in crate::simulator) fn seen_beside(&self, from: UserId, to: UserId) -> (Option<Timestamp>, Option<MessageId>) {
        self.shared.see(|world| {
            let signals = || world.log.signals().rev().filter(|signal| signal.from == from && signal.to == to);
            let typing = signals().find(|signal| signal.kind == SignalKind::Typing).map(|signal| signal.at);
            let read = signals().find_map(|signal| match signal.kind {
                SignalKind::Read { last } => Some(last),
                SignalKind::Typing => None,
            });
            (typing, read)
        })
    }

    /// Every exchange that is kept, newest first, as `look` sees it.
    pub(in crate::simulator) fn wire<T>(&self, look: impl FnMut(&Exchange) -> Option<T>, most: usize) -> Vec<T> {
        self.shared.see(|world| world.wire.newest().filter_map(look).take(most).collect())
    }

    /// Counts what happened on the wire.
    pub(in crate::simulator) fn wire_version(&self) -> u64 {
        self.shared.see(|world| world.wire.version())
    }
}
