//! Having X deliver again what it delivered before: long spans in jobs of two hours, one at a time (contract §4.8).

use std::time::Duration;

use super::{AccountError, Heard, Registry};
use crate::client::{EventsFailure, Failure, NotTaken};
use crate::clock::Clock;
use crate::model::{EventsApi, Timestamp};
use crate::wire::arrivals::Arrived;

/// X advises about two hours a job.
const JOB: Duration = Duration::from_secs(2 * 3600);

/// How long ago a span must begin, and how long ago it must end.
const BEGUN: Duration = Duration::from_secs(31 * 60);
const ENDED: Duration = Duration::from_secs(10 * 60);

/// X's code while a job of the webhook is running.
const RUNNING: u32 = 355;

/// How often the service is asked whether the end of a job has come.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// How long an end is waited for. A service that was restarted may have forgotten it, and X may never tell.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A service that restarts is away for a moment; one that is away for so many questions stays away.
const QUESTIONS: u32 = 10;

/// From one minute up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first minute.
    pub from: Timestamp,
    /// The minute behind the last.
    pub to: Timestamp,
}

/// Why X would not replay a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreplayable {
    /// Nothing lies between.
    #[error("--from must be before --to, by a minute at least")]
    Empty,
    /// X no longer has it.
    #[error("X keeps events for {0} h only: let --from be later")]
    TooOld(u64),
    /// Not long enough ago.
    #[error("X replays only what began 31 minutes ago or earlier: let --from be earlier, or wait")]
    TooYoung,
    /// The end is not long enough ago.
    #[error("X replays only what ended 10 minutes ago or earlier: let --to be earlier, or wait")]
    NotOver,
    /// The interface has no replay.
    #[error("this interface of X has no replay")]
    Lacking,
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// X has taken a job.
    Ordered {
        /// The job.
        job: u64,
        /// What it is to deliver.
        span: Span,
    },
    /// X takes no job at the moment; asked again then.
    Busy {
        /// After how long.
        wait: Duration,
    },
    /// A job has ended.
    Ended {
        /// The job.
        job: u64,
        /// Whether it delivered everything.
        complete: bool,
    },
    /// Nobody tells whether the job has ended: the service cannot be asked.
    Unfollowed {
        /// The job.
        job: u64,
    },
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The job.
    pub job: u64,
    /// What it was to deliver.
    pub span: Span,
    /// Whether it delivered everything; `None` where nobody could be asked.
    pub complete: Option<bool>,
}

/// How long X keeps events.
fn kept(api: &EventsApi) -> Option<Duration> {
    match api {
        EventsApi::Enterprise => Some(Duration::from_secs(5 * 24 * 3600)),
        EventsApi::V2 | EventsApi::Activity => Some(Duration::from_secs(24 * 3600)),
        EventsApi::Premium(_) => None,
    }
}

/// Cuts a span into jobs, after a look at all that X would refuse.
pub fn plan(api: &EventsApi, whole: Span, now: Timestamp) -> Result<Vec<Span>, Unreplayable> {
    let kept = kept(api).ok_or(Unreplayable::Lacking)?;
    let minute = |at: Timestamp| at.as_millis().div_euclid(60_000) * 60_000;
    let (from, to) = (Timestamp::from_millis(minute(whole.from)), Timestamp::from_millis(minute(whole.to)));
    if from >= to {
        return Err(Unreplayable::Empty);
    }
    if from < now.minus(kept) {
        return Err(Unreplayable::TooOld(kept.as_secs() / 3600));
    }
    if from > now.minus(BEGUN) {
        return Err(Unreplayable::TooYoung);
    }
    if to > now.minus(ENDED) {
        return Err(Unreplayable::NotOver);
    }
    let mut jobs = Vec::new();
    let mut begin = from;
    while begin < to {
        let end = begin.plus(JOB).min(to);
        jobs.push(Span { from: begin, to: end });
        begin = end;
    }
    Ok(jobs)
}

/// Replays spans, each when the one before has ended. The service tells of the end; where it cannot be asked, X takes the next job only
/// then, and of the last one nobody tells.
pub async fn replay(
    registry: &Registry,
    webhook: u64,
    spans: &[Span],
    heard: Option<&dyn Heard>,
    clock: &dyn Clock,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Done>, AccountError> {
    let mut done = Vec::new();
    for span in spans {
        let job = order(registry, webhook, *span, clock, progress).await?;
        progress(Progress::Ordered { job, span: *span });
        let complete = follow(heard, job).await;
        progress(complete.map_or(Progress::Unfollowed { job }, |complete| Progress::Ended { job, complete }));
        done.push(Done { job, span: *span, complete });
    }
    Ok(done)
}

/// Orders a job; while another runs, or the window of calls is used up, it waits.
async fn order(
    registry: &Registry,
    webhook: u64,
    span: Span,
    clock: &dyn Clock,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<u64, AccountError> {
    loop {
        let wait =
            match registry.events().replay(webhook, span.from, span.to).await {
                Ok(job) => return Ok(job.id),
                // Five calls in a quarter of an hour are all there are in the older interface.
                Err(EventsFailure::Call(Failure::Refused(refusal)))
                    if refusal.code == RUNNING || refusal.reason == "ReplayConflictError" =>
                {
                    if registry.events().api() == &EventsApi::Enterprise { Duration::from_secs(180) } else { Duration::from_secs(20) }
                }
                Err(EventsFailure::Call(Failure::NotTaken { cause: NotTaken::RateLimited, retry_at })) => {
                    retry_at.map_or(Duration::from_secs(180), |at| at.since(clock.now()))
                }
                Err(failure) => return Err(failure.into()),
            };
        progress(Progress::Busy { wait });
        tokio::time::sleep(wait).await;
    }
}

/// Waits for the end of a job. `None` where the service cannot be asked, or does not know it.
async fn follow(heard: Option<&dyn Heard>, job: u64) -> Option<bool> {
    let heard = heard?;
    let mut unheard = 0;
    for _ in 0..PATIENCE.as_secs() / ASKED_EVERY.as_secs() {
        match heard.lately().await {
            Ok(lately) => {
                unheard = 0;
                let ended = lately.events.iter().find_map(|arrival| match arrival.what {
                    Arrived::ReplayJob { job: ended, complete } if ended == job => Some(complete),
                    _ => None,
                });
                if ended.is_some() {
                    return ended;
                }
            }
            Err(_) => unheard += 1,
        }
        if unheard == QUESTIONS {
            return None;
        }
        tokio::time::sleep(ASKED_EVERY).await;
    }
    None
}

/// Reads a moment as people write it: `2026-01-02T03:04:05Z`, `2026-01-02 03:04` (UTC), `2h ago`, `now`.
pub fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if text == "now" {
        return Some(now);
    }
    if let Some(span) = text.strip_suffix("ago") {
        let spans = span.split_whitespace().map(crate::model::parse_duration).collect::<Option<Vec<_>>>()?;
        return (!spans.is_empty()).then(|| now.minus(spans.into_iter().sum()));
    }
    let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.trim_end_matches(" UTC").parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
    })?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn ago(minutes: u64) -> Timestamp {
        NOW.minus(Duration::from_secs(minutes * 60))
    }

    fn planned(from: u64, to: u64, api: &EventsApi) -> Result<Vec<(Timestamp, Timestamp)>, Unreplayable> {
        let spans = plan(api, Span { from: ago(from), to: ago(to) }, NOW)?;
        Ok(spans.into_iter().map(|span| (span.from, span.to)).collect())
    }

    #[test]
    fn a_long_span_is_cut_into_jobs_of_two_hours() {
        assert_eq!(planned(60, 20, &EventsApi::Enterprise), Ok(vec![(ago(60), ago(20))]));
        let five = Ok(vec![(ago(310), ago(190)), (ago(190), ago(70)), (ago(70), ago(10))]);
        assert_eq!(planned(310, 10, &EventsApi::Enterprise), five);
    }

    #[test]
    fn what_x_would_refuse_is_told_before() {
        let enterprise = EventsApi::Enterprise;
        assert_eq!(planned(60, 60, &enterprise), Err(Unreplayable::Empty));
        assert_eq!(planned(20, 60, &enterprise), Err(Unreplayable::Empty));
        assert_eq!(planned(5 * 1440 + 1, 60, &enterprise), Err(Unreplayable::TooOld(120)));
        assert_eq!(planned(1441, 60, &EventsApi::V2), Err(Unreplayable::TooOld(24)));
        assert_eq!(planned(30, 20, &enterprise), Err(Unreplayable::TooYoung));
        assert_eq!(planned(60, 9, &enterprise), Err(Unreplayable::NotOver));
        assert_eq!(planned(60, 20, &EventsApi::Premium("a".to_owned())), Err(Unreplayable::Lacking));
    }

    #[test]
    fn moments_are_read_as_people_write_them() {
        let at = Timestamp::from_millis(1_767_323_040_000);
        for text in ["2026-01-02T03:04:00Z", "2026-01-02T03:04", "2026-01-02 03:04", "2026-01-02 03:04:00 UTC", "2026-01-02T04:04:00+01:00"]
        {
            assert_eq!(moment(text, NOW), Some(at), "{text}");
        }
        assert_eq!(moment("2h ago", NOW), Some(ago(120)));
        assert_eq!(moment("1d 2h 5m ago", NOW), Some(ago(1440 + 125)));
        assert_eq!(moment("now", NOW), Some(NOW));
        for bad in ["", "ago", "yesterday", "2 h ago", "-2h ago", "202601020304"] {
            assert_eq!(moment(bad, NOW), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn jobs_cover_the_span_and_nothing_twice(from in 31u64..7000, to in 10u64..6900) {
            let Ok(jobs) = planned(from, to, &EventsApi::Enterprise) else { return Ok(()) };
            prop_assert_eq!((jobs[0].0, jobs[jobs.len() - 1].1), (ago(from), ago(to)));
            prop_assert!(jobs.windows(2).all(|pair| pair[0].1 == pair[1].0));
            prop_assert!(jobs.iter().all(|(from, to)| from < to && to.since(*from) <= JOB));
        }
    }
}
