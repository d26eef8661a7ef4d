//! A form counts once, however often its button is pressed: two presses in a row are two requests.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Forms that are remembered. Whoever presses twice does so within seconds.
const MOST: usize = 1_000;

/// The forms that were taken lately.
#[derive(Default)]
pub(super) struct Once(Mutex<VecDeque<u64>>);

/// A form that was taken just now.
pub(super) struct Taken(u64);

impl Once {
    /// Takes a form, told by its page's word and what stands in it, unless it was taken before.
    pub(super) fn take(&self, form: &impl Hash) -> Option<Taken> {
        let mut hasher = DefaultHasher::new();
        form.hash(&mut hasher);
        let form = hasher.finish();
        let mut taken = self.lock();
        if taken.contains(&form) {
            return None;
        }
        if taken.len() >= MOST {
            taken.pop_front();
        }
        taken.push_back(form);
        Some(Taken(form))
    }

    /// Nothing came of it: it may be sent again.
    pub(super) fn give_back(&self, Taken(form): Taken) {
        self.lock().retain(|other| *other != form);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
