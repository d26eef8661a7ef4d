//! What a running service tells about what came to it lately, to whoever holds an app's secret.
//!
//! `junco doctor` waits for the event of a like, `junco replay` for the end of a job, and both come to the webhook of a service that may
//! run elsewhere. So they ask at the webhook itself, by a delivery of Junco's own: it takes the way that X's take, through every proxy,
//! and its signature lets nobody else ask. The time in it keeps a question that was overheard from being asked again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Timestamp, UserId};

/// Every question begins so; nothing that X delivers does.
const MARK: &[u8] = br#"{"junco_arrivals":"#;

/// How old a question may be, and how far the two clocks may be apart.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// The question, as a body to be signed like a delivery.
pub fn question(now: Timestamp) -> String {
    format!(r#"{{"junco_arrivals":{{"at":{now}}}}}"#)
}

/// Whether a body is the question, and when it was asked.
pub fn read_question(body: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Body {
        junco_arrivals: Asked,
    }
    #[derive(Deserialize)]
    struct Asked {
        at: Timestamp,
    }
    // Deliveries are many, and are not to be read twice.
    body.starts_with(MARK).then(|| serde_json::from_slice::<Body>(body).ok()).flatten().map(|body| body.junco_arrivals.at)
}

/// Whether a question that was asked at `at` is answered at `now`.
pub fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) <= FRESH && at.since(now) <= FRESH
}

/// What came lately. It holds no text and nobody's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrivals {
    /// The service's time.
    pub now: Timestamp,
    /// Since when it keeps count.
    pub since: Timestamp,
    /// The newest events that are no messages, oldest first; none where the question was too old.
    pub events: Vec<Arrival>,
    /// When a message of each account came last.
    pub messages: Vec<(UserId, Timestamp)>,
}

/// One event that is no message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// What it is.
    #[serde(flatten)]
    pub what: Arrived,
    /// Whose copy of the event it is.
    pub account: Option<UserId>,
    /// When it came.
    pub at: Timestamp,
}

/// What somebody may be waiting for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Arrived {
    /// A like.
    Favorite {
        /// The post.
        post: u64,
        /// Who likes it.
        by: UserId,
    },
    /// The end of a replay job.
    ReplayJob {
        /// The job.
        job: u64,
        /// Whether everything was delivered again.
        complete: bool,
    },
    /// Another kind of event.
    Other {
        /// Its name.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_known_from_a_delivery_and_grows_old() {
        let now = Timestamp::from_millis(1_767_225_600_123);
        assert_eq!(read_question(question(now).as_bytes()), Some(now));
        for other in ["", "{}", r#"{"for_user_id":"1","junco_arrivals":{"at":1}}"#, r#"{"junco_arrivals":{}}"#, r#"{"junco_arrivals":"#] {
            assert_eq!(read_question(other.as_bytes()), None, "{other}");
        }
        assert!(is_fresh(now, now.plus(FRESH)) && is_fresh(now.plus(FRESH), now));
        let past = FRESH + Duration::from_millis(1);
        assert!(!is_fresh(now, now.plus(past)) && !is_fresh(now.plus(past), now));
    }

    #[test]
    fn an_answer_is_read_as_it_is_written() {
        let at = Timestamp::from_millis(5);
        let arrival = |what| Arrival { what, account: Some(UserId(7)), at };
        let events = vec![
            arrival(Arrived::Favorite { post: 1, by: UserId(2) }),
            arrival(Arrived::ReplayJob { job: 3, complete: false }),
            arrival(Arrived::Other { name: "follow".to_owned() }),
        ];
        let told = Arrivals { now: at, since: at, events, messages: vec![(UserId(7), at)] };
        let text = serde_json::to_string(&told).expect("JSON");
        assert_eq!(serde_json::from_str::<Arrivals>(&text).expect("an answer"), told);
    }
}
