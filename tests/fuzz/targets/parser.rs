#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| junco_fuzz::parser(bytes));
