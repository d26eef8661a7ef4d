//! The whole way, through real processes, real HTTP and real signatures: a signed event in, a bot's signed reply out.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails where it stands, and shows the log of the service")]

mod crash;
mod newer;
mod order;
mod pasted;
mod recorded;
mod storm;
mod town;
