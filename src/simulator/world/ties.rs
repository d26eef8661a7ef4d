//! Ties between people: who follows, blocks and mutes whom, and who hears of it (contract §2.5).

use serde::{Deserialize, Serialize};

use super::super::error::Error;
use super::super::event::{self, Content};
use super::World;
use super::parcels::Parcel;
use crate::model::{Timestamp, UserId};

/// What one person does to another, beside writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// Follows them.
    Follow,
    /// Follows them no longer.
    Unfollow,
    /// Refuses their messages; neither follows the other any longer.
    Block,
    /// Takes their messages again.
    Unblock,
    /// Does not want to hear of them.
    Mute,
    /// Wants to hear of them again.
    Unmute,
}

impl Tie {
    /// Its name, and the list that it stands in.
    pub(in crate::simulator) fn named(self) -> (&'static str, &'static str) {
        match self {
            Tie::Follow => ("follow", "follow_events"),
            Tie::Unfollow => ("unfollow", "follow_events"),
            Tie::Block => ("block", "block_events"),
            Tie::Unblock => ("unblock", "block_events"),
            Tie::Mute => ("mute", "mute_events"),
            Tie::Unmute => ("unmute", "mute_events"),
        }
    }
}

impl World {
    /// Makes or cuts a tie. What is so already is no event.
    pub(in crate::simulator) fn tie(&mut self, source: UserId, tie: Tie, target: UserId, now: Timestamp) -> Result<Vec<Parcel>, Error> {
        let known = |id: UserId| self.people.get(id).cloned().ok_or_else(|| Error::UnknownPerson(id.to_string()));
        let (mut from, mut to) = (known(source)?, known(target)?);
        let changed = match tie {
            Tie::Follow => from.follows.insert(target),
            Tie::Unfollow => from.follows.remove(&target),
            Tie::Block => {
                from.follows.remove(&target);
                to.follows.remove(&source);
                from.blocks.insert(target)
            }
            Tie::Unblock => from.blocks.remove(&target),
            Tie::Mute => from.mutes.insert(target),
            Tie::Unmute => from.mutes.remove(&target),
        };
        if !changed || source == target {
            return Ok(vec![]);
        }
        self.people.admit(from)?;
        self.people.admit(to)?;
        // Only a new follower is told of to the other side.
        let told = if tie == Tie::Follow { vec![source, target] } else { vec![source] };
        let mut leaving = Vec::new();
        for user in told {
            let content = Content::Events(event::tie(self, user, source, tie, target, now));
            leaving.extend(self.tell(user, &content, now));
        }
        leaving.extend(self.tie_activity(source, tie, target, now));
        Ok(leaving)
    }
}
