//! How often a call of X's may be made within a window of time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Timestamp;

/// The span of most of X's limits (contract §4).
pub const WINDOW: Duration = Duration::from_secs(15 * 60);

/// The calls of the last window, and how many there may be.
#[derive(Debug)]
pub struct Calls {
    most: usize,
    window: Duration,
    made: VecDeque<Timestamp>,
    blocked_until: Option<Timestamp>,
}

impl Calls {
    /// None made yet, of `most` within any `window`.
    pub fn new(most: usize, window: Duration) -> Self {
        Calls { most, window, made: VecDeque::new(), blocked_until: None }
    }

    /// Counts a call that is about to be made; `false` where it must not be, and then nothing is counted.
    pub fn take(&mut self, now: Timestamp) -> bool {
        // Where the clock was set back, what lies ahead of it was made by now.
        self.made.iter_mut().rev().take_while(|made| **made > now).for_each(|made| *made = now);
        while self.made.front().is_some_and(|made| made.plus(self.window) <= now) {
            self.made.pop_front();
        }
        let may = self.made.len() < self.most && self.blocked_until.is_none_or(|until| until <= now);
        if may {
            self.made.push_back(now);
        }
        may
    }

    /// Lets no call be made before `until`.
    pub fn block(&mut self, until: Timestamp) {
        self.blocked_until = self.blocked_until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_is_not_asked_more_often_than_it_allows() {
        let at = |second: u64| Timestamp::from_millis(1_767_225_600_000).plus(Duration::from_secs(second));
        let mut calls = Calls::new(15, WINDOW);
        let mut made = |from: u64, to: u64| (from..to).filter(|second| calls.take(at(*second))).count();
        assert_eq!(made(0, 900), 15);
        assert_eq!(made(900, 910), 10, "each call comes back when its quarter of an hour is over");
        let mut blocked = Calls::new(15, WINDOW);
        blocked.block(at(5));
        blocked.block(at(3));
        assert!(!blocked.take(at(4)) && blocked.take(at(5)));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nobody_for_longer_than_the_window() {
        let at = |second: u64| Timestamp::from_millis(1_767_225_600_000).plus(Duration::from_secs(second));
        let day = 24 * 3600;
        let mut calls = Calls::new(2, WINDOW);
        assert!(calls.take(at(day)) && calls.take(at(day)));
        assert!(!calls.take(at(0)), "they may have been made just now");
        assert!(calls.take(at(900)));
    }
}
