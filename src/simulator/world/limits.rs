//! How often one may call and how much one may send: 15-minute windows, days, and free replies (contract §4.1, §4.9).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::model::{AppId, Timestamp, UserId};

const WINDOW: Duration = Duration::from_secs(15 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Sends to a person that their message makes free for a day.
const FREE_REPLIES: u32 = 5;

/// Whose calls are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::simulator) enum Who {
    /// A user's token.
    User(UserId),
    /// An app's bearer.
    App(AppId),
}

/// How often an endpoint may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Limit {
    pub(in crate::simulator) calls: u32,
    pub(in crate::simulator) window: Duration,
}

impl Limit {
    /// So many calls in 15 minutes.
    pub(in crate::simulator) const fn per_window(calls: u32) -> Self {
        Limit { calls, window: WINDOW }
    }

    /// So many calls a day.
    pub(in crate::simulator) const fn per_day(calls: u32) -> Self {
        Limit { calls, window: DAY }
    }
}

/// Where a caller stands in a window, as the `x-rate-limit-…` headers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Quota {
    pub(in crate::simulator) limit: u32,
    pub(in crate::simulator) remaining: u32,
    pub(in crate::simulator) reset: Timestamp,
    /// Whether this call was one too many.
    pub(in crate::simulator) exceeded: bool,
}

/// All counters.
#[derive(Default)]
pub(super) struct Limits {
    windows: BTreeMap<(&'static str, Who), Window>,
    sent: BTreeMap<Who, VecDeque<Timestamp>>,
    free: BTreeMap<(UserId, UserId), Free>,
}

struct Window {
    reset: Timestamp,
    used: u32,
}

struct Free {
    until: Timestamp,
    left: u32,
}

impl Limits {
    /// Counts one call of `endpoint`.
    pub(super) fn call(&mut self, endpoint: &'static str, who: Who, limit: Limit, now: Timestamp) -> Quota {
        let fresh = || Window { reset: now.plus(limit.window), used: 0 };
        let window = self.windows.entry((endpoint, who)).or_insert_with(fresh);
        if now >= window.reset {
            *window = fresh();
        }
        let exceeded = window.used >= limit.calls;
        if !exceeded {
            window.used += 1;
        }
        Quota { limit: limit.calls, remaining: limit.calls - window.used, reset: window.reset, exceeded }
    }

    /// Counts one call against several limits; where one of them is reached, against none, and that one is told.
    pub(super) fn call_all<const N: usize>(
        &mut self,
        all: [(&'static str, Who, Limit); N],
        now: Timestamp,
    ) -> Result<[Quota; N], (usize, Quota)> {
        let full = all.iter().position(|(endpoint, who, limit)| {
            let window = self.windows.get(&(*endpoint, *who)).filter(|window| now < window.reset);
            window.map_or(0, |window| window.used) >= limit.calls
        });
        let mut count = |(endpoint, who, limit)| self.call(endpoint, who, limit, now);
        match full {
            Some(place) => Err((place, count(all[place]))),
            None => Ok(all.map(count)),
        }
    }

    /// `person` wrote to `account`: the next replies within a day are free.
    pub(super) fn received(&mut self, account: UserId, person: UserId, now: Timestamp) {
        self.free.insert((account, person), Free { until: now.plus(DAY), left: FREE_REPLIES });
    }

    /// Counts a message from `sender` to `recipient`, unless a limit forbids it: then nothing is counted and the answer is `false`.
    pub(super) fn send(&mut self, sender: UserId, recipient: UserId, limits: &[(Who, usize)], now: Timestamp) -> bool {
        if let Some(free) = self.free.get_mut(&(sender, recipient))
            && now < free.until
            && free.left > 0
        {
            free.left -= 1;
            return true;
        }
        let day_ago = now.minus(DAY);
        for (who, limit) in limits {
            let sent = self.sent.entry(*who).or_default();
            while sent.front().is_some_and(|at| *at <= day_ago) {
                sent.pop_front();
            }
            if sent.len() >= *limit {
                return false;
            }
        }
        for (who, _) in limits {
            self.sent.entry(*who).or_default().push_back(now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId(1);
    const BOT: UserId = UserId(2);

    #[test]
    fn a_window_fills_and_empties() {
        let mut limits = Limits::default();
        let noon = Timestamp::from_millis(1_000_000);
        let remaining: Vec<_> =
            (0..3).map(|_| limits.call("x", Who::User(BOT), Limit::per_window(2), noon)).map(|q| (q.remaining, q.exceeded)).collect();
        assert_eq!(remaining, [(1, false), (0, false), (0, true)]);
        assert!(!limits.call("y", Who::User(BOT), Limit::per_window(2), noon).exceeded, "each endpoint counts apart");
        assert!(!limits.call("x", Who::User(BOT), Limit::per_window(2), noon.plus(WINDOW)).exceeded);
    }

    #[test]
    fn five_replies_to_a_message_are_free() {
        let mut limits = Limits::default();
        let noon = Timestamp::from_millis(1_000_000);
        let daily = [(Who::User(BOT), 2), (Who::App(AppId(9)), 10)];
        limits.received(BOT, ADA, noon);
        let sent = (0..9).filter(|_| limits.send(BOT, ADA, &daily, noon)).count();
        assert_eq!(sent, 5 + 2);
        limits.received(BOT, ADA, noon);
        assert!(limits.send(BOT, ADA, &daily, noon), "a new message opens a new allotment");
        let tomorrow = noon.plus(DAY);
        let sent = (0..9).filter(|_| limits.send(BOT, ADA, &daily, tomorrow)).count();
        assert_eq!(sent, 2, "free replies end with the day, and the day's count begins again");
    }
}
