//! How long to wait before the next attempt.

use std::time::Duration;

/// Waits that double from `first` to `longest`, each spread over its upper half so that many do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) }
    }
}

impl Backoff {
    /// The wait after the attempt number `attempt`, counted from 0. Equal seeds give equal waits.
    pub fn after(&self, attempt: u32, seed: u64) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(factor).min(self.longest);
        let spread = scattered(seed ^ u64::from(attempt)) >> 32;
        // At most half of the wait is left to chance: spread / 2^32 is below 1.
        let half = whole / 2;
        half + half.mul_f64(spread as f64 / f64::from(u32::MAX))
    }
}

/// The finaliser of SplitMix64: neighbouring seeds give unrelated numbers.
fn scattered(seed: u64) -> u64 {
    let mut number = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff::default();
        for (attempt, whole) in [(0, 1), (1, 2), (2, 4), (8, 256), (9, 300), (31, 300), (32, 300), (u32::MAX, 300)] {
            for seed in 0..100 {
                let wait = backoff.after(attempt, seed);
                let whole = Duration::from_secs(whole);
                assert!(wait >= whole / 2 && wait <= whole, "{attempt} {seed} {wait:?}");
            }
        }
    }

    #[test]
    fn waits_are_spread_and_can_be_repeated() {
        let backoff = Backoff::default();
        let mut waits: Vec<_> = (0..100).map(|seed| backoff.after(5, seed)).collect();
        assert_eq!(waits[7], backoff.after(5, 7));
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 95, "only {} different waits", waits.len());
        assert!(waits[99 - 5] - waits[0] > Duration::from_secs(12), "they fill the upper half of 32 s");
    }
}
