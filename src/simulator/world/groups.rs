//! Conversations of more than two, by the newer API alone: no webhook hears of them, and the older API does not list them (contract §2.1, §6.5).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};

use super::super::json;
use super::super::refusal::Refusal;
use super::messages::Picture;
use super::posting::{Draft, Written};
use super::{File, World};
use crate::model::{AppId, MessageId, Timestamp, UserId};

/// The id of a group: one number, where a conversation of two has the ids of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId(pub u64);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A group, with all that was said in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Its id.
    #[serde(serialize_with = "json::text")]
    pub id: GroupId,
    /// Who is in it: whoever opened it and whom they named. Nobody comes or goes afterwards.
    #[serde(serialize_with = "members")]
    pub members: BTreeSet<UserId>,
    /// Its messages, oldest first.
    pub messages: Vec<GroupMessage>,
}

/// A message as it stands in a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupMessage {
    /// Its id.
    #[serde(serialize_with = "json::text")]
    pub id: MessageId,
    /// When it was sent, as its id says.
    pub at: Timestamp,
    /// Who sent it.
    #[serde(serialize_with = "json::text")]
    pub from: UserId,
    /// What it says, as it was typed.
    pub text: String,
    /// A picture or video with it.
    pub picture: Option<Picture>,
    /// The app that it was sent with.
    #[serde(serialize_with = "json::text")]
    pub app: AppId,
}

/// A message of a group with what the platform made of it.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct InGroup {
    pub(in crate::simulator) group: GroupId,
    pub(in crate::simulator) id: MessageId,
    pub(in crate::simulator) from: UserId,
    /// As it was typed.
    text: String,
    app: AppId,
    pub(in crate::simulator) written: Written,
}

/// All groups.
#[derive(Default)]
pub(in crate::simulator) struct Groups {
    members: BTreeMap<GroupId, BTreeSet<UserId>>,
    messages: BTreeMap<MessageId, InGroup>,
    /// Who does no longer want to see what.
    hidden: BTreeSet<(UserId, MessageId)>,
}

impl Groups {
    pub(in crate::simulator) fn has_member(&self, group: GroupId, user: UserId) -> bool {
        self.members.get(&group).is_some_and(|members| members.contains(&user))
    }

    /// The messages of a user's groups, newest first, as the API shows them.
    pub(in crate::simulator) fn of_user(&self, user: UserId) -> impl Iterator<Item = &InGroup> {
        self.messages.values().rev().filter(move |message| self.is_shown(message, user))
    }

    /// Takes a message out of a user's view, and out of nobody else's; `false` when it is not in it.
    pub(in crate::simulator) fn hide(&mut self, user: UserId, id: MessageId) -> bool {
        self.messages.get(&id).is_some_and(|message| self.is_shown(message, user)) && self.hidden.insert((user, id))
    }

    /// Every group, oldest first.
    pub(in crate::simulator) fn all(&self) -> impl Iterator<Item = Group> {
        self.members.iter().map(|(id, members)| {
            let its = self.messages.values().filter(|message| message.group == *id);
            Group { id: *id, members: members.clone(), messages: its.map(InGroup::shown).collect() }
        })
    }

    pub(super) fn file(&self, id: MessageId) -> Option<&File> {
        self.messages.get(&id)?.written.file.as_ref()
    }

    /// A message, for a member of its group.
    pub(super) fn message_for(&self, user: UserId, id: MessageId) -> Option<&InGroup> {
        self.messages.get(&id).filter(|message| self.has_member(message.group, user))
    }

    fn is_shown(&self, message: &InGroup, user: UserId) -> bool {
        self.has_member(message.group, user) && !self.hidden.contains(&(user, message.id))
    }
}

impl InGroup {
    fn shown(&self) -> GroupMessage {
        let InGroup { id, from, app, .. } = *self;
        GroupMessage { id, at: id.minted_at(), from, text: self.text.clone(), picture: self.written.picture, app }
    }
}

impl World {
    /// Whether `draft` may be sent as it is into a group, or into one that it opens.
    pub(in crate::simulator) fn may_send_in(
        &self,
        from: UserId,
        group: Option<GroupId>,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let last = || self.groups.messages.values().rev().find(|message| Some(message.group) == group && message.from == from);
        self.may_post(from, draft, || last().map(|last| last.text.as_str()), now)
    }

    /// Puts people together.
    pub(in crate::simulator) fn open_group(&mut self, members: BTreeSet<UserId>, now: Timestamp) -> GroupId {
        let id = GroupId(self.mint(now));
        self.groups.members.insert(id, members);
        id
    }

    /// Puts a message into a group. Nothing leaves for anybody's webhook.
    pub(in crate::simulator) fn post_in(&mut self, from: UserId, group: GroupId, draft: Draft, app: AppId, now: Timestamp) -> MessageId {
        let id = MessageId(self.mint(now));
        let written = self.write_down(id, &draft);
        self.groups.messages.insert(id, InGroup { group, id, from, text: draft.text, app, written });
        id
    }
}

fn members<S: Serializer>(members: &BTreeSet<UserId>, serializer: S) -> Result<S::Ok, S::Error> {
    json::texts(members, serializer)
}
