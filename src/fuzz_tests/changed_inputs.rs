//! Inputs of a corpus with a few changes. Random bytes rarely get past the first character of a parser, and bolero
//! changes inputs only with libFuzzer.
//!
//! `KUBECTL_SEQ_FUZZ_RUNS=1000000` runs each target on this number of inputs instead of for a moment.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::fuzz_tests::RANDOM_TIME;

/// An input that takes longer fails.
const MAX_TIME: Duration = Duration::from_secs(1);

/// Maximum length of an input.
const MAX_BYTES: usize = 16 << 10;

/// Values that parsers often handle wrongly.
const VALUES: [&str; 24] = [
    "-1",
    "0",
    "4294967296",
    "9007199254740992",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00Z",
    "null",
    "{}",
    "[]",
    "\"\"",
    "\\u001b[31m",
    "\u{1b}]0;x\u{7}",
    "\u{202e}",
    "\u{200d}\u{fe0f}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{6f22}\u{5b57}",
    "\n",
    "\t",
    "\u{feff}",
];

/// Random numbers from xorshift64.
struct RandomNumbers(u64);

impl RandomNumbers {
    fn next_below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (bound.max(1) as u64)).expect("a number below a usize")
    }

    /// Returns a short range of positions.
    fn next_range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.next_below(length + 1);
        let size = if self.next_below(4) == 0 { 200 } else { 8 };
        start..(start + self.next_below(size)).min(length)
    }
}

/// Changes a few bytes of an input. `other` is an input of the same corpus.
fn change_input(input: &mut Vec<u8>, other: &[u8], random: &mut RandomNumbers) {
    let range = random.next_range(input.len());
    match random.next_below(8) {
        0 | 1 => {
            let bytes: Vec<u8> =
                range.clone().map(|_| u8::try_from(random.next_below(256)).unwrap_or(0)).collect();
            input.splice(range, bytes);
        }
        2 => _ = input.drain(range),
        3 => {
            let repeated = input[range.clone()].to_vec();
            input.splice(range.end..range.end, repeated);
        }
        4 => {
            let part = other[random.next_range(other.len())].to_vec();
            input.splice(range, part);
        }
        5 => input.truncate(range.end),
        6 => _ = input.splice(range.start..range.start, VALUES[random.next_below(VALUES.len())].bytes()),
        _ => {
            // Replaces a whole number, word or string.
            let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.:".contains(byte);
            let before = input[..range.start].iter().rev().take_while(|byte| is_inside(byte)).count();
            let after = input[range.start..].iter().take_while(|byte| is_inside(byte)).count();
            let word = range.start - before..range.start + after;
            input.splice(word, VALUES[random.next_below(VALUES.len())].bytes());
        }
    }
    input.truncate(MAX_BYTES);
}

fn read_corpus(name: &str) -> Vec<Vec<u8>> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fuzz_tests/__fuzz__").join(name).join("corpus");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("a corpus").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("an input")).collect()
}

/// Runs a target on changed inputs of its corpus.
pub(crate) fn check_changed_inputs(name: &str, check: impl Fn(&[u8])) {
    let corpus = read_corpus(name);
    let runs: Option<u64> =
        std::env::var("KUBECTL_SEQ_FUZZ_RUNS").ok().map(|runs| runs.parse().expect("a number"));
    let mut random = RandomNumbers(0x9E37_79B9_7F4A_7C15 ^ runs.unwrap_or(1));
    let start = Instant::now();
    let mut count = 0;
    while runs.map_or_else(|| start.elapsed() < RANDOM_TIME, |runs| count < runs) {
        count += 1;
        let mut input = corpus[random.next_below(corpus.len())].clone();
        let other = &corpus[random.next_below(corpus.len())];
        for _ in 0..=random.next_below(4) {
            change_input(&mut input, other, &mut random);
        }
        let begin = Instant::now();
        let result: Result<(), Box<dyn Any + Send>> = catch_unwind(AssertUnwindSafe(|| check(&input)));
        // A busy machine may stop the test for a second, so a slow input gets a second try.
        let is_slow = |begin: Instant| begin.elapsed() > MAX_TIME;
        let is_hanging = is_slow(begin) && result.is_ok() && {
            let begin = Instant::now();
            check(&input);
            is_slow(begin)
        };
        if is_hanging || result.is_err() {
            let folder = std::env::temp_dir().join(format!("kubectl-seq-fuzz-{name}"));
            std::fs::write(&folder, &input).expect("a temporary file");
            let what = if is_hanging { "takes longer than a second" } else { "fails" };
            report(&format!("{name}: {} {what}", folder.display()));
        }
        assert!(!is_hanging, "{name}: a hang");
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    }
}

#[expect(clippy::print_stderr, reason = "the developer needs the path of the input")]
fn report(text: &str) {
    eprintln!("{text}");
}
