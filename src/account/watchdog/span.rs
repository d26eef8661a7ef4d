//! Which part of a gap can be replayed now, by the rules of X (contract §4.8, §6.2). Pure.

use std::time::Duration;

use crate::model::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);

/// What X replays begins at least so long ago, and ends at least so long ago; a minute more, since its clock is not ours.
const BEGINS: Duration = Duration::from_secs(32 * 60);
const ENDS: Duration = Duration::from_secs(11 * 60);

/// What is advised for one job.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// What can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// This span, in whole minutes.
    Now(Timestamp, Timestamp),
    /// Nothing before that time.
    Later,
    /// Nothing any more: it is too long ago.
    TooLate,
}

/// The part of a gap that can be ordered at `now` where a replay reaches back so far.
pub(super) fn order(from: Timestamp, until: Timestamp, now: Timestamp, reach: Duration) -> Order {
    let oldest = minute_after(now.minus(reach).plus(MINUTE));
    let (from, until) = (minute_of(from).max(oldest), minute_after(until));
    if from >= until {
        return Order::TooLate;
    }
    let until = until.min(from.plus(LONGEST));
    let ready = from.plus(BEGINS).max(until.plus(ENDS));
    if ready <= now { Order::Now(from, until) } else { Order::Later }
}

fn minute_of(at: Timestamp) -> Timestamp {
    let minute = MINUTE.as_millis() as i64;
    Timestamp::from_millis(at.as_millis().div_euclid(minute).saturating_mul(minute))
}

fn minute_after(at: Timestamp) -> Timestamp {
    let minute = minute_of(at);
    if minute == at { at } else { minute.plus(MINUTE) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + second * 1000)
    }

    const DAYS: Duration = Duration::from_secs(5 * 24 * 3600);

    #[test]
    fn a_gap_is_widened_to_whole_minutes_and_waits_for_the_margins() {
        let asked = |now| order(at(61), at(1_801), at(now), DAYS);
        assert_eq!(asked(1_801), Order::Later);
        let ready = 60 + 32 * 60;
        assert!(ready < 1_860 + 11 * 60);
        assert_eq!(asked(1_860 + 11 * 60 - 1), Order::Later);
        assert_eq!(asked(1_860 + 11 * 60), Order::Now(at(60), at(1_860)));
        assert_eq!(order(at(60), at(120), at(ready - 1), DAYS), Order::Later);
        assert_eq!(order(at(60), at(120), at(ready), DAYS), Order::Now(at(60), at(120)));
    }

    #[test]
    fn a_long_gap_is_cut_to_what_x_reaches_and_ordered_in_pieces() {
        let day = 24 * 3600;
        assert_eq!(order(at(0), at(4 * 3600), at(day), DAYS), Order::Now(at(0), at(2 * 3600)));
        let now = 10 * day;
        assert_eq!(order(at(0), at(9 * day), at(now), DAYS), Order::Now(at(5 * day + 60), at(5 * day + 60 + 2 * 3600)));
        assert_eq!(order(at(0), at(day), at(now), DAYS), Order::TooLate);
        assert_eq!(order(at(0), at(9 * day), at(now), Duration::from_secs(24 * 3600)), Order::TooLate);
    }

    proptest! {
        /// Against the rules as the contract has them.
        #[test]
        fn x_takes_every_order(from in 0_i64..1_000_000, long in 1_i64..500_000, later in 0_i64..1_000_000) {
            let (until, now) = (from + long, from + long + later);
            match order(at(from), at(until), at(now), DAYS) {
                Order::Now(begin, end) => {
                    prop_assert_eq!((begin.as_millis() % 60_000, end.as_millis() % 60_000), (0, 0));
                    prop_assert!(begin < end && end.since(begin) <= LONGEST);
                    prop_assert!(at(now).since(begin) >= Duration::from_secs(31 * 60) && at(now).since(begin) < DAYS);
                    prop_assert!(at(now).since(end) >= Duration::from_secs(600));
                    prop_assert!(begin <= at(from) || at(now).since(at(from)) >= DAYS - 2 * MINUTE);
                }
                Order::Later => prop_assert!(at(now).since(at(until)) < ENDS + MINUTE || at(now).since(at(from)) < BEGINS + MINUTE),
                Order::TooLate => prop_assert!(at(now).since(at(until)) >= DAYS - 2 * MINUTE),
            }
        }
    }
}
