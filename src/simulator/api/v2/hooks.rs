//! Webhooks of the newer API (contract §6.2).

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::json;
use super::super::super::shared::Shared;
use super::super::super::world::{Face, Unfit, Webhook, WebhookId};
use super::super::super::{crc, crc::CrcFailure};
use super::super::answer::Answer;
use super::super::call::Call;
use super::auth::Caller;
use super::body;
use super::problem::Problem;
use crate::model::AppId;

/// How often each of these calls may be made in 15 minutes.
const LIMIT: u32 = 450;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    url: String,
}

/// `POST /2/webhooks`: the challenge comes first, and only a webhook that answers it is stored.
pub(super) async fn register(shared: &Shared, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let app = caller.app_or_owner(shared)?;
    let quota = caller.counted(shared, "2/webhooks/new", LIMIT)?;
    let Registration { url } = body::read(call)?;
    shared.see(|world| world.hooks.may_register(app, None, &url, &world.rules))?;
    crc::challenge(shared, app, &url, Face::Newer).await?;
    let view = shared.change(|world, now| {
        // The challenge took its time: somebody else may have been quicker.
        world.hooks.may_register(app, None, &url, &world.rules)?;
        let id = WebhookId(world.mint(now));
        let webhook = Webhook { id, app, url, valid: true, created_at: now, face: Face::Newer, proved_at: now, environment: None };
        let view = shown(&webhook);
        world.hooks.register(webhook);
        Ok::<_, Problem>(view)
    })?;
    Ok(Answer::json(&json!({ "data": view })).within(quota))
}

/// `GET /2/webhooks`.
pub(super) fn list(shared: &Shared, caller: &Caller) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/webhooks/list", LIMIT)?;
    let hooks: Vec<Value> = shared.see(|world| world.hooks.all().filter(|hook| hook.app == app).map(shown).collect());
    Ok(Answer::json(&json!({ "data": hooks, "meta": { "result_count": hooks.len() } })).within(quota))
}

/// `PUT /2/webhooks/:id`: challenges it, and takes it back into service.
pub(super) async fn revalidate(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let app = caller.app_or_owner(shared)?;
    let quota = caller.counted(shared, "2/webhooks/put", LIMIT)?;
    let id = webhook(shared, app, id)?;
    crc::revalidate(shared, id).await?;
    Ok(Answer::json(&json!({ "data": { "valid": true } })).within(quota))
}

/// `DELETE /2/webhooks/:id`: its subscriptions go with it.
pub(super) fn delete(shared: &Shared, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let app = caller.app_or_owner(shared)?;
    let quota = caller.counted(shared, "2/webhooks/delete", LIMIT)?;
    let id = webhook(shared, app, id)?;
    shared.change(|world, _| world.delete_webhook(id));
    Ok(Answer::json(&json!({ "data": { "deleted": true } })).within(quota))
}

/// The webhook of an id, if it is the app's.
pub(super) fn webhook(shared: &Shared, app: AppId, id: &str) -> Result<WebhookId, Problem> {
    let unknown = || Problem::because("WebhookIdInvalid", format_args!("The webhook_id [{id}] was not found or is not your app's."));
    let known = WebhookId(body::id("webhook_id", id).map_err(|_| unknown())?);
    shared.see(|world| world.hooks.of_app(known, app).map(|hook| hook.id)).map_err(|_| unknown())
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Address => Problem::because("UrlValidationFailed", "The callback URL does not meet the requirements."),
            Unfit::Duplicate => Problem::because("DuplicateUrlFailed", "A webhook is registered for this URL already."),
            Unfit::TooMany => Problem::because("WebhookLimitExceeded", "Your app has as many webhooks as it may have."),
        }
    }
}

impl From<CrcFailure> for Problem {
    fn from(failure: CrcFailure) -> Self {
        let what = match failure {
            CrcFailure::Slow => "High latency on CRC GET request. Your webhook should respond in less than 10 seconds.",
            CrcFailure::Not200 => "Non-200 response code during CRC GET request.",
            CrcFailure::Elsewhere => "The CRC GET request was redirected, or the certificate is not trusted.",
            CrcFailure::WrongAnswer => "Invalid response_token or json response format.",
        };
        Problem::because("CrcValidationFailed", what)
    }
}

fn shown(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id.to_string(),
        "url": webhook.url,
        "valid": webhook.valid,
        "created_at": json::iso_millis(webhook.created_at),
    })
}
