//! How often an account is usually heard of, hour by hour of the week, and whether a silence is far beyond that. Pure.

use std::time::Duration;

use crate::model::Timestamp;

/// Messages come in bursts, so not they are counted but the spans of ten minutes in which there were any.
const SPAN: Duration = Duration::from_secs(600);

const HOURS: usize = 7 * 24;
const SPANS_PER_HOUR: i64 = 6;

/// Before so many spans, and so much time, nobody knows what is usual.
const ENOUGH: (u32, Duration) = (50, Duration::from_secs(3 * 24 * 3600));

/// A silence is told of where its chance is below e^-20, two in a thousand million.
const FAR: f64 = 20.0;

/// How often an account was heard of.
#[derive(Debug)]
pub(super) struct Rhythm {
    first: Option<Timestamp>,
    /// The youngest span that was counted.
    newest: i64,
    spans: u32,
    hours: [u32; HOURS],
}

impl Default for Rhythm {
    fn default() -> Self {
        Rhythm { first: None, newest: i64::MIN, spans: 0, hours: [0; HOURS] }
    }
}

impl Rhythm {
    /// The account was heard of; events are told in the order of time.
    pub(super) fn heard(&mut self, at: Timestamp) {
        let span = span_of(at);
        if span > self.newest {
            self.newest = span;
            self.first.get_or_insert(at);
            self.spans += 1;
            self.hours[hour_of(span)] += 1;
        }
    }

    /// Whether a silence is far beyond what is usual for the account at these hours of the week.
    pub(super) fn is_unusual(&self, since: Timestamp, now: Timestamp) -> bool {
        let Some(first) = self.first else { return false };
        let observed = since.since(first);
        if self.spans < ENOUGH.0 || observed < ENOUGH.1 {
            return false;
        }
        let unlikely = |span: i64| {
            let heard = f64::from(self.hours[hour_of(span)]);
            // One more that was silent, so that nothing is certain, and what was seen once less than what was seen often.
            let seen = seen(hour_of(span), span_of(first), span_of(since)) as f64 * SPANS_PER_HOUR as f64 + 1.0;
            -(1.0 - heard / seen).max(f64::EPSILON).ln()
        };
        let silent = span_of(since) + 1..span_of(now);
        let mut sum = 0.0;
        silent.map(unlikely).any(|more| {
            sum += more;
            sum > FAR
        })
    }
}

fn span_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(SPAN.as_millis() as i64)
}

/// How often an hour of the week has come round.
fn seen(hour: usize, first: i64, last: i64) -> i64 {
    let rounds = |span: i64| (span.div_euclid(SPANS_PER_HOUR) - hour as i64).div_euclid(HOURS as i64);
    let begins = first.div_euclid(SPANS_PER_HOUR) - 1;
    rounds(last) - (begins - hour as i64).div_euclid(HOURS as i64)
}

fn hour_of(span: i64) -> usize {
    usize::try_from(span.div_euclid(SPANS_PER_HOUR).rem_euclid(HOURS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn at(minute: u64) -> Timestamp {
        START.plus(Duration::from_secs(minute * 60))
    }

    const DAY: u64 = 24 * 60;

    /// An account that is heard of every so many minutes, from eight to twenty o'clock, for some days.
    fn heard_every(minutes: u64, days: u64) -> Rhythm {
        let mut rhythm = Rhythm::default();
        for minute in (0..days * DAY).step_by(minutes as usize).filter(|minute| (8 * 60..20 * 60).contains(&(minute % DAY))) {
            rhythm.heard(at(minute));
        }
        rhythm
    }

    #[test]
    fn a_busy_account_that_falls_silent_by_day_is_noticed_soon() {
        let rhythm = heard_every(3, 14);
        let noon = 14 * DAY + 12 * 60;
        assert!(!rhythm.is_unusual(at(noon), at(noon + 20)));
        assert!(rhythm.is_unusual(at(noon), at(noon + 150)));
    }

    #[test]
    fn a_night_is_silent_as_every_night() {
        let rhythm = heard_every(3, 14);
        let evening = 14 * DAY + 20 * 60 - 1;
        assert!(!rhythm.is_unusual(at(evening), at(evening + 12 * 60)));
        assert!(rhythm.is_unusual(at(evening), at(evening + 16 * 60)), "but the morning is not");
    }

    #[test]
    fn a_quiet_account_may_be_silent_for_days() {
        let rhythm = heard_every(5 * 60, 30);
        let last = 30 * DAY;
        assert!(!rhythm.is_unusual(at(last), at(last + 4 * DAY)));
        assert!(rhythm.is_unusual(at(last), at(last + 60 * DAY)), "but not for months");
    }

    #[test]
    fn of_an_account_that_is_new_nobody_knows_what_is_usual() {
        for (rhythm, days) in [(Rhythm::default(), 9), (heard_every(3, 2), 2), (heard_every(12 * 60, 20), 20)] {
            assert!(!rhythm.is_unusual(at(days * DAY), at((days + 60) * DAY)), "{} spans", rhythm.spans);
        }
    }
}
