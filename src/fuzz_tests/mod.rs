//! Fuzz targets: each test feeds untrusted bytes to one part of the program.
//!
//! `cargo test` runs each target on its corpus, a folder in `__fuzz__`, then for a moment on random bytes and on
//! inputs of the corpus with a few changes. libFuzzer searches for bytes that reach new code; CONTRIBUTING.md shows
//! the command. Most targets also check a property of the result, because few faults are panics.

use std::time::Duration;

/// The time for which `cargo test` feeds random bytes to each target, and the time for which it feeds changed inputs.
const RANDOM_TIME: Duration = Duration::from_millis(300);

/// Runs a target. `$name` is the folder of its corpus.
macro_rules! fuzz {
    ($name:literal, $check:expr) => {{
        let check = $check;
        bolero::check!(name = $name)
            .with_test_time($crate::fuzz_tests::RANDOM_TIME)
            .for_each(|input: &[u8]| check(input));
        $crate::fuzz_tests::changed_inputs::check_changed_inputs($name, check);
    }};
}

pub(crate) mod changed_inputs;
pub(crate) mod choices;
pub(crate) mod command_lines;
pub(crate) mod decoding;
pub(crate) mod keys;
pub(crate) mod log_lines;
pub(crate) mod manifests;
pub(crate) mod pictures;
pub(crate) mod recordings;
pub(crate) mod texts;
