//! Where an account stands at X: whether its events arrive, what was missed, whether it may send. The state of its account record.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Gaps that a record remembers; with more, the two youngest become one, since what is fetched twice does no harm.
const GAPS: usize = 8;

/// So often a replay is ordered for one gap; then its messages are listed.
const REPLAYS: u32 = 3;

/// X lists messages this far back, so what is older is lost (contract §4.1).
const LISTED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Something that was noticed about an account, or done for it, and concerns no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// X holds the webhook for valid, and the account is subscribed: what happens arrives.
    Listening,
    /// X holds the webhook for invalid and delivers nothing.
    WebhookInvalid,
    /// The webhook has answered a challenge and is valid again.
    WebhookValidated,
    /// X knows no webhook of our address.
    WebhookGone,
    /// The webhook was registered anew.
    WebhookRegistered,
    /// The account is not subscribed to the webhook.
    NotSubscribed,
    /// The account was subscribed again.
    Subscribed,
    /// A person wants no events of the account: it is not subscribed again until a person says so.
    TakenOut {
        /// Who, by the name they signed in with.
        by: String,
    },
    /// A person wants the events of an account that was taken out. What happened meanwhile was not missed.
    LetIn {
        /// Who, by the name they signed in with; empty where it was done elsewhere.
        by: String,
    },
    /// The account has been silent for far longer than is usual for it.
    Silence {
        /// Since when.
        since: Timestamp,
    },
    /// Events of that time may be missing.
    GapFound {
        /// From when on.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Whether X may not even have tried to deliver some of them: then a replay has them not.
        withheld: bool,
    },
    /// X was told to deliver again what it tried to deliver in that time.
    ReplayOrdered {
        /// The job.
        job: u64,
        /// From when on.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// A replay has ended.
    ReplayEnded {
        /// The job.
        job: u64,
        /// Whether everything was delivered again.
        complete: bool,
    },
    /// X replays nothing for us, so the messages of the gaps are listed.
    ReplayUnavailable {
        /// Why.
        reason: String,
    },
    /// The messages of a gap were listed and taken.
    GapListed {
        /// From when on.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// How many X listed; those that had arrived all the same are among them.
        messages: u32,
    },
    /// The account withdrew the app's access.
    Revoked,
    /// X takes the account's token no longer.
    TokenRefused {
        /// X's error code.
        code: u32,
    },
    /// The account's token is good again.
    Recovered,
    /// The conversations of an account that withdrew its access were forgotten.
    Erased,
}

impl Notice {
    /// A name to count by.
    pub fn name(&self) -> &'static str {
        match self {
            Notice::Listening => "listening",
            Notice::WebhookInvalid => "webhook_invalid",
            Notice::WebhookValidated => "webhook_validated",
            Notice::WebhookGone => "webhook_gone",
            Notice::WebhookRegistered => "webhook_registered",
            Notice::NotSubscribed => "not_subscribed",
            Notice::Subscribed => "subscribed",
            Notice::TakenOut { .. } => "taken_out",
            Notice::LetIn { .. } => "let_in",
            Notice::Silence { .. } => "silence",
            Notice::GapFound { .. } => "gap_found",
            Notice::ReplayOrdered { .. } => "replay_ordered",
            Notice::ReplayEnded { complete: true, .. } => "replay_complete",
            Notice::ReplayEnded { complete: false, .. } => "replay_incomplete",
            Notice::ReplayUnavailable { .. } => "replay_unavailable",
            Notice::GapListed { .. } => "gap_listed",
            Notice::Revoked => "revoked",
            Notice::TokenRefused { .. } => "token_refused",
            Notice::Recovered => "recovered",
            Notice::Erased => "erased",
        }
    }
}

/// Where an account stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// When it was last known that what happens arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listening: Option<Timestamp>,
    /// Since when a person wants no events of it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_out: Option<Timestamp>,
    /// What keeps events away, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deaf: Option<Deafness>,
    /// Why nothing is sent, if nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Times of which events may be missing, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// The last event before a silence of which was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Timestamp>,
}

/// What keeps events away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deafness {
    /// The webhook is invalid.
    Invalid,
    /// There is no webhook.
    Gone,
    /// The account is not subscribed.
    Unsubscribed,
}

/// Sending rests until the account is authorised again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Whether the account withdrew its access; else X takes its token no longer, for whatever reason.
    pub revoked: bool,
    /// Whether its conversations were forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// A time of which events may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// From when on; what a replay has brought lies before it.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The replay, as long as one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// From when on its messages are to be listed, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Timestamp>,
}

/// A replay that is wanted or under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The job that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// How many in a row ended without having delivered everything.
    #[serde(default, skip_serializing_if = "super::state::is_zero")]
    pub failed: u32,
}

/// A replay that X was told to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// When it was ordered.
    pub ordered: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
}

impl Standing {
    /// What was noticed changes where the account stands.
    pub fn take(&mut self, notice: &Notice, now: Timestamp) {
        match notice {
            Notice::Listening => self.listens(now),
            Notice::WebhookInvalid => self.deaf = Some(Deafness::Invalid),
            Notice::WebhookGone => self.deaf = Some(Deafness::Gone),
            Notice::NotSubscribed => self.deaf = Some(Deafness::Unsubscribed),
            // Whether events arrive again is known from the next look.
            Notice::WebhookValidated | Notice::WebhookRegistered | Notice::Subscribed => {}
            Notice::TakenOut { .. } => (self.taken_out, self.deaf) = (Some(now), None),
            Notice::LetIn { .. } => {
                self.taken_out = None;
                self.listens(now);
            }
            Notice::Silence { since } => self.silent_since = Some(*since),
            Notice::GapFound { from, until, withheld } => self.missed(*from, *until, *withheld),
            Notice::ReplayOrdered { job, from, until } => {
                let job = Job { id: *job, ordered: now, until: *until };
                let begun = self.gaps.iter_mut().filter(|gap| gap.from < *until && gap.until > *from);
                begun.for_each(|gap| gap.is_replayed(job, *from));
            }
            Notice::ReplayEnded { job, complete } => self.replayed(*job, *complete),
            Notice::ReplayUnavailable { .. } => {
                self.gaps.iter_mut().filter(|gap| gap.replay.is_some()).for_each(Gap::leave_to_list);
            }
            Notice::GapListed { from, until, .. } => {
                let listed = self.gaps.iter_mut().filter(|gap| gap.list.is_some_and(|list| list >= *from) && gap.until <= *until);
                listed.for_each(|gap| gap.list = None);
            }
            Notice::Revoked => self.pause(now, true),
            Notice::TokenRefused { .. } => self.pause(now, false),
            Notice::Recovered => self.paused = None,
            Notice::Erased => {
                if let Some(pause) = &mut self.paused {
                    pause.erased = true;
                }
            }
        }
        self.gaps.retain(|gap| (gap.replay.is_some() || gap.list.is_some()) && now.since(gap.until) < LISTED);
    }

    /// Whether a job is under way for the account.
    pub fn waits_for(&self, job: u64) -> bool {
        self.jobs().any(|running| running.id == job)
    }

    /// The jobs that are under way.
    pub fn jobs(&self) -> impl Iterator<Item = Job> {
        self.gaps.iter().filter_map(|gap| gap.replay?.job)
    }

    fn listens(&mut self, now: Timestamp) {
        self.listening = Some(now);
        self.deaf = None;
    }

    fn missed(&mut self, from: Timestamp, until: Timestamp, withheld: bool) {
        // What a job delivered while nobody listened it delivers to nobody.
        for replay in self.gaps.iter_mut().filter_map(|gap| gap.replay.as_mut()) {
            replay.job = None;
        }
        if self.gaps.len() >= GAPS
            && let Some(last) = self.gaps.pop()
            && let Some(before) = self.gaps.last_mut()
        {
            before.until = before.until.max(last.until);
            before.from = before.from.min(last.from);
            before.replay = before.replay.or(last.replay);
            before.list = before.list.into_iter().chain(last.list).min();
        }
        self.gaps.push(Gap { from, until, replay: Some(Replay::default()), list: withheld.then_some(from) });
        self.listens(until);
    }

    fn replayed(&mut self, job: u64, complete: bool) {
        for gap in &mut self.gaps {
            let Some(Replay { job: Some(ended), failed }) = gap.replay.filter(|replay| replay.job.is_some_and(|running| running.id == job))
            else {
                continue;
            };
            let failed = if complete { 0 } else { failed + 1 };
            gap.replay = Some(Replay { job: None, failed });
            if complete {
                gap.from = ended.until.min(gap.until);
            }
            if gap.from == gap.until {
                gap.replay = None;
            } else if failed >= REPLAYS {
                gap.leave_to_list();
            }
        }
    }

    fn pause(&mut self, now: Timestamp, revoked: bool) {
        let pause = self.paused.get_or_insert(Pause { since: now, revoked, erased: false });
        pause.revoked |= revoked;
    }
}

impl Gap {
    /// A job brings what happened since `from`, where a replay is wanted. What was before is longer ago than X replays.
    fn is_replayed(&mut self, job: Job, from: Timestamp) {
        let Some(replay) = &mut self.replay else { return };
        replay.job = Some(job);
        if self.from < from {
            self.list = Some(self.list.unwrap_or(self.from));
            self.from = from;
        }
    }

    /// No replay will bring what is missing.
    fn leave_to_list(&mut self) {
        self.replay = None;
        self.list = Some(self.list.unwrap_or(self.from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + minute * 60_000)
    }

    fn after(notices: &[Notice]) -> Standing {
        let mut standing = Standing::default();
        notices.iter().for_each(|notice| standing.take(notice, at(1_000)));
        standing
    }

    fn gap(withheld: bool) -> Notice {
        Notice::GapFound { from: at(0), until: at(60), withheld }
    }

    const ORDERED: u64 = 7;

    fn ordered() -> Notice {
        Notice::ReplayOrdered { job: ORDERED, from: at(0), until: at(60) }
    }

    #[test]
    fn a_gap_is_closed_by_a_replay_that_ends_well() {
        let ended = |complete| Notice::ReplayEnded { job: ORDERED, complete };
        assert!(after(&[gap(false), ordered()]).waits_for(ORDERED));
        assert_eq!(after(&[gap(false), ordered(), ended(true)]).gaps, []);
        let once_more = after(&[gap(false), ordered(), ended(false)]);
        assert_eq!(once_more.gaps[0].replay, Some(Replay { job: None, failed: 1 }));
        let given_up = after(&[gap(false), ordered(), ended(false), ordered(), ended(false), ordered(), ended(false)]);
        assert_eq!((given_up.gaps[0].replay, given_up.gaps[0].list), (None, Some(at(0))));
        assert_eq!(after(&[gap(false), ordered(), Notice::ReplayEnded { job: 8, complete: true }]).gaps.len(), 1, "another's job");
    }

    #[test]
    fn a_long_gap_is_replayed_piece_by_piece() {
        let order = |from, until| Notice::ReplayOrdered { job: ORDERED, from: at(from), until: at(until) };
        let ended = Notice::ReplayEnded { job: ORDERED, complete: true };
        let half = after(&[gap(true), order(0, 30), ended.clone()]);
        assert_eq!((half.gaps[0].from, half.gaps[0].until, half.gaps[0].list), (at(30), at(60), Some(at(0))));
        assert_eq!(after(&[gap(false), order(0, 30), ended.clone(), order(30, 61), ended]).gaps, []);
    }

    #[test]
    fn what_x_never_tried_to_deliver_is_listed_too() {
        let listed = Notice::GapListed { from: at(0), until: at(60), messages: 3 };
        let replayed = [gap(true), ordered(), Notice::ReplayEnded { job: ORDERED, complete: true }];
        assert_eq!(after(&replayed).gaps[0].list, Some(at(0)));
        assert_eq!(after(&[&replayed[..], std::slice::from_ref(&listed)].concat()).gaps, []);
        let unavailable = Notice::ReplayUnavailable { reason: "Forbidden.".into() };
        assert_eq!(after(&[gap(false), unavailable, listed]).gaps, []);
    }

    #[test]
    fn a_job_whose_deliveries_nobody_heard_is_ordered_again() {
        let standing = after(&[gap(false), ordered(), Notice::GapFound { from: at(70), until: at(80), withheld: false }]);
        assert!(!standing.waits_for(ORDERED));
        assert_eq!(standing.gaps.len(), 2);
        assert_eq!(standing.listening, Some(at(80)));
    }

    #[test]
    fn gaps_stay_few_and_none_is_forgotten() {
        let many: Vec<_> = (0..20).map(|n| Notice::GapFound { from: at(n * 10), until: at(n * 10 + 5), withheld: n == 3 }).collect();
        let standing = after(&many);
        assert!(standing.gaps.len() <= GAPS);
        for n in 0..20 {
            let covers = |gap: &&Gap| gap.from <= at(n * 10) && gap.until >= at(n * 10 + 5);
            assert!(standing.gaps.iter().any(|gap| covers(&gap)), "{n}");
        }
        assert!(standing.gaps.iter().any(|gap| gap.list.is_some_and(|list| list <= at(30))));
        let mut old = standing;
        old.take(&Notice::Listening, at(1_000).plus(LISTED));
        assert_eq!(old.gaps, [], "X lists nothing so old");
    }

    #[test]
    fn who_was_taken_out_has_missed_nothing_when_let_in_again() {
        let out = Notice::TakenOut { by: "kim".into() };
        let standing = after(&[Notice::NotSubscribed, out.clone()]);
        assert_eq!((standing.taken_out, standing.deaf), (Some(at(1_000)), None));
        let standing = after(&[out, Notice::WebhookInvalid, Notice::LetIn { by: "kim".into() }]);
        assert_eq!(standing, Standing { listening: Some(at(1_000)), ..Standing::default() });
    }

    #[test]
    fn a_pause_lasts_until_the_token_is_good() {
        let refused = Notice::TokenRefused { code: 89 };
        assert_eq!(after(&[refused.clone(), Notice::Revoked, refused.clone()]).paused.map(|pause| pause.revoked), Some(true));
        assert_eq!(after(&[Notice::Revoked, Notice::Recovered]).paused, None);
        assert_eq!(after(&[refused, Notice::Erased]).paused.map(|pause| pause.erased), Some(true));
    }
}
