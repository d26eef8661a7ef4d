//! Lookups and timers: what goes out of a turn and comes back as an event of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::play::Play;
use super::{Action, Fired, OpenLookup, Purpose, Timer, bounds};
use crate::bot::{Body, Lookup, LookupIx, Reads, ReminderIx};
use crate::model::{LookupAnswer, LookupFailure, LookupRequest, Timestamp};

impl Play<'_> {
    /// Orders a lookup; gives the place of its `fail` branch where it cannot be made at all.
    pub(super) fn look_up(&mut self, ix: LookupIx, variant: usize) -> Option<usize> {
        let program = self.program;
        let lookup = program.lookup(ix);
        if self.state.looked_up >= bounds::LOOKUPS {
            self.fault(format!("`http \"{}\"`: at most ten lookups before the person speaks again", lookup.name));
            self.note_failure(lookup, LookupFailure::Unknown, None);
            return Some(lookup.fail);
        }
        // Only other events of the account are taken while one is on its way; what it has to go on with must not be lost.
        if self.state.lookup.is_some() {
            self.fault(format!("`http \"{}\"`: another lookup is on its way", lookup.name));
            self.note_failure(lookup, LookupFailure::Unknown, None);
            return Some(lookup.fail);
        }
        let Some(request) = self.request(lookup) else {
            self.note_failure(lookup, LookupFailure::Unreadable, None);
            return Some(lookup.fail);
        };
        self.state.looked_up += 1;
        self.state.counted += 1;
        let number = self.state.counted;
        self.state.lookup = Some(OpenLookup {
            number,
            id: lookup.id.clone(),
            revision: self.context.revision,
            since: self.context.now,
            claimed: None,
            within: time_in_all(&request),
            variant,
            captures: bounds::captures(&self.captures),
        });
        self.actions.push(Action::LookUp { number, name: lookup.name.clone(), request });
        None
    }

    fn request(&mut self, lookup: &Lookup) -> Option<LookupRequest> {
        let url = self.render(&lookup.url);
        let mut body = Map::new();
        for (name, value) in &lookup.fields {
            match value.json(&self.scope()) {
                Ok(value) => drop(body.insert(name.clone(), value)),
                Err(error) => {
                    self.fault(format!("`{}`: {error}", value.source()));
                    return None;
                }
            }
        }
        let pictures = lookup.pictures.iter().map(|(name, address)| (name.clone(), self.render(address)));
        let pictures: BTreeMap<String, String> = pictures.filter(|(_, address)| !address.is_empty()).collect();
        let has_body = !lookup.fields.is_empty() || !lookup.pictures.is_empty();
        Some(LookupRequest {
            method: lookup.method,
            url,
            body: has_body.then_some(Json::Object(body)),
            pictures,
            timeout: lookup.timeout,
            retry: lookup.retry,
            cache: lookup.cache,
            idempotency: lookup.idempotency.as_ref().map(|key| self.render(key)),
            allow: self.program.defaults.allow.clone(),
        })
    }

    /// A lookup has ended: the body that ordered it goes on in one of its branches.
    pub(super) fn looked_up(&mut self, number: u32, answer: &LookupAnswer) {
        let Some(open) = self.state.lookup.take_if(|open| open.number == number) else { return };
        let program = self.program;
        let Some(lookup) = program.lookup_named(&open.id).map(|ix| program.lookup(ix)) else {
            self.fired(Fired::Lookup(open.id, false));
            return self.repeat();
        };
        let is_ok = matches!(answer, LookupAnswer::Ok { .. });
        self.fired(Fired::Lookup(lookup.name.clone(), is_ok));
        match answer {
            LookupAnswer::Ok { body, .. } => self.keep_answer(&lookup.name, read(body, &lookup.reads)),
            LookupAnswer::Failed { reason, status, .. } => self.note_failure(lookup, *reason, *status),
        }
        // What was computed while a person took over stays unsaid.
        if self.is_silent() || self.state.opted_out {
            return;
        }
        self.captures = open.captures;
        let from = if is_ok { lookup.at + 1 } else { lookup.fail };
        match lookup.body {
            Body::State(state) => {
                // Another event of the account may have led the person elsewhere meanwhile.
                self.state.at = Some(program.state(state).name.clone());
                self.resume(state, from);
            }
            body => self.digress_from(program.steps(body), from, open.variant),
        }
    }

    fn note_failure(&mut self, lookup: &Lookup, reason: LookupFailure, status: Option<u16>) {
        self.keep_answer(&lookup.name, json!({ "error": reason.word(), "status": status }));
    }

    /// Keeps what texts read of an answer, and of older ones what still fits.
    fn keep_answer(&mut self, name: &str, answer: Json) {
        self.state.answers.remove(name);
        let size = answer.to_string().len();
        if size > bounds::ANSWER_BYTES {
            self.fault(format!("`{name}`: what texts read of the answer takes {size} bytes; {} are kept", bounds::ANSWER_BYTES));
            return;
        }
        while bounds::answers(&self.state.answers) + size > bounds::ANSWER_BYTES {
            self.state.answers.pop_first();
        }
        self.state.answers.insert(name.to_owned(), answer);
    }

    /// Starts a timer, or starts it anew.
    pub(super) fn remind(&mut self, ix: ReminderIx) {
        let reminder = self.program.reminder(ix);
        let at = self.context.now.plus(reminder.after);
        self.start_timer(Purpose::Remind(reminder.id.clone()), at);
    }

    pub(super) fn start_timer(&mut self, purpose: Purpose, at: Timestamp) {
        self.state.timers.retain(|timer| timer.purpose != purpose);
        if self.state.timers.len() >= bounds::TIMERS {
            return self.fault(format!("a conversation has at most {} timers", bounds::TIMERS));
        }
        self.state.counted += 1;
        self.state.timers.push(Timer { number: self.state.counted, at, purpose });
    }

    /// Stops a reminder, or all of them.
    pub(super) fn cancel(&mut self, reminder: Option<&str>) {
        self.state.timers.retain(|timer| match &timer.purpose {
            Purpose::Remind(id) => reminder.is_some_and(|reminder| reminder != id),
            Purpose::TakeBack(_) => true,
        });
    }

    /// A timer is over. While a lookup is on its way, it waits for that.
    pub(super) fn timer_fired(&mut self, number: u32) {
        let is_over = |timer: &Timer| timer.number == number && timer.at <= self.context.now;
        let Some(place) = self.state.timers.iter().position(is_over).filter(|_| self.state.lookup.is_none()) else { return };
        match self.state.timers.remove(place).purpose {
            Purpose::TakeBack(id) => self.time_is_over(&id),
            Purpose::Remind(_) if self.state.opted_out => self.fired(Fired::OptedOut),
            Purpose::Remind(_) if self.is_silent() => self.fired(Fired::Silent),
            Purpose::Remind(id) => {
                let program = self.program;
                let Some(ix) = program.reminder_named(&id) else { return };
                self.fired(Fired::Reminder(id));
                self.digress_from(&program.reminder(ix).steps, 0, self.state.messages as usize);
            }
        }
    }
}

/// The parts of an answer that texts read.
fn read(body: &Json, reads: &Reads) -> Json {
    let Reads::Paths(paths) = reads else { return body.clone() };
    let mut kept = Json::Null;
    for path in paths {
        let value = path.iter().try_fold(body, |value, name| match value {
            Json::Array(values) => values.get(name.parse::<usize>().ok()?),
            value => value.get(name),
        });
        if let Some(value) = value {
            put(&mut kept, path, value.clone());
        }
    }
    kept
}

/// Puts a value at a path, through objects: `a[0]` of a list is found as `a["0"]` of an object, which templates read alike.
fn put(at: &mut Json, path: &[String], value: Json) {
    let Some((first, rest)) = path.split_first() else {
        *at = value;
        return;
    };
    if !at.is_object() {
        *at = Json::Object(Map::new());
    }
    if let Json::Object(fields) = at {
        put(fields.entry(first.clone()).or_insert(Json::Null), rest, value);
    }
}

/// The longest that a request may take with all its tries, in milliseconds, and some more for the way.
fn time_in_all(request: &LookupRequest) -> u64 {
    const BETWEEN: Duration = Duration::from_secs(10);
    let tries = if request.is_repeatable() { request.retry.saturating_add(1) } else { 1 };
    let longest = (request.timeout + BETWEEN).saturating_mul(tries);
    u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)
}
