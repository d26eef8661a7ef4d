//! When a send may leave: daily limits, free replies, pauses that X orders, backoff. Pure: time and chance are arguments.

mod backoff;
mod calls;
mod window;

use std::collections::BTreeMap;
use std::time::Duration;

pub use backoff::Backoff;
pub use calls::{Calls, WINDOW};

use self::window::Window;
use crate::model::{AppId, Timestamp, UserId};

/// The span of the daily limits, and how long a person's message keeps replies free (contract §4.1).
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a forecast looks back on.
const HOUR: Duration = Duration::from_secs(3600);

/// How many replies to one message of a person do not count (contract §4.1).
pub const FREE_REPLIES: u32 = 5;

/// How many sends X takes in any 24 hours (contract §4.1); `None` where a limit is lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From one account.
    pub per_account: Option<u32>,
    /// From all accounts through one app.
    pub per_app: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { per_account: Some(1_000), per_app: Some(15_000) }
    }
}

/// Where the sends of an account, or of an app, stand against their limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Sends that counted in the last 24 hours.
    pub sent: u32,
    /// How many of them came in the last hour.
    pub lately: u32,
    /// How many there may be; `None` where the limit is lifted.
    pub limit: Option<u32>,
}

impl Standing {
    /// How long it takes to reach the limit if it goes on as in the last hour; `None` where it will not within a day.
    pub fn full_in(&self) -> Option<Duration> {
        let left = u64::from(self.limit?.saturating_sub(self.sent));
        // What leaves the window meanwhile is not counted: the forecast errs on the side of caution.
        let seconds = (left * 3600).checked_div(u64::from(self.lately))?;
        Some(Duration::from_secs(seconds)).filter(|wait| *wait < DAY)
    }
}

/// Whether a send may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Now.
    Go,
    /// Not before that time; then ask again.
    Wait(Timestamp),
}

/// Keeps count of what was sent and of the pauses that X ordered. Its memory is bounded for each account and app.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    accounts: BTreeMap<UserId, Window>,
    apps: BTreeMap<AppId, Window>,
    blocked: BTreeMap<UserId, Timestamp>,
}

impl Pace {
    /// A pace at which nothing has been sent yet.
    pub fn new(limits: Limits) -> Self {
        Pace { limits, accounts: BTreeMap::new(), apps: BTreeMap::new(), blocked: BTreeMap::new() }
    }

    /// Whether a send of `account` through `app` may leave now. A free one ([`is_free`]) waits only for ordered pauses.
    ///
    /// This reserves nothing: tell [`Pace::sent`] before the next question.
    pub fn ask(&mut self, now: Timestamp, account: UserId, app: AppId, free: bool) -> Verdict {
        let ordered = self.blocked.get(&account).copied().filter(|until| *until > now);
        if ordered.is_none() {
            self.blocked.remove(&account);
        }
        let counted = if free { [None, None] } else { self.full_until(now, account, app) };
        ordered.into_iter().chain(counted.into_iter().flatten()).max().map_or(Verdict::Go, Verdict::Wait)
    }

    /// Counts a send that left, or is about to, at `at`. Past sends may be told in any order, to build the counts anew.
    pub fn sent(&mut self, at: Timestamp, account: UserId, app: AppId, free: bool) {
        if !free {
            self.accounts.entry(account).or_default().count(at);
            self.apps.entry(app).or_default().count(at);
        }
    }

    /// Lets nothing leave from `account` before `until`: X said so, by a reset time or by a refusal to take more.
    pub fn blocked_until(&mut self, account: UserId, until: Timestamp) {
        let known = self.blocked.entry(account).or_insert(until);
        *known = until.max(*known);
    }

    /// Where an account stands, its app, and until when X has ordered it to pause.
    pub fn standing(&self, now: Timestamp, account: UserId, app: AppId) -> (Standing, Standing, Option<Timestamp>) {
        let standing = |window: Option<&Window>, limit| {
            let (sent, lately) = window.map_or((0, 0), |window| window.counts(now, HOUR));
            Standing { sent, lately, limit }
        };
        let account_stands = standing(self.accounts.get(&account), self.limits.per_account);
        let paused = self.blocked.get(&account).copied().filter(|until| *until > now);
        (account_stands, standing(self.apps.get(&app), self.limits.per_app), paused)
    }

    fn full_until(&self, now: Timestamp, account: UserId, app: AppId) -> [Option<Timestamp>; 2] {
        let full = |window: Option<&Window>, limit: Option<u32>| match (window, limit) {
            (_, Some(0)) => Some(now.plus(DAY)),
            (Some(window), Some(limit)) => window.full_until(now, limit),
            _ => None,
        };
        [full(self.accounts.get(&account), self.limits.per_account), full(self.apps.get(&app), self.limits.per_app)]
    }
}

/// Whether a reply is free: at most five within 24 hours of the last message `heard` from the person (contract §4.1).
///
/// `replies_since` are the sends to that person since then.
pub fn is_free(heard: Option<Timestamp>, replies_since: u32, now: Timestamp) -> bool {
    replies_since < FREE_REPLIES && heard.is_some_and(|heard| now.since(heard) < DAY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const US: UserId = UserId(1);
    const THEM: UserId = UserId(2);
    const APP: AppId = AppId(9);

    #[test]
    fn a_forecast_goes_on_as_the_last_hour_went() {
        let start = Timestamp::from_millis(1_767_225_600_000);
        let mut pace = Pace::new(Limits { per_account: Some(100), per_app: None });
        for minute in 0..120 {
            let at = start.plus(Duration::from_secs(minute * 60));
            pace.sent(at, US, APP, minute % 3 != 0);
        }
        let now = start.plus(Duration::from_secs(2 * 3600 - 1));
        let (account, app, paused) = pace.standing(now, US, APP);
        assert_eq!((account.sent, account.lately, account.limit, paused), (40, 20, Some(100), None));
        assert_eq!(account.full_in(), Some(Duration::from_secs(3 * 3600)), "60 are left, at 20 an hour");
        assert_eq!((app.sent, app.limit, app.full_in()), (40, None, None));
        let (later, ..) = pace.standing(now.plus(DAY).plus(HOUR), US, APP);
        assert_eq!((later.sent, later.full_in()), (0, None));
        pace.blocked_until(US, now.plus(HOUR));
        assert_eq!(pace.standing(now, US, APP).2, Some(now.plus(HOUR)));
        let (stranger, ..) = pace.standing(now, THEM, APP);
        assert_eq!((stranger.sent, stranger.full_in()), (0, None), "nothing sent, nothing to fear");
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + seconds * 1000)
    }

    fn pace(per_account: u32, per_app: u32) -> Pace {
        Pace::new(Limits { per_account: Some(per_account), per_app: Some(per_app) })
    }

    #[test]
    fn an_account_sends_its_thousand_and_waits_for_the_first_to_age() {
        let mut pace = Pace::new(Limits::default());
        for second in 0..1000 {
            assert_eq!(pace.ask(at(second), US, APP, false), Verdict::Go);
            pace.sent(at(second), US, APP, false);
        }
        let Verdict::Wait(until) = pace.ask(at(1000), US, APP, false) else { panic!("the limit is reached") };
        assert!(until >= at(0).plus(DAY) && until <= at(300).plus(DAY), "{until}");
        assert_eq!(pace.ask(at(1000), US, APP, true), Verdict::Go, "a free reply does not count");
        assert_eq!(pace.ask(at(1000), THEM, APP, false), Verdict::Go, "another account has its own thousand");
        assert_eq!(pace.ask(until, US, APP, false), Verdict::Go);
    }

    #[test]
    fn all_accounts_of_an_app_share_its_limit() {
        let mut pace = pace(10, 2);
        pace.sent(at(0), US, APP, false);
        pace.sent(at(0), US, APP, true);
        assert_eq!(pace.ask(at(1), THEM, APP, false), Verdict::Go);
        pace.sent(at(1), THEM, APP, false);
        assert!(matches!(pace.ask(at(2), UserId(3), APP, false), Verdict::Wait(_)));
        assert_eq!(pace.ask(at(2), UserId(3), AppId(8), false), Verdict::Go);
    }

    #[test]
    fn lifted_limits_hold_nobody_and_a_limit_of_nothing_everybody() {
        let mut lifted = Pace::new(Limits { per_account: None, per_app: None });
        for _ in 0..20_000 {
            lifted.sent(at(0), US, APP, false);
        }
        assert_eq!(lifted.ask(at(0), US, APP, false), Verdict::Go);
        assert!(matches!(pace(0, 5).ask(at(0), US, APP, false), Verdict::Wait(_)));
    }

    #[test]
    fn an_ordered_pause_holds_free_replies_too_and_is_never_shortened() {
        let mut pace = Pace::new(Limits::default());
        pace.blocked_until(US, at(60));
        pace.blocked_until(US, at(30));
        assert_eq!(pace.ask(at(59), US, APP, true), Verdict::Wait(at(60)));
        assert_eq!(pace.ask(at(59), THEM, APP, false), Verdict::Go);
        assert_eq!(pace.ask(at(60), US, APP, true), Verdict::Go);
        pace.blocked_until(US, at(61));
        assert_eq!(pace.ask(at(60), US, APP, true), Verdict::Wait(at(61)));
    }

    #[test]
    fn five_replies_in_a_day_are_free() {
        let heard = Some(at(0));
        assert!(is_free(heard, 0, at(0)));
        assert!(is_free(heard, 4, at(0).plus(DAY).minus(Duration::from_millis(1))));
        assert!(!is_free(heard, 5, at(1)));
        assert!(!is_free(heard, 0, at(0).plus(DAY)));
        assert!(!is_free(None, 0, at(0)));
        assert!(is_free(Some(at(5)), 0, at(0)), "X's clock may be ahead of ours");
    }

    proptest! {
        /// Against a list of all sends: never more than the limit in 24 hours, and never more than five minutes too late.
        #[test]
        fn no_day_sees_more_than_its_limit(gaps in prop::collection::vec(0_i64..20_000, 1..120), limit in 1_u32..12, rebuild in any::<bool>()) {
            let mut pace = pace(limit, 1000);
            let mut sent: Vec<i64> = Vec::new();
            let mut now = 0;
            for gap in gaps {
                now += gap;
                let recent: Vec<i64> = sent.iter().copied().filter(|then| *then > now - 86_400).collect();
                match pace.ask(at(now), US, APP, false) {
                    Verdict::Go => {
                        prop_assert!((recent.len() as u32) < limit);
                        pace.sent(at(now), US, APP, false);
                        sent.push(now);
                    }
                    Verdict::Wait(until) => {
                        prop_assert!(until > at(now));
                        let late: Vec<i64> = sent.iter().copied().filter(|then| *then > now - 86_400 - 300).collect();
                        prop_assert!(late.len() as u32 >= limit);
                        prop_assert_eq!(pace.ask(until, US, APP, false), Verdict::Go);
                    }
                }
                if rebuild {
                    pace = self::pace(limit, 1000);
                    sent.iter().rev().for_each(|then| pace.sent(at(*then), US, APP, false));
                }
            }
        }
    }
}
