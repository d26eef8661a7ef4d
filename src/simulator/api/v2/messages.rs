//! Sending and deleting messages by the newer API: text and one file, no quick replies (contract §6.5).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::super::super::shared::Shared;
use super::super::super::world::{Draft, Failure, Limit, Quota, Who, World};
use super::super::super::{draft, refusal::Refusal};
use super::super::answer::Answer;
use super::super::call::Call;
use super::super::messages::leave;
use super::auth::{Caller, WRITE_MESSAGES};
use super::body;
use super::problem::Problem;
use crate::model::{AppId, MessageId, Timestamp, UserId};

const WINDOW: &str = "x-rate-limit";
const USER_DAY: &str = "x-user-limit-24hour";
const APP_DAY: &str = "x-app-limit-24hour";

/// A quota and the beginning of the headers that tell of it.
type Counted = (&'static str, Option<Quota>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    text: Option<String>,
    #[serde(default)]
    attachments: Vec<Attached>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    media_id: String,
}

/// `POST /2/dm_conversations/with/:participant_id/messages`.
pub(super) async fn send_to(shared: &Arc<Shared>, call: &Call, caller: &Caller, participant: &str) -> Result<Answer, Problem> {
    let (from, app) = caller.messenger(WRITE_MESSAGES)?;
    let to = UserId(body::id("participant_id", participant)?);
    send(shared, call, from, to, app).await
}

/// `POST /2/dm_conversations/:dm_conversation_id/messages`.
pub(super) async fn send_in(shared: &Arc<Shared>, call: &Call, caller: &Caller, conversation: &str) -> Result<Answer, Problem> {
    let (from, app) = caller.messenger(WRITE_MESSAGES)?;
    let to = other_side(from, conversation)?;
    send(shared, call, from, to, app).await
}

/// `POST /2/dm_conversations`: there are no groups here, and X tells no webhook of them.
pub(super) fn create_group(caller: &Caller) -> Result<Answer, Problem> {
    caller.messenger(WRITE_MESSAGES)?;
    Err(Problem::not_permitted())
}

/// `DELETE /2/dm_events/:id`: the other side goes on seeing it.
pub(super) fn delete(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let (user, _) = caller.messenger(&["dm.write", "dm.read"])?;
    let window = count(shared, (WINDOW, "2/dm_events/delete"), Who::User(user), Limit::per_window(300))?;
    let day = count(shared, (USER_DAY, "2/dm_events/delete/day"), Who::User(user), Limit::per_day(1_500))?;
    let known = MessageId(body::id("event_id", id)?);
    if !shared.change(|world, _| world.messages.hide(user, known)) {
        return Err(Problem::not_found("dm_event", "event_id", id));
    }
    Ok(told(Answer::json(&json!({ "data": { "deleted": true } })), [window, day]))
}

/// The other one of two, in the name of a conversation; a group's name has no hyphen.
pub(super) fn other_side(user: UserId, conversation: &str) -> Result<UserId, Problem> {
    let bad = || Problem::invalid("dm_conversation_id", conversation, "It does not match ^([0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19})$");
    let Some((one, other)) = conversation.split_once('-') else {
        return body::id("dm_conversation_id", conversation).map_err(|_| bad()).and_then(|_| Err(Problem::not_permitted()));
    };
    let pair = [one, other].map(|id| body::id("dm_conversation_id", id).map(UserId).map_err(|_| bad()));
    match pair {
        [Ok(one), Ok(other)] if one == user => Ok(other),
        [Ok(one), Ok(other)] if other == user => Ok(one),
        [Ok(_), Ok(_)] => Err(Problem::not_permitted()),
        [Err(problem), _] | [_, Err(problem)] => Err(problem),
    }
}

/// The name of a conversation of two.
pub(super) fn conversation(a: UserId, b: UserId) -> String {
    format!("{}-{}", a.min(b), a.max(b))
}

async fn send(shared: &Arc<Shared>, call: &Call, from: UserId, to: UserId, app: AppId) -> Result<Answer, Problem> {
    let window = Limit::per_window(shared.see(|world| world.rules.v2.messages));
    let window = count(shared, (WINDOW, "2/dm_conversations/messages"), Who::User(from), window)?;
    if let Some(failure) = shared.change(|world, _| world.faults.before_send()) {
        return Ok(failing(failure, shared.clock.now()));
    }
    let draft = drafted(body::read(call)?)?;
    // All at once: of two that attach the same file at the same time, one comes too late.
    let (id, parcels, trouble, days) = shared.change(|world, now| {
        world.may_write(from, to)?;
        draft::check(&draft, &world.rules).map_err(|refusal| Problem::invalid("text", "", refusal.message))?;
        world.may_send(from, to, &draft, now).map_err(unsendable)?;
        let days = count_days(world, from, app, now)?;
        let (id, parcels) = world.post(from, to, draft, app, now);
        Ok::<_, Problem>((id, parcels, world.faults.after_send(), days))
    })?;
    if let Some(failure) = leave(shared, parcels, trouble).await {
        return Ok(failing(failure, shared.clock.now()));
    }
    let view = json!({ "data": { "dm_conversation_id": conversation(from, to), "dm_event_id": id.to_string() } });
    Ok(told(Answer::json(&view).with_status(201), std::iter::once(window).chain(days)))
}

/// Counts a message against the two limits of a day.
fn count_days(world: &mut World, from: UserId, app: AppId, now: Timestamp) -> Result<[Counted; 2], Problem> {
    let (user_day, app_day) = (Limit::per_day(world.rules.v2.user_daily), Limit::per_day(world.rules.v2.app_daily));
    let days = [("2/dm_conversations/user", Who::User(from), user_day), ("2/dm_conversations/app", Who::App(app), app_day)];
    let headers = [USER_DAY, APP_DAY];
    let counted = world.count_against(days, now).map_err(|(place, quota)| Problem::too_many(vec![(headers[place], quota)]))?;
    let [user, app] = counted.map_or([None, None], |days| days.map(Some));
    Ok([(USER_DAY, user), (APP_DAY, app)])
}

fn drafted(sent: Sent) -> Result<Draft, Problem> {
    let text = sent.text.unwrap_or_default();
    match sent.attachments.as_slice() {
        [] if text.is_empty() => Err(Problem::invalid("text", "", "A message has a text or an attachment.")),
        [] => Ok(Draft { text, ..Draft::default() }),
        [one] => Ok(Draft { text, media: Some(body::id("media_id", &one.media_id)?), ..Draft::default() }),
        _ => Err(Problem::invalid("attachments", "", "A message has one attachment at most.")),
    }
}

fn unsendable(refusal: Refusal) -> Problem {
    match refusal.code {
        323..=325 => Problem::forbidden("You are not permitted to attach this media to a DM event."),
        _ => refusal.into(),
    }
}

/// Counts a call against one of its limits.
fn count(shared: &Shared, (header, key): (&'static str, &'static str), who: Who, limit: Limit) -> Result<Counted, Problem> {
    let quota = shared.change(|world, now| world.count_call(key, who, limit, now));
    match quota {
        Some(quota) if quota.exceeded => Err(Problem::too_many(vec![(header, quota)])),
        quota => Ok((header, quota)),
    }
}

fn told(answer: Answer, counted: impl IntoIterator<Item = Counted>) -> Answer {
    counted.into_iter().fold(answer, |answer, (header, quota)| answer.counted_as(header, quota))
}

/// How a failure on demand looks here.
fn failing(failure: Failure, now: Timestamp) -> Answer {
    match failure {
        Failure::Close => Answer::empty(0),
        Failure::InternalError => Problem::internal().into(),
        Failure::OverCapacity => Problem::over_capacity().into(),
        Failure::AlreadySaid => Problem::not_permitted().into(),
        Failure::RateLimited { seconds } => {
            let reset = now.plus(std::time::Duration::from_secs(seconds));
            Problem::too_many(vec![(WINDOW, Quota { limit: 15, remaining: 0, reset, exceeded: true })]).into()
        }
    }
}
