//! A rolling count over 24 hours in bounded memory.

use std::collections::BTreeMap;
use std::time::Duration;

use super::DAY;
use crate::model::Timestamp;

/// Sends are counted in slots of five minutes. A slot counts until its last moment is a day old, so the count errs only upwards.
const SLOT: Duration = Duration::from_secs(300);

/// How many things happened within the last 24 hours; at most 290 slots.
#[derive(Debug, Default)]
pub(super) struct Window {
    slots: BTreeMap<i64, u32>,
}

impl Window {
    pub(super) fn count(&mut self, at: Timestamp) {
        let slot = self.slots.entry(slot_of(at)).or_insert(0);
        *slot = slot.saturating_add(1);
        // What the newest slot no longer sees, no later question will.
        let newest = self.slots.last_key_value().map_or(0, |(newest, _)| *newest);
        let start = Timestamp::from_millis(newest.saturating_mul(SLOT.as_millis() as i64));
        let oldest = slot_of(start.minus(DAY));
        while self.slots.first_key_value().is_some_and(|(slot, _)| *slot < oldest) {
            self.slots.pop_first();
        }
    }

    /// How many are in the window, and how many of them came within the last `span`.
    pub(super) fn counts(&self, now: Timestamp, span: Duration) -> (u32, u32) {
        let since = slot_of(now.minus(span));
        let in_window = self.slots.iter().filter(|(slot, _)| leaves_at(**slot) > now);
        in_window.fold((0, 0), |(all, lately), (slot, count)| (all + count, if *slot > since { lately + count } else { lately }))
    }

    /// When fewer than `limit` will be left in the window; `None` when that is so already. `limit` is at least 1.
    pub(super) fn full_until(&self, now: Timestamp, limit: u32) -> Option<Timestamp> {
        let mut left: u64 = 0;
        // From the newest back: the slot that fills the limit is the one that has to leave.
        for (slot, count) in self.slots.iter().rev().take_while(|(slot, _)| leaves_at(**slot) > now) {
            left += u64::from(*count);
            if left >= u64::from(limit) {
                return Some(leaves_at(*slot));
            }
        }
        None
    }
}

fn slot_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(SLOT.as_millis() as i64)
}

fn leaves_at(slot: i64) -> Timestamp {
    Timestamp::from_millis(slot.saturating_add(1).saturating_mul(SLOT.as_millis() as i64)).plus(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_stays_bounded() {
        let mut window = Window::default();
        for minute in 0..100_000 {
            window.count(Timestamp::from_millis(minute * 60_000));
        }
        window.count(Timestamp::from_millis(0));
        assert!(window.slots.len() <= 290, "{} slots", window.slots.len());
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        let mut window = Window::default();
        window.count(Timestamp::from_millis(i64::MAX));
        window.count(Timestamp::from_millis(i64::MIN));
        assert!(window.full_until(Timestamp::from_millis(0), 1).is_some());
    }
}
