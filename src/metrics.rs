//! Figures of a running service, in the form that Prometheus reads. Each service has a registry of its own; nothing is global.
//!
//! Names and meanings stand in the README, "Health and errors".

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use crate::model::UserId;

/// Bounds of the times a commit takes: a synced append costs about 300 µs, a bad disk a second.
const COMMIT_SECONDS: [f64; 11] = [0.0001, 0.0003, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0];

/// One label whose value is a word of ours.
type Word = [(&'static str, &'static str); 1];

/// One label whose value came from elsewhere, bounded by whoever gives it.
type Name = [(&'static str, String); 1];

/// All figures. Counting costs an atomic addition; cloning a handle shares its figure.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Events that were taken before.
    pub repeated: Counter,
    /// Deliveries without a right signature.
    pub unsigned: Counter,
    /// Signed bodies, or parts of them, that could not be read.
    pub unreadable: Counter,
    /// Events that became turns.
    pub taken: Counter,
    /// Events of users that the bot does not answer for.
    pub strangers: Counter,
    /// Events of kinds that nothing uses.
    pub unused: Counter,
    /// Turns, of whatever made them.
    pub turns: Counter,
    /// How long commits take.
    pub commits: Histogram,
    /// How often a send had to wait for a limit of X.
    pub limit_waits: Counter,
    /// Messages not yet settled; read from the store when the figures are.
    pub waiting: Gauge,
    /// Those of them whose fate is unknown.
    pub unsure: Gauge,
    deliveries: Family<Word, Counter>,
    events: Family<Name, Counter>,
    sends: Family<Word, Counter>,
    lookups: Family<Word, Counter>,
    signals: Family<Word, Counter>,
    taps: Family<Word, Counter>,
    challenges: Family<Word, Counter>,
    actions: Family<Word, Counter>,
    valid: Family<Name, Gauge>,
    paused: Family<Name, Gauge>,
    ages: Family<Name, Gauge>,
}

impl Metrics {
    /// Figures that are all 0.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("junco");
        let it = &mut registry;
        let metrics = Metrics {
            repeated: add(it, "events_repeated", "Events that were taken before"),
            unsigned: add(it, "deliveries_unsigned", "Deliveries without a right signature"),
            unreadable: add(it, "unreadable", "Signed bodies, or parts of them, that could not be read"),
            taken: add(it, "events_taken", "Events that became turns"),
            strangers: add(it, "events_of_strangers", "Events of users that no account is configured for"),
            unused: add(it, "events_unused", "Events of kinds that nothing uses"),
            turns: add(it, "turns", "Turns, of whatever made them"),
            commits: registered(it, "commit_seconds", "How long commits take until they are on the disk", Histogram::new(COMMIT_SECONDS)),
            limit_waits: add(it, "rate_limit_waits", "Sends that had to wait for a limit of X"),
            waiting: add(it, "messages_waiting", "Messages that are not settled"),
            unsure: add(it, "messages_unsure", "Messages whose fate is unknown"),
            deliveries: add(it, "deliveries", "Signed deliveries by the answer they got"),
            events: add(it, "events", "Events of signed deliveries by their kind"),
            sends: add(it, "sends", "Attempts to send by their outcome"),
            lookups: add(it, "lookups", "Lookups by their outcome"),
            signals: add(it, "signals", "Typing indicators and read receipts by what became of them"),
            taps: add(it, "taps", "Taps by how late they came"),
            challenges: add(it, "challenges", "Challenges of X by the answer they got"),
            actions: add(it, "watch_actions", "What the watchdog found and did"),
            valid: add(it, "webhook_valid", "Whether X holds the webhook of the app for valid"),
            paused: add(it, "account_paused", "Whether sending is paused until the account is authorised again"),
            ages: add(it, "last_event_age_seconds", "How long ago the account was last heard of by an event"),
            registry,
        };
        Arc::new(metrics)
    }

    /// The figures as Prometheus reads them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// A signed delivery was answered.
    pub fn delivered(&self, answer: &'static str) {
        self.deliveries.get_or_create(&[("answer", answer)]).inc();
    }

    /// A signed delivery held an event of that kind.
    pub fn event(&self, kind: &str) {
        self.events.get_or_create(&[("kind", kind.to_owned())]).inc();
    }

    /// An attempt to send has ended.
    pub fn sent(&self, outcome: &'static str) {
        self.sends.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A lookup has ended.
    pub fn looked_up(&self, outcome: &'static str) {
        self.lookups.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Typing or reading was shown, or was not.
    pub fn shown(&self, outcome: &'static str) {
        self.signals.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A tap came so late.
    pub fn tapped(&self, lateness: &'static str) {
        self.taps.get_or_create(&[("lateness", lateness)]).inc();
    }

    /// X challenged the webhook.
    pub fn challenged(&self, answer: &'static str) {
        self.challenges.get_or_create(&[("answer", answer)]).inc();
    }

    /// The watchdog found or did something.
    pub fn acted(&self, action: &'static str) {
        self.actions.get_or_create(&[("action", action)]).inc();
    }

    /// Whether X holds the webhook of an app for valid.
    pub fn webhook(&self, app: impl ToString, valid: bool) {
        self.valid.get_or_create(&[("app", app.to_string())]).set(i64::from(valid));
    }

    /// Whether sending of an account is paused.
    pub fn paused(&self, account: UserId, paused: bool) {
        self.paused.get_or_create(&[("account", account.to_string())]).set(i64::from(paused));
    }

    /// How long ago an account was last heard of.
    pub fn last_event(&self, account: UserId, age: Duration) {
        self.ages.get_or_create(&[("account", account.to_string())]).set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    }
}

fn add<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    registered(registry, name, help, M::default())
}

fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_as_prometheus_reads_them() {
        let metrics = Metrics::new();
        metrics.repeated.inc();
        metrics.event("message");
        metrics.event("message");
        metrics.last_event(UserId(7), Duration::from_secs(90));
        let text = metrics.text();
        for line in [
            "# TYPE junco_events_repeated counter",
            "junco_events_repeated_total 1",
            "junco_events_total{kind=\"message\"} 2",
            "junco_last_event_age_seconds{account=\"7\"} 90",
            "junco_turns_total 0",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is missing in:\n{text}");
        }
        assert!(!Metrics::new().text().contains("kind="), "another service counts for itself");
    }
}
