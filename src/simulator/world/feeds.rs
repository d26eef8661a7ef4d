//! Answers for bots that ask other people's servers: what each path says, and who asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Timestamp;

/// What a path under `/feed/` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The HTTP status.
    #[serde(default = "success")]
    pub status: u16,
    /// The JSON; without it the body is empty.
    #[serde(default)]
    pub body: Option<Value>,
    /// How long the answer takes, not scaled.
    #[serde(default)]
    pub delay_ms: u64,
}

/// A path, what it answers, and what it was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedRecord {
    /// What it answers.
    #[serde(flatten)]
    pub feed: Feed,
    /// How often it was asked.
    pub calls: u64,
    /// How many different idempotency keys came with that: what a server that minds them would have done.
    pub keys: usize,
    /// The newest request.
    pub last: Option<FeedRequest>,
}

/// A request for a feed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedRequest {
    /// When it came.
    pub at: Timestamp,
    /// Its method.
    pub method: String,
    /// Its query, as it was written.
    pub query: String,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Its body: JSON as JSON, anything else as text; null where there was none.
    pub body: Value,
}

/// All feeds, by their paths.
#[derive(Default)]
pub(in crate::simulator) struct Feeds(BTreeMap<String, Entry>);

struct Entry {
    record: FeedRecord,
    keys: BTreeSet<String>,
}

impl Feeds {
    /// Sets what a path answers; what it was asked stays counted.
    pub(in crate::simulator) fn set(&mut self, path: String, feed: Feed) {
        let record = FeedRecord { feed: feed.clone(), calls: 0, keys: 0, last: None };
        self.0.entry(path).or_insert(Entry { record, keys: BTreeSet::new() }).record.feed = feed;
    }

    /// Takes a request down; `None` where nothing was set.
    pub(in crate::simulator) fn ask(&mut self, path: &str, request: FeedRequest) -> Option<Feed> {
        let entry = self.0.get_mut(path)?;
        entry.keys.extend(request.idempotency_key.clone());
        entry.record.calls += 1;
        entry.record.keys = entry.keys.len();
        entry.record.last = Some(request);
        Some(entry.record.feed.clone())
    }

    pub(in crate::simulator) fn all(&self) -> BTreeMap<String, FeedRecord> {
        self.0.iter().map(|(path, entry)| (path.clone(), entry.record.clone())).collect()
    }
}

impl Feed {
    /// A success with this JSON, at once.
    pub fn ok(body: Value) -> Self {
        Feed { status: success(), body: Some(body), delay_ms: 0 }
    }
}

fn success() -> u16 {
    200
}
