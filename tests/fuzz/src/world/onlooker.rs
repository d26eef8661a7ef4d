//! The promises, looked at after every step.

use std::time::Duration;

use junco::conversation::{Action, Event, Fired, RowId, State, Step};

use super::{World, platform};

/// Bytes of a state: a record has 6 KB, and 64 marks of 9 bytes and the frame beside it.
const STATE_BYTES: usize = 5_300;

/// Messages before the person speaks again.
const MESSAGES: usize = 10;

/// Messages that wait. Within a commit more may, until they are taken up.
const WAITING: usize = 32;

/// Bytes of all that a turn orders, as the journal keeps it.
const ORDERED_BYTES: usize = 1_000_000;

/// When a send that was claimed belongs to an ended process.
const LOST_AFTER: Duration = Duration::from_secs(60);

impl World<'_> {
    /// After one step, before it is taken over.
    pub(super) fn looks(&mut self, before: &State, event: &Event, step: &Step) {
        let sent: Vec<_> = step
            .actions
            .iter()
            .filter_map(|action| if let Action::Send { row, message, .. } = action { Some((*row, message)) } else { None })
            .collect();
        sent.iter().for_each(|(_, message)| platform::takes(message));
        if is_heard(before, event, &step.state) {
            self.said = 0;
        }
        self.said += sent.len();
        assert!(self.said <= MESSAGES, "{} messages before the person spoke again", self.said);
        self.is_bounded(event, step);
        rows(before, event, step, &sent.iter().map(|(row, _)| *row).collect::<Vec<_>>());
        if !sent.is_empty() {
            self.may_speak(before, event, step);
        }
        if step.actions.contains(&Action::Forget) {
            let state = &step.state;
            let nothing = state.slots.is_empty() && state.tags.is_empty() && state.lines.iter().all(|line| !line.contains("Ada"));
            assert!(
                nothing && state.answers.is_empty() && state.lookup.is_none() && state.timers.is_empty(),
                "who is forgotten leaves nothing"
            );
        }
    }

    fn is_bounded(&self, event: &Event, step: &Step) {
        let state = &step.state;
        let ordered = rmp_serde::to_vec_named(&step.actions).map_or(usize::MAX, |bytes| bytes.len());
        assert!(ordered <= ORDERED_BYTES, "a turn ordered {ordered} bytes after {event:?}");
        assert!(state.waiting.is_sorted_by_key(|waiting| waiting.id), "they are taken in their order");
        let endless = step.actions.iter().any(|action| matches!(action, Action::Fault { what } if what.contains("took more than")));
        assert!(!endless, "a turn had to be ended: {event:?}");
        assert!(state.open.is_none_or(|open| state.askings.iter().any(|asking| asking.number == open)), "the open prompt is remembered");
        let at = state.at.as_deref();
        assert!(at.is_none_or(|at| self.programs.iter().any(|program| program.state_named(at).is_some())), "the person is somewhere");
    }

    /// Something is said: to nobody who opted out, and to nobody with whom a person speaks.
    fn may_speak(&self, before: &State, event: &Event, step: &Step) {
        let opts_in = step.actions.contains(&Action::Consent { wanted: true });
        assert!(!before.opted_out || opts_in, "said to somebody who wants to hear nothing: {event:?} {:?}", step.trace);
        let silent = before.silence.as_ref().is_some_and(|silence| silence.until.is_none_or(|until| until > self.now));
        let called = matches!(step.trace.fired, Fired::Rule(_) | Fired::TookBack);
        assert!(!silent || called, "said while a person speaks: {event:?} {:?}", step.trace);
    }

    /// Between two commits.
    pub(super) fn looks_at_rest(&self) {
        let state = &self.state;
        let size = rmp_serde::to_vec_named(state).map_or(usize::MAX, |bytes| bytes.len());
        assert!(size <= STATE_BYTES, "a state of {size} bytes: {state:#?}");
        assert!(state.waiting.len() <= WAITING, "{} messages wait", state.waiting.len());
        let wants = state.lookup.is_some()
            || state.backlog.is_some()
            || !(state.timers.is_empty() && state.waiting.is_empty() && state.rows.is_empty());
        assert_eq!(state.due(LOST_AFTER).is_some(), wants, "it is due when there is something to do: {state:#?}");
        assert!(state.lookup.is_some() || state.waiting.iter().all(|waiting| waiting.until.is_some()), "nobody waits for nothing");
    }
}

/// Whether the message is taken in this step, not laid by.
fn is_heard(before: &State, event: &Event, after: &State) -> bool {
    match event {
        Event::Message { message, waited: true, .. } => before.waiting.first().is_some_and(|first| first.id == message.id),
        Event::Message { message, .. } => after.waiting.iter().all(|waiting| waiting.id != message.id),
        _ => false,
    }
}

/// Each message has a row of its own until it is known what became of it, and leaves in its order.
fn rows(before: &State, event: &Event, step: &Step, sent: &[RowId]) {
    let (old, new) = (&before.rows, &step.state.rows);
    assert!(new.windows(2).all(|two| two[0].id < two[1].id), "rows leave in their order");
    assert!(new.len() <= 20, "{} rows", new.len());
    let refilled = if let Event::Refilled { rows, .. } = event { rows.as_slice() } else { &[] };
    for row in new {
        let known = old.iter().chain(refilled).any(|old| old.id == row.id);
        assert!(known != sent.contains(&row.id), "a row is as old as its message, and once settled never comes back");
    }
    let is_dead = |id: RowId| step.actions.iter().any(|action| matches!(action, Action::DeadLetter { row, .. } if *row == id));
    let settles = matches!(event, Event::Settled { .. } | Event::Echo { .. } | Event::Message { .. });
    let waits = |id: RowId| step.state.backlog.is_some_and(|backlog| id >= backlog.next);
    let lost = old.iter().map(|row| row.id).find(|id| new.iter().all(|row| row.id != *id) && !is_dead(*id) && !waits(*id));
    assert!(lost.is_none() || settles, "{lost:?} vanished without a word: {event:?}");
    if let (Some(backlog), None) = (before.backlog, step.state.backlog) {
        assert!(!refilled.is_empty() || is_dead(backlog.next), "the backlog vanished without a word: {event:?}");
    }
}
