//! The what-if: whether its predictions agree with simulated runs that have the change.

use kubectl_seq::testing::timeline::{RunChange, WhatIfRequest};

use super::support::random::RandomNumbers;
use super::what_if_shapes::{Shape, ask, compare, random_change, wall_millis};

/// The number of random shapes. The bench plays more of them.
fn shapes() -> u64 {
    std::env::var("KUBECTL_SEQ_SHAPES").ok().and_then(|text| text.parse().ok()).unwrap_or(40)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures show how good the predictions are")]
fn most_simulated_reruns_are_in_the_predicted_range() {
    let max = if shapes() > 100 { 1_000 } else { 150 };
    let (mut count, mut inside, mut refused) = (0, 0, 0);
    for seed in 1..=shapes() {
        let mut random = RandomNumbers(seed * 7_919);
        let shape = Shape::random(&mut random, max);
        let change = random_change(&shape, &mut random);
        let Some((prediction, truth)) = compare(&shape, change, seed) else {
            println!("refused {seed}: {shape:?} {change}");
            refused += 1;
            continue;
        };
        count += 1;
        let is_inside = (prediction.wall.low..=prediction.wall.high).contains(&truth);
        inside += i32::from(is_inside);
        if !is_inside {
            println!("outside {seed}: {change}: {:?}, truth {truth}, {shape:?}", prediction.wall);
        }
    }
    println!("{inside} of {count} in range, {refused} refused");
    assert!(inside * 100 >= count * 85 && refused * 10 <= count, "{inside} of {count}, {refused} refused");
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures show how good the model is")]
fn the_model_reproduces_simulated_runs() {
    let mut worst: f64 = 0.0;
    for seed in 1..=shapes() {
        let shape = Shape::random(&mut RandomNumbers(seed * 7_919), 150);
        let run = shape.run(seed);
        if wall_millis(&run.0).is_none() {
            continue;
        }
        let answer = ask(&run, WhatIfRequest::Change(RunChange::default())).unwrap();
        let backtest = answer.backtest.unwrap_or_else(|| panic!("{:?}", answer.refused));
        if backtest.error() > 0.05 {
            println!("{seed}: {:.3} {backtest:?} {shape:?}", backtest.error());
        }
        worst = worst.max(backtest.error());
    }
    println!("worst error {worst:.3}");
    assert!(worst <= 0.05, "{worst}");
}
