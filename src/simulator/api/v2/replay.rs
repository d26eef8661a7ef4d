//! Replay by the newer API: a day back at most (contract §6.2).

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::super::shared::Shared;
use super::super::super::{crc, delivery, json};
use super::super::answer::Answer;
use super::super::call::Call;
use super::super::replay::window;
use super::auth::Caller;
use super::body;
use super::hooks::webhook;
use super::problem::Problem;
use crate::model::AppId;

/// How far back a replay may reach here.
const REPLAYABLE: Duration = Duration::from_secs(24 * 60 * 60);
const LIMIT: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    webhook_id: String,
    from_date: Option<String>,
    to_date: Option<String>,
}

/// `POST /2/webhooks/replay`.
pub(super) async fn start(shared: &Arc<Shared>, call: &Call, caller: &Caller) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/webhooks/replay", LIMIT)?;
    let job = begin(shared, app, body::read(call)?).await?;
    Ok(Answer::json(&json!({ "data": job })).within(quota))
}

/// `POST /2/account_activity/replay/webhooks/:id/subscriptions/all?from_date&to_date`, which is to go.
pub(super) async fn start_formerly(shared: &Arc<Shared>, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Problem> {
    let app = caller.app_only()?;
    let quota = caller.counted(shared, "2/account_activity/replay", LIMIT)?;
    let wanted = Wanted { webhook_id: id.to_owned(), from_date: call.parameter("from_date"), to_date: call.parameter("to_date") };
    let job = begin(shared, app, wanted).await?;
    let owner = shared.see(|world| world.keys.app(app).map(|app| app.owner.to_string()));
    Ok(Answer::json(&json!({ "for_user_id": owner, "replay_event": job })).within(quota))
}

async fn begin(shared: &Arc<Shared>, app: AppId, wanted: Wanted) -> Result<Value, Problem> {
    if !shared.see(|world| world.rules.replay) {
        return Err(Problem::not_permitted());
    }
    let webhook = webhook(shared, app, &wanted.webhook_id)?;
    let window = window(wanted.from_date, wanted.to_date, REPLAYABLE, shared.clock.now());
    let (from, to) = window.map_err(|refusal| Problem::because("QueryParamInvalid", refusal.message))?;
    let under_way = || Problem::conflict("ReplayConflictError", "A replay job is already in progress for this webhook.");
    let (valid, replaying) = shared.see(|world| (world.hooks.get(webhook).is_some_and(|hook| hook.valid), world.is_replaying(webhook)));
    if !valid {
        return Err(Problem::because("CrcValidationFailed", "Webhook is marked invalid and requires a CRC check."));
    }
    if replaying {
        return Err(under_way());
    }
    // The challenge comes before anything is delivered.
    crc::revalidate(shared, webhook).await?;
    let begun = shared.change(|world, now| {
        let (job, parcels) = world.replay(webhook, from, to, now)?;
        Some((json!({ "job_id": job.to_string(), "created_at": json::iso_millis(now) }), parcels))
    });
    let (job, parcels) = begun.ok_or_else(under_way)?;
    delivery::submit(shared, parcels);
    Ok(job)
}
