//! One element of `direct_message_events` becomes a direct message (contract §3).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::attachment::AttachmentElement;
use super::text::{Shortened, as_typed};
use super::{Delivery, Level, Place, shortened};
use crate::model::{AppId, Incoming, MessageId, Profile, Tap, Timestamp, UserId};
use crate::wire::lenient::{Id, Parts, Text};
use crate::wire::{DirectMessage, EventBody};

/// More links than a text of 10 000 characters can hold are not looked for.
const MOST_LINKS: usize = 500;

/// Reads one element. Without its ids a message is nothing; of all the rest, what is odd is noted and left out.
pub(super) fn read<'a>(place: Place<'_>, raw: &'a RawValue, level: &Level<'a>, delivery: &mut Delivery) -> Option<EventBody> {
    let element: Element<'a> = delivery.part(place, "", raw)?;
    if let Some(other) = element.kind.filter(|kind| kind.0 != "message_create") {
        return Some(EventBody::Unknown { kind: shortened(&format!("direct_message_events.{}", other.0)) });
    }
    let Some(id) = element.id else {
        delivery.note(place, "", "missing field `id`".to_owned());
        return None;
    };
    let Some(create) = element.message_create else {
        delivery.note(place, "", "missing field `message_create`".to_owned());
        return None;
    };
    let id = MessageId(id.0);
    let create: Create<'a> = delivery.part(place, ".message_create", create)?;
    let (sender, recipient) = (UserId(create.sender_id.0), UserId(create.target.recipient_id.0));
    if level.for_user.is_some_and(|user| user != sender && user != recipient) {
        delivery.note(place, ".message_create", "neither from nor to the subscribed user".to_owned());
        return None;
    }
    let data = create.message_data;
    let mut part = Optional { place, delivery };
    // The id tells the time as well (contract §3.1).
    let told = part.read(".created_timestamp", element.created_timestamp).and_then(|at: Id| i64::try_from(at.0).ok());
    let tap: Option<TapElement<'a>> = part.read(".quick_reply_response", data.quick_reply_response);
    let hanging: Option<AttachmentElement<'a>> = part.read(".attachment", data.attachment);
    let entities: Option<Entities<'a>> = part.read(".entities", data.entities);
    let source_app: Option<Id> = part.read(".source_app_id", create.source_app_id);
    let via: Option<Via> = part.read(".initiated_via", element.initiated_via);
    let text = data.text.map(|text| text.0).unwrap_or_default();
    let links = hanging.as_ref().and_then(AttachmentElement::link).into_iter().chain(entities.iter().flat_map(Entities::links));
    let message = Incoming {
        id,
        sent_at: told.map_or_else(|| id.minted_at(), Timestamp::from_millis),
        text: as_typed(&text, links.take(MOST_LINKS)),
        tap: tap.map(|tap| Tap { metadata: tap.metadata.map(|metadata| metadata.0.into_owned()) }),
        attachment: hanging.and_then(|hanging| hanging.read(place, delivery)),
    };
    Some(EventBody::Message(DirectMessage {
        message,
        sender,
        recipient,
        source_app: source_app.map(|id| AppId(id.0)),
        sender_profile: profile(sender, &level.users),
        welcome: via.and_then(|via| via.welcome_message_id).map(|id| id.0),
    }))
}

/// The text of a message as typed, wherever X shows it with its entities and what hangs on it; what is odd is left out.
pub(in crate::wire) fn read_text(text: &str, entities: Option<&RawValue>, hanging: Option<&RawValue>) -> String {
    let entities: Option<Entities<'_>> = entities.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let hanging: Option<AttachmentElement<'_>> = hanging.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let links = hanging.as_ref().and_then(AttachmentElement::link).into_iter().chain(entities.iter().flat_map(Entities::links));
    as_typed(text, links.take(MOST_LINKS))
}

/// Parts of a message that may be missing, and may be odd.
struct Optional<'p, 'd> {
    place: Place<'p>,
    delivery: &'d mut Delivery,
}

impl Optional<'_, '_> {
    fn read<'a, T: Deserialize<'a>>(&mut self, field: &str, raw: Option<&'a RawValue>) -> Option<T> {
        raw.and_then(|raw| self.delivery.part(self.place, field, raw))
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Element<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    id: Option<Id>,
    #[serde(borrow)]
    created_timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    initiated_via: Option<&'a RawValue>,
    #[serde(borrow)]
    message_create: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Create<'a> {
    target: Target,
    sender_id: Id,
    #[serde(borrow)]
    source_app_id: Option<&'a RawValue>,
    #[serde(borrow)]
    message_data: Data<'a>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Target {
    pub(super) recipient_id: Id,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Data<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    entities: Option<&'a RawValue>,
    #[serde(borrow)]
    quick_reply_response: Option<&'a RawValue>,
    #[serde(borrow)]
    attachment: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Via {
    welcome_message_id: Option<Id>,
}

/// `options`, and from before 2018 `location`: a tap either way.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct TapElement<'a> {
    #[serde(borrow)]
    metadata: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Entities<'a> {
    #[serde(borrow, default)]
    urls: Vec<Link<'a>>,
}

impl Entities<'_> {
    fn links(&self) -> impl Iterator<Item = Shortened<'_>> {
        self.urls
            .iter()
            .map(|link| Shortened { original: link.expanded_url.as_ref().or(Some(&link.url)).map(|url| &*url.0), ..link.removed() })
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Link<'a> {
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    expanded_url: Option<Text<'a>>,
    indices: Option<(usize, usize)>,
}

impl Link<'_> {
    fn removed(&self) -> Shortened<'_> {
        Shortened { url: &self.url.0, indices: self.indices, original: None }
    }
}

/// A condensed user of Account Activity, or the user of X Activity under `data` (contract §2.4, §6.4).
#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, alias = "username")]
    screen_name: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn profile(id: UserId, users: &Parts<'_>) -> Profile {
    let user = users.get(&id.to_string()).and_then(|raw| serde_json::from_str::<User<'_>>(raw.get()).ok());
    let inner = user.as_ref().and_then(|user| user.data).and_then(|raw| serde_json::from_str::<User<'_>>(raw.get()).ok());
    let Some(user) = inner.or(user) else { return Profile::unknown(id) };
    let told = |text: Option<Text<'_>>| text.map(|text| text.0.into_owned()).unwrap_or_default();
    Profile { id, name: told(user.name), screen_name: told(user.screen_name) }
}
