//! Delivers events to webhooks: signed, in a queue for each webhook, with the documented retries (contract §2).

mod trickle;

use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep};

use super::crc;
use super::shared::Shared;
use super::world::wire::{Answer, Asked, Body, Way};
use super::world::{Attempt, Outcome, Parcel, Signing, World};
use crate::model::{AppId, Timestamp};
use crate::wire::signature::{SIGNATURE_HEADER, sign};

/// The second header, which some apps get: the same, keyed with the client secret of OAuth 2 (contract §1.3).
const CLIENT_SIGNATURE_HEADER: &str = "x-twitter-webhooks-signature-oauth2";

/// A webhook answers with next to nothing; what is longer is not looked at.
const LONGEST_ANSWER: u64 = 4 << 10;

/// Sends parcels on their way.
pub(super) fn submit(shared: &Arc<Shared>, parcels: Vec<Parcel>) {
    for parcel in parcels {
        let lane = shared.lane(parcel.webhook, || open_lane(shared));
        if parcel.handling.delay.is_zero() {
            // A closed queue means that the simulator stops.
            let _ = lane.send(parcel);
        } else {
            shared.spawn(async move {
                sleep(parcel.handling.delay).await;
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
    let patience = shared.see(|world| world.rules.answer_limit.max(world.rules.v2.answer_limit)) * 2;
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
    let Some(address) = shared.see(|world| address(world, &parcel)) else {
        return settle(&shared, &parcel, Outcome::Withheld);
    };
    let (exchange, gets_out) = shared.change(|world, now| {
        world.keep_for_replay(&parcel, now);
        let exchange = world.wire.asked(asked(&parcel, &address), now);
        (exchange, !world.faults.on_attempt(parcel.label.echo))
    });
    let started = Instant::now();
    let came = if gets_out { post(&shared, address, &parcel).await } else { Err(Silence::MayPass) };
    let latency = started.elapsed();
    let next = shared.change(|world, now| {
        let next = next(world, &parcel, &came);
        let (status, body) = came.ok().unzip();
        world.wire.answered(exchange, Answer { at: now, latency, status, body: body.unwrap_or_default() });
        world.log.attempted(parcel.number, Attempt { at: now, status, latency });
        next
    });
    let wait = match next {
        Next::Over(outcome) => return settle(&shared, &parcel, outcome),
        Next::Again(wait) => wait,
    };
    parcel.attempts += 1;
    let waiting = shared.clone();
    shared.spawn(async move {
        match wait {
            Wait::OfTheWorld(wait) => waiting.clock.pass(wait).await,
            Wait::OfTheClock(wait) => sleep(wait).await,
        }
        let _ = again.send(parcel);
    });
}

/// What follows an attempt.
enum Next {
    Over(Outcome),
    Again(Wait),
}

enum Wait {
    OfTheWorld(Duration),
    OfTheClock(Duration),
}

/// Why no answer came.
enum Silence {
    /// It was late, or the connection failed.
    MayPass,
    /// TLS failed: the certificate is not to be trusted.
    Distrust,
}

fn next(world: &World, parcel: &Parcel, came: &Result<(u16, Body), Silence>) -> Next {
    let (attempts, pause) = parcel.handling.storm;
    if parcel.attempts + 1 < attempts {
        return Next::Again(Wait::OfTheClock(pause));
    }
    match came {
        Ok((200, _)) => return Next::Over(Outcome::Delivered),
        Err(Silence::Distrust) => return Next::Over(Outcome::Dropped),
        Ok(_) | Err(Silence::MayPass) => {}
    }
    // What is replayed is never repeated, and neither is what goes to a sandbox (contract §4.7, §4.8).
    let in_sandbox = world.hooks.get(parcel.webhook).is_some_and(|hook| hook.environment.is_some());
    let wait = world.rules.retry_after.get(parcel.attempts).filter(|_| parcel.job.is_none() && !in_sandbox);
    wait.map_or(Next::Over(Outcome::Dropped), |wait| Next::Again(Wait::OfTheWorld(*wait)))
}

/// Closes the record of a delivery, and that of its replay where it was the last of it.
fn settle(shared: &Arc<Shared>, parcel: &Parcel, outcome: Outcome) {
    let told = shared.change(|world, _| {
        world.log.settle(parcel.number, outcome);
        let ends = |job| world.replayed(parcel.webhook, job, outcome == Outcome::Delivered);
        parcel.job.map(ends).unwrap_or_default()
    });
    submit(shared, told);
}

/// Where a parcel goes, how it is signed, and how long the answer may take.
struct Address {
    url: String,
    signatures: Vec<(&'static str, String)>,
    limit: Duration,
}

/// The address of a parcel; none when the webhook is invalid or gone.
fn address(world: &World, parcel: &Parcel) -> Option<Address> {
    let hook = world.hooks.get(parcel.webhook).filter(|hook| hook.valid)?;
    let keys = signing_keys(world, hook.app);
    let signed = |key: &str| match parcel.handling.signing {
        Signing::Right => Some(sign(key.as_bytes(), &parcel.body)),
        Signing::Wrong => Some(sign(b"the secret of no app", &parcel.body)),
        Signing::Missing => None,
    };
    let signatures = keys.iter().filter_map(|(name, key)| Some((*name, signed(key)?))).collect();
    Some(Address { url: hook.url.clone(), signatures, limit: world.rules.answer_limit(hook.face) })
}

/// The headers that sign what an app's webhooks are sent, each with its key; the last is the key that challenges are answered with.
pub(super) fn signing_keys(world: &World, app: AppId) -> Vec<(&'static str, &str)> {
    let Some(app) = world.keys.app(app) else { return vec![] };
    let client = app.client_secret.as_deref().filter(|_| world.rules.v2.client_signature);
    let client = client.map(|key| (CLIENT_SIGNATURE_HEADER, key));
    std::iter::once((SIGNATURE_HEADER, app.consumer_secret.as_str())).chain(client).collect()
}

fn asked(parcel: &Parcel, address: &Address) -> Asked {
    let (method, target, proofs) = ("POST".to_owned(), address.url.clone(), address.signatures.clone());
    Asked { way: Way::Delivery(parcel.number), method, target, proofs, body: Body::of("application/json", &parcel.body) }
}

/// The status of the answer and what it says, if one came in time.
async fn post(shared: &Shared, address: Address, parcel: &Parcel) -> Result<(u16, Body), Silence> {
    let body = trickle::body(parcel.body.clone(), parcel.handling.slow);
    let mut request = shared.client.post(address.url).timeout(address.limit).header(CONTENT_TYPE, "application/json").body(body);
    for (name, signature) in address.signatures {
        request = request.header(name, signature);
    }
    if shared.see(|world| world.rules.inner_headers) {
        for (name, value) in inner_headers(parcel, shared.clock.outside(), address.limit) {
            request = request.header(name, value);
        }
    }
    let response = request.send().await.map_err(|error| if crc::distrusts(&error) { Silence::Distrust } else { Silence::MayPass })?;
    let status = response.status().as_u16();
    // Read for whoever looks; nothing depends on it.
    let short = response.content_length().is_some_and(|length| length <= LONGEST_ANSWER);
    let text = if short { response.text().await.unwrap_or_default() } else { String::new() };
    Ok((status, Body::text(&text)))
}

/// What the platform's own machinery leaves in a request (contract §1.4).
fn inner_headers(parcel: &Parcel, now: Timestamp, limit: Duration) -> [(&'static str, String); 8] {
    let nanos = |at: Timestamp| i128::from(at.as_millis()) * 1_000_000;
    let id = |salt: u64| format!("{:016x}", (parcel.number << 8 | salt).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    [
        ("finagle-ctx-com.twitter.finagle.deadline", format!("{} {}", nanos(now), nanos(now.plus(limit)))),
        ("finagle-ctx-com.twitter.finagle.retries", parcel.attempts.to_string()),
        ("finagle-http-retryable-request", String::new()),
        ("x-b3-traceid", id(0)),
        ("x-b3-spanid", id(1 + parcel.attempts as u64)),
        ("x-b3-parentspanid", id(0)),
        ("x-b3-sampled", "false".to_owned()),
        ("x-b3-flags", "2".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::super::settings::Settings;
    use super::super::world::{Draft, Face, WEB_CLIENT, Webhook, WebhookId};
    use super::*;

    #[tokio::test]
    async fn nothing_is_sent_again_to_a_server_that_is_not_trusted() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = server.local_addr().expect("an address");
        // It listens, but speaks no TLS.
        std::thread::spawn(move || server.incoming().flatten().for_each(|mut stream| drop(stream.write_all(b"HTTP/1.1 400\r\n\r\n"))));
        let shared = Arc::new(Shared::new(&Settings::default()).expect("a world"));
        let parcels = shared.change(|world, now| {
            let (id, app, url, face) = (WebhookId(1), Settings::APP, format!("https://{address}/"), Face::Older);
            world.hooks.register(Webhook { id, app, url, valid: true, created_at: now, face, proved_at: now, environment: None });
            world.hooks.subscribe(id, Settings::BOT, &world.rules, now).expect("a subscription");
            let draft = Draft { text: "hi".to_owned(), ..Draft::default() };
            world.post(Settings::ADA, Settings::BOT, draft, WEB_CLIENT, now).1
        });
        let number = parcels[0].number;
        submit(&shared, parcels);
        let settled = || shared.see(|world| world.log.delivery(number).filter(|record| record.outcome != Outcome::Pending).cloned());
        let record = shared.wait(Duration::from_secs(20), settled).await.expect("it is given up");
        assert_eq!((record.outcome, record.attempts.len()), (Outcome::Dropped, 1));
    }
}
