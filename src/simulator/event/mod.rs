//! How the platform writes what happened: the bodies of deliveries and the answers of the REST calls (contract §2.4, §3).

mod activity;
mod body;
mod newer;
mod post;
mod user;
mod view;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json;
use super::world::{Message, Tie, WEB_CLIENT, World};
use crate::model::{AppId, MessageId, Timestamp, UserId};
pub(super) use activity::{activity, activity_message, activity_read, activity_tie, activity_typing, filter};
pub(super) use body::{Body, Content, Shape};
pub(super) use newer::NewerUser;
pub(super) use post::{favorite, liked, posted, unposted, view as post};
pub(super) use user::{IdForm, full as user};
use view::UserView;
pub(super) use view::{DataView, EventView, JOINED, Reader};

/// Tells `user`'s webhook of a message.
pub(super) fn delivery(world: &World, message: &Message, user: UserId) -> Body {
    let event = json::compact(&EventView::new(message, Reader::Webhook(user)));
    let apps = apps(world, std::iter::once(message), user).unwrap_or_default();
    let apps = apps.into_iter().map(|(id, app)| (id, app.to_string())).collect();
    Body::new(user, "direct_message_events", event).with_apps(apps).with_users(users(world, &[message.shown.from, message.shown.to]))
}

/// Tells `to` that `from` is typing.
pub(super) fn typing(world: &World, from: UserId, to: UserId, now: Timestamp) -> Body {
    let event = told(from, to, now);
    Body::new(to, "direct_message_indicate_typing_events", event.to_string()).with_users(users(world, &[from, to]))
}

/// Tells `to` that `from` has read up to `last`.
pub(super) fn read(world: &World, from: UserId, to: UserId, last: MessageId, now: Timestamp) -> Body {
    let mut event = told(from, to, now);
    event["last_read_event_id"] = Value::String(last.to_string());
    Body::new(to, "direct_message_mark_read_events", event.to_string()).with_users(users(world, &[from, to]))
}

/// Tells `for_user` what one person did to another.
pub(super) fn tie(world: &World, for_user: UserId, source: UserId, tie: Tie, target: UserId, now: Timestamp) -> Body {
    let (name, kind) = tie.named();
    let person = |id| world.people.get(id).map(|person| user(person, IdForm::Text));
    let event = json!({ "type": name, "created_timestamp": now.to_string(), "target": person(target), "source": person(source) });
    Body::new(for_user, kind, event.to_string())
}

/// The apps that the messages `reader` sent were sent with; `None` when there are none.
pub(super) fn apps<'a>(world: &World, messages: impl Iterator<Item = &'a Message>, reader: UserId) -> Option<BTreeMap<String, Value>> {
    let own = messages.filter(|message| message.shown.from == reader).map(|message| message.shown.app);
    let apps: BTreeMap<_, _> = own.map(|id| (id.to_string(), app(world, id))).collect();
    (!apps.is_empty()).then_some(apps)
}

/// An app, as messages and welcome messages name it.
pub(super) fn app(world: &World, id: AppId) -> Value {
    let (name, url) = match world.keys.app(id) {
        Some(app) => (app.name.as_str(), app.url.as_str()),
        None if id == WEB_CLIENT => ("Twitter Web App", "https://mobile.twitter.com"),
        None => ("Another app", "https://example.com"),
    };
    json!({ "id": id.to_string(), "name": name, "url": url })
}

fn users(world: &World, ids: &[UserId]) -> BTreeMap<String, String> {
    let known = ids.iter().filter_map(|id| world.people.get(*id));
    known.map(|person| (person.id.to_string(), json::compact(&UserView::new(person)))).collect()
}

fn told(from: UserId, to: UserId, now: Timestamp) -> Value {
    json!({
        "created_timestamp": now.to_string(),
        "sender_id": from.to_string(),
        "target": { "recipient_id": to.to_string() },
    })
}
