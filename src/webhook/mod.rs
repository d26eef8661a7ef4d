//! The door in: X's challenges and deliveries.
//!
//! Verified bytes become events, events become turns, and 200 is answered when all of them are durable. The outbox is not known here.

mod arrivals;
mod deliver;
mod envelope;
mod sighting;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use crate::metrics::Metrics;
use tokio::sync::broadcast;

use crate::model::{AppId, Secret, UserId};
use crate::turn::Turns;
use crate::wire::signature;
use arrivals::Lately;

pub use envelope::Envelope;
pub use sighting::{Seen, SeenEvent, Sighting};

/// The longest challenge that is answered; real ones have 48 characters (contract §1.1).
const TOKEN_CHARS: usize = 256;

/// So many deliveries may be on their way to those who look on; whoever falls behind further misses some.
const WATCHED: usize = 256;

/// An app whose deliveries are accepted.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its secrets, newest first; at least one.
    pub secrets: Vec<Secret>,
}

/// What the door lets in.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body in bytes.
    pub body: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}

/// The door: who may come in, and where they go.
pub struct Door {
    apps: Vec<App>,
    limits: Limits,
    turns: Arc<Turns>,
    metrics: Arc<Metrics>,
    lately: Lately,
    senders: BTreeMap<UserId, AppId>,
    watchers: broadcast::Sender<Sighting>,
}

impl Door {
    /// A door for the deliveries of these apps.
    pub fn new(apps: Vec<App>, limits: Limits, turns: Arc<Turns>) -> Self {
        let metrics = turns.metrics().clone();
        Door {
            apps,
            limits,
            turns,
            metrics,
            lately: Lately::default(),
            senders: BTreeMap::new(),
            watchers: broadcast::Sender::new(WATCHED),
        }
    }

    /// The same, told which app sends for each account.
    pub fn sending(self, senders: BTreeMap<UserId, AppId>) -> Self {
        Door { senders, ..self }
    }

    /// Everything that comes to the door from here on, for those who look on.
    pub fn watch(&self) -> broadcast::Receiver<Sighting> {
        self.watchers.subscribe()
    }

    /// Whether anybody looks on; for nobody nothing is copied.
    fn is_watched(&self) -> bool {
        self.watchers.receiver_count() > 0
    }

    fn seen(&self, what: Seen) {
        // An error says that the last one has just gone.
        let _ = self.watchers.send(Sighting { at: self.turns.now(), what });
    }

    /// The secret that made a signature over these bytes; every secret of every app is tried, in constant time each.
    fn signer(&self, header: Option<&str>, message: &[u8]) -> Option<&Secret> {
        let header = header?;
        self.apps.iter().flat_map(|app| &app.secrets).find(|secret| signature::verify(header, secret.expose().as_bytes(), message))
    }
}

/// Adds the webhook's two routes under its path.
pub fn routes(config: &mut web::ServiceConfig, path: &str, door: web::Data<Door>) {
    config.service(web::resource(path).app_data(door).route(web::get().to(challenge)).route(web::post().to(deliver::events)));
}

/// Answers a challenge: a signed one with the secret that signed it, another with the newest secret of the app that it names.
async fn challenge(request: HttpRequest, door: web::Data<Door>) -> HttpResponse {
    let query = request.query_string();
    let Some(token) = signature::crc_token(query).filter(|token| is_challenge(token)) else {
        door.metrics.challenged("refused");
        return HttpResponse::BadRequest().body("this is a webhook for X: a challenge has a crc_token\n");
    };
    let signer = door.signer(header(&request), query.as_bytes());
    let named = signature::named_app(query).and_then(|id| door.apps.iter().find(|app| app.id == id));
    let is_signed = signer.is_some();
    let newest = || named.or(door.apps.first()).and_then(|app| app.secrets.first());
    match signer.or_else(newest) {
        Some(secret) => {
            door.seen(Seen::Challenge { signed: is_signed });
            door.metrics.challenged(if is_signed { "signed" } else { "unsigned" });
            let body = signature::crc_response(secret.expose().as_bytes(), &token);
            HttpResponse::Ok().content_type("application/json").body(body)
        }
        None => HttpResponse::InternalServerError().finish(),
    }
}

/// Whether a text may be signed as a challenge. The answer is our signature over it, and anybody may ask for one: a token that could
/// be the body of a delivery would let them forge it, so nothing that begins like a JSON object is signed.
fn is_challenge(token: &str) -> bool {
    !token.is_empty() && token.len() <= TOKEN_CHARS && !token.contains('{')
}

fn header(request: &HttpRequest) -> Option<&str> {
    request.headers().get(signature::SIGNATURE_HEADER)?.to_str().ok()
}
