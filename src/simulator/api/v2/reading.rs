//! Reading messages by the newer API: three paths to the same events, newest first, in pages (contract §6.5).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::super::super::event::NewerUser;
use super::super::super::json;
use super::super::super::shared::Shared;
use super::super::super::world::{Message, World, escape};
use super::super::answer::Answer;
use super::super::call::Call;
use super::super::files::shown_to;
use super::super::messages::READABLE;
use super::auth::{Caller, READ_MESSAGES};
use super::body;
use super::messages::{conversation, other_side};
use super::problem::Problem;
use crate::model::{MediaKind, MessageId, UserId};

/// How often each of the three paths may be read in 15 minutes.
const LIMIT: u32 = 15;
const LARGEST_PAGE: usize = 100;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Before a message.
    Older(MessageId),
    /// After one.
    Newer(MessageId),
}

/// What a caller wants to see of each event, and beside them.
struct Wanted {
    fields: BTreeSet<String>,
    expansions: BTreeSet<String>,
    user_fields: String,
    with_addresses: bool,
    /// The address of this server, as the caller wrote it.
    base: String,
    with_messages: bool,
}

/// `GET /2/dm_events`.
pub(super) fn all(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    page(shared, call, caller, "2/dm_events", |_| Ok(None))
}

/// `GET /2/dm_conversations/with/:participant_id/dm_events`.
pub(super) fn with(shared: &Shared, call: &Call, caller: &Caller, participant: &str) -> Result<Answer, Problem> {
    page(shared, call, caller, "2/dm_conversations/with", |_| body::id("participant_id", participant).map(UserId).map(Some))
}

/// `GET /2/dm_conversations/:id/dm_events`.
pub(super) fn of(shared: &Shared, call: &Call, caller: &Caller, conversation: &str) -> Result<Answer, Problem> {
    page(shared, call, caller, "2/dm_conversations/id", |user| other_side(user, conversation).map(Some))
}

/// `GET /2/dm_conversations/media/:dm_id/:media_id/:resource_id`: the bytes.
pub(super) fn media(shared: &Shared, caller: &Caller, path: [&str; 3]) -> Result<Answer, Problem> {
    let (user, _) = caller.messenger(READ_MESSAGES)?;
    Ok(shown_to(shared, user, path)?)
}

fn page(
    shared: &Shared,
    call: &Call,
    caller: &Caller,
    endpoint: &'static str,
    other: impl FnOnce(UserId) -> Result<Option<UserId>, Problem>,
) -> Result<Answer, Problem> {
    let (user, _) = caller.messenger(READ_MESSAGES)?;
    let quota = caller.counted(shared, endpoint, LIMIT)?;
    let other = other(user)?;
    let (wanted, size, token) = (Wanted::of(call), size(call)?, token(call)?);
    let oldest = MessageId::first_at(shared.clock.now().minus(READABLE));
    shared.see(|world| {
        let theirs = |message: &&Message| other.is_none_or(|other| [message.shown.from, message.shown.to].contains(&other));
        let readable = world.messages.of_user(user).take_while(|message| message.shown.id >= oldest);
        let readable: Vec<&Message> = readable.filter(theirs).filter(|_| wanted.with_messages).collect();
        let newer = |id: MessageId| readable.partition_point(|message| message.shown.id > id);
        let (start, end) = match token {
            None => (0, size),
            Some(Token::Older(id)) => (readable.partition_point(|message| message.shown.id >= id), usize::MAX),
            Some(Token::Newer(id)) => (newer(id).saturating_sub(size), newer(id)),
        };
        let end = end.min(start.saturating_add(size)).min(readable.len());
        let events = &readable[start.min(end)..end];
        Ok(Answer::json(&body_of(world, events, &wanted, (start > 0, end < readable.len()))).within(quota))
    })
}

/// The answer: events, what was asked for beside them, and how to go on. An empty page has only the last.
fn body_of(world: &World, events: &[&Message], wanted: &Wanted, (newer, older): (bool, bool)) -> Value {
    let mut meta = json!({ "result_count": events.len() });
    if let (Some(first), true) = (events.first(), newer) {
        meta["previous_token"] = Token::Newer(first.shown.id).to_string().into();
    }
    if let (Some(last), true) = (events.last(), older) {
        meta["next_token"] = Token::Older(last.shown.id).to_string().into();
    }
    let mut body = json!({ "meta": meta });
    if !events.is_empty() {
        body["data"] = events.iter().map(|message| wanted.event(message)).collect();
        let includes = wanted.includes(world, events);
        if !includes.is_empty() {
            body["includes"] = includes.into();
        }
    }
    body
}

impl Wanted {
    fn of(call: &Call) -> Self {
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

    fn event(&self, message: &Message) -> Value {
        let shown = &message.shown;
        let urls = message.wrapped.urls.iter().map(|link| {
            let [start, end] = link.indices;
            json!({ "start": start, "end": end, "url": link.url, "expanded_url": link.expanded_url, "display_url": link.display_url })
        });
        let mut all = json!({
            "id": shown.id.to_string(),
            "event_type": "MessageCreate",
            "text": escape(&message.wrapped.text),
            "created_at": json::iso_millis(shown.at),
            "sender_id": shown.from.to_string(),
            "dm_conversation_id": conversation(shown.from, shown.to),
        });
        if !message.wrapped.urls.is_empty() {
            all["entities"] = json!({ "urls": urls.collect::<Vec<_>>() });
        }
        if let Some(picture) = shown.picture {
            all["attachments"] = json!({ "media_keys": [media_key(picture.kind, picture.id)] });
        }
        let all = all.as_object().cloned().unwrap_or_default();
        all.into_iter().filter(|(name, _)| self.shows(name)).collect::<Map<_, _>>().into()
    }

    fn includes(&self, world: &World, events: &[&Message]) -> Map<String, Value> {
        let mut includes = Map::new();
        if self.expansions.contains("sender_id") {
            let senders: BTreeSet<UserId> = events.iter().map(|message| message.shown.from).collect();
            let people = senders.into_iter().filter_map(|id| world.people.get(id));
            let users = people.map(|person| NewerUser::new(person).with_fields(&self.user_fields)).collect();
            includes.insert("users".to_owned(), users);
        }
        if self.expansions.contains("attachments.media_keys") {
            let media: Vec<Value> = events.iter().filter_map(|message| self.media(message)).collect();
            if !media.is_empty() {
                includes.insert("media".to_owned(), media.into());
            }
        }
        includes
    }

    fn media(&self, message: &Message) -> Option<Value> {
        let picture = message.shown.picture?;
        let mut view = json!({ "media_key": media_key(picture.kind, picture.id), "type": kind(picture.kind) });
        if let Some(file) = message.file.as_ref().filter(|_| self.with_addresses) {
            let path = format!("{}/{}/{}.{}", message.shown.id, picture.id, file.name, file.ending());
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

fn size(call: &Call) -> Result<usize, Problem> {
    let Some(text) = call.parameter("max_results") else { return Ok(LARGEST_PAGE) };
    let size = text.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
    size.ok_or_else(|| {
        Problem::invalid("max_results", &text, format_args!("The `max_results` query parameter value [{text}] is not between 1 and 100"))
    })
}

fn token(call: &Call) -> Result<Option<Token>, Problem> {
    let token = call.parameter("pagination_token").map(|text| text.parse().map_err(|()| text));
    token.transpose().map_err(|text| Problem::invalid("pagination_token", &text, "It is no token of this list."))
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Older(id) => write!(f, "N{:X}", id.0),
            Token::Newer(id) => write!(f, "P{:X}", id.0),
        }
    }
}

impl FromStr for Token {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = |digits| u64::from_str_radix(digits, 16).map(MessageId).map_err(drop);
        match text.split_at_checked(1) {
            Some(("N", digits)) => id(digits).map(Token::Older),
            Some(("P", digits)) => id(digits).map(Token::Newer),
            _ => Err(()),
        }
    }
}
