//! The simulator's clock: the wall's, moved forward at will. It is another machine's clock, so it is not the house's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::Timestamp;

/// The time in the simulated world, and how fast its waits pass.
pub(super) struct Clock {
    ahead: AtomicI64,
    scale: f64,
}

impl Clock {
    /// A clock that agrees with the wall and shortens waits by `scale`.
    pub(super) fn new(scale: f64) -> Self {
        Clock { ahead: AtomicI64::new(0), scale }
    }

    /// The time in the world.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(wall().as_millis() + self.ahead.load(Ordering::Relaxed))
    }

    /// The time that a caller's clock should show: signatures are judged by it, however far the world was moved forward.
    pub(super) fn outside(&self) -> Timestamp {
        wall()
    }

    /// A time of the world as a caller's clock would show it.
    pub(super) fn seen_outside(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis() - self.ahead.load(Ordering::Relaxed))
    }

    /// Moves the world forward; ids, windows and days follow.
    pub(super) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// What a wait of the platform's lasts here.
    pub(super) fn scaled(&self, wait: Duration) -> Duration {
        wait.div_f64(self.scale)
    }
}

#[expect(clippy::disallowed_methods, reason = "the simulator stands for another machine and has a clock of its own")]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
