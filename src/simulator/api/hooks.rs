//! Account Activity, enterprise: webhooks and subscriptions (contract §4.6).

use serde_json::{Value, json};

use super::super::crc;
use super::super::json;
use super::super::refusal::Refusal;
use super::super::settings::Permission;
use super::super::shared::Shared;
use super::super::world::{Face, Webhook, WebhookId};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::counted;
use crate::model::{AppId, UserId};

/// The id in a path, `<id>` or `<id>.json`.
pub(super) fn id(segment: &str) -> Result<WebhookId, Refusal> {
    segment.trim_end_matches(".json").parse().map(WebhookId).map_err(|_| Refusal::no_such_webhook())
}

/// `POST webhooks.json?url=…`: the challenge comes first, and only a webhook that answers it is stored.
pub(super) async fn register(shared: &Shared, call: &Call, caller: Caller, environment: Option<&str>) -> Result<Answer, Refusal> {
    let app = owner(shared, caller)?;
    let quota = counted(shared, caller, "account_activity/webhooks/new", 15)?;
    let url = call.parameter("url").ok_or_else(|| Refusal::new(403, 195, "Missing or invalid url parameter."))?;
    shared.see(|world| world.hooks.may_register(app, environment, &url, &world.rules))?;
    crc::challenge(shared, app, &url, Face::Older).await?;
    let view = shared.change(|world, now| {
        // The challenge took its time: somebody else may have been quicker.
        world.hooks.may_register(app, environment, &url, &world.rules)?;
        let (id, environment) = (WebhookId(world.mint(now)), environment.map(str::to_owned));
        let webhook = Webhook { id, app, url, valid: true, created_at: now, face: Face::Older, proved_at: now, environment };
        let view = shown(&webhook);
        world.hooks.register(webhook);
        Ok::<_, Refusal>(view)
    })?;
    Ok(Answer::json(&view).within(quota))
}

/// A bearer that is none is told of in another way where webhooks are listed.
pub(super) fn unverified(refusal: Refusal) -> Refusal {
    if refusal.code == 89 { Refusal::unverified() } else { refusal }
}

/// `GET webhooks.json`.
pub(super) fn list(shared: &Shared, caller: Caller, environment: Option<&str>) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/webhooks/list", 15)?;
    let hooks: Vec<Value> = shared.see(|world| {
        let there = |hook: &&Webhook| hook.app == app && hook.environment.as_deref() == environment;
        world.hooks.all().filter(there).map(shown).collect()
    });
    Ok(Answer::json(&hooks).within(quota))
}

/// `PUT webhooks/:id.json`: challenges it, and takes it back into service.
pub(super) async fn revalidate(shared: &Shared, caller: Caller, environment: Option<&str>, id: WebhookId) -> Result<Answer, Refusal> {
    let app = owner(shared, caller)?;
    let quota = counted(shared, caller, "account_activity/webhooks/put", 15)?;
    shared.see(|world| world.hooks.at(id, app, environment).map(drop))?;
    crc::revalidate(shared, id).await?;
    Ok(Answer::empty(204).within(quota))
}

/// `DELETE webhooks/:id.json`: its subscriptions go with it.
pub(super) fn delete(shared: &Shared, caller: Caller, environment: Option<&str>, id: WebhookId) -> Result<Answer, Refusal> {
    let app = owner(shared, caller)?;
    let quota = counted(shared, caller, "account_activity/webhooks/delete", 15)?;
    shared.change(|world, _| {
        world.hooks.at(id, app, environment)?;
        world.delete_webhook(id);
        Ok(Answer::empty(204).within(quota))
    })
}

/// `DELETE` for oneself, which is only left in environments.
pub(super) fn leave(shared: &Shared, caller: Caller, environment: Option<&str>, id: WebhookId) -> Result<Answer, Refusal> {
    let (user, app) = subscriber(caller)?;
    let quota = counted(shared, caller, "account_activity/subscriptions/delete", 500)?;
    shared.change(|world, _| {
        world.hooks.at(id, app, environment)?;
        if world.hooks.unsubscribe(id, user) { Ok(Answer::empty(204).within(quota)) } else { Err(Refusal::no_such_page()) }
    })
}

/// `POST webhooks/:id/subscriptions/all.json`, with the token of the user to be subscribed.
pub(super) fn subscribe(shared: &Shared, caller: Caller, environment: Option<&str>, id: WebhookId) -> Result<Answer, Refusal> {
    let (user, app) = subscriber(caller)?;
    let quota = counted(shared, caller, "account_activity/subscriptions/new", 500)?;
    shared.change(|world, now| {
        world.hooks.at(id, app, environment)?;
        world.hooks.subscribe(id, user, &world.rules, now)?;
        Ok(Answer::empty(204).within(quota))
    })
}

/// `GET webhooks/:id/subscriptions/all.json`: 204 for yes.
pub(super) fn subscribed(shared: &Shared, caller: Caller, environment: Option<&str>, id: WebhookId) -> Result<Answer, Refusal> {
    let (user, app) = subscriber(caller)?;
    let quota = counted(shared, caller, "account_activity/subscriptions/show", 500)?;
    shared.see(|world| {
        world.hooks.at(id, app, environment)?;
        if world.hooks.is_subscribed(id, user) { Ok(Answer::empty(204).within(quota)) } else { Err(Refusal::no_such_page()) }
    })
}

/// `DELETE webhooks/:id/subscriptions/all.json` is gone since January 2020.
pub(super) fn retired() -> Refusal {
    Refusal::new(410, 251, "This endpoint has been retired and should not be used.")
}

/// `DELETE webhooks/:id/subscriptions/:user_id/all.json`.
pub(super) fn unsubscribe(
    shared: &Shared,
    caller: Caller,
    environment: Option<&str>,
    id: WebhookId,
    user: &str,
) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/subscriptions/delete", 500)?;
    let user: UserId = user.parse().map_err(|_| Refusal::no_such_page())?;
    shared.change(|world, _| {
        world.hooks.at(id, app, environment)?;
        if world.hooks.unsubscribe(id, user) { Ok(Answer::empty(204).within(quota)) } else { Err(Refusal::no_such_page()) }
    })
}

/// `GET webhooks/:id/subscriptions/all/list.json`.
pub(super) fn subscribers(shared: &Shared, caller: Caller, id: WebhookId) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/subscriptions/list", 50)?;
    shared.see(|world| {
        let hook = world.hooks.at(id, app, None)?;
        let users: Vec<Value> = world.hooks.subscribers(id).iter().map(|user| json!({ "user_id": user.to_string() })).collect();
        let view = json!({
            "webhook_id": id.to_string(),
            "webhook_url": hook.url,
            "application_id": app.to_string(),
            "subscriptions": users,
        });
        Ok(Answer::json(&view).within(quota))
    })
}

/// `GET subscriptions/count.json`: numbers as strings.
pub(super) fn count(shared: &Shared, caller: Caller) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/subscriptions/count", 15)?;
    let view = shared.see(|world| {
        json!({
            "account_name": world.keys.app(app).map(|app| app.name.clone()),
            "subscriptions_count_all": world.hooks.count(app, false).to_string(),
            "subscriptions_count_direct_messages": "0",
            "provisioned_count": world.rules.subscriptions.to_string(),
        })
    });
    Ok(Answer::json(&view).within(quota))
}

/// The app, when its owner is calling.
fn owner(shared: &Shared, caller: Caller) -> Result<AppId, Refusal> {
    let Caller::User { user, app, permission } = caller else { return Err(Refusal::cannot_write()) };
    if permission == Permission::Read {
        return Err(Refusal::cannot_write());
    }
    let owns = shared.see(|world| world.keys.app(app).is_some_and(|app| app.owner == user));
    if owns { Ok(app) } else { Err(Refusal::forbidden()) }
}

/// The user to be subscribed: the token must be good for their messages.
pub(super) fn subscriber(caller: Caller) -> Result<(UserId, AppId), Refusal> {
    match caller {
        Caller::User { permission: Permission::Read | Permission::ReadWrite, .. } => {
            Err(Refusal::new(403, 348, "Client application is not permitted to access this user's webhook subscriptions."))
        }
        Caller::User { .. } | Caller::App(_) => caller.user(),
    }
}

pub(super) fn shown(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id.to_string(),
        "url": webhook.url,
        "valid": webhook.valid,
        "created_at": json::iso_date(webhook.created_at),
    })
}
