//! Sending and reading messages, typing and read receipts (contract §4.1).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;

use super::super::event::{self, EventView, Reader};
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{Failure, Message, Parcel, Signal, SignalKind, Trouble};
use super::super::{delivery, draft};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::{counted, page_size};
use crate::model::{MessageId, UserId};

/// How far back messages can be read.
pub(super) const READABLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// `POST direct_messages/events/new.json`. The checks come in the order of contract §8.
pub(super) async fn send(shared: &Arc<Shared>, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (from, app) = caller.messenger()?;
    if let Some(failure) = shared.change(|world, _| world.faults.before_send()) {
        return Ok(Answer::failing(failure, shared.clock.now()));
    }
    if !call.is_json() {
        return Ok(Answer::empty(415));
    }
    let (to, draft) = draft::parse(&call.body).map_err(|refusal| misshapen(shared, refusal))?;
    let (parcels, trouble, answer) = shared.change(|world, now| {
        world.may_write(from, to)?;
        draft::check(&draft, &world.rules)?;
        world.may_send(from, to, &draft, now)?;
        world.count_send(from, to, app, now)?;
        let (id, parcels) = world.post(from, to, draft, app, now);
        let event = world.messages.get(id).map(|message| EventView::new(message, Reader::Answer));
        let answer = Answer::json(&One { event, apps: None });
        Ok::<_, Refusal>((parcels, world.faults.after_send(), answer))
    })?;
    let failure = leave(shared, parcels, trouble).await;
    Ok(failure.map_or(answer, |failure| Answer::failing(failure, shared.clock.now())))
}

/// Lets the copies of an accepted message leave, and makes the caller wait as the faults have it; tells of a failure to show instead.
pub(super) async fn leave(shared: &Arc<Shared>, parcels: Vec<Parcel>, trouble: Trouble) -> Option<Failure> {
    let numbers: Vec<u64> = parcels.iter().map(|parcel| parcel.number).collect();
    delivery::submit(shared, parcels);
    let Trouble { failure, wait, echo_first } = trouble;
    if echo_first {
        delivery::attempted(shared, &numbers).await;
    }
    sleep(wait).await;
    failure
}

/// `GET direct_messages/events/show.json`.
pub(super) fn show(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (user, _) = caller.messenger()?;
    let quota = counted(shared, caller, "direct_messages/events/show", 15)?;
    let id: MessageId = call.required("id")?.parse().map_err(|_| Refusal::no_such_page())?;
    shared.see(|world| {
        let message = world.messages.shown_to(user, id).ok_or_else(Refusal::no_such_page)?;
        let apps = event::apps(world, std::iter::once(message), user);
        let view = One { event: Some(EventView::new(message, Reader::Rest(user))), apps };
        Ok(Answer::json(&view).within(quota))
    })
}

/// `DELETE direct_messages/events/destroy.json`: the other side goes on seeing it.
pub(super) fn destroy(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (user, _) = caller.messenger()?;
    let id: MessageId = call.required("id")?.parse().map_err(|_| Refusal::no_such_page())?;
    if shared.change(|world, _| world.messages.hide(user, id)) { Ok(Answer::empty(204)) } else { Err(Refusal::no_such_page()) }
}

/// `GET direct_messages/events/list.json`: newest first, of the last 30 days.
pub(super) fn list(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (user, _) = caller.messenger()?;
    let quota = counted(shared, caller, "direct_messages/events/list", 15)?;
    let count = page_size(call);
    let cursor = Cursor::of(call)?;
    let oldest = MessageId::first_at(shared.clock.now().minus(READABLE));
    shared.see(|world| {
        if world.rules.empty_pages && !cursor.after_empty {
            let next_cursor = Some(Cursor { after_empty: true, ..cursor }.to_string());
            return Ok(Answer::json(&Page { events: vec![], apps: None, next_cursor }).within(quota));
        }
        let readable = world.messages.of_user(user).skip_while(|message| message.shown.id >= cursor.before);
        let mut readable = readable.take_while(|message| message.shown.id >= oldest).peekable();
        let page: Vec<&Message> = readable.by_ref().take(count).collect();
        let more = readable.peek().is_some();
        let next = |last: &&Message| Cursor { before: last.shown.id, after_empty: false }.to_string();
        let view = Page {
            events: page.iter().map(|message| EventView::new(message, Reader::Rest(user))).collect(),
            apps: event::apps(world, page.iter().copied(), user),
            next_cursor: page.last().filter(|_| more).map(next),
        };
        Ok(Answer::json(&view).within(quota))
    })
}

/// `POST direct_messages/indicate_typing.json`: the other side hears of it, if subscribed.
pub(super) fn typing(shared: &Arc<Shared>, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (from, _) = caller.messenger()?;
    let quota = counted(shared, caller, "direct_messages/indicate_typing", 1_000)?;
    let to = recipient(shared, call)?;
    let parcels = shared.change(|world, now| world.signal(Signal { at: now, from, to, kind: SignalKind::Typing }));
    delivery::submit(shared, parcels);
    Ok(Answer::empty(204).within(quota))
}

/// `POST direct_messages/mark_read.json`.
pub(super) fn mark_read(shared: &Arc<Shared>, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (from, _) = caller.messenger()?;
    let quota = counted(shared, caller, "direct_messages/mark_read", 1_000)?;
    let to = recipient(shared, call)?;
    let last = needed(call, "last_read_event_id")?;
    let last: MessageId = last.parse().map_err(|_| Refusal::shape("last_read_event_id", format_args!("'{last}' is not a valid Long")))?;
    let parcels = shared.change(|world, now| world.signal(Signal { at: now, from, to, kind: SignalKind::Read { last } }));
    delivery::submit(shared, parcels);
    Ok(Answer::empty(204).within(quota))
}

#[derive(Serialize)]
struct One<'a> {
    event: Option<EventView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apps: Option<BTreeMap<String, Value>>,
}

#[derive(Serialize)]
struct Page<'a> {
    events: Vec<EventView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apps: Option<BTreeMap<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Where a page begins.
#[derive(Clone, Copy)]
struct Cursor {
    before: MessageId,
    /// The page before it was an empty one.
    after_empty: bool,
}

impl Cursor {
    fn of(call: &Call) -> Result<Self, Refusal> {
        let Some(text) = call.parameter("cursor") else { return Ok(Cursor { before: MessageId(u64::MAX), after_empty: false }) };
        let unfit = || Refusal::shape("cursor", format_args!("'{text}' is not a valid cursor"));
        let (after_empty, id) = text.strip_prefix('e').map_or((false, text.as_str()), |id| (true, id));
        Ok(Cursor { before: id.parse().map_err(|_| unfit())?, after_empty })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.after_empty { "e" } else { "" }, self.before)
    }
}

/// The other side of a typing or read call.
fn recipient(shared: &Shared, call: &Call) -> Result<UserId, Refusal> {
    let id = needed(call, "recipient_id")?;
    let id: UserId = id.parse().map_err(|_| Refusal::shape("recipient_id", format_args!("'{id}' is not a valid Long")))?;
    shared.see(|world| world.people.get(id).map(|person| person.id)).ok_or_else(Refusal::no_such_user)
}

/// A body of a wrong shape; with which status that is told, no source says for sure.
pub(super) fn misshapen(shared: &Shared, refusal: Refusal) -> Refusal {
    Refusal { status: shared.see(|world| world.rules.body_refusals), ..refusal }
}

/// On these two calls a missing parameter is 400.
fn needed(call: &Call, name: &str) -> Result<String, Refusal> {
    call.required(name).map_err(|refusal| Refusal { status: 400, ..refusal })
}
