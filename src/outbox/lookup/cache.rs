//! Answers that were got lately: a bounded number of them, in a bounded number of bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::model::{LookupAnswer, LookupMethod, LookupRequest, Timestamp};

const MOST_ANSWERS: usize = 1_000;
const MOST_BYTES: usize = 8 << 20;

/// What makes two lookups one. The list belongs to it: what one bot may reach is no answer for another that may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    url: String,
    allow: Vec<String>,
}

impl Question {
    /// The question of a request that takes a cached answer, and how old that may be.
    pub(super) fn of(request: &LookupRequest) -> Option<(Self, Duration)> {
        let age = request.cache.filter(|_| request.method == LookupMethod::Get)?;
        Some((Question { url: request.url.clone(), allow: request.allow.clone() }, age))
    }

    fn bytes(&self) -> usize {
        self.url.len() + self.allow.iter().map(String::len).sum::<usize>()
    }
}

/// The newest answers.
#[derive(Default)]
pub(super) struct Cache {
    answers: BTreeMap<Question, Kept>,
    /// By the order in which they came; the oldest go first.
    order: BTreeMap<u64, Question>,
    last: u64,
    bytes: usize,
}

/// An answer as it was written: as a tree it could be thirty times as large.
struct Kept {
    number: u64,
    at: Timestamp,
    status: u16,
    json: Box<str>,
    bytes: usize,
}

impl Cache {
    /// The answer to a question, unless it is older than `age`.
    pub(super) fn answer(&self, question: &Question, age: Duration, now: Timestamp) -> Option<LookupAnswer> {
        let kept = self.answers.get(question).filter(|kept| now.since(kept.at) <= age)?;
        let body: Value = serde_json::from_str(&kept.json).ok()?;
        Some(LookupAnswer::Ok { status: kept.status, body })
    }

    /// Keeps an answer; a failure is not one.
    pub(super) fn keep(&mut self, question: Question, answer: &LookupAnswer, now: Timestamp) {
        let LookupAnswer::Ok { status, body } = answer else { return };
        self.remove(&question);
        let json = body.to_string().into_boxed_str();
        let bytes = json.len() + question.bytes();
        self.last += 1;
        self.bytes += bytes;
        self.order.insert(self.last, question.clone());
        self.answers.insert(question, Kept { number: self.last, at: now, status: *status, json, bytes });
        while self.answers.len() > MOST_ANSWERS || self.bytes > MOST_BYTES {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            self.remove(&oldest.clone());
        }
    }

    fn remove(&mut self, question: &Question) {
        if let Some(kept) = self.answers.remove(question) {
            self.order.remove(&kept.number);
            self.bytes -= kept.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn question(url: &str) -> Question {
        Question { url: url.to_owned(), allow: vec!["a".to_owned()] }
    }

    fn ok(body: Value) -> LookupAnswer {
        LookupAnswer::Ok { status: 200, body }
    }

    #[test]
    fn an_answer_serves_until_it_is_too_old() {
        let mut cache = Cache::default();
        let body = ok(json!({ "a": 1, "b": 1.0, "c": "☃" }));
        cache.keep(question("x"), &body, NOON);
        assert_eq!(cache.answer(&question("x"), MINUTE, NOON.plus(MINUTE)), Some(body));
        assert_eq!(cache.answer(&question("x"), MINUTE, NOON.plus(MINUTE).plus(Duration::from_millis(1))), None);
        assert_eq!(cache.answer(&question("y"), MINUTE, NOON), None);
        let other = Question { allow: vec!["b".to_owned()], ..question("x") };
        assert_eq!(cache.answer(&other, MINUTE, NOON), None, "another bot may not ask the same");
        cache.keep(question("x"), &ok(json!(2)), NOON.plus(MINUTE));
        assert_eq!(cache.answer(&question("x"), MINUTE, NOON.plus(MINUTE * 2)), Some(ok(json!(2))));
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let mut cache = Cache::default();
        for number in 0..=MOST_ANSWERS {
            cache.keep(question(&number.to_string()), &ok(json!(number)), NOON);
        }
        assert_eq!(cache.answers.len(), MOST_ANSWERS);
        assert_eq!(cache.answer(&question("0"), MINUTE, NOON), None);
        assert_eq!(cache.answer(&question("1"), MINUTE, NOON), Some(ok(json!(1))));
        let long = ok(json!("x".repeat(MOST_BYTES / 2)));
        cache.keep(question("long"), &long, NOON);
        cache.keep(question("longer"), &long, NOON);
        assert_eq!((cache.answers.len(), cache.order.len()), (1, 1), "two are more than fits");
        cache.keep(question("longer"), &ok(json!(1)), NOON);
        assert_eq!(cache.bytes, 1 + question("longer").bytes());
    }
}
