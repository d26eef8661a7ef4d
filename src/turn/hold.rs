//! Holding a conversation: one turn at a time, in the order in which they came.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::model::Key;

/// Shards, so that holding one conversation seldom waits for the bookkeeping of another.
const SHARDS: usize = 64;

type Shard = Mutex<HashMap<Key, Arc<AsyncMutex<()>>>>;

/// The conversations that are held now; others take no memory.
pub(super) struct Holds {
    shards: Vec<Shard>,
    hasher: RandomState,
}

/// A conversation held; dropping it lets the next turn in.
pub(super) struct Hold<'a> {
    shard: &'a Shard,
    key: Key,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Default for Holds {
    fn default() -> Self {
        Holds { shards: (0..SHARDS).map(|_| Shard::default()).collect(), hasher: RandomState::new() }
    }
}

impl Holds {
    /// Waits until the conversation is free; those who wait are let in by turns.
    pub(super) async fn hold(&self, key: Key) -> Hold<'_> {
        let shard = &self.shards[self.hasher.hash_one(key) as usize % SHARDS];
        // The hold exists before the wait, so that a turn given up while waiting cleans up after itself.
        let mut hold = Hold { shard, key, guard: None };
        let lock = shard.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        hold.guard = Some(lock.lock_owned().await);
        hold
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut shard = self.shard.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits or holds keeps the lock alive by an Arc of its own; alone in the map, it is of no use.
        if shard.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            shard.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::UserId;

    fn key(peer: u64) -> Key {
        Key::new(UserId(1), UserId(peer))
    }

    fn held(holds: &Holds) -> usize {
        holds.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_at_a_time_per_conversation() {
        let holds = Arc::new(Holds::default());
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (holds, inside) = (holds.clone(), inside.clone());
                tokio::spawn(async move {
                    let _hold = holds.hold(key(1)).await;
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "somebody else is inside");
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(held(&holds), 0, "nothing is kept of conversations that nobody holds");
    }

    #[tokio::test]
    async fn others_do_not_wait_and_a_given_up_wait_leaves_nothing() {
        let holds = Holds::default();
        let first = holds.hold(key(1)).await;
        let second = holds.hold(key(2)).await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(1), holds.hold(key(1))).await;
        assert!(waiting.is_err());
        drop((first, second));
        assert_eq!(held(&holds), 0);
    }
}
