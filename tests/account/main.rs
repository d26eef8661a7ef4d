//! The commands around the account, run as a user runs them: the real binary, the real service, and X simulated.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod commands;
mod doctor;
mod front;
mod interfaces;
mod office;
mod set_up;
mod several;
