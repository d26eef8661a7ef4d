//! The bounds of a record, so that a turn costs the same for ever (design §5).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Backlog, Row, RowStatus, Slots, State, Value};

/// Bytes of the state in a record of 6 KB, the rest being seen-marks and the frame.
const STATE_BYTES: usize = 5_000;

/// Askings that a record remembers; older ones are found in the journal.
pub(super) const ASKINGS: usize = 8;

/// Late answers that a record remembers, of askings that it does not.
const ANSWERED: usize = 16;

/// Messages that wait to be sent and that the record itself knows; more wait in the journal.
pub(super) const ROWS: usize = 20;

/// Messages that may go out before the person speaks again.
pub(super) const MESSAGES: usize = 10;

/// Lookups that may be made before the person speaks again.
pub(super) const LOOKUPS: usize = 10;

/// Bytes of what texts read of the answers of lookups, as JSON.
pub(super) const ANSWER_BYTES: usize = 1_000;

/// Timers that may run.
pub(super) const TIMERS: usize = 8;

/// Messages that may wait for a lookup, or for others that come before them.
pub(super) const WAITING: usize = 32;

/// Bytes of all words about a person.
pub(super) const TAG_BYTES: usize = 400;

/// Characters of such a word.
const TAG_CHARS: usize = 40;

/// Lines kept for `transcript`, and characters of each.
const LINES: (usize, usize) = (10, 100);

/// Characters of a note to the person who takes over.
const NOTE_CHARS: usize = 2_000;

/// Bytes of what a rule captured, while a lookup is on its way.
const CAPTURE_BYTES: usize = 400;

/// Steps that one event may take.
pub(super) const STEPS: usize = 1_000;

/// Characters of an answer.
pub(super) const ANSWER_CHARS: usize = 1_000;

/// Characters of a person's name and handle; X allows 50 and 15.
const NAME_CHARS: usize = 50;

/// Bytes of all slots together, names included.
const SLOT_BYTES: usize = 2_000;

/// Whether a slot may be set to a value.
pub(super) fn slot_fits(slots: &Slots, name: &str, value: &Value) -> bool {
    let others: usize = slots.iter().filter(|(other, _)| *other != name).map(|(name, value)| size(name, value)).sum();
    others + size(name, value) <= SLOT_BYTES
}

fn size(name: &str, value: &Value) -> usize {
    name.len()
        + match value {
            Value::Int(_) | Value::Number(_) => 8,
            Value::Text(text) => text.len(),
        }
}

/// What a rule captured, as far as a record can hold it.
pub(super) fn captures(captures: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut room = CAPTURE_BYTES;
    let mut kept = BTreeMap::new();
    for (name, text) in captures {
        if let Some(rest) = room.checked_sub(name.len() + text.len()) {
            room = rest;
            kept.insert(name.clone(), text.clone());
        }
    }
    kept
}

/// Bytes of what is kept of answers.
pub(super) fn answers(answers: &BTreeMap<String, Json>) -> usize {
    answers.values().map(|answer| answer.to_string().len()).sum()
}

/// A word about a person; `None` where it is empty or there is no room for it.
pub(super) fn tag(tags: &BTreeSet<String>, name: &str) -> Option<String> {
    let name: String = name.trim().chars().take(TAG_CHARS).collect();
    let held: usize = tags.iter().filter(|other| **other != name).map(String::len).sum();
    (!name.is_empty() && held + name.len() <= TAG_BYTES).then_some(name)
}

/// A note to the person who takes over.
pub(super) fn note(note: &str) -> String {
    note.chars().take(NOTE_CHARS).collect()
}

/// Keeps a line for `transcript`, shortened, and lets go of the oldest.
pub(super) fn keep_line(lines: &mut Vec<String>, who: &str, text: &str) {
    let text: String = text.chars().take(LINES.1).map(|c| if c == '\n' { ' ' } else { c }).collect();
    lines.push(format!("{who}: {text}"));
    let surplus = lines.len().saturating_sub(LINES.0);
    lines.drain(..surplus);
}

/// Hides what was said in the newest line.
pub(super) fn hide_line(lines: &mut [String]) {
    if let Some(line) = lines.last_mut() {
        let who = line.split(": ").next().unwrap_or_default().len();
        line.truncate(who);
        line.push_str(": •••");
    }
}

/// Lets go of what can be found elsewhere until the state fits: first the slots of old askings (the journal has them), then the
/// counts of visits and the lines, then old askings, rows that were not tried, the question whether a late tap was meant, at last the
/// answers of lookups. All else is bounded where it is made.
pub(super) fn hold(state: &mut State) {
    if state.askings.len() > ASKINGS {
        state.askings.drain(..state.askings.len() - ASKINGS);
    }
    if state.answered.len() > ANSWERED {
        state.answered.drain(..state.answered.len() - ANSWERED);
    }
    shorten(&mut state.peer.name);
    shorten(&mut state.peer.screen_name);
    while encoded(state) > STATE_BYTES && let_go(state) {}
}

/// Lets go of the next best thing; says whether there was one.
fn let_go(state: &mut State) -> bool {
    if let Some(asking) = state.askings.iter_mut().find(|asking| asking.slots.is_some()) {
        asking.slots = None;
    } else if let Some(offer) = state.offer.as_mut().filter(|offer| offer.slots.is_some()) {
        offer.slots = None;
    } else if state.visits.pop_first().is_some() {
    } else if !state.lines.is_empty() {
        state.lines.remove(0);
    } else if state.askings.len() > 1 {
        state.askings.remove(0);
    } else if state.rows.len() > 1
        && let Some(row) = state.rows.pop_if(|row| waits_in_journal(row))
    {
        let behind = state.backlog.unwrap_or(Backlog { next: row.id, count: 0, desk: true });
        state.backlog = Some(Backlog { next: row.id, count: behind.count + 1, desk: behind.desk && row.desk });
    } else if state.offer.take().is_some() {
    } else {
        return state.answers.pop_first().is_some();
    }
    true
}

/// Whether the journal has all that is known of a row: it was never tried.
fn waits_in_journal(row: &Row) -> bool {
    row.attempts == 0 && row.doubtful.is_none() && matches!(row.status, RowStatus::Due(_))
}

fn shorten(name: &mut String) {
    if let Some((end, _)) = name.char_indices().nth(NAME_CHARS) {
        name.truncate(end);
    }
}

fn encoded(state: &State) -> usize {
    let mut counted = Counted(0);
    rmp_serde::encode::write_named(&mut counted, state).map_or(0, |()| counted.0)
}

/// Counts bytes and keeps none: this is asked at every turn.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
