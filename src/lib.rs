//! Junco: a chatbot framework for Direct Messages on X.
//!
//! The rooms, in the order in which a message passes; pure rooms first, which know nothing of the world and compile without the
//! feature `service`. The README's "way of a message" walks through them.

// The words every room shares: ids, times, messages, secrets.
pub mod model;

// X's JSON and signatures, both ways.
pub mod wire;

// The texts of a bot's files become a program.
pub mod bot;

// The state machine: an event in, a new state and orders out.
pub mod conversation;

// When a send may leave.
pub mod pace;

// A bot's state machine as a picture.
pub mod graph;

// The only reader of the system clock.
#[cfg(feature = "service")]
pub mod clock;

// Figures for Prometheus.
#[cfg(feature = "service")]
pub mod metrics;

// The configuration file and the environment.
#[cfg(feature = "service")]
pub mod config;

// The door in: signatures, challenges, deliveries.
#[cfg(feature = "service")]
pub mod webhook;

// The hinge: an event finds its conversation, is taken, is durable.
#[cfg(feature = "service")]
pub mod turn;

// Memory: records and the journal.
#[cfg(feature = "service")]
pub mod store;

// The door out: claim, send, settle.
#[cfg(feature = "service")]
pub mod outbox;

// Typed calls of X's REST API.
#[cfg(feature = "service")]
pub mod client;

// Looking after the accounts at X: set-up, watchdog, replay, welcome message, doctor.
#[cfg(feature = "service")]
pub mod account;

// The web console.
#[cfg(feature = "service")]
pub mod console;

// Conversation tests: the real machine on a virtual clock.
#[cfg(feature = "service")]
pub mod rehearsal;

// Wiring: build the store, the doors and the loops; start, drain, stop.
#[cfg(feature = "service")]
pub mod service;

// X in a box: the same HTTP, faults, a seed.
#[cfg(feature = "service")]
pub mod simulator;

// The command line: one file a subcommand.
#[cfg(feature = "service")]
pub mod cli;
