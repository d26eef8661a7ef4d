//! A delivery: its events become arrivals at their conversations, and the answer waits until all are durable.

use actix_web::{HttpResponse, web};

use super::{Door, Envelope, Seen, SeenEvent};
use crate::conversation::{Event, Origin};
use crate::model::{AppId, EventId, Key, Profile, Timestamp, UserId};
use crate::turn::{Arrival, TurnError};
use crate::wire::arrivals::{self, Arrivals};
use crate::wire::{self, DirectMessage, EventBody, Tie};

/// How many unreadable parts of one delivery are kept; a body may have as many as it has bytes.
const KEPT_ODDITIES: usize = 8;

/// How many messages of a list are taken at a time.
const LISTED_AT_ONCE: usize = 64;

/// 200 with an empty body when everything the delivery causes is on the disk; 500 when it is not, so that X delivers it again.
pub(super) async fn events(envelope: Envelope, door: web::Data<Door>) -> HttpResponse {
    if let Some(asked) = arrivals::read_question(&envelope.body) {
        return door.told(asked);
    }
    match door.take(&envelope).await {
        Ok(()) => {
            door.metrics.delivered("taken");
            HttpResponse::Ok().finish()
        }
        Err(error) => {
            door.metrics.delivered("failed");
            door.seen(Seen::Failed { body: envelope.body, reason: error.to_string() });
            tracing::error!(%error, "delivery not taken; X will deliver it again");
            HttpResponse::InternalServerError().finish()
        }
    }
}

impl Door {
    /// What came lately, for those within the house.
    pub fn lately(&self) -> Arrivals {
        self.lately.told(self.turns.now())
    }

    /// Answers whoever holds an app's secret what came lately; an old question is answered with nothing but the time.
    fn told(&self, asked: Timestamp) -> HttpResponse {
        let now = self.turns.now();
        let told = self.lately.told(now);
        let is_fresh = arrivals::is_fresh(asked, now);
        HttpResponse::Ok().json(if is_fresh { told } else { Arrivals { now, since: told.since, ..Arrivals::default() } })
    }

    async fn take(&self, envelope: &Envelope) -> Result<(), TurnError> {
        let delivery = match wire::envelope::parse(&envelope.body) {
            Ok(delivery) => delivery,
            Err(unreadable) => {
                self.seen(Seen::Unreadable { body: envelope.body.clone(), reason: unreadable.to_string() });
                return self.note(UserId(0), "delivery", &unreadable.to_string(), &envelope.body).await;
            }
        };
        for oddity in delivery.oddities.iter().take(KEPT_ODDITIES) {
            let place = format!("{} {}", oddity.kind, oddity.place);
            self.note(UserId(0), &place, &oddity.reason, &envelope.body).await?;
        }
        let seen = self.is_watched().then(|| delivery.events.iter().map(SeenEvent::from).collect());
        self.lately.came(&delivery.events, self.turns.now());
        let mut arrivals = Vec::with_capacity(delivery.events.len());
        for event in delivery.events {
            self.metrics.event(counted(&event.body));
            match (event.for_user, event.body) {
                (Some(user), EventBody::Message(message)) if self.turns.has_account(user) => arrivals.push(self.arrival(user, message)),
                (Some(user), EventBody::Tie { tie, at, source, target }) if target == user && self.turns.listens_to(user, tie.name()) => {
                    arrivals.push(tied(user, tie, at, source));
                }
                (Some(_), EventBody::Message(_)) => {
                    self.metrics.strangers.inc();
                }
                (_, EventBody::Revoked { user, app }) if self.turns.has_account(user) && self.is_sender(user, app) => {
                    self.turns.withdraw(user).await?;
                }
                (_, EventBody::ReplayJob { job, complete }) => {
                    tracing::info!(job, complete, "a replay has ended");
                    self.turns.replay_ended(job, complete).await?;
                }
                (_, body) => {
                    self.metrics.unused.inc();
                    tracing::debug!(kind = body.kind(), "event of a kind that nothing uses");
                }
            }
        }
        let tally = self.turns.arrive(arrivals).await?;
        self.metrics.taken.inc_by(tally.taken as u64);
        self.metrics.repeated.inc_by(tally.repeated as u64);
        if let Some(events) = seen {
            self.seen(Seen::Delivery { body: envelope.body.clone(), events, taken: tally.taken, repeated: tally.repeated });
        }
        Ok(())
    }

    /// Takes messages that X did not deliver and lists all the same.
    pub async fn take_listed(&self, account: UserId, messages: Vec<DirectMessage>) -> Result<(), TurnError> {
        // Those of one conversation in one commit, and no commit grows without bound.
        for some in messages.chunks(LISTED_AT_ONCE) {
            let arrivals = some.iter().map(|direct| self.arrival(account, direct.clone())).collect();
            let tally = self.turns.arrive(arrivals).await?;
            self.metrics.taken.inc_by(tally.taken as u64);
            self.metrics.repeated.inc_by(tally.repeated as u64);
        }
        Ok(())
    }

    /// Whether an app is the one that sends for the account: another one's access is no matter of ours.
    fn is_sender(&self, account: UserId, app: Option<AppId>) -> bool {
        let sender = self.senders.get(&account);
        app.is_none() || sender.is_none() || app == sender.copied()
    }

    /// The conversation that a message of or to the user belongs to, and what it is there.
    fn arrival(&self, user: UserId, direct: DirectMessage) -> Arrival {
        let id = EventId::message(user, direct.message.id);
        if direct.is_echo(user) {
            let origin = match direct.source_app {
                Some(app) if self.apps.iter().any(|ours| ours.id == app) => Origin::Ours,
                Some(_) => Origin::Other,
                None => Origin::Unknown,
            };
            let event = Event::Echo { message: direct.message, origin };
            return Arrival { key: Key::new(user, direct.recipient), id, event, peer: Profile::unknown(direct.recipient) };
        }
        let peer = direct.sender_profile.clone();
        let event = Event::Message { message: direct.message, from: direct.sender_profile, overtaken: false, waited: false };
        Arrival { key: Key::new(user, direct.sender), id, event, peer }
    }

    /// Keeps what could not be read, for the console: answered 200 all the same, since X would only send it again.
    async fn note(&self, account: UserId, place: &str, reason: &str, body: &[u8]) -> Result<(), TurnError> {
        self.metrics.unreadable.inc();
        tracing::warn!(place, reason, bytes = body.len(), "part of a signed delivery could not be read; it is kept in the journal");
        self.turns.note(account, place, reason, body).await
    }
}

/// The kind by which an event is counted: what X calls unknown kinds is no name for a figure, since there may be any number.
fn counted(body: &EventBody) -> &str {
    if let EventBody::Unknown { .. } = body { "unknown" } else { body.kind() }
}

/// Somebody follows the account, or whatever else a rule of its bot is for.
fn tied(user: UserId, tie: Tie, at: Timestamp, source: Profile) -> Arrival {
    let id = EventId::tie(user, at, source.id.0 << 3 | tie as u64);
    let event = Event::Account { kind: tie.name().to_owned(), from: source.clone() };
    Arrival { key: Key::new(user, source.id), id, event, peer: source }
}
