//! Tests that the document and the views keep their contracts for random runs, whose times may be impossible.
//!
//! `KUBECTL_SEQ_TEST_SEED=17` repeats the run with this seed, and `KUBECTL_SEQ_TEST_SEED=1-100000` checks many runs.

mod contract;
mod random_run;

use std::any::Any;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, ScopedJoinHandle};

use jiff::Timestamp;
use kubectl_seq::testing::export::document;
use kubectl_seq::testing::timeline::Timeline;
use kubectl_seq::testing::view::{Glyphs, Line, PodExtras, Size, View, ViewState, draw_pod, render_frame};

use crate::describe::timeline_of;
use contract::violations;
use random_run::random_run;

/// The seeds that the test checks if the environment variable is not set.
const SEEDS: RangeInclusive<u64> = 1..=1_000;
/// Among the default seeds, the views are drawn only for the multiples of this number.
const DRAWN: u64 = 15;

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
        let run = random_run(seed);
        let timeline = timeline_of(&run.observations);
        violations(&serde_json::to_value(document(&timeline, run.now)).expect("a document"))
    });
}

/// Draws every view of the timeline, and the page of every Pod. Returns the lines.
fn draw_all_views(timeline: &Timeline, columns: usize, glyphs: &Glyphs, now: Timestamp) -> Vec<String> {
    let size = Size { columns, rows: None };
    let mut lines = Vec::new();
    for view in [View::Sequence, View::Table, View::Wide, View::Grid, View::Runs] {
        for explain in [false, true] {
            let state = ViewState { view, explain, containers: explain, ..ViewState::default() };
            lines.extend(render_frame(timeline, &state, size, glyphs, now).lines);
        }
    }
    let state = ViewState { explain: true, ..ViewState::default() };
    for key in timeline.workloads().iter().flat_map(|workload| &workload.pods) {
        lines.extend(draw_pod(timeline, *key, &PodExtras::default(), &state, size, glyphs, now).lines);
    }
    lines.iter().map(Line::plain).collect()
}

#[test]
fn any_run_can_be_drawn_at_any_width() {
    check_seeds(|seed| {
        if seed % DRAWN != 0 && seeds() == SEEDS {
            return Vec::new();
        }
        let run = random_run(seed);
        let timeline = timeline_of(&run.observations);
        let mut found = Vec::new();
        for columns in [1, 20, 80, 133] {
            for line in draw_all_views(&timeline, columns, &Glyphs::ASCII, run.now) {
                if line.chars().count() > columns {
                    found.push(format!("a line is wider than {columns} columns: {line}"));
                }
            }
        }
        found
    });
}
