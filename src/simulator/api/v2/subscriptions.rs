//! Account Activity at the newer API: the subscriptions are those of the older one (contract §6.3).

use serde_json::{Map, Value, json};

use super::super::super::refusal::Refusal;
use super::super::super::shared::Shared;
use super::super::answer::Answer;
use super::super::call::Call;
use super::auth::{Caller, WRITE_MESSAGES};
use super::body;
use super::hooks::webhook;
use super::problem::Problem;
use crate::model::UserId;

/// `POST /2/account_activity/webhooks/:id/subscriptions/all`, with the token of the user to be subscribed and an empty object.
pub(super) fn subscribe(shared: &Shared, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let (user, app) = caller.messenger(WRITE_MESSAGES)?;
    let quota = caller.counted(shared, "2/account_activity/subscriptions/new", 500)?;
    let _: Map<String, Value> = body::read(call)?;
    let id = webhook(shared, app, id)?;
    shared.change(|world, now| world.hooks.subscribe(id, user, &world.rules, now)).map_err(|refusal| match refusal {
        Refusal { code: 355, message, .. } => Problem::because("DuplicateSubscriptionFailed", message),
        Refusal { message, .. } => Problem::because("SubscriptionLimitExceeded", message),
    })?;
    Ok(Answer::json(&json!({ "data": { "subscribed": true } })).within(quota))
}

/// `GET /2/account_activity/webhooks/:id/subscriptions/all`.
pub(super) fn subscribed(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let (user, app) = caller.messenger(WRITE_MESSAGES)?;
    let quota = caller.counted(shared, "2/account_activity/subscriptions/show", 500)?;
    let id = webhook(shared, app, id)?;
    let subscribed = shared.see(|world| world.hooks.is_subscribed(id, user));
    Ok(Answer::json(&json!({ "data": { "subscribed": subscribed } })).within(quota))
}

/// `DELETE /2/account_activity/webhooks/:id/subscriptions/:user_id/all`.
pub(super) fn unsubscribe(shared: &Shared, caller: &Caller, id: &str, user: &str) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/account_activity/subscriptions/delete", 500)?;
    let id = webhook(shared, app, id)?;
    let user = UserId(body::id("user_id", user)?);
    if !shared.change(|world, _| world.hooks.unsubscribe(id, user)) {
        return Err(Problem::because("SubscriptionNotFound", format_args!("The user [{user}] is not subscribed on this webhook.")));
    }
    Ok(Answer::json(&json!({ "data": { "subscribed": false } })).within(quota))
}

/// `GET /2/account_activity/webhooks/:id/subscriptions/all/list`.
pub(super) fn list(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/account_activity/subscriptions/list", 50)?;
    let id = webhook(shared, app, id)?;
    let view = shared.see(|world| {
        let users: Vec<Value> = world.hooks.subscribers(id).iter().map(|user| json!({ "user_id": user.to_string() })).collect();
        json!({
            "application_id": app.to_string(),
            "webhook_id": id.to_string(),
            "webhook_url": world.hooks.get(id).map(|hook| hook.url.clone()),
            "subscriptions": users,
        })
    });
    Ok(Answer::json(&json!({ "data": view })).within(quota))
}

/// `GET /2/account_activity/subscriptions/count`: numbers as strings.
pub(super) fn count(shared: &Shared, caller: &Caller) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/account_activity/subscriptions/count", 15)?;
    let view = shared.see(|world| {
        json!({
            "account_name": world.keys.app(app).map(|app| app.name.clone()),
            "provisioned_count": world.rules.subscriptions.to_string(),
            "subscriptions_count_all": world.hooks.count(app, false).to_string(),
            "subscriptions_count_direct_messages": "0",
        })
    });
    Ok(Answer::json(&json!({ "data": view })).within(quota))
}
