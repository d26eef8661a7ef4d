//! Delivers events to webhooks: signed, in a queue for each webhook, with the documented retries (contract §2).

use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::shared::Shared;
use super::world::wire::{Answer, Asked, Body, Way};
use super::world::{Attempt, Outcome, Parcel, Signing, World};
use crate::wire::signature::{SIGNATURE_HEADER, sign};

/// A webhook answers with next to nothing; what is longer is not looked at.
const LONGEST_ANSWER: u64 = 4 << 10;

/// Sends parcels on their way.
pub(super) fn submit(shared: &Arc<Shared>, parcels: Vec<Parcel>) {
    for parcel in parcels {
        let lane = shared.lane(parcel.webhook, || open_lane(shared));
        if parcel.delay.is_zero() {
            // A closed queue means that the simulator stops.
            let _ = lane.send(parcel);
        } else {
            shared.spawn(async move {
                sleep(parcel.delay).await;
                let _ = lane.send(parcel);
            });
        }
    }
}

/// Releases held deliveries one after the other, so that they arrive in the order of `numbers`.
pub(super) async fn release(shared: &Arc<Shared>, numbers: &[u64]) {
    for number in numbers {
        let parcel = shared.change(|world, _| world.release(*number));
        if let Some(parcel) = parcel {
            submit(shared, vec![parcel]);
            attempted(shared, &[*number]).await;
        }
    }
}

/// Waits until each of these deliveries was attempted once, or can no longer be.
pub(super) async fn attempted(shared: &Shared, numbers: &[u64]) {
    // An attempt ends by itself at the answer limit; twice that covers a wait for its turn.
    let patience = shared.see(|world| world.rules.answer_limit) * 2;
    let tried = |number: &u64| {
        shared
            .see(|world| world.log.delivery(*number).is_none_or(|record| !record.attempts.is_empty() || record.outcome != Outcome::Pending))
    };
    shared.wait(patience, || numbers.iter().all(tried).then_some(())).await;
}

fn open_lane(shared: &Arc<Shared>) -> mpsc::UnboundedSender<Parcel> {
    let (sender, parcels) = mpsc::unbounded_channel();
    shared.spawn(run_lane(shared.clone(), sender.clone(), parcels));
    sender
}

async fn run_lane(shared: Arc<Shared>, again: mpsc::UnboundedSender<Parcel>, mut parcels: mpsc::UnboundedReceiver<Parcel>) {
    let mut under_way = JoinSet::new();
    while let Some(parcel) = parcels.recv().await {
        while under_way.try_join_next().is_some() {}
        while under_way.len() >= shared.see(|world| world.rules.concurrency.max(1)) {
            under_way.join_next().await;
        }
        under_way.spawn(attempt(shared.clone(), parcel, again.clone()));
    }
}

/// Makes one attempt; after a failure, lets the next be queued once the documented wait is over. That keeps no other from its turn.
async fn attempt(shared: Arc<Shared>, mut parcel: Parcel, again: mpsc::UnboundedSender<Parcel>) {
    let Some((url, signature)) = shared.see(|world| address(world, &parcel)) else {
        return shared.change(|world, _| world.log.settle(parcel.number, Outcome::Withheld));
    };
    let exchange = shared.change(|world, now| world.wire.asked(asked(&parcel, &url, signature.as_deref()), now));
    let started = Instant::now();
    let (status, answer) = post(&shared, url, signature, parcel.body.clone()).await.unzip();
    let latency = started.elapsed();
    let wait = shared.change(|world, now| {
        world.wire.answered(exchange, Answer { at: now, latency, status, body: answer.unwrap_or_default() });
        world.log.attempted(parcel.number, Attempt { at: now, status, latency });
        let wait = world.rules.retry_after.get(parcel.attempts).copied().filter(|_| status != Some(200));
        match (status, wait) {
            (Some(200), _) => world.log.settle(parcel.number, Outcome::Delivered),
            (_, None) => world.log.settle(parcel.number, Outcome::Dropped),
            (_, Some(_)) => {}
        }
        wait
    });
    if let Some(wait) = wait {
        parcel.attempts += 1;
        let waiting = shared.clone();
        shared.spawn(async move {
            waiting.clock.pass(wait).await;
            let _ = again.send(parcel);
        });
    }
}

/// Where a parcel goes and how it is signed; nowhere when the webhook is invalid or gone.
fn address(world: &World, parcel: &Parcel) -> Option<(String, Option<String>)> {
    let hook = world.hooks.get(parcel.webhook).filter(|hook| hook.valid)?;
    let secret = world.keys.app(hook.app)?.consumer_secret.as_bytes();
    let signature = match parcel.signing {
        Signing::Right => Some(sign(secret, parcel.body.as_bytes())),
        Signing::Wrong => Some(sign(b"the secret of no app", parcel.body.as_bytes())),
        Signing::Missing => None,
    };
    Some((hook.url.clone(), signature))
}

fn asked(parcel: &Parcel, url: &str, signature: Option<&str>) -> Asked {
    Asked {
        way: Way::Delivery(parcel.number),
        method: "POST".to_owned(),
        target: url.to_owned(),
        proof: signature.map(|signature| (SIGNATURE_HEADER, signature.to_owned())),
        body: Body::text(&parcel.body),
    }
}

/// The status of the answer and what it says, if one came in time.
async fn post(shared: &Shared, url: String, signature: Option<String>, body: String) -> Option<(u16, Body)> {
    if shared.change(|world, _| world.faults.on_request()) {
        return None;
    }
    let limit = shared.see(|world| world.rules.answer_limit);
    let mut request = shared.client.post(url).timeout(limit).header(CONTENT_TYPE, "application/json").body(body);
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    // Only a short answer is read, for whoever looks; nothing depends on it.
    let short = response.content_length().is_some_and(|length| length <= LONGEST_ANSWER);
    let text = if short { response.text().await.unwrap_or_default() } else { String::new() };
    Some((status, Body::text(&text)))
}
