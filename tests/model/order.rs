//! Tests that the order of observations does not change the result, and that a late list never contradicts a watch
//! beyond the intervals of its times.

use std::collections::HashMap;
use std::sync::Arc;

use kubectl_seq::testing::export::{document, write_json};
use kubectl_seq::testing::lifecycle::{Evidence, Instant, Source};
use kubectl_seq::testing::observation::{Object, Observation, Seen};
use kubectl_seq::testing::source::simulation::{ManifestText, SimulationOptions, simulate};
use kubectl_seq::testing::timeline::{Timeline, TimelinePod, Workload};

use jiff::SignedDuration;

use crate::describe::{describe_timeline, timeline_of};
use crate::support::pod_builder::noon;
use crate::support::random::RandomNumbers;
use crate::support::scenario::read_scenario;

pub(crate) const SCENARIOS: [&str; 30] = [
    "pi",
    "probed",
    "staged",
    "crash",
    "unknown-image",
    "flaky",
    "huge",
    "oom",
    "start-error",
    "start-error-again",
    "by-hand",
    "deadline",
    "pod-deadline",
    "paused",
    "indexed",
    "elastic",
    "retry",
    "queue",
    "init-fails",
    "init-crash",
    "no-config",
    "no-sandbox",
    "slow-pull",
    "rejected",
    "gated",
    "restart-all",
    "forced",
    "lost-never",
    "lost-again",
    "lost-node",
];

fn uid(observation: &Observation) -> &str {
    &observation.object.metadata().uid
}

/// Shuffles the observations as concurrent watches could deliver them: the states of each object stay in order.
pub(crate) fn shuffled(observations: &[Observation], seed: u64) -> Vec<Observation> {
    let mut random = RandomNumbers(seed);
    let mut queues: Vec<(&str, Vec<Observation>)> = Vec::new();
    for observation in observations.iter().rev() {
        match queues.iter_mut().find(|(key, _)| *key == uid(observation)) {
            Some((_, queue)) => queue.push(observation.clone()),
            None => queues.push((uid(observation), vec![observation.clone()])),
        }
    }
    let mut order = Vec::with_capacity(observations.len());
    while !queues.is_empty() {
        let index = random.next_below(queues.len());
        order.extend(queues[index].1.pop());
        queues.retain(|(_, queue)| !queue.is_empty());
    }
    order
}

#[test]
fn any_order_of_the_same_observations_makes_the_same_timeline() {
    for name in SCENARIOS {
        let scenario = read_scenario(name);
        let expected = json(&timeline_of(&scenario.observations));
        for seed in 1..=20 {
            let order = shuffled(&scenario.observations, seed);
            assert_eq!(json(&timeline_of(&order)), expected, "{name}, seed {seed}");
        }
    }
}

/// Returns the document of a timeline at the time of the latest observation.
fn json(timeline: &Timeline) -> String {
    json_at(timeline, timeline.last_received().unwrap_or(noon()))
}

/// Returns the document of a timeline at the time `now`.
pub(crate) fn json_at(timeline: &Timeline, now: jiff::Timestamp) -> String {
    let mut bytes = Vec::new();
    write_json(&document(timeline, now), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Observations of a simulated cluster: the Pods of an Indexed Job wait for nodes, images and retries.
fn simulate_job(seed: u64) -> Vec<Observation> {
    let manifest = "
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  completions: 12
  parallelism: 5
  completionMode: Indexed
  backoffLimitPerIndex: 2
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: app:1, command: [sh, -c, 'sleep 2; exit $((RANDOM % 3))']}
      - {name: beside, image: other:1, command: [sleep, '3']}
";
    let manifest = ManifestText { text: manifest.to_owned(), ..ManifestText::default() };
    simulate(&SimulationOptions { manifest, seed, nodes: 2 }).unwrap().collect()
}

#[test]
fn any_order_of_simulated_observations_makes_the_same_document() {
    for run in 1..=5 {
        let observations = simulate_job(run);
        let expected = json(&timeline_of(&observations));
        for seed in 1..=5 {
            assert_eq!(
                json(&timeline_of(&shuffled(&observations, seed))),
                expected,
                "run {run}, seed {seed}"
            );
        }
    }
}

#[test]
fn durations_are_the_differences_of_their_times() {
    let at = |value: &serde_json::Value| {
        value.as_str().map(|at| at.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    };
    let mut compared = 0;
    for name in SCENARIOS {
        let scenario = read_scenario(name);
        let document: serde_json::Value =
            serde_json::from_str(&json(&timeline_of(&scenario.observations))).unwrap();
        for pod in
            document["workloads"].as_array().unwrap().iter().flat_map(|job| job["pods"].as_array().unwrap())
        {
            let instants = &pod["instants"];
            for (millis, from, to) in [
                ("queuedMillis", "created", "scheduled"),
                ("coldStartMillis", "scheduled", "workStarted"),
                ("unreadyMillis", "workStarted", "ready"),
            ] {
                let (Some(from), Some(to)) = (at(&instants[from]["at"]), at(&instants[to]["at"])) else {
                    continue;
                };
                compared += 1;
                assert_eq!(pod[millis].as_i64(), Some(to - from), "{name} {millis} {pod}");
            }
            if let Some(run) = pod["runMillis"].as_i64() {
                compared += 1;
                let phases = pod["phases"].as_array().unwrap();
                let is_work = |phase: &&serde_json::Value| {
                    matches!(phase["phase"].as_str(), Some("Unready" | "Running" | "Terminating"))
                };
                let work = phases.iter().filter(is_work).map(|phase| phase["millis"].as_i64().unwrap());
                assert_eq!(run, work.sum::<i64>(), "{name} {pod}");
                let range = |end: usize| pod["runRangeMillis"][end].as_i64().unwrap();
                assert!((range(0)..=range(1)).contains(&run), "{name} {pod}");
            }
            for pull in pod["containers"].as_array().unwrap().iter().map(|container| &container["pull"]) {
                let (Some(from), Some(to)) = (at(&pull["start"]), at(&pull["end"])) else { continue };
                assert_eq!(pull["millis"].as_i64(), Some(to - from), "{name} {pull}");
            }
        }
    }
    assert!(compared > 100, "only {compared} durations were compared");
}

#[test]
fn recomputing_between_observations_changes_nothing() {
    for name in SCENARIOS {
        let scenario = read_scenario(name);
        let at_once = timeline_of(&scenario.observations);
        let expected = (describe_timeline(&at_once, noon()), json(&at_once));
        let mut random = RandomNumbers(7);
        let mut timeline = Timeline::default();
        for observation in shuffled(&scenario.observations, 7) {
            timeline.apply(&observation);
            if random.next_below(3) == 0 {
                timeline.recompute();
            }
        }
        timeline.recompute();
        assert_eq!((describe_timeline(&timeline, noon()), json(&timeline)), expected, "{name}");
    }
}

/// Returns a list at the time of the last observation: the last state of each object that was not deleted.
pub(crate) fn final_list(observations: &[Observation]) -> Vec<Observation> {
    let received = observations.iter().map(|observation| observation.received).max().unwrap();
    let mut last: HashMap<&str, &Observation> = HashMap::new();
    for observation in observations {
        match observation.seen {
            Seen::Deleted => last.remove(uid(observation)),
            _ => last.insert(uid(observation), observation),
        };
    }
    let objects = last.into_values().map(|observation| observation.object.clone());
    objects.map(|object| Observation { received, seen: Seen::Listed, object }).collect()
}

fn pods(timeline: &Timeline) -> impl Iterator<Item = TimelinePod<'_>> {
    timeline.workloads().iter().flat_map(|workload| timeline.pods(workload)).map(|(_, pod)| pod)
}

/// Describes the states, counts, open retries and holds of all workloads except bare Pods. Leaves out the times of
/// holds, because only receipts date some of these times.
fn describe_workloads(timeline: &Timeline) -> Vec<String> {
    let now = timeline.last_received().unwrap_or(noon());
    let describe = |workload: &Workload| {
        let Workload { state, reason, message, created, started, finished, .. } = workload;
        let counts = (
            workload.active,
            workload.succeeded,
            workload.failed,
            workload.completions,
            workload.parallelism,
        );
        let open_retries: Vec<_> = timeline
            .open_retries(workload, now)
            .into_iter()
            .map(|retry| (retry.index, retry.attempts, retry.since, retry.expected))
            .collect();
        let holds: Vec<_> = workload
            .holds
            .iter()
            .map(|hold| (Arc::clone(&hold.reason), hold.message.clone(), hold.ended))
            .collect();
        format!(
            "{} {state:?} {reason:?} {message:?} {created:?} {started:?} {finished:?} {counts:?} {open_retries:?} {holds:?}",
            workload.name
        )
    };
    timeline.workloads().iter().filter(|workload| &*workload.kind != "Pod").map(describe).collect()
}

/// Returns whether a list and a watch date the same boundary of a hold. The two times may differ by up to 1.2 s,
/// because the list has a truncated field where the watch has a receipt.
fn is_same_boundary(list: Option<Instant>, live: Option<Instant>) -> bool {
    match (list, live) {
        (Some(list), Some(live)) => {
            list.at.duration_since(live.at).abs() <= SignedDuration::from_millis(1_200)
        }
        (list, live) => list.is_some() == live.is_some(),
    }
}

#[test]
fn a_late_list_shows_the_same_workloads_as_the_watch() {
    let (mut compared, mut held) = (0, 0);
    for name in SCENARIOS {
        let scenario = read_scenario(name);
        // A deleted Job is in no list.
        let deleted =
            |seen: &Observation| seen.seen == Seen::Deleted && matches!(seen.object, Object::Job(_));
        if scenario.observations.iter().any(deleted) {
            continue;
        }
        let (watched, late) =
            (timeline_of(&scenario.observations), timeline_of(&final_list(&scenario.observations)));
        assert_eq!(describe_workloads(&late), describe_workloads(&watched), "{name}");
        compared += describe_workloads(&watched).len();
        for (late, watched) in late.workloads().iter().zip(watched.workloads()) {
            for (late, watched) in late.holds.iter().zip(&watched.holds) {
                held += 1;
                assert!(is_same_boundary(late.start, watched.start), "{name}: {late:?} {watched:?}");
                assert!(is_same_boundary(late.end, watched.end), "{name}: {late:?} {watched:?}");
            }
        }
    }
    assert!(compared >= 5 && held >= 1, "{compared} workloads and {held} holds were compared");
}

/// A list and a watch do not contradict each other if their intervals overlap, or are at most this far apart.
const MAX_GAP: SignedDuration = SignedDuration::from_millis(50);

/// Whether only a watch gives evidence of this kind, because it is the time of a receipt. A list at the end has no such
/// evidence.
fn is_receipt(evidence: Evidence) -> bool {
    evidence.source() == Source::Observed
        || matches!(evidence, Evidence::CreatedWithNode | Evidence::ReceivedTerminated)
}

/// Returns whether a list at the end can date the instant exactly like a watch. A list cannot date an instant that a
/// receipt dates or narrows.
fn is_datable_by_list(instant: Option<Instant>) -> bool {
    instant.is_none_or(|instant| {
        [instant.evidence, instant.earliest_by, instant.latest_by].into_iter().all(|by| !is_receipt(by))
    })
}

/// Whether the receipt of the update improves the estimate of the instant inside its interval.
fn is_estimated_from_receipt(instant: &Instant) -> bool {
    instant.evidence == Evidence::FinishedAt
}

/// Checks that the list does not contradict the watch: the intervals of the same instant overlap. If both have the same
/// evidence, the intervals are equal. The estimates are then equal too, unless a receipt improves one of them.
#[track_caller]
fn assert_no_contradiction(list: Option<Instant>, live: Option<Instant>, context: &str) {
    let evidence = |instant: Instant| (instant.evidence, instant.earliest_by, instant.latest_by);
    let (Some(list), Some(live)) = (list, live) else {
        assert!(!is_datable_by_list(live) || list == live, "{context}: {list:?} {live:?}");
        return;
    };
    let overlap = list.earliest() <= live.latest() + MAX_GAP && live.earliest() <= list.latest() + MAX_GAP;
    assert!(overlap, "{context}: {list:?} {live:?}");
    if evidence(list) == evidence(live) && is_datable_by_list(Some(live)) {
        assert_eq!((list.earliest(), list.latest()), (live.earliest(), live.latest()), "{context}");
        assert!(list.at == live.at || is_estimated_from_receipt(&live), "{context}: {list:?} {live:?}");
    }
}

/// Describes the phases. Leaves out boundaries that are ends of runs whose estimates a receipt improves.
fn describe_phases(pod: &TimelinePod<'_>) -> Vec<String> {
    let runs = pod.life.containers.iter().flat_map(|container| &container.runs);
    let improved: Vec<_> =
        runs.filter_map(|run| run.end).filter(is_estimated_from_receipt).map(|end| end.at).collect();
    let boundary = |at: jiff::Timestamp| (!improved.contains(&at)).then_some(at);
    let phases = pod.life.phases.iter().map(|phase| {
        let (start, end) = (boundary(phase.start), phase.end.map(boundary));
        format!(
            "{:?} {:?} {:?} {:?} {start:?} {end:?}",
            phase.kind, phase.source, phase.container, phase.reason
        )
    });
    phases.collect()
}

#[test]
fn a_late_list_never_contradicts_the_lives_that_the_watch_shows() {
    let (mut compared, mut phases_compared) = (0, 0);
    for name in SCENARIOS {
        let scenario = read_scenario(name);
        let watched = timeline_of(&scenario.observations);
        let late = timeline_of(&final_list(&scenario.observations));
        for late in pods(&late) {
            let watched = pods(&watched).find(|pod| pod.uid == late.uid).unwrap();
            compared += 1;
            let (live, list) = (&watched.life, &late.life);
            let context = format!("{name}: {}", late.name);
            assert_eq!(list.outcome, live.outcome, "{context}");
            assert_eq!(list.exit_code, live.exit_code, "{context}");
            assert_eq!(list.status, live.status, "{context}");
            assert_eq!(
                (&late.node, late.index, late.attempt),
                (&watched.node, watched.index, watched.attempt)
            );
            for ((field, list), (_, live)) in list.instants.named().into_iter().zip(live.instants.named()) {
                assert_no_contradiction(list, live, &format!("{context} {field}"));
            }
            // If no receipt dates or narrows a boundary, the phases and their reasons are equal too.
            let has_no_receipts = live.phases.iter().all(|phase| phase.source != Source::Observed);
            let instants = live.instants.named().into_iter().map(|(_, instant)| instant);
            let runs = live.containers.iter().flat_map(|container| &container.runs);
            let mut all_instants = instants.chain(runs.flat_map(|run| [run.start, run.end]));
            if has_no_receipts && all_instants.all(is_datable_by_list) {
                phases_compared += 1;
                assert_eq!(describe_phases(&late), describe_phases(&watched), "{context}");
            }
            for (list, live) in list.containers.iter().zip(&live.containers) {
                assert_eq!(
                    (&list.name, list.pull, list.restarts),
                    (&live.name, live.pull, live.restarts),
                    "{context}"
                );
                let count_runs = |life: &kubectl_seq::testing::lifecycle::ContainerLife| {
                    life.runs.len() + life.runs_not_seen as usize
                };
                assert_eq!(count_runs(list), count_runs(live), "{context} {}", list.name);
                let (Some(list), Some(live)) = (list.runs.last(), live.runs.last()) else { continue };
                assert_eq!(
                    (list.ended, list.exit_code, &list.reason),
                    (live.ended, live.exit_code, &live.reason)
                );
                for (list, live) in [(list.start, live.start), (list.end, live.end)] {
                    assert_no_contradiction(list, live, &context);
                }
            }
        }
    }
    assert!(compared >= 30, "only {compared} Pods were compared");
    assert!(phases_compared >= 5, "the phases of only {phases_compared} Pods were compared");
}

#[test]
fn events_alone_do_not_create_a_pod() {
    let scenario = read_scenario("pi");
    let events =
        scenario.observations.iter().filter(|observation| matches!(observation.object, Object::Event(_)));
    assert!(timeline_of(events).workloads().is_empty());
}
