//! What happened: every delivery with its attempts, and every call. No tokens, no texts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

use super::super::json;
use super::hooks::WebhookId;
use crate::model::{MessageId, Timestamp, UserId};

/// One copy of an event on its way to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// Counts up from 1; names the delivery.
    pub number: u64,
    /// Where it goes.
    #[serde(serialize_with = "json::text")]
    pub webhook: WebhookId,
    /// Whose copy it is; `None` for what tells of no user.
    #[serde(serialize_with = "json::maybe_text")]
    pub for_user: Option<UserId>,
    /// What it tells: the kind of its first event, or `raw`.
    pub kind: &'static str,
    /// The message it tells of, the first if there are several; `None` for what is no message.
    #[serde(serialize_with = "json::maybe_text")]
    pub message: Option<MessageId>,
    /// Whether it tells the sender of their own message.
    pub echo: bool,
    /// The replay job that it is of.
    #[serde(serialize_with = "json::maybe_text")]
    pub replay: Option<u64>,
    /// Every attempt so far.
    pub attempts: Vec<Attempt>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Whom a copy is for, and of what.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct Label {
    pub(in crate::simulator) for_user: Option<UserId>,
    pub(in crate::simulator) message: Option<MessageId>,
    pub(in crate::simulator) echo: bool,
}

/// One POST to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// The status of the answer; `None` when none came in time.
    pub status: Option<u16>,
    /// How long it took; in JSON milliseconds.
    #[serde(serialize_with = "json::millis")]
    pub latency: Duration,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Under way, or waiting for its next attempt.
    Pending,
    /// Held until it is released.
    Held,
    /// Answered with 200.
    Delivered,
    /// Given up after its last attempt.
    Dropped,
    /// Not sent, since the webhook is invalid or gone.
    Withheld,
}

/// One call of the platform's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiCall {
    /// When it came.
    pub at: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// The user it was made for, where one was recognised.
    #[serde(serialize_with = "json::maybe_text")]
    pub user: Option<UserId>,
    /// The status answered; 0 when the connection was closed instead.
    pub status: u16,
    /// The platform's error code, if it was refused.
    pub code: Option<u32>,
}

/// What one side showed the other beside messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// When.
    pub at: Timestamp,
    /// Who.
    #[serde(serialize_with = "json::text")]
    pub from: UserId,
    /// To whom.
    #[serde(serialize_with = "json::text")]
    pub to: UserId,
    /// What.
    #[serde(flatten)]
    pub kind: SignalKind,
}

/// What may be shown beside messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SignalKind {
    /// That they are typing.
    Typing,
    /// That they have read what was written.
    Read {
        /// Up to this message.
        #[serde(serialize_with = "json::text")]
        last: MessageId,
    },
}

/// The newest deliveries, calls and signals.
pub(in crate::simulator) struct Log {
    remembered: usize,
    last: u64,
    deliveries: BTreeMap<u64, DeliveryRecord>,
    calls: VecDeque<ApiCall>,
    signals: VecDeque<Signal>,
}

impl Log {
    pub(super) fn new(remembered: usize) -> Self {
        Log { remembered, last: 0, deliveries: BTreeMap::new(), calls: VecDeque::new(), signals: VecDeque::new() }
    }

    /// Keeps so many of each from now on.
    pub(super) fn remember(&mut self, remembered: usize) {
        self.remembered = remembered;
        self.forget();
    }

    fn forget(&mut self) {
        while self.deliveries.len() > self.remembered {
            self.deliveries.pop_first();
        }
        self.calls.drain(..self.calls.len().saturating_sub(self.remembered));
        self.signals.drain(..self.signals.len().saturating_sub(self.remembered));
    }

    /// Opens the record of a delivery and returns its number.
    pub(super) fn open(&mut self, webhook: WebhookId, label: Label, kind: &'static str) -> u64 {
        self.last += 1;
        let Label { for_user, message, echo } = label;
        let (number, attempts, outcome) = (self.last, vec![], Outcome::Pending);
        let record = DeliveryRecord { number, webhook, for_user, kind, message, echo, replay: None, attempts, outcome };
        self.deliveries.insert(self.last, record);
        self.forget();
        self.last
    }

    pub(super) fn of_replay(&mut self, number: u64, job: u64) {
        if let Some(record) = self.deliveries.get_mut(&number) {
            record.replay = Some(job);
        }
    }

    pub(in crate::simulator) fn attempted(&mut self, number: u64, attempt: Attempt) {
        if let Some(record) = self.deliveries.get_mut(&number) {
            record.attempts.push(attempt);
        }
    }

    pub(in crate::simulator) fn settle(&mut self, number: u64, outcome: Outcome) {
        if let Some(record) = self.deliveries.get_mut(&number) {
            record.outcome = outcome;
        }
    }

    pub(in crate::simulator) fn delivery(&self, number: u64) -> Option<&DeliveryRecord> {
        self.deliveries.get(&number)
    }

    pub(in crate::simulator) fn deliveries(&self) -> impl Iterator<Item = &DeliveryRecord> {
        self.deliveries.values()
    }

    pub(in crate::simulator) fn called(&mut self, call: ApiCall) {
        self.calls.push_back(call);
        self.forget();
    }

    pub(in crate::simulator) fn signalled(&mut self, signal: Signal) {
        self.signals.push_back(signal);
        self.forget();
    }

    pub(in crate::simulator) fn signals(&self) -> impl DoubleEndedIterator<Item = &Signal> {
        self.signals.iter()
    }

    pub(in crate::simulator) fn calls(&self) -> impl Iterator<Item = &ApiCall> {
        self.calls.iter()
    }
}
