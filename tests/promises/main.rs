//! What holds for any script that `check` accepts and any sequence of events, and what no bytes may break: the targets of
//! `tests/fuzz`, driven without libFuzzer by the corpus that it has gathered and by bytes drawn here.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[path = "../fuzz/src/lib.rs"]
pub mod fuzz;

/// Plays what is kept for a target; a panic names the file.
fn replay(target: &str, play: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the corpus of {target} is there");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&bytes)));
        assert!(played.is_ok(), "tests/fuzz/run {target} {} shows it", file.display());
    }
}

#[test]
fn the_corpus_of_the_parser_breaks_nothing() {
    replay("parser", fuzz::parser);
}

#[test]
fn the_corpus_of_the_compiler_breaks_nothing() {
    replay("compiler", fuzz::compiler);
}

#[test]
fn the_corpus_of_the_machine_breaks_no_promise() {
    replay("step", fuzz::step);
}

/// Bytes for a script, and bytes for what happens on it.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_global_rejects: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_any_script_whatever_happens_every_promise_is_kept(script in bytes(300), events in bytes(600)) {
        prop_assume!(fuzz::any_script(&script, &events));
    }

    #[test]
    fn on_scripts_that_use_every_node_whatever_happens_every_promise_is_kept(events in bytes(1_500)) {
        fuzz::step(&events);
    }
}

#[test]
fn many_scripts_of_the_grammar_are_right() {
    // Were it otherwise, little would be shown by those that are.
    let mut seed = 1u32;
    let mut right = 0;
    for _ in 0..200 {
        let script: Vec<u8> = (0..200)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed.to_be_bytes()[0]
            })
            .collect();
        right += usize::from(fuzz::any_script(&script, &[]));
    }
    assert!(right >= 20, "{right} of 200");
}
