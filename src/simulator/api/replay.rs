//! Replay: what was attempted in the last days, delivered again (contract §4.8).

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::refusal::Refusal;
use super::super::shared::Shared;
use super::super::world::{REPLAYABLE, WebhookId};
use super::super::{crc, delivery, json};
use super::answer::Answer;
use super::auth::Caller;
use super::call::Call;
use super::counted;
use crate::model::{AppId, Timestamp};

/// How long ago the first of what is wanted must be.
const FROM_BEFORE: Duration = Duration::from_secs(31 * 60);
/// How long ago the last.
const TO_BEFORE: Duration = Duration::from_secs(10 * 60);

/// `POST account_activity/replay/webhooks/:id/subscriptions/all.json?from_date&to_date`.
pub(super) async fn start(shared: &Arc<Shared>, call: &Call, caller: Caller, id: &str) -> Result<Answer, Refusal> {
    let app = caller.app()?;
    let quota = counted(shared, caller, "account_activity/replay", 5)
        .map_err(|refusal| Refusal { message: "Too many requests. Please back off your API request rate.".to_owned(), ..refusal })?;
    if !shared.see(|world| world.rules.replay) {
        let unable = "Account Activity API enterprise account with replay is required. Please confirm you have an enterprise account and \
            replay is enabled.";
        return Err(Refusal::new(403, 200, unable));
    }
    let webhook: u64 = id.parse().map_err(|_| Refusal::new(400, 360, format!("webhook_id: [{id}] is not greater than or equal to 0.")))?;
    let webhook = WebhookId(webhook);
    let (from, to) = window(call.parameter("from_date"), call.parameter("to_date"), REPLAYABLE, shared.clock.now())?;
    ready(shared, webhook, app)?;
    // The challenge comes before anything is delivered.
    crc::revalidate(shared, webhook).await.map_err(|_| invalid())?;
    let begun = shared.change(|world, now| {
        let (job, parcels) = world.replay(webhook, from, to, now)?;
        Some((json!({ "job_id": job.to_string(), "created_at": json::iso_date(now) }), parcels))
    });
    let (view, parcels) = begun.ok_or_else(under_way)?;
    delivery::submit(shared, parcels);
    Ok(Answer::json(&view).with_status(202).within(quota))
}

/// Whether a webhook can have a replay.
fn ready(shared: &Shared, webhook: WebhookId, app: AppId) -> Result<(), Refusal> {
    shared.see(|world| {
        if !world.hooks.at(webhook, app, None)?.valid {
            return Err(invalid());
        }
        if world.is_replaying(webhook) { Err(under_way()) } else { Ok(()) }
    })
}

/// The time that is asked for, in whole minutes, and no longer ago than `back`.
pub(super) fn window(from: Option<String>, to: Option<String>, back: Duration, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
    let (from, to) = (date("from_date", from)?, date("to_date", to)?);
    for (name, (text, at), before) in [("from_date", &from, FROM_BEFORE), ("to_date", &to, TO_BEFORE)] {
        if *at > now.minus(before) {
            return Err(Refusal::new(400, 368, format!("{name}: [{text}] is not in the past.")));
        }
    }
    let ((_, from), (_, to)) = (from, to);
    if from >= to {
        return Err(Refusal::new(400, 356, "from_date must be before to_date."));
    }
    if from < now.minus(back) {
        let days = back.as_secs() / (24 * 60 * 60);
        let span = if days == 1 { "24 hours".to_owned() } else { format!("{days} days") };
        return Err(Refusal::new(400, 356, format!("from_date must be within the past {span}.")));
    }
    Ok((from, to))
}

fn date(name: &str, text: Option<String>) -> Result<(String, Timestamp), Refusal> {
    let text = text.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Refusal::new(400, 357, format!("{name}: queryParam is required.")))?;
    let at = json::minute(&text).ok_or_else(|| Refusal::new(400, 358, "Unable to parse parameter."))?;
    Ok((text, at))
}

fn invalid() -> Refusal {
    Refusal::new(400, 214, "Webhook is marked invalid and requires a CRC check.")
}

fn under_way() -> Refusal {
    Refusal::new(409, 355, "A replay job is already in progress for this webhook.")
}
