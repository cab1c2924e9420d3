//! What is brought up to date step by step is what is brought up to date at once.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::timeline::{Timeline, Workload};

use crate::support::{recorded, timeline};

/// After every so many observations.
fn in_steps(observations: &[Observation], step: usize) -> Timeline {
    let mut timeline = Timeline::default();
    for step in observations.chunks(step) {
        for observation in step {
            timeline.apply(observation);
        }
        timeline.recompute();
    }
    timeline
}

/// Everything but the keys, which tell in which order Pods were seen.
fn told(timeline: &Timeline) -> Vec<String> {
    let workload = |workload: &Workload| {
        let pods: Vec<_> = timeline.pods(workload).map(|(_, pod)| pod).collect();
        format!("{:?} {pods:#?}", Workload { pods: Vec::new(), ..workload.clone() })
    };
    timeline.workloads().iter().map(workload).collect()
}

#[test]
fn steps_of_any_size_make_the_same_timeline() {
    for scenario in ["pi", "indexed", "retry", "by-hand", "elastic", "paused", "queue", "restart-all", "huge"]
    {
        let mut observations = recorded(scenario).observations;
        for turn in 0..2 {
            let at_once = told(&timeline(&observations));
            for step in [1, 3, 20] {
                let steps = told(&in_steps(&observations, step));
                assert_eq!(steps, at_once, "{scenario} in steps of {step}, turn {turn}");
            }
            // The other way round the newest Pods come first.
            observations.reverse();
        }
    }
}
