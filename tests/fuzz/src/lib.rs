//! What is fuzzed, and what must hold of it. libFuzzer drives the targets with bytes that it bends towards unseen code; the test
//! `promises` drives the same targets with the kept corpus, and with bytes of its own.

mod bytes;
mod compiler;
mod grammar;
mod parser;
mod step;
mod world;

pub use compiler::compiler;
pub use parser::parser;
pub use step::{any_script, step};
