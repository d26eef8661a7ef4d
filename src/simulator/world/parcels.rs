//! Parcels: copies of what happened leave for the webhooks of those who are subscribed, spoilt where a fault strikes.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web::Bytes;

use super::super::event::{self, Body, Content, Shape};
use super::super::json;
use super::activity::Happening;
use super::faults::{Disturbance, Signing};
use super::log::{Label, Outcome, Signal, SignalKind};
use super::{ActivityKind, WebhookId, World};
use crate::model::{MessageId, Timestamp, UserId};

/// One copy of an event, ready to leave.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Parcel {
    /// The number of its record.
    pub(in crate::simulator) number: u64,
    pub(in crate::simulator) webhook: WebhookId,
    pub(in crate::simulator) label: Label,
    pub(in crate::simulator) kind: &'static str,
    pub(in crate::simulator) body: Bytes,
    pub(in crate::simulator) handling: Handling,
    /// Attempts made so far.
    pub(in crate::simulator) attempts: usize,
    /// The replay job that it is of.
    pub(in crate::simulator) job: Option<u64>,
}

/// How a parcel is brought; by default as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::simulator) struct Handling {
    pub(in crate::simulator) signing: Signing,
    /// How long it lies about before it leaves.
    pub(in crate::simulator) delay: Duration,
    /// How long its body takes to be sent.
    pub(in crate::simulator) slow: Duration,
    /// How often it is brought again whatever the answer, and the wait between.
    pub(in crate::simulator) storm: (usize, Duration),
}

/// Deliveries that wait to be released.
#[derive(Default)]
pub(super) struct Waiting {
    held: BTreeMap<u64, Parcel>,
    gathering: BTreeMap<u64, Gathering>,
}

/// A body that still grows.
struct Gathering {
    parcel: Parcel,
    body: Body,
    shape: Shape,
    /// How many events it is to have.
    events: usize,
}

impl World {
    /// The copies of a message, as if it had just been sent: one for each end that is subscribed, on each webhook.
    pub(in crate::simulator) fn copies(&mut self, id: MessageId, now: Timestamp) -> Vec<Parcel> {
        let sent = self.messages.get(id).filter(|message| message.shown.welcome.is_none());
        let Some(message) = sent.cloned() else { return vec![] };
        let (from, to) = (message.shown.from, message.shown.to);
        let ends = if from == to { vec![(from, true)] } else { vec![(from, true), (to, false)] };
        let mut copies = Vec::new();
        for (for_user, echo) in &ends {
            copies.extend(self.hooks.listening(*for_user, now).into_iter().map(|webhook| (webhook, *for_user, *echo)));
        }
        let mut unasked = Vec::new();
        for (webhook, for_user, echo) in &copies {
            let others = ends.iter().filter(|(end, _)| end != for_user && !copies.contains(&(*webhook, *end, !echo)));
            if self.faults.both_ends(*echo) {
                unasked.extend(others.map(|(end, echo)| (*webhook, *end, *echo)));
            }
        }
        let mut leaving = Vec::new();
        for (webhook, for_user, echo) in copies.into_iter().chain(unasked) {
            let content = Content::Events(event::delivery(self, &message, for_user));
            leaving.extend(self.pack(webhook, Label { for_user: Some(for_user), message: Some(id), echo }, content));
        }
        leaving.extend(self.message_activity(id, now));
        leaving
    }

    /// Tells a user's webhooks of something that is not a message.
    pub(in crate::simulator) fn tell(&mut self, for_user: UserId, content: &Content, now: Timestamp) -> Vec<Parcel> {
        let label = Label { for_user: Some(for_user), message: None, echo: false };
        let webhooks = self.hooks.listening(for_user, now);
        webhooks.into_iter().flat_map(|webhook| self.pack(webhook, label, content.clone())).collect()
    }

    /// Shows one side what the other does beside messages, in both manners.
    pub(in crate::simulator) fn signal(&mut self, signal: Signal) -> Vec<Parcel> {
        let Signal { at, from, to, kind } = signal;
        let (kind, body, payload) = match kind {
            SignalKind::Typing => (ActivityKind::TYPING, event::typing(self, from, to, at), event::activity_typing(self, from, to, at)),
            SignalKind::Read { last } => {
                (ActivityKind::READ, event::read(self, from, to, last, at), event::activity_read(self, from, to, last, at))
            }
        };
        self.log.signalled(signal);
        let mut leaving = self.tell(to, &Content::Events(body), at);
        leaving.extend(self.activity(&Happening::new(kind, to, payload), at));
        leaving
    }

    /// Opens the records of a copy and of its duplicates; what is not held leaves.
    pub(super) fn pack(&mut self, webhook: WebhookId, label: Label, content: Content) -> Vec<Parcel> {
        let disturbance = self.faults.on_delivery(label.echo, &mut self.dice);
        let content = match (content, disturbance.batch) {
            (Content::Events(body), Some(events)) if !disturbance.hold => return self.gather(webhook, label, body, events, &disturbance),
            (content, _) => content,
        };
        let body = self.sealed(&content, disturbance.shape);
        let mut leaving = Vec::new();
        for _ in 0..disturbance.copies {
            let parcel = self.parcel(webhook, label, content.kind(), body.clone(), &disturbance);
            if disturbance.hold {
                self.log.settle(parcel.number, Outcome::Held);
                self.waiting.held.insert(parcel.number, parcel);
            } else {
                leaving.push(parcel);
            }
        }
        leaving
    }

    /// Puts an event to those that wait for the same user; when they are enough, they leave.
    fn gather(&mut self, webhook: WebhookId, label: Label, body: Body, events: usize, disturbance: &Disturbance) -> Vec<Parcel> {
        let mine = |gathering: &&mut Gathering| gathering.parcel.webhook == webhook && gathering.parcel.label.for_user == label.for_user;
        let number = match self.waiting.gathering.values_mut().find(mine) {
            Some(gathering) => {
                gathering.body.append(body);
                gathering.parcel.number
            }
            None => {
                let kind = Content::Events(body.clone()).kind();
                let parcel = self.parcel(webhook, label, kind, Bytes::new(), disturbance);
                let number = parcel.number;
                self.log.settle(number, Outcome::Held);
                let gathering = Gathering { parcel, body, shape: disturbance.shape, events };
                self.waiting.gathering.insert(number, gathering);
                number
            }
        };
        let enough = self.waiting.gathering.get(&number).is_some_and(|gathering| gathering.body.len() >= gathering.events);
        if enough { self.release(number).into_iter().collect() } else { vec![] }
    }

    /// The numbers of the deliveries that are held, oldest first.
    pub(in crate::simulator) fn held(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.waiting.held.keys().chain(self.waiting.gathering.keys()).copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Lets a held delivery go.
    pub(in crate::simulator) fn release(&mut self, number: u64) -> Option<Parcel> {
        let parcel = match self.waiting.gathering.remove(&number) {
            Some(Gathering { parcel, body, shape, .. }) => Parcel { body: self.sealed(&Content::Events(body), shape), ..parcel },
            None => self.waiting.held.remove(&number)?,
        };
        self.log.settle(number, Outcome::Pending);
        Some(parcel)
    }

    fn parcel(&mut self, webhook: WebhookId, label: Label, kind: &'static str, body: Bytes, disturbance: &Disturbance) -> Parcel {
        let number = self.log.open(webhook, label, kind);
        Parcel { number, webhook, label, kind, body, handling: disturbance.handling, attempts: 0, job: None }
    }

    fn sealed(&self, content: &Content, shape: Shape) -> Bytes {
        let written = content.written(shape);
        let raw = matches!(content, Content::Raw { .. });
        Bytes::from(if self.rules.escape_deliveries && !raw { json::escape(&written) } else { written })
    }
}
