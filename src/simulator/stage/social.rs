//! What people do beside writing messages: they follow, block and mute, post and like, type and read.

use super::super::delivery;
use super::super::error::Error;
use super::super::world::{Signal, SignalKind, Tie};
use super::Stage;
use crate::model::{MessageId, UserId};

impl Stage {
    /// Lets a person follow, block or mute another, or no longer.
    pub fn tie(&self, person: UserId, tie: Tie, other: UserId) -> Result<(), Error> {
        let parcels = self.shared.change(|world, now| world.tie(person, tie, other, now))?;
        delivery::submit(&self.shared, parcels);
        Ok(())
    }

    /// Posts a text, perhaps in answer to another post; returns its id.
    pub fn post(&self, author: UserId, text: &str, reply_to: Option<u64>) -> Result<u64, Error> {
        let (id, parcels) = self.shared.change(|world, now| world.publish(author, text, reply_to, None, now))?;
        delivery::submit(&self.shared, parcels);
        Ok(id)
    }

    /// Deletes a post of the author's.
    pub fn delete_post(&self, author: UserId, post: u64) -> Result<(), Error> {
        let (_, parcels) = self.shared.change(|world, now| world.unpublish(author, post, now))?;
        delivery::submit(&self.shared, parcels);
        Ok(())
    }

    /// Likes a post.
    pub fn like(&self, person: UserId, post: u64) -> Result<(), Error> {
        let parcels = self.shared.change(|world, now| world.like(person, post, now))?;
        delivery::submit(&self.shared, parcels);
        Ok(())
    }

    /// Shows `to` that `from` is typing.
    pub fn show_typing(&self, from: UserId, to: UserId) {
        self.signal(from, to, SignalKind::Typing);
    }

    /// Shows `to` that `from` has read all up to a message.
    pub fn show_read(&self, from: UserId, to: UserId, last: MessageId) {
        self.signal(from, to, SignalKind::Read { last });
    }

    fn signal(&self, from: UserId, to: UserId, kind: SignalKind) {
        self.dispatch(|world, now| world.signal(Signal { at: now, from, to, kind }));
    }
}
