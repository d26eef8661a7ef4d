//! Conversations by their names (of two, `SMALLER-LARGER`; of a group, a number), and what is posted in them (contract §6.5).

use std::collections::BTreeSet;
use std::fmt;

use super::super::super::refusal::Refusal;
use super::super::super::world::{Draft, GroupId, Parcel, World};
use super::body;
use super::problem::Problem;
use crate::model::{AppId, MessageId, Timestamp, UserId};

/// The fewest digits of a group's name: with less it is no id of the platform's.
const SHORTEST_GROUP: usize = 15;

/// A conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversation {
    /// Of two, the smaller id first.
    Two(UserId, UserId),
    Group(GroupId),
}

/// Where a message goes.
pub(super) enum Place {
    With(UserId),
    In(GroupId),
    /// A group of these and the sender, which the message opens.
    New(BTreeSet<UserId>),
}

/// A message that was taken.
pub(super) struct Posted {
    pub(super) conversation: Conversation,
    pub(super) id: MessageId,
    /// The copies that are to leave now: of groups there are none.
    pub(super) parcels: Vec<Parcel>,
}

impl Conversation {
    pub(super) fn of_two(a: UserId, b: UserId) -> Self {
        Conversation::Two(a.min(b), a.max(b))
    }

    /// The conversation of a name.
    pub(super) fn named(name: &str) -> Result<Self, Problem> {
        let id = |digits: &str| body::id("dm_conversation_id", digits).ok();
        let known = match name.split_once('-') {
            Some((one, other)) => id(one).zip(id(other)).map(|(one, other)| Self::of_two(UserId(one), UserId(other))),
            None => id(name).filter(|_| name.len() >= SHORTEST_GROUP).map(|id| Conversation::Group(GroupId(id))),
        };
        known.ok_or_else(|| Problem::invalid("dm_conversation_id", name, "It does not match ^([0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19})$"))
    }
}

impl fmt::Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Conversation::Two(one, other) => write!(f, "{one}-{other}"),
            Conversation::Group(id) => id.fmt(f),
        }
    }
}

impl Place {
    /// A conversation that there is already, if of two one is the sender.
    pub(super) fn known(sender: UserId, conversation: Conversation) -> Result<Self, Problem> {
        match conversation {
            Conversation::Two(one, other) if one == sender => Ok(Place::With(other)),
            Conversation::Two(one, other) if other == sender => Ok(Place::With(one)),
            Conversation::Two(..) => Err(Problem::not_permitted()),
            Conversation::Group(id) => Ok(Place::In(id)),
        }
    }

    /// Whether `from` may write here at all. A group that is not there is not told from one of others.
    pub(super) fn is_open(&self, world: &World, from: UserId) -> Result<(), Problem> {
        match self {
            Place::With(to) => Ok(world.may_write(from, *to)?),
            Place::In(group) if world.groups.has_member(*group, from) => Ok(()),
            Place::In(_) => Err(Problem::not_permitted()),
            Place::New(people) => Ok(people.iter().try_for_each(|to| world.may_write(from, *to))?),
        }
    }

    /// Whether `draft` may be sent here as it is.
    pub(super) fn takes(&self, world: &World, from: UserId, draft: &Draft, now: Timestamp) -> Result<(), Refusal> {
        match self {
            Place::With(to) => world.may_send(from, *to, draft, now),
            Place::In(group) => world.may_send_in(from, Some(*group), draft, now),
            Place::New(_) => world.may_send_in(from, None, draft, now),
        }
    }

    /// Posts a message; the checks are done.
    pub(super) fn post(self, world: &mut World, from: UserId, draft: Draft, app: AppId, now: Timestamp) -> Posted {
        let group = match self {
            Place::With(to) => {
                let (id, parcels) = world.post(from, to, draft, app, now);
                return Posted { conversation: Conversation::of_two(from, to), id, parcels };
            }
            Place::In(group) => group,
            Place::New(mut people) => {
                people.insert(from);
                world.open_group(people, now)
            }
        };
        let id = world.post_in(from, group, draft, app, now);
        Posted { conversation: Conversation::Group(group), id, parcels: vec![] }
    }
}
