//! The envelope of the X Activity API: older arrays inside, newer users beside them (contract §6.4).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::json;
use super::super::world::{Activity, Message, World};
use super::newer::NewerUser;
use super::{EventView, Reader, told};
use crate::model::{MessageId, Timestamp, UserId};

/// What is told of a message.
pub(in crate::simulator) struct Told {
    /// To the sender; of apps nothing is said here.
    pub(in crate::simulator) sent: String,
    /// To the recipient.
    pub(in crate::simulator) received: String,
}

/// The payloads that tell of a message.
pub(in crate::simulator) fn activity_message(world: &World, message: &Message) -> Told {
    let (from, to) = (message.shown.from, message.shown.to);
    let payload = |reader| payload(world, "direct_message_events", &json::compact(&EventView::new(message, reader)), from, to);
    Told { sent: payload(Reader::Answer), received: payload(Reader::Webhook(to)) }
}

/// The payload that tells that `from` is typing to `to`.
pub(in crate::simulator) fn activity_typing(world: &World, from: UserId, to: UserId, now: Timestamp) -> String {
    payload(world, "direct_message_indicate_typing_events", &told(from, to, now).to_string(), from, to)
}

/// The payload that tells that `from` has read up to `last`.
pub(in crate::simulator) fn activity_read(world: &World, from: UserId, to: UserId, last: MessageId, now: Timestamp) -> String {
    let mut event = told(from, to, now);
    event["last_read_event_id"] = Value::String(last.to_string());
    payload(world, "direct_message_mark_read_events", &event.to_string(), from, to)
}

/// The payload that tells who did something to whom.
pub(in crate::simulator) fn activity_tie(world: &World, source: UserId, target: UserId) -> String {
    let person = |id| world.people.get(id).map(|person| NewerUser::new(person).delivered());
    json!({ "source": person(source), "target": person(target) }).to_string()
}

/// A whole event for a subscription. Its id is the delivery's, and may be below 0.
pub(in crate::simulator) fn activity(activity: &Activity, id: i64, payload: &str) -> String {
    let filter = json::compact(&filter(activity));
    let tag = activity.tag.as_ref().map(|tag| format!(r#","tag":{}"#, json::compact(tag))).unwrap_or_default();
    let kind = activity.kind.name();
    format!(r#"{{"data":{{"event_uuid":"{id}","filter":{filter},"event_type":"{kind}"{tag},"payload":{payload}}}}}"#)
}

/// Whose events a subscription is about, as it was given.
pub(in crate::simulator) fn filter(activity: &Activity) -> Map<String, Value> {
    let user = activity.user.map(|user| ("user_id".to_owned(), user.to_string().into()));
    let direction = activity.direction.clone().map(|direction| ("direction".to_owned(), direction.into()));
    user.into_iter().chain(direction).collect()
}

fn payload(world: &World, kind: &str, event: &str, from: UserId, to: UserId) -> String {
    let known = [from, to].into_iter().filter_map(|id| world.people.get(id));
    let users: BTreeMap<String, Value> = known.map(|person| (person.id.to_string(), NewerUser::new(person).delivered())).collect();
    format!(r#"{{"{kind}":[{event}],"users":{}}}"#, json!(users))
}
