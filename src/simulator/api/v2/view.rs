//! How a message is shown: what was asked for of it, and what stands beside it (contract §6.5).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::super::event::NewerUser;
use super::super::super::json;
use super::super::super::world::{File, InGroup, Message, Picture, World, Wrapped, escape};
use super::super::call::Call;
use super::conversation::Conversation;
use crate::model::{MediaKind, MessageId, UserId};

/// What a caller wants to see of each event, and beside them.
pub(super) struct Wanted {
    fields: BTreeSet<String>,
    expansions: BTreeSet<String>,
    user_fields: String,
    with_addresses: bool,
    /// The address of this server, as the caller wrote it.
    base: String,
    pub(super) with_messages: bool,
}

/// A message of whatever conversation.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub(super) id: MessageId,
    from: UserId,
    pub(super) conversation: Conversation,
    wrapped: &'a Wrapped,
    picture: Option<Picture>,
    file: Option<&'a File>,
}

impl<'a> From<&'a Message> for Event<'a> {
    fn from(message: &'a Message) -> Self {
        let Message { shown, wrapped, file, .. } = message;
        let conversation = Conversation::of_two(shown.from, shown.to);
        Event { id: shown.id, from: shown.from, conversation, wrapped, picture: shown.picture, file: file.as_ref() }
    }
}

impl<'a> From<&'a InGroup> for Event<'a> {
    fn from(message: &'a InGroup) -> Self {
        let InGroup { group, id, from, written, .. } = message;
        let conversation = Conversation::Group(*group);
        Event { id: *id, from: *from, conversation, wrapped: &written.wrapped, picture: written.picture, file: written.file.as_ref() }
    }
}

impl Wanted {
    pub(super) fn of(call: &Call) -> Self {
        let list = |name| call.parameter(name).unwrap_or_default().split(',').map(|part| part.trim().to_owned()).collect::<BTreeSet<_>>();
        let types = call.parameter("event_types");
        Wanted {
            fields: list("dm_event.fields"),
            expansions: list("expansions"),
            user_fields: call.parameter("user.fields").unwrap_or_default(),
            with_addresses: list("media.fields").contains("url"),
            base: call.url.origin().ascii_serialization(),
            with_messages: types.is_none_or(|types| types.split(',').any(|kind| kind.trim() == "MessageCreate")),
        }
    }

    /// What is expanded is shown too.
    fn shows(&self, field: &str) -> bool {
        let behind = match field {
            "attachments" => "attachments.media_keys",
            other => other,
        };
        matches!(field, "id" | "text" | "event_type") || self.fields.contains(field) || self.expansions.contains(behind)
    }

    pub(super) fn event(&self, event: &Event<'_>) -> Value {
        let urls = event.wrapped.urls.iter().map(|link| {
            let [start, end] = link.indices;
            json!({ "start": start, "end": end, "url": link.url, "expanded_url": link.expanded_url, "display_url": link.display_url })
        });
        let mut all = json!({
            "id": event.id.to_string(),
            "event_type": "MessageCreate",
            "text": escape(&event.wrapped.text),
            "created_at": json::iso_millis(event.id.minted_at()),
            "sender_id": event.from.to_string(),
            "dm_conversation_id": event.conversation.to_string(),
        });
        if !event.wrapped.urls.is_empty() {
            all["entities"] = json!({ "urls": urls.collect::<Vec<_>>() });
        }
        if let Some(picture) = event.picture {
            all["attachments"] = json!({ "media_keys": [media_key(picture.kind, picture.id)] });
        }
        let all = all.as_object().cloned().unwrap_or_default();
        all.into_iter().filter(|(name, _)| self.shows(name)).collect::<Map<_, _>>().into()
    }

    pub(super) fn includes(&self, world: &World, events: &[Event<'_>]) -> Map<String, Value> {
        let mut includes = Map::new();
        if self.expansions.contains("sender_id") {
            let senders: BTreeSet<UserId> = events.iter().map(|event| event.from).collect();
            let people = senders.into_iter().filter_map(|id| world.people.get(id));
            let users = people.map(|person| NewerUser::new(person).with_fields(&self.user_fields)).collect();
            includes.insert("users".to_owned(), users);
        }
        if self.expansions.contains("attachments.media_keys") {
            let media: Vec<Value> = events.iter().filter_map(|event| self.media(event)).collect();
            if !media.is_empty() {
                includes.insert("media".to_owned(), media.into());
            }
        }
        includes
    }

    fn media(&self, event: &Event<'_>) -> Option<Value> {
        let picture = event.picture?;
        let mut view = json!({ "media_key": media_key(picture.kind, picture.id), "type": kind(picture.kind) });
        if let Some(file) = event.file.filter(|_| self.with_addresses) {
            let path = format!("{}/{}/{}.{}", event.id, picture.id, file.name, file.ending());
            view["url"] = format!("{}/2/dm_conversations/media/{path}", self.base).into();
        }
        Some(view)
    }
}

/// A file's key: its category, and its id.
pub(super) fn media_key(kind: MediaKind, id: u64) -> String {
    let category = match kind {
        MediaKind::Photo => 3,
        MediaKind::AnimatedGif => 16,
        MediaKind::Video => 13,
    };
    format!("{category}_{id}")
}

fn kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo => "photo",
        MediaKind::AnimatedGif => "animated_gif",
        MediaKind::Video => "video",
    }
}
