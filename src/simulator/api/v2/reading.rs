//! Reading messages by the newer API: three paths to the same events, newest first, in pages (contract §6.5). All of them are messages:
//! the events of people who join or leave a group would tell of something that cannot happen here.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::super::super::shared::Shared;
use super::super::super::world::World;
use super::super::answer::Answer;
use super::super::call::Call;
use super::super::files::shown_to;
use super::super::messages::READABLE;
use super::auth::{Caller, READ_MESSAGES};
use super::body;
use super::conversation::{Conversation, Place};
use super::problem::Problem;
use super::view::{Event, Wanted};
use crate::model::{MessageId, UserId};

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

/// `GET /2/dm_events`.
pub(super) fn all(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    page(shared, call, caller, "2/dm_events", |_| Ok(None))
}

/// `GET /2/dm_conversations/with/:participant_id/dm_events`.
pub(super) fn with(shared: &Shared, call: &Call, caller: &Caller, participant: &str) -> Result<Answer, Problem> {
    let of_two = |user| Ok(Some(Conversation::of_two(user, UserId(body::id("participant_id", participant)?))));
    page(shared, call, caller, "2/dm_conversations/with", of_two)
}

/// `GET /2/dm_conversations/:id/dm_events`.
pub(super) fn of(shared: &Shared, call: &Call, caller: &Caller, name: &str) -> Result<Answer, Problem> {
    let known = |user| {
        let conversation = Conversation::named(name)?;
        match Place::known(user, conversation)? {
            Place::In(group) if !shared.see(|world| world.groups.has_member(group, user)) => Err(Problem::not_permitted()),
            _ => Ok(Some(conversation)),
        }
    };
    page(shared, call, caller, "2/dm_conversations/id", known)
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
    conversation: impl FnOnce(UserId) -> Result<Option<Conversation>, Problem>,
) -> Result<Answer, Problem> {
    let (user, _) = caller.messenger(READ_MESSAGES)?;
    let quota = caller.counted(shared, endpoint, LIMIT)?;
    let conversation = conversation(user)?;
    let (wanted, size, token) = (Wanted::of(call), size(call)?, token(call)?);
    let oldest = MessageId::first_at(shared.clock.now().minus(READABLE));
    shared.see(|world| {
        let its = |event: &Event<'_>| conversation.is_none_or(|wanted| event.conversation == wanted);
        let recent = |event: &Event<'_>| event.id >= oldest;
        let of_two = world.messages.of_user(user).map(Event::from).take_while(recent);
        let of_groups = world.groups.of_user(user).map(Event::from).take_while(recent);
        let mut readable: Vec<Event<'_>> = of_two.chain(of_groups).filter(its).filter(|_| wanted.with_messages).collect();
        readable.sort_by_key(|event| Reverse(event.id));
        let newer = |id: MessageId| readable.partition_point(|event| event.id > id);
        let (start, end) = match token {
            None => (0, size),
            Some(Token::Older(id)) => (readable.partition_point(|event| event.id >= id), usize::MAX),
            Some(Token::Newer(id)) => (newer(id).saturating_sub(size), newer(id)),
        };
        let end = end.min(start.saturating_add(size)).min(readable.len());
        let events = &readable[start.min(end)..end];
        Ok(Answer::json(&body_of(world, events, &wanted, (start > 0, end < readable.len()))).within(quota))
    })
}

/// The answer: events, what was asked for beside them, and how to go on. An empty page has only the last.
fn body_of(world: &World, events: &[Event<'_>], wanted: &Wanted, (newer, older): (bool, bool)) -> Value {
    let mut meta = json!({ "result_count": events.len() });
    if let (Some(first), true) = (events.first(), newer) {
        meta["previous_token"] = Token::Newer(first.id).to_string().into();
    }
    if let (Some(last), true) = (events.last(), older) {
        meta["next_token"] = Token::Older(last.id).to_string().into();
    }
    let mut body = json!({ "meta": meta });
    if !events.is_empty() {
        body["data"] = events.iter().map(|event| wanted.event(event)).collect();
        let includes = wanted.includes(world, events);
        if !includes.is_empty() {
            body["includes"] = includes.into();
        }
    }
    body
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
