//! Figures of an account, counted from the journal: what fired, where people went, how late they tapped, how long they took.

use std::collections::BTreeMap;

use super::unmatched::Unmatched;
use crate::bot::Late;
use crate::conversation::{Action, Asking, Event, Fired, Lateness};
use crate::model::{Key, Timestamp};
use crate::store::{Entry, TurnLog};

/// The upper ends of the spans that times to answer are counted in, in seconds; longer ones count beyond the last.
pub(in crate::console) const SPANS: [u64; 8] = [5, 15, 60, 300, 900, 3_600, 21_600, 86_400];

/// What was counted.
#[derive(Debug, Default)]
pub(in crate::console) struct Figures {
    /// Messages of people, by hour since 1970.
    pub(in crate::console) heard: BTreeMap<i64, u32>,
    pub(in crate::console) sent: u64,
    /// How often each state was entered.
    pub(in crate::console) entered: BTreeMap<String, u32>,
    /// How often each option was taken, by prompt (`state/prompt`) and option.
    pub(in crate::console) options: BTreeMap<(String, String), u32>,
    pub(in crate::console) rules: BTreeMap<String, u32>,
    /// Times to answer of each prompt, by the spans of [`SPANS`].
    pub(in crate::console) answered_in: BTreeMap<String, [u32; SPANS.len() + 1]>,
    /// How often each prompt was asked.
    pub(in crate::console) asked: BTreeMap<String, u32>,
    pub(in crate::console) lateness: BTreeMap<(Lateness, Option<Late>), u32>,
    pub(in crate::console) unmatched: Unmatched,
    /// Askings of the entry before, by conversation, to tell how long an answer took.
    open: BTreeMap<Key, Vec<Asking>>,
}

impl Figures {
    /// Messages of people in all.
    pub(in crate::console) fn heard_in_all(&self) -> u64 {
        self.heard.values().map(|count| u64::from(*count)).sum()
    }

    pub(super) fn count(&mut self, entry: &Entry) {
        let before = self.open.remove(&entry.key).unwrap_or_default();
        for turn in &entry.turns {
            self.count_turn(entry, turn, &before);
        }
        let askings = &entry.record.state.askings;
        let known = before.last().map_or(0, |asking| asking.number);
        for asking in askings.iter().filter(|asking| asking.number > known) {
            *self.asked.entry(name(asking)).or_default() += 1;
        }
        if !askings.is_empty() {
            let newest = askings.iter().rev().take(3).rev();
            self.open.insert(entry.key, newest.map(|asking| Asking { slots: None, ..asking.clone() }).collect());
        }
    }

    /// A person is forgotten: what they wrote is not shown any more.
    pub(super) fn forget(&mut self, key: Key) {
        self.unmatched.forget(key);
        self.open.remove(&key);
    }

    fn count_turn(&mut self, entry: &Entry, turn: &TurnLog, askings: &[Asking]) {
        let trace = &turn.trace;
        // What waits is counted when it is taken.
        if trace.fired == Fired::Waits {
            return;
        }
        if let Event::Message { message, .. } = &turn.event {
            *self.heard.entry(entry.at.as_seconds().div_euclid(3600)).or_default() += 1;
            if matches!(trace.fired, Fired::Fallback | Fired::Nothing) && !trace.is_secret {
                self.unmatched.add(entry.key, &message.text, entry.at);
            }
        }
        if let Some(lateness) = trace.lateness {
            *self.lateness.entry((lateness, trace.policy)).or_default() += 1;
        }
        if let Some(to) = trace.to.as_ref().filter(|to| trace.from.as_ref() != Some(to)) {
            *self.entered.entry(to.clone()).or_default() += 1;
        }
        match &trace.fired {
            Fired::Rule(pattern) => *self.rules.entry(pattern.clone()).or_default() += 1,
            Fired::Option(prompt, option) => {
                *self.options.entry((prompt.clone(), option.clone())).or_default() += 1;
                self.time(entry.at, askings, |asking| name(asking) == *prompt);
            }
            Fired::Answer(slot) => self.time(entry.at, askings, |asking| asking.prompt == *slot),
            _ => {}
        }
        self.sent += turn.actions.iter().filter(|action| matches!(action, Action::Send { .. })).count() as u64;
    }

    fn time(&mut self, at: Timestamp, askings: &[Asking], is_it: impl Fn(&Asking) -> bool) {
        let Some(asking) = askings.iter().rev().find(|asking| is_it(asking)) else { return };
        let took = at.since(asking.at).as_secs();
        let span = SPANS.iter().position(|end| took <= *end).unwrap_or(SPANS.len());
        self.answered_in.entry(name(asking)).or_default()[span] += 1;
    }
}

fn name(asking: &Asking) -> String {
    format!("{}/{}", asking.state, asking.prompt)
}
