//! Tests of the model and of its predictions.

use std::sync::Arc;

use crate::timeline::what_if::candidates::merges_with_full_waves;
use crate::timeline::what_if::change::RunChange;
use crate::timeline::what_if::other_runs::OtherRuns;
use crate::timeline::what_if::pod_times::{PodParts, PodTimes};
use crate::timeline::what_if::predict::{WhatIf, WhatIfRequest};
use crate::timeline::what_if::refusal::RefusalKind;
use crate::timeline::what_if::run_model::RunModel;

/// A run whose Pods work for these times in milliseconds. Each slot gets its next Pod a second after the end of the
/// last one. Each start takes half a second.
fn run(parallelism: usize, works: &[i64]) -> RunModel {
    let mut slots = vec![0_i64; parallelism];
    let mut pods = Vec::new();
    for (index, &work) in works.iter().enumerate() {
        let slot = (0..parallelism).min_by_key(|slot| slots[*slot]).unwrap();
        let created = slots[slot];
        let parts = PodParts { setup: 300, starting: 200, work, ..PodParts::default() };
        let end = created + 500 + work;
        slots[slot] = end + 1_000;
        let name: Arc<str> = format!("pod-{index}").into();
        let node = index % 2;
        pods.push(PodTimes {
            name,
            node,
            created,
            scheduled: created,
            end,
            parts,
            has_failed: false,
            pull: 0,
            is_cold: false,
            has_first_pull: false,
        });
    }
    pods.sort_by_key(|pod| pod.created);
    let last = pods.iter().map(|pod| pod.end).max().unwrap();
    RunModel {
        completions: works.len(),
        parallelism,
        is_retry_per_index: false,
        pods,
        nodes: 2,
        room: None,
        random_node_share: 0.0,
        most_on_a_node: parallelism,
        node_pulls: vec![0, 0],
        has_pull_queue: false,
        start_delay: 0,
        creation_interval: 0,
        gaps: vec![1_000],
        end_delay: 500,
        wall: last + 500,
        is_pulled_lazily: false,
        other_runs: OtherRuns::default(),
    }
}

fn change(text: &str) -> RunChange {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn ask(model: &RunModel, text: &str) -> WhatIf {
    model.answer(WhatIfRequest::Change(change(text)))
}

fn wall(model: &RunModel, text: &str) -> i64 {
    ask(model, text).predictions[0].wall.millis
}

/// How far a prediction is from an expected wall time, as a fraction.
#[expect(clippy::cast_precision_loss, reason = "a test's time")]
fn distance(predicted: i64, expected: i64) -> f64 {
    (predicted - expected).abs() as f64 / expected as f64
}

#[test]
fn a_change_is_read_and_described() {
    let parsed = change("parallelism=8, merge=5,prepulled");
    let expected =
        RunChange { parallelism: Some(8), merge: Some(5), prepulled: true, ..RunChange::default() };
    assert_eq!(parsed, expected);
    assert_eq!(parsed.to_string(), "5 pieces per Pod, 8 Pods at once, images on the nodes");
    assert_eq!(change("nodes=1,noFailures,noStragglers").to_string(), "1 node, no failures, no stragglers");
    for (text, problem) in [
        ("merge=0", "`merge` needs a number above 0"),
        ("merge", "`merge` needs a number above 0"),
        ("parallelism=x", "`parallelism` needs a number above 0"),
        ("nodes=-1", "`nodes` needs a number above 0"),
        ("prepulled=1", "`prepulled` takes no value"),
        ("gpus=2", "unknown change `gpus`; use merge=N"),
        ("merge=2,", "unknown change ``"),
    ] {
        let error = text.parse::<RunChange>().expect_err(text);
        assert!(error.starts_with(problem), "{text}: {error}");
    }
}

#[test]
fn the_model_reproduces_the_run() {
    let model = run(4, &[5_000; 40]);
    let backtest = model.backtest();
    assert_eq!(backtest.model_millis, backtest.observed_millis);
}

#[test]
fn a_run_that_the_model_does_not_reproduce_is_not_predicted() {
    let mut model = run(4, &[5_000; 40]);
    model.wall += 20_000;
    let answer = ask(&model, "parallelism=8");
    assert_eq!(answer.refused.map(|refused| refused.kind), Some(RefusalKind::OtherLoad));
    assert!(answer.predictions.is_empty() && answer.backtest.is_some());
}

#[test]
fn a_short_run_is_not_predicted() {
    let answer = ask(&run(4, &[500; 8]), "parallelism=8");
    assert_eq!(answer.refused.map(|refused| refused.kind), Some(RefusalKind::Inexact));
}

#[test]
fn waves_decide_the_wall_time() {
    // 40 Pods of 5.5 s, and a second between two Pods: ten waves of four.
    let model = run(4, &[5_000; 40]);
    assert!(distance(wall(&model, "parallelism=8"), 5 * 6_500) < 0.05);
    assert!(distance(wall(&model, "parallelism=40"), 6_000) < 0.05);
    // Five pieces per Pod: two waves of 25.5 s.
    assert!(distance(wall(&model, "merge=5"), 2 * 26_500) < 0.05);
}

#[test]
fn a_heavy_tail_has_no_upper_bound_and_its_pods_are_named() {
    let mut works = vec![5_000; 39];
    works.push(60_000);
    let model = run(4, &works);
    let answer = ask(&model, "parallelism=40");
    assert_eq!(answer.long_pods, ["pod-39"]);
    assert!(answer.predictions[0].is_at_least);
    // No run is shorter than its longest Pod.
    assert_eq!(answer.predictions[0].wall.low, 60_000.min(answer.predictions[0].wall.millis));
    let without = ask(&model, "noStragglers");
    assert!(!without.predictions[0].is_at_least);
    assert!(without.predictions[0].wall.high < 80_000);
}

#[test]
fn images_that_are_pulled_lazily_gain_nothing_if_they_are_already_on_the_nodes() {
    let mut model = run(4, &[5_000; 12]);
    for pod in &mut model.pods {
        pod.is_cold = pod.created == 0;
        pod.pull = if pod.is_cold { 10_000 } else { 0 };
        pod.has_first_pull = pod.is_cold && pod.name.ends_with(['0', '1']);
    }
    model.node_pulls = vec![10_000, 10_000];
    model.wall = model.play_as_it_was().wall;
    let (plain, prepulled) = (wall(&model, "merge=1"), wall(&model, "prepulled"));
    assert!(plain - prepulled > 8_000, "{plain} {prepulled}");
    model.is_pulled_lazily = true;
    assert_eq!(wall(&model, "prepulled"), wall(&model, "merge=1"));
}

#[test]
fn other_runs_widen_the_range_by_their_largest_difference() {
    let mut model = run(4, &[5_000; 40]);
    let alone = ask(&model, "parallelism=8").predictions[0];
    model.other_runs = OtherRuns { count: 1, wall_range: [model.wall, model.wall * 6 / 5], spread: 0.2 };
    let widened = ask(&model, "parallelism=8").predictions[0];
    assert_eq!(alone.wall.millis, widened.wall.millis);
    let expected = alone.wall.millis * 18 / 100;
    assert!((alone.wall.low - widened.wall.low - expected).abs() < 10, "{alone:?} {widened:?}");
    assert!((widened.wall.high - alone.wall.high - expected).abs() < 10, "{alone:?} {widened:?}");
}

/// The regret of a choice is the fraction by which its wall time is longer than that of the best number of pieces per
/// Pod.
#[test]
#[expect(clippy::cast_precision_loss, clippy::print_stdout, reason = "a test's time")]
fn the_recommended_number_of_pieces_is_nearly_the_best_of_all() {
    let mut regrets = Vec::new();
    for (completions, parallelism, base) in [(60, 4, 900), (96, 8, 3_000), (37, 5, 2_000), (120, 7, 1_500)] {
        let works: Vec<i64> =
            (0..completions).map(|index: i64| base + (index * 7_919).rem_euclid(base)).collect();
        let completions = works.len();
        let model = run(parallelism, &works);
        let merges = merges_with_full_waves(completions, parallelism);
        let recommended = merges[model.find_best_merge(&merges).unwrap()];
        let every = 1..=u32::try_from(completions.div_ceil(parallelism) + 2).unwrap();
        let best = every.map(|merge| model.median_wall(merge)).min().unwrap();
        let chosen = model.median_wall(recommended).min(model.median_wall(1));
        let regret = (chosen - best) as f64 / best as f64;
        println!("{completions}/{parallelism}: {recommended} pieces, regret {regret:.3}");
        regrets.push(regret);
    }
    let mean = regrets.iter().sum::<f64>() / regrets.len() as f64;
    let worst = regrets.iter().copied().fold(0.0, f64::max);
    println!("regret: mean {mean:.4}, worst {worst:.4}");
    assert!(mean <= 0.02 && worst <= 0.1, "mean {mean:.3}, worst {worst:.3}");
}

#[test]
fn the_best_pair_is_the_shortest_of_all_pairs() {
    let mut model = run(4, &[20_000; 48]);
    for pod in model.pods.iter_mut().step_by(8) {
        pod.has_failed = true;
        model.completions -= 1;
    }
    let answer = model.answer(WhatIfRequest::EachChange);
    let pair = answer.predictions.last().unwrap();
    assert_eq!(pair.change.kinds().len(), 2, "{}", pair.change);
    for text in ["merge=11,parallelism=42", "merge=11,noFailures", "parallelism=42,noFailures"] {
        let other = wall(&model, text);
        assert!(distance(pair.wall.millis.min(other), pair.wall.millis) < 0.05, "{text}: {other}");
    }
    assert_eq!(pair.change.parallelism, Some(42), "{}", pair.change);
}
