//! The newest deliveries, in memory, and how many there were.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::webhook::{Seen, Sighting};

/// Deliveries that are kept.
const KEPT: usize = 500;

/// Bytes of bodies that are kept in all.
const BYTES: usize = 16 << 20;

/// Deliveries that a page may be behind.
const BEHIND: usize = 256;

/// Kinds that are offered to be filtered by.
const KINDS: usize = 100;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// What came to the door since the console was opened.
pub(in crate::console) struct Log {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    changes: broadcast::Sender<Noted>,
}

/// A sighting with its number, from 1 on.
pub(in crate::console) type Noted = (u64, Sighting);

#[derive(Default)]
struct Kept {
    newest: VecDeque<Noted>,
    count: u64,
    bytes: usize,
    /// Deliveries of each of the last sixty minutes, by the minute.
    minutes: VecDeque<(i64, u64)>,
    kinds: BTreeSet<String>,
    rates: Rates,
}

/// How many there were.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::console) struct Rates {
    pub(in crate::console) minute: u64,
    pub(in crate::console) hour: u64,
    pub(in crate::console) repeated: usize,
    pub(in crate::console) unsigned: usize,
    pub(in crate::console) unreadable: usize,
    pub(in crate::console) challenged: Option<Timestamp>,
}

impl Log {
    pub(in crate::console) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Log { clock, kept: Mutex::default(), changes: broadcast::Sender::new(BEHIND) })
    }

    /// Takes down what comes until the service ends.
    pub(in crate::console) async fn follow(self: Arc<Self>, mut door: broadcast::Receiver<Sighting>) {
        loop {
            match door.recv().await {
                Ok(sighting) => {
                    let noted = self.lock().take(sighting);
                    // An error says that no page is open.
                    let _ = self.changes.send(noted);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    pub(in crate::console) fn changes(&self) -> broadcast::Receiver<Noted> {
        self.changes.subscribe()
    }

    /// The newest after a number that are wanted, newest first; and the number of the newest of all.
    pub(in crate::console) fn newest(&self, most: usize, after: u64, wanted: impl Fn(&Sighting) -> bool) -> (Vec<Noted>, u64) {
        let kept = self.lock();
        // A number that is still to come is of another run of the service: then all are new.
        let after = if after > kept.count { 0 } else { after };
        let after = kept.newest.iter().rev().take_while(|(number, _)| *number > after);
        (after.filter(|(_, sighting)| wanted(sighting)).take(most).cloned().collect(), kept.count)
    }

    /// Every kind that has come.
    pub(super) fn kinds(&self) -> BTreeSet<String> {
        self.lock().kinds.clone()
    }

    pub(in crate::console) fn rates(&self) -> Rates {
        let now = minute(self.clock.now());
        let kept = self.lock();
        let since = |minutes: i64| kept.minutes.iter().filter(|(minute, _)| now - minute < minutes).map(|(_, count)| count).sum();
        Rates { minute: since(1), hour: since(HOUR.as_secs().div_euclid(MINUTE.as_secs()) as i64), ..kept.rates }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, sighting: Sighting) -> Noted {
        let now = minute(sighting.at);
        match self.minutes.back_mut().filter(|(minute, _)| *minute == now) {
            Some((_, count)) => *count += 1,
            None => self.minutes.push_back((now, 1)),
        }
        if self.minutes.len() > 60 {
            self.minutes.pop_front();
        }
        match &sighting.what {
            Seen::Delivery { events, repeated, .. } => {
                self.rates.repeated += repeated;
                for event in events {
                    if self.kinds.len() < KINDS && !self.kinds.contains(&event.kind) {
                        self.kinds.insert(event.kind.clone());
                    }
                }
            }
            Seen::Unreadable { .. } => self.rates.unreadable += 1,
            Seen::Unsigned { .. } => self.rates.unsigned += 1,
            Seen::Challenge { .. } => self.rates.challenged = Some(sighting.at),
            Seen::Failed { .. } => {}
        }
        self.bytes += size(&sighting);
        self.count += 1;
        let noted = (self.count, sighting);
        self.newest.push_back(noted.clone());
        while self.newest.len() > KEPT || self.bytes > BYTES {
            let Some((_, oldest)) = self.newest.pop_front() else { break };
            self.bytes -= size(&oldest);
        }
        noted
    }
}

/// The kind by which something that tells of no event is picked out.
pub(super) fn kind(sighting: &Sighting) -> &'static str {
    match &sighting.what {
        Seen::Delivery { .. } => "delivery",
        Seen::Unreadable { .. } => "unreadable",
        Seen::Failed { .. } => "failed",
        Seen::Unsigned { .. } => "unsigned",
        Seen::Challenge { .. } => "challenge",
    }
}

fn size(sighting: &Sighting) -> usize {
    super::body(sighting).map_or(0, <[u8]>::len)
}

fn minute(at: Timestamp) -> i64 {
    at.as_seconds().div_euclid(60)
}
