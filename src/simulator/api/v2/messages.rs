//! Sending and deleting messages by the newer API, to one or to a group: text and one file, no quick replies (contract §6.5).

use std::ops::RangeInclusive;
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
use super::conversation::{Conversation, Place};
use super::problem::Problem;
use crate::model::{AppId, MessageId, Timestamp, UserId};

const WINDOW: &str = "x-rate-limit";
const USER_DAY: &str = "x-user-limit-24hour";
const APP_DAY: &str = "x-app-limit-24hour";
/// How many people a new group may name, as X's OpenAPI document says.
const PARTICIPANTS: RangeInclusive<usize> = 2..=49;

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

/// The body of a new group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    conversation_type: String,
    participant_ids: Vec<String>,
    message: Sent,
}

/// `POST /2/dm_conversations/with/:participant_id/messages`.
pub(super) async fn send_to(shared: &Arc<Shared>, call: &Call, caller: &Caller, participant: &str) -> Result<Answer, Problem> {
    let sender = caller.messenger(WRITE_MESSAGES)?;
    let to = UserId(body::id("participant_id", participant)?);
    send(shared, sender, || Ok((Place::With(to), body::read(call)?))).await
}

/// `POST /2/dm_conversations/:dm_conversation_id/messages`.
pub(super) async fn send_in(shared: &Arc<Shared>, call: &Call, caller: &Caller, conversation: &str) -> Result<Answer, Problem> {
    let sender = caller.messenger(WRITE_MESSAGES)?;
    let place = Place::known(sender.0, Conversation::named(conversation)?)?;
    send(shared, sender, || Ok((place, body::read(call)?))).await
}

/// `POST /2/dm_conversations`: a group, and its first message.
pub(super) async fn create_group(shared: &Arc<Shared>, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let sender = caller.messenger(WRITE_MESSAGES)?;
    send(shared, sender, || body::read::<NewGroup>(call)?.opened()).await
}

/// `DELETE /2/dm_events/:id`: all others go on seeing it.
pub(super) fn delete(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let (user, _) = caller.messenger(&["dm.write", "dm.read"])?;
    let window = count(shared, (WINDOW, "2/dm_events/delete"), Who::User(user), Limit::per_window(300))?;
    let day = count(shared, (USER_DAY, "2/dm_events/delete/day"), Who::User(user), Limit::per_day(1_500))?;
    let known = MessageId(body::id("event_id", id)?);
    if !shared.change(|world, _| world.messages.hide(user, known) || world.groups.hide(user, known)) {
        return Err(Problem::not_found("dm_event", "event_id", id));
    }
    Ok(told(Answer::json(&json!({ "data": { "deleted": true } })), [window, day]))
}

async fn send(
    shared: &Arc<Shared>,
    (from, app): (UserId, AppId),
    read: impl FnOnce() -> Result<(Place, Sent), Problem>,
) -> Result<Answer, Problem> {
    let window = Limit::per_window(shared.see(|world| world.rules.v2.messages));
    let window = count(shared, (WINDOW, "2/dm_conversations/messages"), Who::User(from), window)?;
    if let Some(failure) = shared.change(|world, _| world.faults.before_send()) {
        return Ok(failing(failure, shared.clock.now()));
    }
    let (place, sent) = read()?;
    let draft = drafted(sent)?;
    // All at once: of two that attach the same file at the same time, one comes too late.
    let (posted, trouble, days) = shared.change(|world, now| {
        place.is_open(world, from)?;
        draft::check(&draft, &world.rules).map_err(|refusal| Problem::invalid("text", "", refusal.message))?;
        place.takes(world, from, &draft, now).map_err(unsendable)?;
        let days = count_days(world, from, app, now)?;
        let posted = place.post(world, from, draft, app, now);
        Ok::<_, Problem>((posted, world.faults.after_send(), days))
    })?;
    if let Some(failure) = leave(shared, posted.parcels, trouble).await {
        return Ok(failing(failure, shared.clock.now()));
    }
    let view = json!({ "data": { "dm_conversation_id": posted.conversation.to_string(), "dm_event_id": posted.id.to_string() } });
    Ok(told(Answer::json(&view).with_status(201), std::iter::once(window).chain(days)))
}

impl NewGroup {
    fn opened(self) -> Result<(Place, Sent), Problem> {
        if self.conversation_type != "Group" {
            return Err(Problem::invalid("conversation_type", &self.conversation_type, "The only type is `Group`."));
        }
        if !PARTICIPANTS.contains(&self.participant_ids.len()) {
            return Err(Problem::invalid(
                "participant_ids",
                &self.participant_ids.join(","),
                "A group has 2 to 49 participants beside you.",
            ));
        }
        let people = self.participant_ids.iter().map(|id| body::id("participant_ids", id).map(UserId));
        Ok((Place::New(people.collect::<Result<_, _>>()?), self.message))
    }
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
