//! Messages that are durable and not taken yet: they wait for a lookup, or for those that may come before them.

use super::play::Play;
use super::{Fired, RowId, Waiting, bounds, heard};
use crate::model::{Incoming, LookupAnswer, LookupFailure, Profile};

/// Takes a message of the person, or lets it wait. `waited` is one that has.
pub(super) fn message(play: &mut Play<'_>, message: &Incoming, from: &Profile, waited: bool) {
    if waited {
        // It is the first of those that wait, unless somebody else has taken it.
        match play.state.waiting.first() {
            Some(first) if first.id == message.id => drop(play.state.waiting.remove(0)),
            _ => return,
        }
        heard::message(play, message, from);
        // Of those that came at once, more may be left than may wait for what this one has asked.
        if play.state.waiting.len() > bounds::WAITING {
            let fired = play.trace.fired.clone();
            give_up_waiting(play);
            play.fired(fired);
        }
        return;
    }
    let until = play.program.defaults.reorder.map(|hold| play.context.now.plus(hold));
    if play.state.lookup.is_none() && play.state.waiting.is_empty() && until.is_none() {
        return heard::message(play, message, from);
    }
    if play.state.waiting.len() >= bounds::WAITING {
        give_up_waiting(play);
    }
    let turn = RowId { revision: play.context.revision, index: play.context.turn };
    // Behind a lookup there is nothing to be held for any more: they come in their order.
    let waiting = Waiting { id: message.id, turn, until };
    let place = play.state.waiting.partition_point(|other| other.id <= message.id);
    play.state.waiting.insert(place, waiting);
    if play.trace.fired == Fired::Nothing {
        play.fired(Fired::Waits);
    }
}

/// Too many wait: the lookup has failed, and nobody is held any longer.
fn give_up_waiting(play: &mut Play<'_>) {
    play.state.waiting.iter_mut().for_each(|waiting| waiting.until = None);
    // What the failed branch asks has failed as well: before the person speaks again there are only so many lookups.
    while let Some(number) = play.state.lookup.as_ref().map(|lookup| lookup.number) {
        let detail = format!("more than {} messages were waiting for it", bounds::WAITING);
        play.looked_up(number, &LookupAnswer::Failed { reason: LookupFailure::Unknown, status: None, detail });
    }
}
