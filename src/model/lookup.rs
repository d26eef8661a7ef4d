//! What a bot asks of the world over HTTP, and what it hears. Both go through the journal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A question to somebody's server, complete: whoever carries it out needs neither the script nor the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookupRequest {
    /// How it is asked.
    pub method: LookupMethod,
    /// Where: an absolute http or https address, its values percent-encoded already.
    pub url: String,
    /// The JSON that a `post` sends; a `get` has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Pictures that go into the body, by their fields there: where each is at X. They are fetched by whoever carries it out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pictures: BTreeMap<String, String>,
    /// How long one try may take in all, from looking up the name to the last byte.
    #[serde(with = "millis")]
    pub timeout: Duration,
    /// How often it is tried again. A `post` without `idempotency` is tried once, whatever this says.
    #[serde(default)]
    pub retry: u32,
    /// How old an answer to the same `get` may be to serve again; absent, none does.
    #[serde(default, with = "maybe_millis", skip_serializing_if = "Option::is_none")]
    pub cache: Option<Duration>,
    /// The `Idempotency-Key`: the same for every try and for a repetition after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<String>,
    /// The hosts that the bot may ask: `feeds.example`, `feeds.example:8443`, `*.feeds.example`, `127.0.0.1:8090`, `[::1]`. An entry
    /// without a port stands for the scheme's own; a private address is asked only where an entry names it.
    pub allow: Vec<String>,
}

impl LookupRequest {
    /// Whether asking once more does no harm: after a lost answer, and after a crash.
    pub fn is_repeatable(&self) -> bool {
        self.method == LookupMethod::Get || self.idempotency.is_some()
    }
}

/// How a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupMethod {
    /// It changes nothing over there.
    Get,
    /// It may.
    Post,
}

/// What came of a lookup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupAnswer {
    /// The server said yes.
    Ok {
        /// The HTTP status, 200 to 299.
        status: u16,
        /// What it told: its JSON; a plain text as `{"text": …}`; null where the body was empty.
        body: Value,
    },
    /// There is no answer to go by.
    Failed {
        /// Why, for the script.
        reason: LookupFailure,
        /// The HTTP status, where the server gave one that means no.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Why, for the author: names the host at most, never the query, the body or the answer.
        detail: String,
    },
}

/// Why a lookup failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupFailure {
    /// No answer in time.
    Timeout,
    /// The status was not 2xx.
    Refused,
    /// No connection, or a broken one.
    Unreachable,
    /// The host is not on the bot's list, or its address is private.
    NotAllowed,
    /// The answer was longer than it may be.
    TooLarge,
    /// The answer was neither JSON nor plain text, or the address was none.
    Unreadable,
    /// Nobody knows: it was open at a crash and may not be repeated, or too much was waiting for it.
    Unknown,
}

impl LookupFailure {
    /// The word for it in scripts and in the journal.
    pub fn word(self) -> &'static str {
        match self {
            LookupFailure::Timeout => "timeout",
            LookupFailure::Refused => "refused",
            LookupFailure::Unreachable => "unreachable",
            LookupFailure::NotAllowed => "not_allowed",
            LookupFailure::TooLarge => "too_large",
            LookupFailure::Unreadable => "unreadable",
            LookupFailure::Unknown => "unknown",
        }
    }
}

/// Spans in whole milliseconds, as all times of the house are written.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

mod maybe_millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => super::millis::serialize(span, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_and_its_answer_come_back_from_the_journal() {
        let full = LookupRequest {
            method: LookupMethod::Post,
            url: "https://shop.example/orders".to_owned(),
            body: Some(json!({ "qty": 2, "price": 1.5, "big": u64::MAX, "map": "Aspen ☃", "none": null })),
            pictures: BTreeMap::from([("door".to_owned(), "https://ton.x.com/7".to_owned())]),
            timeout: Duration::from_millis(2_500),
            retry: 2,
            cache: Some(Duration::from_secs(600)),
            idempotency: Some("p-7".to_owned()),
            allow: vec!["shop.example".to_owned()],
        };
        let bare = LookupRequest { body: None, pictures: BTreeMap::new(), cache: None, idempotency: None, ..full.clone() };
        for request in [full, bare] {
            let bytes = rmp_serde::to_vec_named(&request).expect("it can be written");
            assert_eq!(rmp_serde::from_slice::<LookupRequest>(&bytes).expect("and read"), request);
        }
        for answer in [
            LookupAnswer::Ok { status: 200, body: json!({ "new": 4, "deep": [1.0, -1, "a"] }) },
            LookupAnswer::Failed { reason: LookupFailure::NotAllowed, status: None, detail: "why".to_owned() },
            LookupAnswer::Failed { reason: LookupFailure::Refused, status: Some(503), detail: "why".to_owned() },
        ] {
            let bytes = rmp_serde::to_vec_named(&answer).expect("it can be written");
            assert_eq!(rmp_serde::from_slice::<LookupAnswer>(&bytes).expect("and read"), answer);
        }
    }

    #[test]
    fn a_word_is_what_the_journal_has() {
        for reason in [LookupFailure::Timeout, LookupFailure::NotAllowed, LookupFailure::Unknown] {
            assert_eq!(json!(reason), reason.word());
        }
    }
}
