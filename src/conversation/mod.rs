//! The conversation machine: what came, where the conversation stands, what is to be done. Pure.
//!
//! It cannot fail, waits for nothing, reads no clock and draws no chance: whatever it needs is an argument, and what a wrong
//! script does becomes an action.

mod action;
mod event;
mod state;

pub use action::{Action, Fired, Lateness, Trace};
pub use event::{Event, Origin, Outcome};
pub use state::{Asking, Row, RowId, RowStatus, Slots, State, Value};
