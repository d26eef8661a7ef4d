//! The platform's newer face: the same world behind `/2/…`, and OAuth 2 (contract §6).

mod activity;
mod auth;
mod body;
mod consent;
mod conversation;
mod hooks;
mod media;
mod messages;
mod posts;
mod problem;
mod reading;
mod replay;
mod subscriptions;
mod token;
mod users;
mod view;

use std::sync::Arc;

use super::super::shared::Shared;
use super::answer::Answer;
use super::call::Call;
use crate::model::UserId;
use auth::Caller;
use problem::Problem;

/// Whether a path is of this face.
pub(super) fn covers(call: &Call) -> bool {
    let path = call.url.path();
    path.starts_with("/2/") || path.starts_with("/i/oauth2/")
}

/// Answers a call; also tells for which user it was made.
pub(super) async fn serve(shared: &Arc<Shared>, call: &Call) -> (Option<UserId>, Answer) {
    let segments: Vec<&str> = call.url.path().trim_start_matches('/').split('/').collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["i", "oauth2", "authorize"]) => return (None, consent::ask(shared, call)),
        ("POST", ["i", "oauth2", "authorize"]) => return (None, consent::decide(shared, call)),
        ("POST", ["2", "oauth2", "token"]) => return (None, token::exchange(shared, call)),
        ("POST", ["2", "oauth2", "revoke"]) => return (None, token::revoke(shared, call)),
        _ => {}
    }
    let caller = match Caller::identify(shared, call) {
        Ok(caller) => caller,
        Err(problem) => return (None, problem.into()),
    };
    let answer = match pay(shared) {
        Ok(()) => route(shared, call, &caller, &segments).await.unwrap_or_else(Answer::from),
        Err(problem) => problem.into(),
    };
    let answer = caller.access_level().into_iter().fold(answer, |answer, level| answer.with_header("x-access-level", level.to_owned()));
    (caller.acting_user(), answer)
}

async fn route(shared: &Arc<Shared>, call: &Call, caller: &Caller, segments: &[&str]) -> Result<Answer, Problem> {
    match (call.method.as_str(), segments) {
        ("GET", ["2", "users", "me"]) => users::me(shared, call, caller),
        ("GET", ["2", "users", "by", "username", name]) => users::by_name(shared, call, caller, name),
        ("GET", ["2", "users", id]) => users::by_id(shared, call, caller, id),
        ("GET", ["2", "users", id, "tweets"]) => posts::of(shared, call, caller, id),
        ("POST", ["2", "users", id, "likes"]) => posts::like(shared, call, caller, id),
        ("DELETE", ["2", "users", id, "likes", post]) => posts::unlike(shared, caller, id, post),
        ("POST", ["2", "webhooks"]) => hooks::register(shared, call, caller).await,
        ("POST", ["2", "webhooks", "replay"]) => replay::start(shared, call, caller).await,
        ("GET", ["2", "webhooks"]) => hooks::list(shared, caller),
        ("PUT", ["2", "webhooks", id]) => hooks::revalidate(shared, caller, id).await,
        ("DELETE", ["2", "webhooks", id]) => hooks::delete(shared, caller, id),
        (method, ["2", "account_activity", rest @ ..]) => match (method, rest) {
            ("POST", ["webhooks", id, "subscriptions", "all"]) => subscriptions::subscribe(shared, call, caller, id),
            ("GET", ["webhooks", id, "subscriptions", "all"]) => subscriptions::subscribed(shared, caller, id),
            ("GET", ["webhooks", id, "subscriptions", "all", "list"]) => subscriptions::list(shared, caller, id),
            ("DELETE", ["webhooks", id, "subscriptions", user, "all"]) => subscriptions::unsubscribe(shared, caller, id, user),
            ("POST", ["replay", "webhooks", id, "subscriptions", "all"]) => replay::start_formerly(shared, call, caller, id).await,
            ("GET", ["subscriptions", "count"]) => subscriptions::count(shared, caller),
            _ => Err(Problem::no_such_page()),
        },
        (method, ["2", "dm_conversations", rest @ ..]) => match (method, rest) {
            ("POST", []) => messages::create_group(shared, call, caller).await,
            ("POST", ["with", participant, "messages"]) => messages::send_to(shared, call, caller, participant).await,
            ("POST", [conversation, "messages"]) => messages::send_in(shared, call, caller, conversation).await,
            ("GET", ["media", message, media, name]) => reading::media(shared, caller, [message, media, name]),
            ("GET", ["with", participant, "dm_events"]) => reading::with(shared, call, caller, participant),
            ("GET", [conversation, "dm_events"]) => reading::of(shared, call, caller, conversation),
            _ => Err(Problem::no_such_page()),
        },
        (method, ["2", "media", "upload", rest @ ..]) => match (method, rest) {
            ("GET", []) => media::status(shared, call, caller),
            ("POST", ["initialize"]) => media::initialize(shared, call, caller),
            ("POST", [id, "append"]) => media::append(shared, call, caller, id),
            ("POST", [id, "finalize"]) => media::finalize(shared, caller, id),
            _ => Err(Problem::no_such_page()),
        },
        ("GET", ["2", "dm_events"]) => reading::all(shared, call, caller),
        ("DELETE", ["2", "dm_events", id]) => messages::delete(shared, caller, id),
        (method, ["2", "activity", rest @ ..]) => match (method, rest) {
            ("POST", ["subscriptions"]) => activity::create(shared, call, caller),
            ("GET", ["subscriptions"]) => activity::list(shared, caller),
            ("PUT", ["subscriptions", id]) => activity::update(shared, call, caller, id),
            ("DELETE", ["subscriptions", id]) => activity::delete(shared, caller, id),
            ("GET", ["stream"]) => activity::stream(shared, call, caller),
            _ => Err(Problem::no_such_page()),
        },
        _ => Err(Problem::no_such_page()),
    }
}

/// Takes the price of a call, where calls have one.
fn pay(shared: &Shared) -> Result<(), Problem> {
    shared.change(|world, _| match &mut world.rules.v2.credit {
        None => Ok(()),
        Some(0) => Err(Problem::no_credit()),
        Some(credit) => {
            *credit -= 1;
            Ok(())
        }
    })
}
