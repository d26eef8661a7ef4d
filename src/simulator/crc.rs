//! The challenge that a webhook must answer before it is stored, at a PUT, and every so often (contract §1.1, §1.2).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use reqwest::header::CONTENT_ENCODING;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::delivery;
use super::refusal::Refusal;
use super::shared::Shared;
use super::world::wire::{self, Asked, Body, Way};
use super::world::{Face, Proof, WebhookId};
use crate::model::AppId;
use crate::wire::signature::{sign, verify};

/// The right answer has less than a hundred bytes; one that is much longer is not read to its end.
const LONGEST_ANSWER: usize = 64 << 10;

/// Why a webhook failed its challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrcFailure {
    /// No answer within the limit.
    #[error("High latency on CRC GET request. Your webhook should respond in less than 3 seconds.")]
    Slow,
    /// Another status than 200, or no connection.
    #[error("Non-200 response code during CRC GET request (i.e. 404, 500, etc).")]
    Not200,
    /// A redirect, or a certificate that is not to be trusted.
    #[error("Non-200 response code during CRC GET request (i.e. 404, 500, etc).")]
    Elsewhere,
    /// Not JSON, no `response_token`, the wrong one, far too long, or compressed without being asked.
    #[error("Webhook URL does not meet the requirements. Invalid CRC token or json response format.")]
    WrongAnswer,
}

impl CrcFailure {
    /// What it says about the webhook.
    fn proof(self) -> Proof {
        match self {
            CrcFailure::Slow | CrcFailure::Not200 => Proof::Missing,
            CrcFailure::Elsewhere | CrcFailure::WrongAnswer => Proof::Wrong,
        }
    }
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
pub(super) async fn challenge(shared: &Shared, app: AppId, url: &str, face: Face) -> Result<(), CrcFailure> {
    let (token, nonce, limit) = shared.change(|world, now| {
        let token = STANDARD.encode(world.dice.uuid());
        (token, STANDARD_NO_PAD.encode(now.to_string()), world.rules.answer_limit(face))
    });
    let mut url = Url::parse(url).map_err(|_| CrcFailure::Not200)?;
    url.query_pairs_mut().append_pair("crc_token", &token).append_pair("nonce", &nonce);
    let keys =
        shared.see(|world| delivery::signing_keys(world, app).into_iter().map(|(name, key)| (name, key.to_owned())).collect::<Vec<_>>());
    let query = url.query().unwrap_or_default().to_owned();
    let proofs: Vec<_> = keys.iter().map(|(name, key)| (*name, sign(key.as_bytes(), query.as_bytes()))).collect();
    let asked = Asked { way: Way::Challenge, method: "GET".to_owned(), target: url.to_string(), proofs: proofs.clone(), body: Body::Empty };
    let exchange = shared.change(|world, now| world.wire.asked(asked, now));
    let mut request = shared.client.get(url).timeout(limit);
    for (name, signature) in proofs {
        request = request.header(name, signature);
    }
    let (_, secret) = keys.last().ok_or(CrcFailure::Not200)?;
    let started = Instant::now();
    let got = got(request).await;
    shared.change(|world, now| {
        let (status, body) = got.as_ref().map_or((None, Body::Empty), Got::shown);
        world.wire.answered(exchange, wire::Answer { at: now, latency: started.elapsed(), status, body });
    });
    let got = got?;
    match got.status {
        StatusCode::OK => {}
        status if status.is_redirection() => return Err(CrcFailure::Elsewhere),
        _ => return Err(CrcFailure::Not200),
    }
    if got.is_encoded {
        return Err(CrcFailure::WrongAnswer);
    }
    let answer: Answer = serde_json::from_slice(&got.body?).map_err(|_| CrcFailure::WrongAnswer)?;
    if verify(&answer.response_token, secret.as_bytes(), token.as_bytes()) { Ok(()) } else { Err(CrcFailure::WrongAnswer) }
}

/// What came back.
struct Got {
    status: StatusCode,
    is_encoded: bool,
    body: Result<Vec<u8>, CrcFailure>,
}

impl Got {
    fn shown(&self) -> (Option<u16>, Body) {
        let body = self.body.as_deref().map(|bytes| Body::of("application/json", bytes));
        (Some(self.status.as_u16()), body.unwrap_or_default())
    }
}

async fn got(request: RequestBuilder) -> Result<Got, CrcFailure> {
    let response = request.send().await.map_err(failure)?;
    let (status, is_encoded) = (response.status(), response.headers().contains_key(CONTENT_ENCODING));
    Ok(Got { status, is_encoded, body: read(response).await })
}

async fn read(mut response: Response) -> Result<Vec<u8>, CrcFailure> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failure)? {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST_ANSWER {
            return Err(CrcFailure::WrongAnswer);
        }
    }
    Ok(body)
}

/// Challenges a registered webhook and marks it by the result.
pub(super) async fn revalidate(shared: &Shared, id: WebhookId) -> Result<(), CrcFailure> {
    let hook = shared.see(|world| world.hooks.get(id).map(|hook| (hook.app, hook.url.clone(), hook.face)));
    let Some((app, url, face)) = hook else { return Ok(()) };
    let result = challenge(shared, app, &url, face).await;
    let proof = result.map_or_else(CrcFailure::proof, |()| Proof::Right);
    shared.change(|world, now| world.hooks.challenged(id, proof, &world.rules, now));
    result
}

/// Challenges every webhook in service; an invalid one of the older API returns to it only by a PUT.
pub(super) async fn check_all(shared: &Shared) -> Vec<(WebhookId, Result<(), CrcFailure>)> {
    let valid: Vec<_> =
        shared.see(|world| world.hooks.all().filter(|hook| hook.valid || hook.face == Face::Newer).map(|hook| hook.id).collect());
    let mut results = Vec::new();
    for id in valid {
        results.push((id, revalidate(shared, id).await));
    }
    results
}

/// Checks all webhooks every so often, for as long as the simulator runs. When the rule changes, the wait begins anew.
pub(super) async fn check_periodically(shared: Arc<Shared>) {
    loop {
        let period = shared.see(|world| world.rules.crc_period);
        let due = async {
            match period {
                Some(period) => shared.clock.pass(period).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => drop(check_all(&shared).await),
            () = shared.other_crc_period(period) => {}
        }
    }
}

fn failure(error: reqwest::Error) -> CrcFailure {
    match error {
        error if error.is_timeout() => CrcFailure::Slow,
        error if distrusts(&error) => CrcFailure::Elsewhere,
        _ => CrcFailure::Not200,
    }
}

/// Whether TLS was what failed; such errors stand inside others of the system's kind.
pub(super) fn distrusts(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| distrusts(inner)) || error.source().is_some_and(distrusts)
}
