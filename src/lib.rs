//! Junco: a chatbot framework for Direct Messages on X.
//!
//! The rooms, in the order in which a message passes; pure rooms first. The README's "way of a message" walks through them.

pub mod bot;
pub mod conversation;
pub mod model;
#[cfg(feature = "service")]
pub mod store;
pub mod wire;
