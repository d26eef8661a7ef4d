//! X's JSON and signatures, both ways: what comes in becomes typed events, what goes out becomes requests. Pure: time and chance are arguments.

pub mod arrivals;
pub mod browser;
pub mod envelope;
mod event;
mod lenient;
pub mod oauth;
pub mod oauth2;
pub mod rest;
pub mod signature;

pub use envelope::{Delivery, Oddity, Unreadable};
pub use event::{DirectMessage, Event, EventBody, Tie};
