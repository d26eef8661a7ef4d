//! The real binary, as people and scripts run it: what it prints, where, and the exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chat;
mod check;
mod fmt;
mod graph;
mod help;
mod migrate;
mod new;
mod password;
mod phone;
mod program;
mod run;
mod sim;
mod store;
mod test;
