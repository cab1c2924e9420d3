//! The what-if: whether its predictions agree with simulated runs that have the change.

use kubectl_seq::testing::timeline::{RunChange, WhatIfRequest};

use super::describe::timeline_of;
use super::support::random::RandomNumbers;
use super::support::scenario::{read_scenario, scenario_names};
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
    let (mut worst, mut count, mut close): (f64, u32, u32) = (0.0, 0, 0);
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
        count += 1;
        close += u32::from(backtest.error() <= 0.05);
    }
    println!("simulated Jobs: {close} of {count} within 5 %, worst error {worst:.3}");
    // A run of a few seconds differs by more, because its end is known to the second.
    assert!(close * 100 >= count * 98, "{close} of {count}");
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures show how good the model is")]
fn the_model_reproduces_each_recorded_job() {
    let (mut worst, mut count): (f64, u32) = (0.0, 0);
    for name in scenario_names() {
        let scenario = read_scenario(&name);
        let timeline = timeline_of(&scenario.observations);
        let now = scenario.observations.last().unwrap().received;
        for job in timeline.workloads().iter().filter(|workload| &*workload.kind == "Job") {
            let answer = timeline.what_if(job, WhatIfRequest::Change(RunChange::default()), now);
            let Some(backtest) = answer.backtest else {
                println!("{name}: {:?}", answer.refused.map(|refused| refused.message));
                continue;
            };
            println!("{name}: {:.3} {backtest:?}", backtest.error());
            worst = worst.max(backtest.error());
            count += 1;
        }
    }
    println!("recorded Jobs: {count}, worst error {worst:.3}");
    assert!(count >= 4 && worst <= 0.05, "{count} {worst}");
}
