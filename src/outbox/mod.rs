//! The door out: takes due rows, in order within a conversation, one in flight per conversation; sends; settles.
//!
//! A claim is a commit, durable before the first byte leaves, so that a row found on its way after a crash is known to be unsure.
//! The webhook is not known here: the two doors meet only in turn and store.

mod attempt;
mod backlog;
mod due;
mod errand;
mod lookup;
mod pictures;
mod platform;
mod reconcile;
mod signals;
mod stand_in;
mod x;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::model::{AppId, Key, MessageId, Timestamp, UserId};
use crate::pace::{Pace, Standing};
use crate::turn::{Turns, Wake};
use errand::Errands;
use reconcile::Listings;
use signals::Signals;

pub use errand::Errand;
pub use lookup::{Lookups, Resolver};
pub use platform::{MediaFailure, Platform, Servers};
pub use stand_in::StandIn;
pub use x::{Sender, X};

/// Conversations that one look into the store takes up.
const BATCH: usize = 256;

/// After so many attempts, with the pauses of the backoff about a day, a message has outlived its sense.
const MAX_ATTEMPTS: u32 = 300;

/// The shortest and the longest time between two looks into the store. Turns wake the outbox by name; looking finds what was due
/// before the service started, what is to be tried again, and the few whose call came while they were being served.
const LOOK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How long a conversation rests that is due and cannot go on.
const PARKED: Duration = Duration::from_secs(60);

/// What the outbox may do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names this process in claims.
    pub owner: String,
    /// Whether a send of unknown fate is sent again; otherwise it is kept for a person to decide.
    pub resend: bool,
    /// How long a send of unknown fate waits for its echo before the account's messages are listed.
    pub echo_wait: Duration,
    /// How long after its attempt it is decided at the latest, where X does not list them.
    pub resend_after: Duration,
    /// Sends in flight at a time, and as many lookups beside them.
    pub in_flight: usize,
    /// The largest picture of a person's that is handed to a lookup.
    pub picture_bytes: usize,
    /// Whether the first replies to a message do not count against the daily limits; they do in the newer interface.
    pub free_replies: bool,
}

/// How long a conversation rests, and whether because its account is paused.
#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Timestamp,
    paused: bool,
}

/// Carries out what conversations have ordered.
pub struct Outbox {
    turns: Arc<Turns>,
    platform: Arc<dyn Platform>,
    servers: Arc<dyn Servers>,
    clock: Arc<dyn Clock>,
    apps: BTreeMap<UserId, AppId>,
    pace: Mutex<Pace>,
    settings: Settings,
    listings: Listings,
    /// Conversations being served, so that none is taken up twice; true where one was called again meanwhile.
    busy: Mutex<BTreeMap<Key, bool>>,
    /// Conversations that are due and cannot go on, and when they are tried again.
    parked: Mutex<BTreeMap<Key, Rest>>,
    errands: Errands,
    signals: Mutex<Signals>,
    lookup_slots: Semaphore,
}

impl Outbox {
    /// An outbox over the turns of a service; `apps` are those that send for the accounts.
    pub fn new(
        turns: Arc<Turns>,
        platform: Arc<dyn Platform>,
        servers: Arc<dyn Servers>,
        clock: Arc<dyn Clock>,
        apps: BTreeMap<UserId, AppId>,
        pace: Pace,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Outbox {
            turns,
            platform,
            servers,
            clock,
            apps,
            pace: Mutex::new(pace),
            lookup_slots: Semaphore::new(settings.in_flight),
            settings,
            listings: Listings::default(),
            busy: Mutex::default(),
            parked: Mutex::default(),
            errands: Errands::default(),
            signals: Mutex::default(),
        })
    }

    /// Where the sends of an account and of its app stand against the limits of X, and until when X has ordered a pause.
    pub fn standing(&self, account: UserId) -> Option<(Standing, Standing, Option<Timestamp>)> {
        let app = *self.apps.get(&account)?;
        Some(self.with_pace(|pace, now| pace.standing(now, account, app)))
    }

    /// Carries out what is due until `stop` turns true; then waits for what is in flight.
    pub async fn run(self: Arc<Self>, mut woken: mpsc::UnboundedReceiver<Wake>, mut stop: watch::Receiver<bool>) {
        let slots = Arc::new(Semaphore::new(self.settings.in_flight));
        let mut tasks = JoinSet::new();
        let mut looked = Instant::now();
        while !*stop.borrow() {
            let look = next_look(Instant::now(), self.until_next_due().await, looked);
            let mut wakes: Vec<Wake> = tokio::select! {
                woken = woken.recv() => woken.into_iter().collect(),
                () = tokio::time::sleep_until(look) => {
                    looked = Instant::now();
                    self.due().await.into_iter().map(Wake::Due).collect()
                }
                _ = stop.changed() => break,
            };
            while let Ok(wake) = woken.try_recv() {
                wakes.push(wake);
            }
            for wake in wakes {
                let key = match wake {
                    Wake::Due(key) => key,
                    Wake::Typing(key) => {
                        self.signals().want_typing(key);
                        key
                    }
                    Wake::Read(key, last) => {
                        // Not worth waiting for: where everything is in flight nobody minds.
                        if let Ok(slot) = slots.clone().try_acquire_owned() {
                            tasks.spawn(self.clone().read(key, last, slot));
                        }
                        continue;
                    }
                };
                if !self.begin(key) {
                    continue;
                }
                let Ok(slot) = slots.clone().acquire_owned().await else { return };
                tasks.spawn(self.clone().take_up(key, slot));
            }
            while tasks.try_join_next().is_some() {}
        }
        self.lookup_slots.close();
        while tasks.join_next().await.is_some() {}
    }

    /// Serves a conversation, and then carries out its lookup, during which the conversation may be served again.
    async fn take_up(self: Arc<Self>, key: Key, slot: OwnedSemaphorePermit) {
        let _fallen = Fallen { outbox: &self, key };
        let served = Served { outbox: &self, key };
        let looks = self.serve(key).await;
        drop((served, slot));
        if looks {
            self.look_up(key).await;
        }
    }

    async fn read(self: Arc<Self>, key: Key, last: MessageId, _slot: OwnedSemaphorePermit) {
        self.show_read(key, last).await;
    }

    /// Takes up what a conversation has due, and again where it was called meanwhile; says whether its lookup is to be carried out.
    async fn serve(&self, key: Key) -> bool {
        let mut looks = false;
        loop {
            match self.serve_once(key).await {
                Ok(due) => looks |= due,
                Err(error) => {
                    tracing::error!(conversation = %key, %error, "the outbox could not go on; it tries again in a minute");
                    self.park(key);
                }
            }
            if !self.is_called_again(key) {
                return looks;
            }
        }
    }

    async fn until_next_due(&self) -> Duration {
        match self.turns.store().next_due().await {
            // What is parked, or waits until lookups end, stays due; looking for it all the time would find nothing else.
            Ok(Some(_)) if !self.parked().is_empty() || self.lookup_slots.available_permits() == 0 => LOOK.1,
            Ok(Some(due)) => due.since(self.clock.now()).clamp(LOOK.0, LOOK.1),
            Ok(None) => LOOK.1,
            Err(error) => {
                tracing::error!(%error, "the store does not tell what is due");
                LOOK.1
            }
        }
    }

    async fn due(&self) -> Vec<Key> {
        let now = self.clock.now();
        let parked: Vec<Key> = {
            let mut parked = self.parked();
            parked.retain(|key, rest| rest.until > now && (!rest.paused || self.turns.is_paused(key.account)));
            parked.keys().copied().collect()
        };
        // Those that cannot go on must not hide those behind them.
        let most = BATCH + parked.len() + self.errands.count();
        match self.turns.store().claim(now, most, &self.settings.owner, self.settings.resend_after).await {
            Ok(claimed) => claimed.into_iter().filter(|key| parked.binary_search(key).is_err()).collect(),
            Err(error) => {
                tracing::error!(%error, "the store does not tell what is due");
                Vec::new()
            }
        }
    }

    /// Lets a conversation rest that is due and cannot go on; where its account is paused, not longer than that.
    pub(super) fn park(&self, key: Key) {
        let rest = Rest { until: self.clock.now().plus(PARKED), paused: self.turns.is_paused(key.account) };
        self.parked().insert(key, rest);
    }

    fn parked(&self) -> MutexGuard<'_, BTreeMap<Key, Rest>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the conversation was free and is now being served; one that is served already is served once more.
    fn begin(&self, key: Key) -> bool {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let again = busy.contains_key(&key);
        busy.insert(key, again);
        !again
    }

    /// Whether the conversation was called while it was served; if not, it is free from here on.
    fn is_called_again(&self, key: Key) -> bool {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        match busy.get_mut(&key) {
            Some(again) if *again => {
                *again = false;
                true
            }
            _ => {
                busy.remove(&key);
                false
            }
        }
    }

    fn signals(&self) -> MutexGuard<'_, Signals> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_pace<T>(&self, ask: impl FnOnce(&mut Pace, Timestamp) -> T) -> T {
        ask(&mut self.pace.lock().unwrap_or_else(PoisonError::into_inner), self.clock.now())
    }
}

/// A conversation being served: free again when this goes, even after a panic.
struct Served<'a> {
    outbox: &'a Outbox,
    key: Key,
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.outbox.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        }
    }
}

/// A conversation that a mistake of ours was met in rests before it is taken up again: it is due as before.
struct Fallen<'a> {
    outbox: &'a Outbox,
    key: Key,
}

impl Drop for Fallen<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(conversation = %self.key, "the outbox has made a mistake; it tries again in a minute");
            self.outbox.park(self.key);
        }
    }
}

/// When to look into the store again. Each call by name begins the wait anew; the last look bounds it, however many come.
fn next_look(now: Instant, until_due: Duration, looked: Instant) -> Instant {
    (now + until_due).min(looked + LOOK.1)
}

#[cfg(test)]
mod tests;
