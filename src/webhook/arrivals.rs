//! What came lately, for those who wait for it: see [`wire::arrivals`](crate::wire::arrivals).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::model::{Timestamp, UserId};
use crate::wire::arrivals::{Arrival, Arrivals, Arrived};
use crate::wire::{Event, EventBody};

/// How many events that are no messages are kept; they are rare, and somebody waits for one of them for minutes at most.
const KEPT: usize = 64;

/// What came since the door was opened.
#[derive(Debug, Default)]
pub(super) struct Lately(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    since: Option<Timestamp>,
    events: VecDeque<Arrival>,
    messages: BTreeMap<UserId, Timestamp>,
}

impl Lately {
    /// Takes note of events that came at `now`.
    pub(super) fn came(&self, events: &[Event], now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.since.get_or_insert(now);
        for event in events {
            let what = match (&event.body, event.for_user) {
                (EventBody::Message(_), Some(account)) => {
                    kept.messages.insert(account, now);
                    continue;
                }
                // They come with every message and tell nothing that it does not.
                (EventBody::Message(_) | EventBody::Typing { .. } | EventBody::Read { .. }, _) => continue,
                (EventBody::Favorite { post, by }, _) => Arrived::Favorite { post: *post, by: *by },
                (EventBody::ReplayJob { job, complete }, _) => Arrived::ReplayJob { job: *job, complete: *complete },
                (other, _) => Arrived::Other { name: other.kind().to_owned() },
            };
            if kept.events.len() == KEPT {
                kept.events.pop_front();
            }
            kept.events.push_back(Arrival { what, account: event.for_user, at: now });
        }
    }

    /// What is told to somebody who asks.
    pub(super) fn told(&self, now: Timestamp) -> Arrivals {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arrivals {
            now,
            since: kept.since.unwrap_or(now),
            events: kept.events.iter().cloned().collect(),
            messages: kept.messages.iter().map(|(account, at)| (*account, *at)).collect(),
        }
    }
}
