//! Tests that the document and the views keep their contracts for random observations, whose texts, numbers and times
//! may be impossible.
//!
//! `KUBECTL_SEQ_TEST_SEED=17` repeats the run with this seed, and `KUBECTL_SEQ_TEST_SEED=1-100000` checks many runs.

mod contract;
mod mutation;
mod random_drawing;
mod random_run;

use std::any::Any;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, ScopedJoinHandle};

use kubectl_seq::testing::StatusLines;
use kubectl_seq::testing::export::{document, write_json};
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::FrameCache;

use crate::describe::timeline_of;
use crate::support::random::RandomNumbers;
use contract::violations;
use mutation::random_observations;
use random_drawing::{RandomDrawing, describe_unsafe_line};
use random_run::{RandomRun, random_run};

/// The seeds that the test checks if the environment variable is not set.
const SEEDS: RangeInclusive<u64> = 1..=1_000;
/// Among the default seeds, pictures are drawn only for the multiples of this number.
const DRAWN: u64 = 5;
/// The number of pictures before and after the second half of the observations.
const DRAWINGS: usize = 4;

/// The seeds to check.
fn seeds() -> RangeInclusive<u64> {
    let Ok(text) = std::env::var("KUBECTL_SEQ_TEST_SEED") else { return SEEDS };
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    first.parse().expect("a number")..=last.parse().expect("a number")
}

fn describe_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Fails with the number of violations and with the first violation of each rule.
fn check_seeds(check: impl Fn(u64) -> Vec<String> + Sync) {
    let check_one = |seed: u64| {
        let result = catch_unwind(AssertUnwindSafe(|| check(seed)));
        let texts = result.unwrap_or_else(|panic| vec![format!("a panic: {}", describe_panic(&*panic))]);
        texts.into_iter().map(move |text| (seed, text))
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut found: Vec<(u64, String)> = thread::scope(|scope| {
        let check_one = &check_one;
        let start =
            |first| scope.spawn(move || seeds().skip(first).step_by(threads).flat_map(check_one).collect());
        let threads: Vec<ScopedJoinHandle<'_, Vec<_>>> = (0..threads).map(start).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    found.sort();
    let rule = |text: &str| text.split(": ").next().unwrap_or_default().to_owned();
    let total = found.len();
    let mut rules = Vec::new();
    found.retain(|(_, text)| {
        let is_new = !rules.contains(&rule(text));
        rules.push(rule(text));
        is_new
    });
    let counts = |text: &str| rules.iter().filter(|other| **other == rule(text)).count();
    let texts: Vec<String> =
        found.iter().map(|(seed, text)| format!("seed {seed} ({} times): {text}", counts(text))).collect();
    assert!(texts.is_empty(), "{total} violations\n{}", texts.join("\n\n"));
}

#[test]
fn the_document_of_any_run_keeps_its_contract() {
    check_seeds(|seed| {
        let run = random_run(seed, 7);
        let timeline = timeline_of(&run.observations);
        violations(&serde_json::to_value(document(&timeline, run.now)).expect("a document"))
    });
}

/// Draws pictures of the run in random views, sizes and windows, before and after the last observations. Returns the
/// violations of the rules of pictures.
fn draw_at_random(run: &RandomRun, drawing: &mut RandomDrawing) -> Vec<String> {
    let (mut timeline, mut lines) = (Timeline::default(), StatusLines::default());
    let mut found = Vec::new();
    let mut now = run.now;
    let middle = drawing.random.next_below(run.observations.len() + 1);
    let (before, after) = run.observations.split_at(middle);
    let cache = FrameCache::default();
    lines.begin(&timeline, now);
    for observations in [before, after] {
        for observation in observations {
            timeline.apply(observation);
        }
        let changes = timeline.recompute();
        for _ in 0..DRAWINGS {
            found.extend(drawing.check_picture(&timeline, now, &cache));
            now = drawing.other_time(now);
        }
        let mut reported = lines.report_changes(&timeline, &changes, now);
        reported.extend(lines.report_tick(&timeline, now));
        found.extend(reported.iter().filter_map(describe_unsafe_line));
    }
    found.extend(lines.report_end(&timeline, now).iter().filter_map(describe_unsafe_line));
    write_json(&document(&timeline, now), &mut std::io::sink()).expect("a document");
    found
}

#[test]
fn any_observations_can_be_drawn_in_any_view_at_any_size_and_time() {
    check_seeds(|seed| {
        if seed % DRAWN != 0 && seeds() == SEEDS {
            return Vec::new();
        }
        let mut random = RandomNumbers::from_seed(seed);
        let run = random_observations(&mut random, seed);
        draw_at_random(&run, &mut RandomDrawing { random })
    });
}
