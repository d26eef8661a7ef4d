//! The challenge that a webhook must answer before it is stored, at a PUT, and every so often (contract §1.1, §1.2).

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use reqwest::StatusCode;
use reqwest::header::CONTENT_ENCODING;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::refusal::Refusal;
use super::shared::Shared;
use super::world::WebhookId;
use super::world::wire::{Answer as Attempt, Asked, Body, Way};
use crate::model::AppId;
use crate::wire::signature::{SIGNATURE_HEADER, sign, verify};

/// Why a webhook failed its challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrcFailure {
    /// No answer within the limit.
    #[error("High latency on CRC GET request. Your webhook should respond in less than 3 seconds.")]
    Slow,
    /// Another status than 200, a redirect too, or no connection.
    #[error("Non-200 response code during CRC GET request (i.e. 404, 500, etc).")]
    Not200,
    /// Not JSON, no `response_token`, the wrong one, or compressed without being asked.
    #[error("Webhook URL does not meet the requirements. Invalid CRC token or json response format.")]
    WrongAnswer,
}

impl From<CrcFailure> for Refusal {
    fn from(failure: CrcFailure) -> Self {
        Refusal::new(403, 214, failure.to_string())
    }
}

#[derive(Deserialize)]
struct Answer {
    response_token: String,
}

/// Challenges an address in the name of an app.
pub(super) async fn challenge(shared: &Shared, app: AppId, url: &str) -> Result<(), CrcFailure> {
    let (token, nonce, limit) = shared.change(|world, now| {
        let token = STANDARD.encode(world.dice.uuid());
        (token, STANDARD_NO_PAD.encode(now.to_string()), world.rules.answer_limit)
    });
    let secret = shared.see(|world| world.keys.app(app).map(|app| app.consumer_secret.clone())).unwrap_or_default();
    let mut url = Url::parse(url).map_err(|_| CrcFailure::Not200)?;
    url.query_pairs_mut().append_pair("crc_token", &token).append_pair("nonce", &nonce);
    let signature = sign(secret.as_bytes(), url.query().unwrap_or_default().as_bytes());
    let asked = Asked {
        way: Way::Challenge,
        method: "GET".to_owned(),
        target: url.to_string(),
        proof: Some((SIGNATURE_HEADER, signature.clone())),
        body: Body::Empty,
    };
    let exchange = shared.change(|world, now| world.wire.asked(asked, now));
    let started = Instant::now();
    let got = get(shared, url, signature, limit).await;
    let latency = started.elapsed();
    let body = got.as_ref().map_or(Body::Empty, |got| Body::of("application/json", &got.body));
    let status = got.as_ref().ok().map(|got| got.status.as_u16());
    shared.change(|world, now| world.wire.answered(exchange, Attempt { at: now, latency, status, body }));
    let got = got?;
    if got.status != StatusCode::OK {
        return Err(CrcFailure::Not200);
    }
    if got.is_encoded {
        return Err(CrcFailure::WrongAnswer);
    }
    let answer: Answer = serde_json::from_slice(&got.body).map_err(|_| CrcFailure::WrongAnswer)?;
    if verify(&answer.response_token, secret.as_bytes(), token.as_bytes()) { Ok(()) } else { Err(CrcFailure::WrongAnswer) }
}

/// What a webhook answered.
struct Got {
    status: StatusCode,
    is_encoded: bool,
    body: Bytes,
}

async fn get(shared: &Shared, url: Url, signature: String, limit: Duration) -> Result<Got, CrcFailure> {
    if shared.change(|world, _| world.faults.on_request()) {
        return Err(CrcFailure::Not200);
    }
    let request = shared.client.get(url).timeout(limit).header(SIGNATURE_HEADER, signature);
    let response = request.send().await.map_err(failure)?;
    let (status, is_encoded) = (response.status(), response.headers().contains_key(CONTENT_ENCODING));
    Ok(Got { status, is_encoded, body: response.bytes().await.map_err(failure)? })
}

/// Challenges a registered webhook and marks it by the result.
pub(super) async fn revalidate(shared: &Shared, id: WebhookId) -> Result<(), CrcFailure> {
    let hook = shared.see(|world| world.hooks.get(id).map(|hook| (hook.app, hook.url.clone())));
    let Some((app, url)) = hook else { return Ok(()) };
    let result = challenge(shared, app, &url).await;
    shared.change(|world, _| world.hooks.set_valid(id, result.is_ok()));
    result
}

/// Challenges every valid webhook; an invalid one returns to service only by a PUT.
pub(super) async fn check_all(shared: &Shared) -> Vec<(WebhookId, Result<(), CrcFailure>)> {
    let valid: Vec<_> = shared.see(|world| world.hooks.all().filter(|hook| hook.valid).map(|hook| hook.id).collect());
    let mut results = Vec::new();
    for id in valid {
        results.push((id, revalidate(shared, id).await));
    }
    results
}

/// Checks all webhooks every so often, for as long as the simulator runs. When the rules change, the wait begins anew.
pub(super) async fn check_periodically(shared: Arc<Shared>) {
    loop {
        let rules = shared.see(|world| world.rules.clone());
        let due = async {
            match rules.crc_period {
                Some(period) => shared.clock.pass(period).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => drop(check_all(&shared).await),
            () = shared.other_rules(&rules) => {}
        }
    }
}

fn failure(error: reqwest::Error) -> CrcFailure {
    if error.is_timeout() { CrcFailure::Slow } else { CrcFailure::Not200 }
}
