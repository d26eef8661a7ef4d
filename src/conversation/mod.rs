//! The conversation machine: what came, where the conversation stands, what is to be done. Pure.
//!
//! It cannot fail, waits for nothing, reads no clock and draws no chance: whatever it needs is an argument, and what a wrong
//! script does becomes an action.

mod action;
mod answer;
mod beyond;
mod bounds;
mod deed;
mod delivery;
mod desk;
mod event;
mod fingerprint;
mod heard;
mod held;
mod late;
mod metadata;
mod output;
mod people;
mod play;
mod show;
mod speak;
mod standing;
mod state;
mod step;
mod waiting;
mod welcome;

pub use action::{Action, Fired, Lateness, Trace};
pub use deed::{Act, DEEDS, Deed, DeskDeed};
pub use event::{DeskOrder, Event, Origin, Outcome};
pub use held::{Offer, OpenLookup, Purpose, Silence, Timer, Waiting};
pub use metadata::{AskingRef, Metadata};
pub use standing::{Deafness, Gap, Job, Notice, Pause, Replay, Standing};
pub use state::{Asking, Backlog, Refusal, Row, RowId, RowStatus, Slots, State, Value};
pub use step::{Context, Rendering, Step, step};
pub use welcome::{Unsettable, welcome};

#[cfg(test)]
mod tests;
