//! The console over real HTTP, beside a running service and X simulated.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod account;
mod let_in;
mod world;
