//! The bounds of a record, so that a turn costs the same for ever (design §5).

use super::{Slots, State, Value};

/// Bytes of the state in a record of 6 KB, the rest being seen-marks and the frame.
const STATE_BYTES: usize = 5_000;

/// Askings that a record remembers; older ones are found in the journal.
pub(super) const ASKINGS: usize = 8;

/// Late answers that a record remembers, of askings that it does not.
const ANSWERED: usize = 16;

/// Messages that wait to be sent and that the record itself knows; more wait in the journal.
pub(super) const ROWS: usize = 20;

/// Messages that one event may cause.
pub(super) const MESSAGES: usize = 10;

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

/// Lets go of what can be found elsewhere until the state fits: first the slots of old askings (the journal has them), then the
/// counts of visits, then old askings. Slots and rows are bounded where they are made.
pub(super) fn hold(state: &mut State) {
    if state.askings.len() > ASKINGS {
        state.askings.drain(..state.askings.len() - ASKINGS);
    }
    if state.answered.len() > ANSWERED {
        state.answered.drain(..state.answered.len() - ANSWERED);
    }
    shorten(&mut state.peer.name);
    shorten(&mut state.peer.screen_name);
    while encoded(state) > STATE_BYTES {
        if let Some(asking) = state.askings.iter_mut().find(|asking| asking.slots.is_some()) {
            asking.slots = None;
        } else if let Some(state_name) = state.visits.keys().next().cloned() {
            state.visits.remove(&state_name);
        } else if state.askings.len() > 1 {
            state.askings.remove(0);
        } else {
            break;
        }
    }
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
