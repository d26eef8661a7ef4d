//! The platform's HTTP face, v1.1: routes, who may call, and how answers look (contract §4).

mod account;
mod answer;
mod auth;
mod call;
mod consent;
mod files;
mod hooks;
mod media;
mod messages;
mod parts;
mod posts;
mod premium;
mod profiles;
mod replay;
mod sign_in;
mod v2;
mod welcome;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::refusal::Refusal;
use super::shared::Shared;
use super::world::{ApiCall, Limit, Quota};
use answer::Answer;
use auth::Caller;
use call::Call;

/// Puts the platform's paths into a server.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.default_service(web::to(serve));
}

async fn serve(shared: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let shared = shared.into_inner();
    let call = match Call::new(&request, body) {
        Ok(call) => call,
        Err(refusal) => return Answer::from(refusal).respond(&shared),
    };
    let (user, answer) = if v2::covers(&call) {
        v2::serve(&shared, &call).await
    } else {
        let caller = auth::identify(&shared, &call);
        let user = caller.as_ref().ok().and_then(Caller::acting_user);
        (user, route(&shared, &call, caller).await.unwrap_or_else(Answer::from))
    };
    shared.change(|world, now| {
        let path = call.url.path().to_owned();
        world.log.called(ApiCall { at: now, method: call.method.clone(), path, user, status: answer.status, code: answer.code });
    });
    answer.respond(&shared)
}

async fn route(shared: &Arc<Shared>, call: &Call, caller: Result<Caller, Refusal>) -> Result<Answer, Refusal> {
    let segments: Vec<&str> = call.url.path().trim_start_matches('/').split('/').collect();
    let method = call.method.as_str();
    match (method, segments.as_slice()) {
        ("GET" | "POST", ["oauth", "request_token"]) => sign_in::request_token(shared, call),
        ("GET" | "POST", ["oauth", "access_token"]) => sign_in::access_token(shared, call),
        ("GET", ["oauth", page @ ("authorize" | "authenticate")]) => Ok(consent::ask(shared, call, *page == "authorize")),
        ("POST", ["oauth", "authorize"]) => Ok(consent::decide(shared, call)),
        ("GET", ["settings", "connected_apps"]) => Ok(consent::apps(shared, call)),
        ("POST", ["settings", "connected_apps"]) => Ok(consent::revoke(shared, call)),
        ("POST", ["1.1", "oauth", "invalidate_token.json"] | ["oauth", "invalidate_token.json"]) => {
            sign_in::invalidate_token(shared, call, caller?)
        }
        ("POST", ["oauth2", "token"]) => account::bearer(shared, call),
        ("GET", ["1.1", "account", "verify_credentials.json"]) => account::verify_credentials(shared, caller?),
        ("POST", ["1.1", "media", "upload.json"]) => media::command(shared, call, caller?),
        ("GET", ["1.1", "media", "upload.json"]) => media::status(shared, call, caller?),
        ("GET", ["1.1", "ton", "data", "dm", message, media, name]) => files::photo(shared, caller, [message, media, name]),
        ("GET", ["dm_video", message, name]) => files::film(shared, message, name),
        ("GET", ["media", "preview", media, _]) => files::still(media),
        (_, ["1.1", "direct_messages", rest @ ..]) => match (method, rest) {
            ("POST", ["events", "new.json"]) => messages::send(shared, call, caller?).await,
            ("GET", ["events", "show.json"]) => messages::show(shared, call, caller?),
            ("GET", ["events", "list.json"]) => messages::list(shared, call, caller?),
            ("DELETE", ["events", "destroy.json"]) => messages::destroy(shared, call, caller?),
            ("POST", ["indicate_typing.json"]) => messages::typing(shared, call, caller?),
            ("POST", ["mark_read.json"]) => messages::mark_read(shared, call, caller?),
            (_, ["welcome_messages", rest @ ..]) => welcome::route(shared, call, caller?, rest),
            _ => Err(Refusal::no_such_page()),
        },
        (_, ["1.1", "custom_profiles", rest @ ..]) => profiles::route(shared, call, caller?, rest),
        (_, ["1.1", "statuses" | "favorites", ..]) => posts::route(shared, call, caller?, &segments[1..]),
        (_, ["1.1", "account_activity", rest @ ..]) => match (method, rest) {
            ("POST", ["webhooks.json"]) => hooks::register(shared, call, caller?, None).await,
            ("GET", ["webhooks.json"]) => hooks::list(shared, caller.map_err(hooks::unverified)?, None),
            ("PUT", ["webhooks", id]) => hooks::revalidate(shared, caller?, None, hooks::id(id)?).await,
            ("DELETE", ["webhooks", id]) => hooks::delete(shared, caller?, None, hooks::id(id)?),
            ("POST", ["webhooks", id, "subscriptions", "all.json"]) => hooks::subscribe(shared, caller?, None, hooks::id(id)?),
            ("GET", ["webhooks", id, "subscriptions", "all.json"]) => hooks::subscribed(shared, caller?, None, hooks::id(id)?),
            ("DELETE", ["webhooks", _, "subscriptions", "all.json"]) => Err(hooks::retired()),
            ("DELETE", ["webhooks", id, "subscriptions", user, "all.json"]) => {
                hooks::unsubscribe(shared, caller?, None, hooks::id(id)?, user)
            }
            ("GET", ["webhooks", id, "subscriptions", "all", "list.json"]) => hooks::subscribers(shared, caller?, hooks::id(id)?),
            ("GET", ["subscriptions", "count.json"]) => hooks::count(shared, caller?),
            ("POST", ["replay", "webhooks", id, "subscriptions", "all.json"]) => replay::start(shared, call, caller?, id).await,
            (_, ["all", rest @ ..]) => premium::route(shared, call, caller?, rest).await,
            _ => Err(Refusal::no_such_page()),
        },
        _ => Err(Refusal::no_such_page()),
    }
}

/// How much of a list is asked for (contract §4.1, §4.2).
fn page_size(call: &Call) -> usize {
    call.parameter("count").and_then(|count| count.parse().ok()).unwrap_or(20).clamp(1, 50)
}

/// Part of a list, newest first, and where the next part begins; a cursor is the id of the last that was seen.
fn paged<T>(call: &Call, items: impl Iterator<Item = T>, id: impl Fn(&T) -> u64) -> Result<(Vec<T>, Option<String>), Refusal> {
    let cursor = call.parameter("cursor").filter(|cursor| cursor != "-1");
    let unfit = |cursor: String| Refusal::shape("cursor", format_args!("'{cursor}' is not a valid cursor"));
    let before = cursor.map(|cursor| cursor.parse::<u64>().map_err(|_| unfit(cursor))).transpose()?;
    let mut rest = items.filter(|item| before.is_none_or(|before| id(item) < before)).peekable();
    let page: Vec<T> = rest.by_ref().take(page_size(call)).collect();
    let more = rest.peek().is_some();
    let next = page.last().filter(|_| more).map(|last| id(last).to_string());
    Ok((page, next))
}

/// Counts a call against its window of 15 minutes.
fn counted(shared: &Shared, caller: Caller, endpoint: &'static str, limit: u32) -> Result<Option<Quota>, Refusal> {
    limited(shared, caller, endpoint, Limit::per_window(limit))
}

/// Counts a call against whatever limit it has.
fn limited(shared: &Shared, caller: Caller, endpoint: &'static str, limit: Limit) -> Result<Option<Quota>, Refusal> {
    let quota = shared.change(|world, now| world.count_call(endpoint, caller.who(), limit, now));
    if quota.is_some_and(|quota| quota.exceeded) { Err(Refusal { quota, ..Refusal::over_limit() }) } else { Ok(quota) }
}
