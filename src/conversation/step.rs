//! The machine's one entrance: a state and an event in, a state and orders out.

use super::play::Play;
use super::{Action, Asking, Event, Fired, State, Trace, bounds, delivery, heard, waiting};
use crate::bot::{Program, limits};
use crate::model::{Key, Timestamp};

/// What a turn needs to know beside the program, the state and the event.
#[derive(Debug, Clone)]
pub struct Context {
    /// The conversation.
    pub key: Key,
    /// The time of the turn.
    pub now: Timestamp,
    /// The revision that the turn's commit will make; names the rows of its messages.
    pub revision: u64,
    /// How many messages earlier turns of the same commit have made.
    pub messages: u32,
    /// How many turns the commit has before this one.
    pub turn: u32,
    /// How menus are shown.
    pub rendering: Rendering,
    /// Whether the peer is another account of ours, so that two bots may be talking.
    pub peer_is_ours: bool,
    /// An asking that the state has dropped, found again in the journal because the event may answer it.
    pub recalled: Option<Asking>,
}

/// How menus are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendering {
    /// Whether options stand as numbered lines in the text, since the platform has no quick replies there.
    pub numbered: bool,
    /// The most options of a message; more are turned over like pages.
    pub options: usize,
}

impl Default for Rendering {
    fn default() -> Self {
        Rendering { numbered: false, options: limits::OPTIONS }
    }
}

/// What a turn comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where the conversation stands after it.
    pub state: State,
    /// What is to be done once the turn is durable.
    pub actions: Vec<Action>,
    /// Why.
    pub trace: Trace,
}

/// Takes one event through the machine.
///
/// The same arguments always give the same step. It ends within a budget of steps, and the state stays within its bounds.
pub fn step(program: &Program, mut state: State, event: &Event, context: &Context) -> Step {
    let from = state.at.clone();
    let played = |state: State, play: &dyn Fn(&mut Play<'_>)| {
        let mut turn = Play::new(program, state, context);
        play(&mut turn);
        turn.finish()
    };
    let quiet = |state: State| (state, Vec::new(), Trace::default());
    let (mut state, actions, mut trace) = match event {
        Event::Message { message, from, waited, .. } => played(state, &|play| waiting::message(play, message, from, *waited)),
        Event::Account { kind, from } => played(state, &|play| heard::account_event(play, kind, from)),
        Event::Withdrawn => played(state, &|play| play.withdrawn()),
        Event::LookupDone { number, answer } => played(state, &|play| play.looked_up(*number, answer)),
        Event::TimerFired { number } => played(state, &|play| play.timer_fired(*number)),
        Event::Echo { message, origin } => {
            let fired = delivery::echo(&mut state, message, *origin, context.now);
            let is_operator = fired == Fired::Operator;
            let (state, actions, trace) = played(state, &|play| {
                play.fired(fired.clone());
                if is_operator {
                    play.operator_spoke();
                }
            });
            (state, actions, trace)
        }
        Event::Desk { order, .. } => played(state, &|play| play.desk(order)),
        Event::LookupClaimed { number } => {
            if let Some(lookup) = state.lookup.as_mut().filter(|lookup| lookup.number == *number) {
                lookup.claimed = Some(context.now);
            }
            quiet(state)
        }
        Event::Claimed { row } => {
            delivery::claimed(&mut state, *row, context.now);
            quiet(state)
        }
        Event::Refilled { rows, next } => {
            let actions = delivery::refilled(&mut state, rows, *next);
            (state, actions, Trace::default())
        }
        // Nothing in a conversation depends on what could not be read, or on what concerns the account alone.
        Event::Unreadable { .. } | Event::Noticed(_) | Event::Done(_) => quiet(state),
        Event::Settled { row, outcome } => {
            let actions = delivery::settled(&mut state, *row, outcome, context.now);
            (state, actions, Trace::default())
        }
    };
    bounds::hold(&mut state);
    if trace.fired != Fired::Nothing || from != state.at {
        trace.from = from;
        trace.to.clone_from(&state.at);
    }
    Step { state, actions, trace }
}
