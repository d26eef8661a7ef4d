//! The running service looks after its account: what keeps events away is mended, and what was missed is answered, once.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod newer;
mod outage;
mod pictures;
mod revoked;
mod road;
mod signals;
mod world;
