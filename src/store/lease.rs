//! Claims of due conversations in a store that one process owns: nobody else has to see them, so they live in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Key, Timestamp};

/// Who claimed what, until when.
#[derive(Debug, Default)]
pub(super) struct Leases(Mutex<HashMap<Key, Lease>>);

#[derive(Debug)]
struct Lease {
    owner: String,
    until: Timestamp,
}

impl Leases {
    /// Claims for `owner` those of `due` that nobody else holds at `now`, in their order, at most `max`.
    ///
    /// An error from `due` ends it; what was claimed before that stays claimed.
    pub(super) fn claim<E>(
        &self,
        due: impl Iterator<Item = Result<Key, E>>,
        now: Timestamp,
        max: usize,
        owner: &str,
        lease: Duration,
    ) -> Result<Vec<Key>, E> {
        let mut leases = self.lock();
        leases.retain(|_, held| held.until > now);
        let mut claimed = Vec::new();
        for key in due {
            if claimed.len() == max {
                break;
            }
            let key = key?;
            if leases.get(&key).is_some_and(|held| held.owner != owner) {
                continue;
            }
            leases.insert(key, Lease { owner: owner.to_owned(), until: now.plus(lease) });
            claimed.push(key);
        }
        Ok(claimed)
    }

    /// Ends the leases of conversations that were committed.
    pub(super) fn end(&self, keys: impl Iterator<Item = Key>) {
        let mut leases = self.lock();
        if !leases.is_empty() {
            keys.for_each(|key| drop(leases.remove(&key)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Lease>> {
        // A lease is a hint: one that a panic left half made does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
