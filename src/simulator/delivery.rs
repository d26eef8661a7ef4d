//! Delivers events to webhooks: signed, in a queue for each webhook, with the documented retries (contract §2).

use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::shared::Shared;
use super::world::{Attempt, Outcome, Parcel, Signing, World};
use crate::wire::signature::{SIGNATURE_HEADER, sign};

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
    let started = Instant::now();
    let status = post(&shared, url, signature, parcel.body.clone()).await;
    let latency = started.elapsed();
    let wait = shared.change(|world, now| {
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

/// The status of the answer, if one came in time.
async fn post(shared: &Shared, url: String, signature: Option<String>, body: String) -> Option<u16> {
    let limit = shared.see(|world| world.rules.answer_limit);
    let mut request = shared.client.post(url).timeout(limit).header(CONTENT_TYPE, "application/json").body(body);
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    Some(request.send().await.ok()?.status().as_u16())
}
