//! The simulator's clock: the wall's, moved forward at will. It is another machine's clock, so it is not the house's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::model::{MessageId, Timestamp};

/// The world ends in 2070: a few years later its ids would no longer fit into the 63 bits in which bots may keep them.
const END: Timestamp = Timestamp::from_millis(3_155_760_000_000);

/// The time in the simulated world, and how fast its waits pass.
pub(super) struct Clock(watch::Sender<Pace>);

/// How the world's time stands to the wall's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// By how many milliseconds the world is ahead; below 0 while it is behind.
    pub(super) ahead: i64,
    /// How much faster waits pass.
    pub(super) scale: f64,
}

impl Clock {
    /// A clock that is `behind` the wall, but not before there were ids, and shortens waits by `scale`.
    pub(super) fn new(behind: Duration, scale: f64) -> Self {
        let (wall, first) = (wall(), MessageId(0).minted_at());
        let ahead = wall.minus(behind).max(first).as_millis() - wall.as_millis();
        Clock(watch::Sender::new(Pace { ahead, scale }))
    }

    /// The time in the world.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(wall().as_millis() + self.pace().ahead)
    }

    /// The time that a caller's clock should show: signatures are judged by it, wherever the world was moved.
    pub(super) fn outside(&self) -> Timestamp {
        wall()
    }

    /// A time of the world as a caller's clock would show it.
    pub(super) fn seen_outside(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis().saturating_sub(self.pace().ahead))
    }

    pub(super) fn pace(&self) -> Pace {
        *self.0.borrow()
    }

    /// Moves the world forward, as far as it goes; ids, windows, days and waits follow.
    pub(super) fn advance(&self, by: Duration) {
        let wall = wall().as_millis();
        let moved = |ahead: i64| Timestamp::from_millis(wall + ahead).plus(by).min(END).as_millis() - wall;
        self.0.send_modify(|pace| pace.ahead = moved(pace.ahead).max(pace.ahead));
    }

    /// Makes waits pass faster or slower, those too that have begun.
    pub(super) fn set_scale(&self, scale: f64) {
        self.0.send_modify(|pace| pace.scale = scale);
    }

    /// What a wait of the platform's lasts here.
    pub(super) fn scaled(&self, wait: Duration) -> Duration {
        times(wait, self.pace().scale.recip())
    }

    /// Waits as long as `wait` lasts in the world, which may be moved meanwhile.
    pub(super) async fn pass(&self, wait: Duration) {
        let mut paces = self.0.subscribe();
        let mut left = wait;
        while !left.is_zero() {
            let pace = *paces.borrow_and_update();
            let begun = Instant::now();
            tokio::select! {
                () = sleep(times(left, pace.scale.recip())) => return,
                // The clock lives as long as whoever waits by it.
                _ = paces.changed() => {}
            }
            let moved = u64::try_from(paces.borrow().ahead - pace.ahead).unwrap_or(0);
            left = left.saturating_sub(times(begun.elapsed(), pace.scale)).saturating_sub(Duration::from_millis(moved));
        }
    }
}

/// A span so many times; the longest that there is where it would be longer.
fn times(span: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the simulator stands for another machine and has a clock of its own")]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_that_has_begun_follows_the_world() {
        let clock = Clock::new(Duration::from_secs(7_200), 1.0);
        let behind = wall().since(clock.now());
        assert!(behind > Duration::from_secs(7_190) && behind <= Duration::from_secs(7_200), "{behind:?}");
        let moved = async {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(1_800));
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(1_900));
        };
        tokio::join!(clock.pass(Duration::from_secs(3_600)), moved);
        let faster = async {
            tokio::task::yield_now().await;
            clock.set_scale(1e9);
        };
        tokio::join!(clock.pass(Duration::from_secs(3_600)), faster);
    }

    #[tokio::test]
    async fn neither_an_odd_pace_nor_a_leap_breaks_it() {
        let clock = Clock::new(Duration::MAX, f64::MIN_POSITIVE);
        assert!(MessageId::first_at(clock.now()) >= MessageId(0) && clock.now() >= MessageId(0).minted_at(), "{}", clock.now());
        clock.seen_outside(Timestamp::from_millis(i64::MAX));
        assert_eq!(clock.scaled(Duration::from_secs(1)), Duration::MAX);
        let faster = async {
            tokio::task::yield_now().await;
            clock.set_scale(f64::MAX);
            tokio::task::yield_now().await;
            clock.set_scale(1.0);
            clock.advance(Duration::from_secs(1));
        };
        tokio::join!(clock.pass(Duration::from_secs(1)), faster);
        for _ in 0..2 {
            clock.advance(Duration::MAX);
        }
        assert!(MessageId::first_at(clock.now()).0 < 1 << 63, "ids still fit where bots keep them");
    }
}
