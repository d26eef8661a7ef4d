//! How the platform writes messages: the body of a delivery and the answers of the REST calls (contract §2.4, §3).

mod newer;
mod view;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json;
use super::world::{Message, WEB_CLIENT, World};
use crate::model::{AppId, MessageId, Timestamp, UserId};
pub(super) use newer::NewerUser;
use view::{Delivery, UserView};
pub(super) use view::{EventView, JOINED, Reader};

/// The compact body of the delivery of a message to `user`'s webhook, with the keys in the order of contract §1.4.
pub(super) fn delivery(world: &World, message: &Message, user: UserId, without_users: bool) -> String {
    let body = Delivery {
        for_user_id: user,
        direct_message_events: [EventView::new(message, Reader::Webhook(user))],
        apps: apps(world, std::iter::once(message), user),
        users: (!without_users).then(|| users(world, &[message.shown.from, message.shown.to])),
    };
    written(world, json::compact(&body))
}

/// The body that tells `to` that `from` is typing.
pub(super) fn typing(world: &World, from: UserId, to: UserId, now: Timestamp) -> String {
    told(world, "direct_message_indicate_typing_events", from, to, now, None)
}

/// The body that tells `to` that `from` has read up to `last`.
pub(super) fn read(world: &World, from: UserId, to: UserId, last: MessageId, now: Timestamp) -> String {
    told(world, "direct_message_mark_read_events", from, to, now, Some(last))
}

/// Makes a body at least `bytes` long, by a key that nobody knows.
pub(super) fn padded(body: String, bytes: usize) -> String {
    let key = r#","padding":""#;
    let missing = bytes.saturating_sub(body.len() + key.len() + 1);
    match body.strip_suffix('}') {
        Some(open) if missing > 0 => format!("{open}{key}{}\"}}", "x".repeat(missing)),
        _ => body,
    }
}

/// The apps that the messages `reader` sent were sent with; `None` when there are none.
pub(super) fn apps<'a>(world: &World, messages: impl Iterator<Item = &'a Message>, reader: UserId) -> Option<BTreeMap<String, Value>> {
    let own = messages.filter(|message| message.shown.from == reader).map(|message| message.shown.app);
    let apps: BTreeMap<_, _> = own.map(|id| (id.to_string(), app(world, id))).collect();
    (!apps.is_empty()).then_some(apps)
}

fn users<'a>(world: &'a World, ids: &[UserId]) -> BTreeMap<String, UserView<'a>> {
    ids.iter().filter_map(|id| world.people.get(*id)).map(|person| (person.id.to_string(), UserView::new(person))).collect()
}

fn app(world: &World, id: AppId) -> Value {
    let (name, url) = match world.keys.app(id) {
        Some(app) => (app.name.as_str(), app.url.as_str()),
        None if id == WEB_CLIENT => ("Twitter Web App", "https://mobile.twitter.com"),
        None => ("Another app", "https://example.com"),
    };
    json!({ "id": id.to_string(), "name": name, "url": url })
}

fn told(world: &World, key: &str, from: UserId, to: UserId, now: Timestamp, last: Option<MessageId>) -> String {
    let mut event = json!({
        "created_timestamp": now.to_string(),
        "sender_id": from.to_string(),
        "target": { "recipient_id": to.to_string() },
    });
    if let Some(last) = last {
        event["last_read_event_id"] = Value::String(last.to_string());
    }
    // Sorted keys would put the kind before `for_user_id`.
    let users = json::compact(&users(world, &[from, to]));
    written(world, format!(r#"{{"for_user_id":"{to}","{key}":[{event}],"users":{users}}}"#))
}

fn written(world: &World, body: String) -> String {
    if world.rules.escape_deliveries { json::escape(&body) } else { body }
}
