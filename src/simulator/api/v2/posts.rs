//! Posts and likes of the newer API, as far as a bot needs them to see what its webhook is told.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::delivery;
use super::super::super::settings::Permission;
use super::super::super::shared::Shared;
use super::super::answer::Answer;
use super::super::call::Call;
use super::auth::Caller;
use super::body;
use super::problem::Problem;
use crate::model::UserId;

const LIKE: &[&str] = &["like.write", "tweet.read", "users.read"];
const READ: &[&str] = &["tweet.read", "users.read"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Liked {
    tweet_id: String,
}

/// `GET /2/users/:id/tweets`: newest first.
pub(super) fn of(shared: &Shared, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    if caller.acting_user().is_some() {
        caller.user(Permission::Read, READ)?;
    }
    let quota = caller.counted(shared, "2/users/id/tweets", 900)?;
    let author = UserId(body::id("id", id)?);
    let size = call.parameter("max_results").and_then(|size| size.parse().ok()).unwrap_or(10_usize).clamp(5, 100);
    let view = |id: u64, text: &str| json!({ "id": id.to_string(), "text": text, "edit_history_tweet_ids": [id.to_string()] });
    let posts: Vec<Value> = shared.see(|world| world.posts.of(author).take(size).map(|post| view(post.id, &post.wrapped.text)).collect());
    let mut answer = json!({ "meta": { "result_count": posts.len() } });
    if let (Some(newest), Some(oldest)) = (posts.first(), posts.last()) {
        answer["meta"]["newest_id"] = newest["id"].clone();
        answer["meta"]["oldest_id"] = oldest["id"].clone();
        answer["data"] = posts.into();
    }
    Ok(Answer::json(&answer).within(quota))
}

/// `POST /2/users/:id/likes`: of the caller alone. What is liked already stays so.
pub(super) fn like(shared: &Arc<Shared>, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let user = caller_alone(caller, id)?;
    let quota = caller.counted(shared, "2/users/id/likes/new", 50)?;
    let Liked { tweet_id } = body::read(call)?;
    let post = known(shared, &tweet_id)?;
    // The one refusal that is left says that the post is liked already.
    let parcels = shared.change(|world, now| world.like(user, post, now)).unwrap_or_default();
    delivery::submit(shared, parcels);
    Ok(Answer::json(&json!({ "data": { "liked": true } })).within(quota))
}

/// `DELETE /2/users/:id/likes/:tweet_id`: what is not liked stays so.
pub(super) fn unlike(shared: &Shared, caller: &Caller, id: &str, post: &str) -> Result<Answer, Problem> {
    let user = caller_alone(caller, id)?;
    let quota = caller.counted(shared, "2/users/id/likes/delete", 50)?;
    let post = known(shared, post)?;
    let _ = shared.change(|world, _| world.unlike(user, post));
    Ok(Answer::json(&json!({ "data": { "liked": false } })).within(quota))
}

fn caller_alone(caller: &Caller, id: &str) -> Result<UserId, Problem> {
    let (user, _) = caller.user(Permission::ReadWrite, LIKE)?;
    if user.to_string() == id { Ok(user) } else { Err(Problem::invalid("id", id, "The `id` must be that of the authenticated user.")) }
}

fn known(shared: &Shared, text: &str) -> Result<u64, Problem> {
    let id = body::id("tweet_id", text)?;
    shared.see(|world| world.posts.get(id).map(|post| post.id)).map_err(|_| Problem::not_found("tweet", "tweet_id", text))
}
