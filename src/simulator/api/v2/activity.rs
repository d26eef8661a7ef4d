//! The X Activity API: its subscriptions and its stream (contract §6.4).

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::stream::unfold;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::settings::ActivityShape;
use super::super::super::shared::Shared;
use super::super::super::world::{Activity, ActivityKind, World};
use super::super::super::{event, json};
use super::super::answer::Answer;
use super::super::call::Call;
use super::auth::{Caller, READ_MESSAGES};
use super::body;
use super::hooks::webhook;
use super::problem::Problem;
use crate::model::{AppId, UserId};

/// How often each of these calls may be made in 15 minutes.
const LIMIT: u32 = 500;
const LONGEST_TAG: usize = 200;
/// How long a stream is silent before it shows that it lives, by the real clock.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const LONGEST_BACKFILL: u64 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    event_type: String,
    filter: Filter,
    tag: Option<String>,
    webhook_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Filter {
    user_id: Option<String>,
    direction: Option<String>,
}

/// What can be changed later.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    tag: Option<String>,
    webhook_id: Option<String>,
}

/// `POST /2/activity/subscriptions`.
pub(super) fn create(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let app = subscriber(caller)?;
    let quota = caller.counted(shared, "2/activity/subscriptions/new", LIMIT)?;
    let Wanted { event_type, filter, tag, webhook_id } = body::read(call)?;
    let kind = ActivityKind::named(&event_type)
        .ok_or_else(|| Problem::invalid("event_type", &event_type, format_args!("[{event_type}] is not a supported event type")))?;
    let user = whose(shared, kind, &filter)?;
    check_tag(tag.as_deref())?;
    let webhook = webhook_id.map(|id| webhook(shared, app, &id)).transpose()?;
    shared.change(|world, now| {
        if !world.may_hear(app, kind, user) {
            return Err(Problem::forbidden("The user has not authorized your app to read their private activity."));
        }
        let same = |known: &Activity| (known.kind, known.user, known.webhook) == (kind, user, webhook);
        if world.activities.of_app(app).any(same) {
            return Err(Problem::conflict("DuplicateSubscriptionFailed", "This subscription exists already."));
        }
        if world.activities.of_app(app).count() >= world.rules.v2.activities {
            return Err(Problem::because("SubscriptionLimitExceeded", "Your app has as many subscriptions as it may have."));
        }
        let id = world.mint(now);
        let activity = Activity { id, app, kind, user, direction: filter.direction, tag, webhook, created_at: now, updated_at: now };
        world.activities.insert(activity.clone());
        Ok(shaped(world, &activity).within(quota))
    })
}

/// `GET /2/activity/subscriptions`.
pub(super) fn list(shared: &Shared, caller: &Caller) -> Result<Answer, Problem> {
    let app = subscriber(caller)?;
    let quota = caller.counted(shared, "2/activity/subscriptions/list", LIMIT)?;
    let all: Vec<Value> = shared.see(|world| world.activities.of_app(app).map(shown).collect());
    Ok(Answer::json(&json!({ "data": all, "meta": { "total_subscriptions": all.len() } })).within(quota))
}

/// `PUT /2/activity/subscriptions/:id`: another tag or webhook, nothing else.
pub(super) fn update(shared: &Shared, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let app = subscriber(caller)?;
    let quota = caller.counted(shared, "2/activity/subscriptions/put", LIMIT)?;
    let Change { tag, webhook_id } = body::read(call)?;
    check_tag(tag.as_deref())?;
    let hook = webhook_id.map(|id| webhook(shared, app, &id)).transpose()?;
    shared.change(|world, now| {
        let known = body::id("subscription_id", id)?;
        let activity = world.activities.get_mut(known, app).ok_or_else(|| unknown(id))?;
        activity.tag = tag.or(activity.tag.take());
        activity.webhook = hook.or(activity.webhook);
        activity.updated_at = now;
        let activity = activity.clone();
        Ok(shaped(world, &activity).within(quota))
    })
}

/// `DELETE /2/activity/subscriptions/:id`.
pub(super) fn delete(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let app = subscriber(caller)?;
    let quota = caller.counted(shared, "2/activity/subscriptions/delete", LIMIT)?;
    shared.change(|world, _| {
        if !world.activities.remove(body::id("subscription_id", id)?, app) {
            return Err(unknown(id));
        }
        let left = world.activities.of_app(app).count();
        Ok(Answer::json(&json!({ "data": { "deleted": true }, "meta": { "total_subscriptions": left } })).within(quota))
    })
}

/// `GET /2/activity/stream`: every event of every subscription of the app, a line each, for as long as one listens.
pub(super) fn stream(shared: &Arc<Shared>, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/activity/stream", 50)?;
    let back = call.parameter("backfill_minutes").unwrap_or_else(|| "0".to_owned());
    let minutes = back.parse::<u64>().ok().filter(|minutes| *minutes <= LONGEST_BACKFILL);
    let minutes = minutes.ok_or_else(|| Problem::invalid("backfill_minutes", &back, "It is a number from 0 to 5."))?;
    let from = shared.clock.now().minus(Duration::from_secs(60 * minutes)).plus(Duration::from_millis(1));
    let heard = shared.see(|world| world.activities.streamed_before(from));
    let lines = unfold((shared.clone(), heard), move |(shared, heard)| async move {
        let news = shared.wait(KEEP_ALIVE, || shared.see(|world| world.activities.streamed_after(app, heard))).await;
        let (heard, line) = news.unwrap_or_else(|| (heard, "\r\n".to_owned()));
        Some((Bytes::from(line), (shared, heard)))
    });
    Ok(Answer::live(lines).within(quota))
}

/// The app that subscribes: by itself, or in the name of a user who allowed it to read messages.
fn subscriber(caller: &Caller) -> Result<AppId, Problem> {
    match caller {
        Caller::App(app) => Ok(*app),
        Caller::Signed { .. } | Caller::Granted(_) => caller.messenger(READ_MESSAGES).map(|(_, app)| app),
    }
}

/// Whose events are wanted; of revocations all are.
fn whose(shared: &Shared, kind: ActivityKind, filter: &Filter) -> Result<Option<UserId>, Problem> {
    if filter.direction.as_deref().is_some_and(|direction| !matches!(direction, "inbound" | "outbound")) {
        return Err(Problem::invalid("filter.direction", "", "It is inbound or outbound."));
    }
    let Some(text) = &filter.user_id else {
        let missing = || Problem::invalid("filter.user_id", "", "A user_id is required for this event type.");
        return if kind == ActivityKind::REVOKED { Ok(None) } else { Err(missing()) };
    };
    let user = UserId(body::id("filter.user_id", text)?);
    let lives_here = shared.see(|world| world.people.get(user).is_some());
    if lives_here { Ok(Some(user)) } else { Err(Problem::not_found("user", "filter.user_id", text)) }
}

fn check_tag(tag: Option<&str>) -> Result<(), Problem> {
    match tag {
        Some(tag) if tag.is_empty() || tag.chars().count() > LONGEST_TAG => {
            Err(Problem::invalid("tag", tag, format_args!("A tag has 1 to {LONGEST_TAG} characters.")))
        }
        Some(_) | None => Ok(()),
    }
}

fn unknown(id: &str) -> Problem {
    Problem::not_found("subscription", "subscription_id", id)
}

/// The answer in one of its three forms.
fn shaped(world: &World, activity: &Activity) -> Answer {
    let view = shown(activity);
    let data = match world.rules.v2.activity_shape {
        ActivityShape::Array => json!([view]),
        ActivityShape::Object => view,
        ActivityShape::Nested => json!({ "subscription": view }),
    };
    let total = world.activities.of_app(activity.app).count();
    Answer::json(&json!({ "data": data, "meta": { "total_subscriptions": total } }))
}

fn shown(activity: &Activity) -> Value {
    let mut view = json!({
        "subscription_id": activity.id.to_string(),
        "event_type": activity.kind.name(),
        "filter": event::filter(activity),
        "created_at": json::iso_millis(activity.created_at),
        "updated_at": json::iso_millis(activity.updated_at),
    });
    if let Some(tag) = &activity.tag {
        view["tag"] = tag.clone().into();
    }
    if let Some(webhook) = activity.webhook {
        view["webhook_id"] = webhook.to_string().into();
    }
    view
}
