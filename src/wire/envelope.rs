//! A delivery's body becomes events: Account Activity and X Activity envelopes alike (contract §2.4, §6.4).
//!
//! The body is cut into raw parts first, and each part is read on its own: what is wrong with one does not cost the others.

mod attachment;
mod kinds;

mod message;
mod text;

pub(super) use message::read_text;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::{Id, Parts, Text, reason};
use super::{DirectMessage, Event, EventBody};
use crate::model::UserId;

/// What a body holds, in the order in which it holds it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Delivery {
    /// The events.
    pub events: Vec<Event>,
    /// The parts that could not be read.
    pub oddities: Vec<Oddity>,
}

/// A part of a body that is not as the contract says. It holds nothing that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// The kind of event that it belongs to, or the top-level key.
    pub kind: String,
    /// Where it is, as `direct_message_events[1].message_create`.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a whole body cannot be read. It is answered 200 all the same: another status would only bring it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not text.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON, or JSON that is not an object.
    #[error("the body is not a JSON object: {0}")]
    NotAnObject(String),
}

/// Reads the body of a delivery, whose signature has been verified.
pub fn parse(body: &[u8]) -> Result<Delivery, Unreadable> {
    let body = std::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
    let parts: Parts<'_> = serde_json::from_str(body).map_err(|error| Unreadable::NotAnObject(reason(&error)))?;
    let mut delivery = Delivery::default();
    let level = Level::new(&parts, None, "", &mut delivery);
    for (key, raw) in &parts.0 {
        if key.0 == "data" {
            take_activity(raw, &mut delivery);
        } else {
            take_kind(&key.0, raw, &level, &mut delivery);
        }
    }
    Ok(delivery)
}

/// The messages among elements of the shape of `direct_message_events`, from wherever X lists them; what is odd is left out.
pub(super) fn read_messages<'a>(elements: &[&'a RawValue]) -> Vec<DirectMessage> {
    let place = Place { prefix: "", kind: "events", index: None };
    let level = Level { for_user: None, users: Parts::default(), prefix: "" };
    let mut odd = Delivery::default();
    let message = |raw: &&'a RawValue| match message::read(place, raw, &level, &mut odd)? {
        EventBody::Message(message) => Some(message),
        _ => None,
    };
    elements.iter().filter_map(message).collect()
}

/// What the events of one envelope share.
struct Level<'a> {
    for_user: Option<UserId>,
    users: Parts<'a>,
    prefix: &'static str,
}

impl<'a> Level<'a> {
    fn new(parts: &Parts<'a>, filter: Option<UserId>, prefix: &'static str, delivery: &mut Delivery) -> Self {
        let place = |kind| Place { prefix, kind, index: None };
        let for_user = parts.get("for_user_id").and_then(|raw| delivery.part(place("for_user_id"), "", raw));
        // Profiles are a courtesy: of an odd map nothing is said, the sender is then known by id alone.
        let users = parts.get("users").and_then(|raw| serde_json::from_str(raw.get()).ok());
        Level { for_user: for_user.map(|id: Id| UserId(id.0)).or(filter), users: users.unwrap_or_default(), prefix }
    }
}

/// Where a part stands in a body; written out only when something is wrong with it.
#[derive(Clone, Copy)]
struct Place<'a> {
    prefix: &'static str,
    kind: &'a str,
    index: Option<usize>,
}

impl Delivery {
    /// Reads one part; when that fails, an oddity is kept instead.
    fn part<'a, T: Deserialize<'a>>(&mut self, place: Place<'_>, field: &str, raw: &'a RawValue) -> Option<T> {
        match serde_json::from_str(raw.get()) {
            Ok(part) => Some(part),
            Err(error) => {
                self.note(place, field, reason(&error));
                None
            }
        }
    }

    fn note(&mut self, place: Place<'_>, field: &str, reason: String) {
        let Place { prefix, kind, index } = place;
        let index = index.map_or_else(String::new, |index| format!("[{index}]"));
        let kind = shortened(kind);
        self.oddities.push(Oddity { place: format!("{prefix}{kind}{index}{field}"), kind, reason });
    }
}

/// The envelope of X Activity (contract §6.4).
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Activity<'a> {
    #[serde(borrow, default)]
    event_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    filter: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Filter {
    user_id: Option<Id>,
}

fn take_activity(raw: &RawValue, delivery: &mut Delivery) {
    let place = |kind| Place { prefix: "", kind, index: None };
    let Some(activity) = delivery.part::<Activity<'_>>(place("data"), "", raw) else { return };
    let filter = activity.filter.and_then(|raw| delivery.part::<Filter>(place("data"), ".filter", raw));
    let filter = filter.and_then(|filter| filter.user_id).map(|id| UserId(id.0));
    let kind = activity.event_type.map_or("data".into(), |kind| kind.0);
    let Some(payload) = activity.payload else {
        return delivery.note(place(&kind), ".payload", "there is no payload".to_owned());
    };
    if kind == "oauth.revoke" {
        let revoked = delivery.part::<kinds::Withdrawal>(place(&kind), ".payload", payload);
        return delivery.events.extend(revoked.map(|revoked| Event { for_user: filter, body: revoked.into() }));
    }
    // `chat.…` payloads are encrypted: nothing in them can be read.
    let parts = if kind.starts_with("chat.") { Some(Parts::default()) } else { delivery.part(place(&kind), ".payload", payload) };
    let Some(parts) = parts else { return };
    let level = Level::new(&parts, filter, "data.payload.", delivery);
    let known = parts.0.iter().filter(|(key, _)| kinds::is_known(&key.0));
    let mut empty = true;
    for (key, raw) in known {
        empty = false;
        take_kind(&key.0, raw, &level, delivery);
    }
    if empty {
        delivery.events.push(Event { for_user: filter, body: EventBody::Unknown { kind: shortened(&kind) } });
    }
}

fn take_kind<'a>(key: &str, raw: &'a RawValue, level: &Level<'a>, delivery: &mut Delivery) {
    let place = Place { prefix: level.prefix, kind: key, index: None };
    match key {
        "for_user_id" | "users" | "apps" | "user_has_blocked" | "is_blocked_by" => {}
        "user_event" | "replay_job_status" => take_element(place, raw, level, delivery),
        _ if kinds::is_known(key) => {
            let elements: Vec<&'a RawValue> = delivery.part(place, "", raw).unwrap_or_default();
            for (index, raw) in elements.into_iter().enumerate() {
                take_element(Place { index: Some(index), ..place }, raw, level, delivery);
            }
        }
        _ => delivery.events.push(Event { for_user: level.for_user, body: EventBody::Unknown { kind: shortened(key) } }),
    }
}

fn take_element<'a>(place: Place<'_>, raw: &'a RawValue, level: &Level<'a>, delivery: &mut Delivery) {
    let body = match place.kind {
        "direct_message_events" => message::read(place, raw, level, delivery),
        _ => kinds::read(place, raw, delivery),
    };
    delivery.events.extend(body.map(|body| Event { for_user: level.for_user, body }));
}

/// A name of X's for counting and showing; a hostile one is not kept whole.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests;
