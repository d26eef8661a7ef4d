//! The servers that the bot asks: what the stubs of a test say.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::model::{LookupAnswer, LookupFailure, LookupRequest, Timestamp};
use crate::outbox::{self, Errand};
use crate::rehearsal::script::Stub;

/// What is answered, and what was asked.
#[derive(Default)]
pub(in crate::rehearsal) struct Servers {
    stubs: BTreeMap<String, Stub>,
    calls: BTreeMap<String, usize>,
    /// Lookups on their way, and when they are answered.
    open: Vec<(Timestamp, Errand, LookupAnswer)>,
    unknown: BTreeSet<String>,
}

impl Servers {
    /// From here on a server answers so.
    pub(in crate::rehearsal) fn stub(&mut self, stub: &Stub) {
        self.stubs.insert(stub.name.clone(), stub.clone());
    }

    /// How often a server was really asked.
    pub(in crate::rehearsal) fn calls(&self, name: &str) -> usize {
        self.calls.get(name).copied().unwrap_or(0)
    }

    /// A lookup that was asked and that no stub answers.
    pub(in crate::rehearsal) fn unknown(&mut self) -> Option<String> {
        self.unknown.pop_first()
    }

    pub(super) fn count(&mut self, name: &str) {
        *self.calls.entry(name.to_owned()).or_insert(0) += 1;
    }

    /// Takes new lookups, and gives the answers whose time has come.
    pub(super) fn answers(&mut self, errands: Vec<Errand>, now: Timestamp) -> Vec<(Errand, LookupAnswer)> {
        for errand in errands {
            let (at, answer) = self.ask(&errand, now);
            self.open.push((at, errand, answer));
        }
        self.open.extract_if(.., |(at, ..)| *at <= now).map(|(_, errand, answer)| (errand, answer)).collect()
    }

    /// When the next answer comes.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.open.iter().map(|(at, ..)| *at).min()
    }

    /// The process that waits for the answers has ended.
    pub(super) fn forget_open(&mut self) {
        self.open.clear();
    }

    fn ask(&mut self, errand: &Errand, now: Timestamp) -> (Timestamp, LookupAnswer) {
        self.count(&errand.name);
        let Some(stub) = self.stubs.get(&errand.name) else {
            self.unknown.insert(errand.name.clone());
            let detail = "no stub says what is answered".to_owned();
            return (now, LookupAnswer::Failed { reason: LookupFailure::Unreachable, status: None, detail });
        };
        let Errand { request, .. } = errand;
        if stub.delay <= request.timeout {
            return (now.plus(stub.delay), stub.answer.clone());
        }
        let tries = if request.is_repeatable() { request.retry + 1 } else { 1 };
        let detail = "the stub's delay is longer".to_owned();
        (now.plus(request.timeout * tries), LookupAnswer::Failed { reason: LookupFailure::Timeout, status: None, detail })
    }
}

/// The outbox of a rehearsal gives its lookups out of hand.
pub(super) struct Nobody;

#[async_trait]
impl outbox::Servers for Nobody {
    async fn ask(&self, _: &str, _: &LookupRequest) -> LookupAnswer {
        LookupAnswer::Failed { reason: LookupFailure::Unreachable, status: None, detail: "nobody is asked in a rehearsal".to_owned() }
    }
}
