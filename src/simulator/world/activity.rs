//! The X Activity API: who is told of which kind of event, by webhook and by stream (contract §6.4).

use std::collections::{BTreeMap, VecDeque};

use super::super::event::{self, Content};
use super::log::Label;
use super::parcels::Parcel;
use super::{Tie, WebhookId, World};
use crate::model::{AppId, MessageId, Timestamp, UserId};

/// What an app must be allowed to hear of private events.
const PRIVATE: &[&str] = &["dm.read"];

/// A kind of event, by its newer name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct ActivityKind(&'static str);

impl ActivityKind {
    pub(in crate::simulator) const RECEIVED: Self = ActivityKind("dm.received");
    pub(in crate::simulator) const SENT: Self = ActivityKind("dm.sent");
    pub(in crate::simulator) const READ: Self = ActivityKind("dm.read");
    pub(in crate::simulator) const TYPING: Self = ActivityKind("dm.indicate_typing");
    pub(in crate::simulator) const FOLLOWED: Self = ActivityKind("follow.follow");
    pub(in crate::simulator) const UNFOLLOWED: Self = ActivityKind("follow.unfollow");
    pub(in crate::simulator) const REVOKED: Self = ActivityKind("oauth.revoke");

    /// The kinds one may subscribe to; few of them ever happen here. Names in the manner of `DmReceived` are no more.
    pub(in crate::simulator) fn named(name: &str) -> Option<Self> {
        const NAMES: &[&str] = &[
            "dm.received",
            "dm.sent",
            "dm.read",
            "dm.indicate_typing",
            "chat.received",
            "chat.sent",
            "chat.conversation_join",
            "follow.follow",
            "follow.unfollow",
            "post.create",
            "post.delete",
            "profile.update.bio",
            "profile.update.profile_picture",
            "profile.update.banner_picture",
            "profile.update.screenname",
            "profile.update.handle",
            "profile.update.geo",
            "profile.update.url",
            "profile.update.verified_badge",
            "news.new",
            "oauth.revoke",
        ];
        let name = if name == "chat.conversation.join" { "chat.conversation_join" } else { name };
        NAMES.iter().find(|known| **known == name).map(|known| ActivityKind(known))
    }

    pub(in crate::simulator) fn name(self) -> &'static str {
        self.0
    }

    /// Whether only those may hear of it whom the user allowed to read messages.
    pub(in crate::simulator) fn is_private(self) -> bool {
        self.0.starts_with("dm.") || self.0.starts_with("chat.")
    }
}

/// A subscription to one kind of event of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulator) struct Activity {
    pub(in crate::simulator) id: u64,
    pub(in crate::simulator) app: AppId,
    pub(in crate::simulator) kind: ActivityKind,
    /// Whose events; everybody's where a kind has no such filter.
    pub(in crate::simulator) user: Option<UserId>,
    pub(in crate::simulator) direction: Option<String>,
    pub(in crate::simulator) tag: Option<String>,
    /// Where events go besides the stream.
    pub(in crate::simulator) webhook: Option<WebhookId>,
    pub(in crate::simulator) created_at: Timestamp,
    pub(in crate::simulator) updated_at: Timestamp,
}

/// Something to be told of.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) kind: ActivityKind,
    /// To whom it happened, or who did it.
    pub(super) user: UserId,
    /// `inbound` or `outbound`, where the same may happen both ways.
    pub(super) direction: Option<&'static str>,
    pub(super) message: Option<MessageId>,
    pub(super) payload: String,
}

impl Happening {
    pub(super) fn new(kind: ActivityKind, user: UserId, payload: String) -> Self {
        Happening { kind, user, direction: None, message: None, payload }
    }
}

/// An event as it went into the streams.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Streamed {
    number: u64,
    at: Timestamp,
    app: AppId,
    body: String,
}

/// All activity subscriptions, and the newest events of the streams.
#[derive(Default)]
pub(in crate::simulator) struct Activities {
    all: BTreeMap<u64, Activity>,
    streamed: VecDeque<Streamed>,
    last: u64,
}

impl Activities {
    pub(in crate::simulator) fn of_app(&self, app: AppId) -> impl Iterator<Item = &Activity> {
        self.all.values().filter(move |activity| activity.app == app)
    }

    pub(in crate::simulator) fn get_mut(&mut self, id: u64, app: AppId) -> Option<&mut Activity> {
        self.all.get_mut(&id).filter(|activity| activity.app == app)
    }

    pub(in crate::simulator) fn insert(&mut self, activity: Activity) {
        self.all.insert(activity.id, activity);
    }

    /// Ends a subscription; `false` when the app has none of that id.
    pub(in crate::simulator) fn remove(&mut self, id: u64, app: AppId) -> bool {
        self.get_mut(id, app).is_some() && self.all.remove(&id).is_some()
    }

    /// Ends the subscriptions that go to a webhook.
    pub(super) fn without_webhook(&mut self, webhook: WebhookId) {
        self.all.retain(|_, activity| activity.webhook != Some(webhook));
    }

    /// The number of the newest event that was streamed before `at`.
    pub(in crate::simulator) fn streamed_before(&self, at: Timestamp) -> u64 {
        self.streamed.iter().rev().find(|event| event.at < at).map_or(0, |event| event.number)
    }

    /// What an app's stream has after an event: the number of the newest, and one line for each.
    pub(in crate::simulator) fn streamed_after(&self, app: AppId, number: u64) -> Option<(u64, String)> {
        let news = || self.streamed.iter().filter(|event| event.app == app && event.number > number);
        let lines: String = news().map(|event| format!("{}\r\n", event.body)).collect();
        news().next_back().map(|event| (event.number, lines))
    }

    fn stream(&mut self, app: AppId, body: String, remembered: usize, now: Timestamp) {
        self.last += 1;
        self.streamed.push_back(Streamed { number: self.last, at: now, app, body });
        if self.streamed.len() > remembered {
            self.streamed.pop_front();
        }
    }
}

impl World {
    /// Forgets a webhook and all that went to it.
    pub(in crate::simulator) fn delete_webhook(&mut self, id: WebhookId) {
        self.hooks.delete(id);
        self.activities.without_webhook(id);
    }

    /// Whether an app may hear of such events of a user (contract §6.4).
    pub(in crate::simulator) fn may_hear(&self, app: AppId, kind: ActivityKind, user: Option<UserId>) -> bool {
        !kind.is_private() || user.is_some_and(|user| self.grants.covers(user, app, PRIVATE))
    }

    /// Tells the activity subscriptions of a message, at both ends.
    pub(super) fn message_activity(&mut self, id: MessageId, now: Timestamp) -> Vec<Parcel> {
        let Some(message) = self.messages.get(id) else { return vec![] };
        let (from, to, payload) = (message.shown.from, message.shown.to, event::activity_message(self, message));
        let of_message = |kind, user, payload| Happening { message: Some(id), ..Happening::new(kind, user, payload) };
        let mut leaving = self.activity(&of_message(ActivityKind::SENT, from, payload.sent), now);
        if to != from {
            leaving.extend(self.activity(&of_message(ActivityKind::RECEIVED, to, payload.received), now));
        }
        leaving
    }

    /// Tells the activity subscriptions of who follows whom, or no longer does; of nothing else between people.
    pub(super) fn tie_activity(&mut self, source: UserId, tie: Tie, target: UserId, now: Timestamp) -> Vec<Parcel> {
        let kind = match tie {
            Tie::Follow => ActivityKind::FOLLOWED,
            Tie::Unfollow => ActivityKind::UNFOLLOWED,
            Tie::Block | Tie::Unblock | Tie::Mute | Tie::Unmute => return vec![],
        };
        let payload = event::activity_tie(self, source, target);
        let mut leaving = Vec::new();
        for (user, direction) in [(source, "outbound"), (target, "inbound")] {
            let happening = Happening { direction: Some(direction), ..Happening::new(kind, user, payload.clone()) };
            leaving.extend(self.activity(&happening, now));
        }
        leaving
    }

    /// Tells the activity subscriptions of something that happened to, or was done by, a user.
    pub(super) fn activity(&mut self, happening: &Happening, now: Timestamp) -> Vec<Parcel> {
        let Happening { kind, user, direction, message, ref payload } = *happening;
        let awake = |activity: &&Activity| {
            let theirs = activity.user.is_none_or(|wanted| wanted == user);
            let that_way = activity.direction.as_deref().is_none_or(|wanted| direction.is_none_or(|direction| direction == wanted));
            activity.kind == kind && theirs && that_way && activity.created_at.plus(self.rules.subscription_delay) <= now
        };
        let heard = |activity: &&Activity| self.may_hear(activity.app, kind, activity.user);
        let subscribed: Vec<Activity> = self.activities.all.values().filter(awake).filter(heard).cloned().collect();
        let label = Label { for_user: Some(user), message, echo: kind == ActivityKind::SENT };
        let mut leaving = Vec::new();
        for activity in subscribed {
            let body = event::activity(&activity, self.dice.signed(), payload);
            self.activities.stream(activity.app, body.clone(), self.rules.remembered, now);
            if let Some(webhook) = activity.webhook {
                leaving.extend(self.pack(webhook, label, Content::Raw { kind: kind.name(), body }));
            }
        }
        leaving
    }
}
