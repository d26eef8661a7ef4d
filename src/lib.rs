//! Junco: a chatbot framework for Direct Messages on X.
//!
//! The rooms, in the order in which a message passes; pure rooms first. The README's "way of a message" walks through them.

pub mod bot;
#[cfg(feature = "service")]
pub mod client;
#[cfg(feature = "service")]
pub mod clock;
#[cfg(feature = "service")]
pub mod config;
pub mod conversation;
pub mod model;
pub mod pace;
#[cfg(feature = "service")]
pub mod store;
#[cfg(feature = "service")]
pub mod turn;
#[cfg(feature = "service")]
pub mod webhook;
pub mod wire;
