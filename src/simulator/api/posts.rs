//! Posts and likes, as far as a bot needs them to see what its webhook is told (contract §2.5).

use std::sync::Arc;

use serde_json::Value;

use super::super::delivery;
use super::super::event;
use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::counted;
use crate::model::UserId;

/// Everything below `statuses` and `favorites`.
pub(super) fn route(shared: &Arc<Shared>, call: &Call, caller: Caller, path: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), path) {
        ("POST", ["statuses", "update.json"]) => update(shared, call, caller),
        ("POST", ["statuses", "destroy", id]) => destroy(shared, caller, id),
        ("GET", ["statuses", "user_timeline.json"]) => timeline(shared, call, caller),
        ("POST", ["favorites", "create.json"]) => like(shared, call, caller),
        ("POST", ["favorites", "destroy.json"]) => unlike(shared, call, caller),
        _ => Err(Refusal::no_such_page()),
    }
}

fn update(shared: &Arc<Shared>, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (author, app) = caller.writer()?;
    let text = call.required("status")?;
    let reply_to = call.parameter("in_reply_to_status_id").map(|id| number(&id)).transpose()?;
    let (parcels, view) = shared.change(|world, now| {
        let (id, parcels) = world.publish(author, &text, reply_to, Some(app), now)?;
        Ok::<_, Refusal>((parcels, event::post(world, world.posts.get(id)?)))
    })?;
    delivery::submit(shared, parcels);
    Ok(Answer::json(&view))
}

fn destroy(shared: &Arc<Shared>, caller: Caller, id: &str) -> Result<Answer, Refusal> {
    let (author, _) = caller.writer()?;
    let id = number(id.trim_end_matches(".json"))?;
    let (parcels, view) = shared.change(|world, now| {
        let (post, parcels) = world.unpublish(author, id, now)?;
        Ok::<_, Refusal>((parcels, event::post(world, &post)))
    })?;
    delivery::submit(shared, parcels);
    Ok(Answer::json(&view))
}

fn timeline(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let quota = counted(shared, caller, "statuses/user_timeline", 900)?;
    let count = call.parameter("count").and_then(|count| count.parse().ok()).unwrap_or(20_usize).min(200);
    let bound = |name: &str, open: u64| call.parameter(name).map_or(Ok(open), |id| number(&id));
    let (since, max) = (bound("since_id", 0)?, bound("max_id", u64::MAX)?);
    shared.see(|world| {
        let named = call.parameter("user_id").or_else(|| call.parameter("screen_name"));
        let author: Option<UserId> = match named {
            Some(who) => world.people.find(&who).ok().map(|person| person.id),
            None => caller.acting_user(),
        };
        let author = author.ok_or_else(Refusal::no_such_page)?;
        let posts = world.posts.of(author).filter(|post| post.id > since && post.id <= max).take(count);
        let views: Vec<Value> = posts.map(|post| event::post(world, post)).collect();
        Ok(Answer::json(&views).within(quota))
    })
}

fn like(shared: &Arc<Shared>, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (user, _) = caller.writer()?;
    let id = number(&call.required("id")?)?;
    let (parcels, view) = shared.change(|world, now| {
        let parcels = world.like(user, id, now)?;
        Ok::<_, Refusal>((parcels, event::post(world, world.posts.get(id)?)))
    })?;
    delivery::submit(shared, parcels);
    Ok(Answer::json(&view))
}

fn unlike(shared: &Shared, call: &Call, caller: Caller) -> Result<Answer, Refusal> {
    let (user, _) = caller.writer()?;
    let id = number(&call.required("id")?)?;
    shared.change(|world, _| {
        world.unlike(user, id)?;
        Ok(Answer::json(&event::post(world, world.posts.get(id)?)))
    })
}

fn number(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| Refusal::no_such_page())
}
