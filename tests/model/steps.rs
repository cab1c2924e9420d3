//! Tests that recomputing after every few observations has the same result as recomputing once.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::timeline::{Timeline, Workload};

use crate::describe::timeline_of;
use crate::support::scenario::read_scenario;

/// Returns the timeline of the observations, recomputed after every `step` observations.
fn timeline_in_steps(observations: &[Observation], step: usize) -> Timeline {
    let mut timeline = Timeline::default();
    for chunk in observations.chunks(step) {
        for observation in chunk {
            timeline.apply(observation);
        }
        timeline.recompute();
    }
    timeline
}

/// Describes everything except the keys of the Pods, because the keys depend on the order of the observations.
fn describe_workloads(timeline: &Timeline) -> Vec<String> {
    let describe = |workload: &Workload| {
        let pods: Vec<_> = timeline.pods(workload).map(|(_, pod)| pod).collect();
        format!("{:?} {pods:#?}", Workload { pods: Vec::new(), ..workload.clone() })
    };
    timeline.workloads().iter().map(describe).collect()
}

#[test]
fn steps_of_any_size_make_the_same_timeline() {
    for scenario in ["pi", "indexed", "retry", "by-hand", "elastic", "paused", "queue", "restart-all", "huge"]
    {
        let mut observations = read_scenario(scenario).observations;
        for reversed in [false, true] {
            let at_once = describe_workloads(&timeline_of(&observations));
            for step in [1, 3, 20] {
                let steps = describe_workloads(&timeline_in_steps(&observations, step));
                assert_eq!(steps, at_once, "{scenario} in steps of {step}, reversed: {reversed}");
            }
            // In reverse order, the newest Pods come first.
            observations.reverse();
        }
    }
}
