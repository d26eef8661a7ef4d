//! X's JSON and signatures, both ways: what comes in becomes typed events, what goes out becomes requests. Pure: time and chance are arguments.

pub mod oauth;
pub mod signature;
