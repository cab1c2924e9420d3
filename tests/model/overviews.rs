//! Tests that the overview of a Pod agrees with the life of the Pod.

use crate::describe::timeline_of;
use crate::order::SCENARIOS;
use crate::support::scenario::read_scenario;
use kubectl_seq::testing::lifecycle::{PhaseSpan, RangedDuration};

#[test]
fn an_overview_agrees_with_the_life() {
    let mut compared = 0;
    for name in SCENARIOS {
        let recorded = read_scenario(name);
        // The test also cuts the scenario short, because the program packs the evidence of ended Pods only.
        for count in (1..=recorded.observations.len()).rev().step_by(7) {
            let timeline = timeline_of(&recorded.observations[..count]);
            for (key, pod) in timeline.workloads().iter().flat_map(|workload| timeline.pods(workload)) {
                let (life, overview) = (&pod.life, timeline.overview(key));
                let context = format!("{name} after {count}: {}", pod.name);
                assert_eq!(overview.outcome, life.outcome, "{context}");
                assert_eq!(overview.open_phase, life.open_phase().map(|phase| phase.kind), "{context}");
                let durations = [overview.queued(), overview.cold_start(), overview.run()];
                for (compact, exact) in durations.into_iter().zip([life.queued, life.cold_start, life.run]) {
                    assert_eq!(
                        compact.map(|range| range.estimate_millis),
                        exact.map(|range| range.estimate_millis),
                        "{context}"
                    );
                    // The overview stores hundredths of a second, and at most two and a half seconds on each side.
                    let distances = |range: Option<RangedDuration>| {
                        let limit = 2_540;
                        range.map(|range| {
                            [
                                range.estimate_millis - range.low_millis,
                                range.high_millis - range.estimate_millis,
                            ]
                            .map(|side| side.min(limit))
                        })
                    };
                    let sides = distances(compact).into_iter().flatten();
                    for (compact, exact) in sides.zip(distances(exact).into_iter().flatten()) {
                        assert!((exact - compact).abs() < 10, "{context}: {compact} {exact}");
                    }
                }
                let at = |instant: Option<kubectl_seq::testing::lifecycle::Instant>| {
                    instant.map(|instant| instant.at)
                };
                let instants =
                    [overview.created(), overview.scheduled(), overview.work_started(), overview.end()];
                let expected = &life.instants;
                assert_eq!(
                    instants,
                    [at(expected.created), at(expected.scheduled), at(expected.work_started), life.end()],
                    "{context}"
                );
                let first = life.phases.first().map(|phase| phase.start.as_millisecond());
                assert_eq!(overview.start_millis(), first, "{context}");
                let mut spans = Vec::new();
                timeline.for_each_span(key, |span| spans.push(span));
                assert_eq!(spans, life.phases.iter().map(PhaseSpan::from).collect::<Vec<_>>(), "{context}");
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "only {compared} lives were compared");
}
