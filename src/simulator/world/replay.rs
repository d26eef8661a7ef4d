//! What was attempted in the last five days, and its delivery again (contract §4.8).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::web::Bytes;
use serde_json::json;

use super::super::event::Content;
use super::log::Label;
use super::parcels::{Handling, Parcel};
use super::{WebhookId, World};
use crate::model::Timestamp;

/// How long what was attempted is kept.
pub(in crate::simulator) const KEPT: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// What was attempted, by the time of its first attempt: an event that no valid webhook could take is not among it.
#[derive(Default)]
pub(super) struct Archive {
    by_time: BTreeMap<(Timestamp, u64), Archived>,
    /// An event that came several times is there once.
    known: BTreeSet<(WebhookId, Bytes)>,
}

struct Archived {
    webhook: WebhookId,
    label: Label,
    kind: &'static str,
    body: Bytes,
}

/// The replays that are under way, one for a webhook at most.
#[derive(Default)]
pub(super) struct Replays(BTreeMap<WebhookId, Job>);

struct Job {
    id: u64,
    left: usize,
    failed: bool,
}

impl Archive {
    fn keep(&mut self, number: u64, archived: Archived, now: Timestamp) {
        let oldest = now.minus(KEPT);
        while let Some(entry) = self.by_time.first_entry().filter(|entry| entry.key().0 < oldest) {
            let Archived { webhook, body, .. } = entry.remove();
            self.known.remove(&(webhook, body));
        }
        if self.known.insert((archived.webhook, archived.body.clone())) {
            self.by_time.insert((now, number), archived);
        }
    }
}

impl World {
    /// Keeps what is attempted for the first time, if the account has replay.
    pub(in crate::simulator) fn keep_for_replay(&mut self, parcel: &Parcel, now: Timestamp) {
        // The end of a job tells of no user, and is never replayed.
        let is_new = parcel.attempts == 0 && parcel.job.is_none() && parcel.label.for_user.is_some();
        if is_new && self.rules.replay {
            let Parcel { webhook, label, kind, .. } = *parcel;
            self.archive.keep(parcel.number, Archived { webhook, label, kind, body: parcel.body.clone() }, now);
        }
    }

    pub(in crate::simulator) fn is_replaying(&self, webhook: WebhookId) -> bool {
        self.replays.0.contains_key(&webhook)
    }

    /// Begins to deliver again what was attempted from `from` on and before `to`, oldest minute first. `None` while another job is under way.
    pub(in crate::simulator) fn replay(
        &mut self,
        webhook: WebhookId,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Option<(u64, Vec<Parcel>)> {
        if self.is_replaying(webhook) {
            return None;
        }
        let id = self.mint(now);
        let within = self.archive.by_time.range((from, 0)..(to, 0)).map(|(_, archived)| archived);
        let again: Vec<_> = within
            .filter(|archived| archived.webhook == webhook)
            .map(|archived| (archived.label, archived.kind, archived.body.clone()))
            .collect();
        self.replays.0.insert(webhook, Job { id, left: again.len(), failed: false });
        let mut leaving = Vec::new();
        for (label, kind, body) in again {
            let number = self.log.open(webhook, label, kind);
            self.log.of_replay(number, id);
            leaving.push(Parcel { number, webhook, label, kind, body, handling: Handling::default(), attempts: 0, job: Some(id) });
        }
        leaving.extend(self.ended(webhook));
        Some((id, leaving))
    }

    /// One delivery of a job was made or not; when it was the last, the webhook is told of the end.
    pub(in crate::simulator) fn replayed(&mut self, webhook: WebhookId, job: u64, delivered: bool) -> Vec<Parcel> {
        if let Some(job) = self.replays.0.get_mut(&webhook).filter(|known| known.id == job) {
            job.left -= 1;
            job.failed |= !delivered;
        }
        self.ended(webhook)
    }

    fn ended(&mut self, webhook: WebhookId) -> Vec<Parcel> {
        let Some(job) = self.replays.0.get(&webhook).filter(|job| job.left == 0) else { return vec![] };
        let (state, told) = match job.failed {
            false => ("Complete", "Job completed successfully"),
            true => ("Incomplete", "Job failed to deliver all events, please retry your replay job"),
        };
        let status = json!({
            "webhook_id": webhook.to_string(),
            "job_state": state,
            "job_state_description": told,
            "job_id": job.id.to_string(),
        });
        self.replays.0.remove(&webhook);
        let content = Content::Raw { kind: "replay_job_status", body: json!({ "replay_job_status": status }).to_string() };
        self.pack(webhook, Label { for_user: None, message: None, echo: false }, content)
    }
}
