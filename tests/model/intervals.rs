//! Tests of the intervals of instants: their width, the orders that narrow them, and durations without invented waits.

use jiff::SignedDuration;
use kubectl_seq::testing::lifecycle::{Instant, PhaseKind};
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::observation::Seen::{Added, Changed, Listed};
use kubectl_seq::testing::timeline::{Timeline, TimelinePod};
use kubectl_seq::testing::view::{Glyphs, Size, ViewState, render_frame};
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::support::pod_builder::{
    at, condition, container_status, deletion, kubelet_event, observation, patched, pod, pulled_event,
    repeated, running, running_pod, scheduled_event, scheduled_pod, succeeded_pod, terminated, time, waiting,
};

fn listed(objects: impl IntoIterator<Item = Value>) -> Timeline {
    let list: Vec<Observation> =
        objects.into_iter().map(|object| observation(Listed, 1000.0, object)).collect();
    timeline_of(&list)
}

fn pod_named<'a>(timeline: &'a Timeline, name: &str) -> TimelinePod<'a> {
    let pods = timeline.workloads().iter().flat_map(|workload| timeline.pods(workload));
    pods.map(|(_, pod)| pod).find(|pod| &*pod.name == name).expect("the Pod exists")
}

/// The interval and the estimate of an instant, in milliseconds after noon.
fn millis(instant: Option<Instant>) -> (i64, i64, i64) {
    let millis = |time: jiff::Timestamp| time.as_millisecond() - at(0.0).as_millisecond();
    let instant = instant.expect("the instant is known");
    (millis(instant.earliest()), millis(instant.at), millis(instant.latest()))
}

fn as_millis(duration: SignedDuration) -> i64 {
    duration.as_secs() * 1_000 + i64::from(duration.subsec_millis())
}

/// The time of the Pod in phases of this kind, in milliseconds.
fn time_in(pod: &TimelinePod, kind: PhaseKind, now: f64) -> i64 {
    let phases = pod.life.phases.iter().filter(|phase| phase.kind == kind);
    phases.map(|phase| as_millis(phase.duration(at(now)))).sum()
}

/// Moves an event to another Pod, or makes a Pod a Pod of the Job `j` that was scheduled in second 0.
fn of_pod(name: &str, mut object: Value) -> Value {
    if object.get("involvedObject").is_some() {
        object["involvedObject"]["name"] = json!(name);
        object["involvedObject"]["uid"] = json!(name);
        return object;
    }
    patched(
        object,
        json!({"metadata": {"name": name, "uid": name,
            "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
            "status": {"conditions": [condition("PodScheduled", "True", 0)]}}),
    )
}

fn created_event(pod: &str, seconds: f64) -> Value {
    let mut event = kubelet_event("SuccessfulCreate", "", seconds, &format!("Created pod: {pod}"));
    event["involvedObject"] = json!({"kind": "Job", "name": "j", "uid": "j"});
    event["source"] = json!({"component": "job-controller"});
    event
}

#[test]
fn a_run_of_a_second_is_not_shown_as_shorter_because_its_end_was_truncated() {
    let started = kubelet_event("Started", "main", 5.4, "Container started");
    let ended = patched(
        succeeded_pod(),
        json!({"status": {"containerStatuses": [container_status("main", 0, terminated("main-0", 5, 6, 0, "Completed"), json!({}))]}}),
    );
    let timeline = listed([ended, started]);
    let pod = pod_named(&timeline, "p");
    assert_eq!(millis(pod.life.instants.work_ended), (6_000, 6_500, 7_000));
    let run = pod.life.run.unwrap();
    assert_eq!(run.estimate_millis, 1_100);
    assert!(run.low_millis <= 650 && run.high_millis >= 1_550, "{run:?}");
}

#[test]
fn an_end_comes_before_the_update_that_reports_it() {
    let started = kubelet_event("Started", "main", 5.4, "Container started");
    let observations = [
        observation(Added, 5.45, running_pod()),
        observation(Added, 5.42, started),
        observation(Changed, 9.3, succeeded_pod()),
    ];
    let timeline = timeline_of(&observations);
    assert_eq!(millis(pod_named(&timeline, "p").life.instants.work_ended), (9_000, 9_150, 9_300));
}

#[test]
fn a_pull_before_a_failed_start_keeps_its_length() {
    let absent = scheduled_pod(json!({"status": {"phase": "Failed", "containerStatuses": [container_status(
        "main", 0, json!({"terminated": {"containerID": "x", "startedAt": "1970-01-01T00:00:00Z",
        "finishedAt": time(3), "exitCode": 128, "reason": "StartError"}}), json!({}))]}}));
    let timeline = listed([
        absent,
        kubelet_event("Pulling", "main", 3.2, "Pulling image \"app:1\""),
        pulled_event("main", 3.534, "334ms", "334ms"),
        kubelet_event("Failed", "main", 3.61, "Error: failed to start containerd task"),
    ]);
    let pod = pod_named(&timeline, "p");
    assert_eq!(time_in(&pod, PhaseKind::Pulling, 1000.0), 334);
    assert!(pod.life.end().unwrap() >= at(3.534), "{:?}", pod.life.phases);
}

#[test]
fn the_run_of_an_init_container_fits_between_the_fine_events_around_it() {
    let ended = terminated("i-0", 3, 4, 0, "Completed");
    let pod = patched(
        running_pod(),
        json!({"spec": {"initContainers": [{"name": "i", "image": "app:1"}]},
            "status": {"initContainerStatuses": [container_status("i", 0, ended, json!({}))]}}),
    );
    let init_started = patched(
        kubelet_event("Started", "i", 3.6, "Container started"),
        json!({"involvedObject": {"fieldPath": "spec.initContainers{i}"}}),
    );
    let cached = kubelet_event("Pulled", "main", 4.8, "Container image \"app:1\" already present on machine");
    let timeline = listed([pod, init_started, cached]);
    let pod = pod_named(&timeline, "p");
    let init = &pod.life.containers[0].runs[0];
    assert_eq!(millis(init.end), (4_000, 4_400, 4_800));
    assert_eq!(time_in(&pod, PhaseKind::Initializing, 1000.0), 800);
}

#[test]
fn the_wait_of_a_truncated_creation_is_the_wait_of_its_siblings() {
    let job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 4}, "status": {"conditions": []},
    });
    let coarse = [of_pod("c", running_pod()), of_pod("c", scheduled_event(0.9))];
    let exact = [("a", 0.2, 0.25), ("b", 0.3, 0.36), ("z", 0.3, 0.41)].map(|(name, created, scheduled)| {
        [of_pod(name, running_pod()), of_pod(name, scheduled_event(scheduled)), created_event(name, created)]
    });
    let mut objects: Vec<Value> = exact.into_iter().flatten().chain(coarse.clone()).collect();
    objects.push(job.clone());
    for _ in 0..objects.len() {
        objects.rotate_left(1);
        let timeline = listed(objects.clone());
        let queued = pod_named(&timeline, "c").life.queued.unwrap();
        assert_eq!(queued.estimate_millis, 60);
    }
    // The Events of siblings are enough.
    let pod = [of_pod("c", running_pod()), of_pod("c", scheduled_event(0.9))];
    let siblings = [("a", 0.2, 0.25), ("b", 0.3, 0.36), ("z", 0.3, 0.41), ("next second", 1.1, 1.2)].map(
        |(name, created, scheduled)| [of_pod(name, scheduled_event(scheduled)), created_event(name, created)],
    );
    let mut objects: Vec<Value> = siblings.into_iter().flatten().chain(pod).collect();
    for _ in 0..objects.len() {
        objects.rotate_left(1);
        let mut timeline = listed(objects.clone());
        timeline.conclude_gone_pods();
        timeline.recompute();
        assert_eq!(pod_named(&timeline, "c").life.queued.unwrap().estimate_millis, 60);
        assert_eq!(timeline.pod_count(), 1);
    }
    // Without siblings, the wait may have any length below a second, so no wait is drawn.
    let timeline = listed([job].into_iter().chain(coarse));
    let pod = pod_named(&timeline, "c");
    assert_eq!(time_in(&pod, PhaseKind::Queued, 1000.0), 0);
    assert!(pod.life.queued.unwrap().high_millis <= 1_000);
    assert_eq!(millis(pod.life.instants.created).0, 0);
}

#[test]
fn only_proved_work_counts_as_work() {
    // The first run is known from its event, and the last two from the status. Two runs were not seen.
    let crashing =
        scheduled_pod(json!({"spec": {"restartPolicy": "OnFailure"}, "status": {"phase": "Running",
        "containerStatuses": [container_status("main", 3, waiting("CrashLoopBackOff"),
            terminated("main-3", 50, 52, 42, "Error"))]}}));
    let started = repeated(kubelet_event("Started", "main", 5.2, "Container started"), 4, 50);
    let timeline = listed([crashing, started]);
    let pod = pod_named(&timeline, "p");
    assert_eq!(time_in(&pod, PhaseKind::Running, 60.0), 2_000);
    assert_eq!(time_in(&pod, PhaseKind::Unknown, 60.0), 45_300);
    assert_eq!(time_in(&pod, PhaseKind::BackOff, 60.0), 7_500);
}

#[test]
fn an_end_before_the_start_and_a_start_in_the_future_are_unknown() {
    let ran = |from, to| {
        let ran = container_status("main", 0, terminated("main-0", from, to, 0, "Completed"), json!({}));
        patched(succeeded_pod(), json!({"status": {"containerStatuses": [ran]}}))
    };
    let timeline = listed([ran(30, 10)]);
    let pod = pod_named(&timeline, "p");
    assert!(pod.life.clamped);
    assert_eq!(pod.life.containers[0].runs[0].end, None);
    assert!(pod.life.phases.iter().all(|phase| phase.end.is_none_or(|end| end >= phase.start)));
    let in_future = patched(
        running_pod(),
        json!({"status": {"containerStatuses": [container_status("main", 0, running(1600), json!({}))]}}),
    );
    let timeline = listed([in_future]);
    let pod = pod_named(&timeline, "p");
    assert!(pod.life.clamped);
    assert_eq!(pod.life.instants.work_started, None);
}

#[test]
fn the_times_of_a_node_whose_clock_is_ahead_are_moved_as_a_whole() {
    let wrote =
        json!([{"manager": "kubelet", "subresource": "status", "operation": "Update", "time": time(70)}]);
    let ran = container_status("main", 0, terminated("main-0", 605, 665, 0, "Completed"), json!({}));
    let pod = scheduled_pod(json!({"metadata": {"managedFields": wrote}, "status": {"phase": "Succeeded",
        "startTime": time(602), "conditions": [condition("Ready", "False", 666)], "containerStatuses": [ran]}}));
    let timeline = listed([pod]);
    let pod = pod_named(&timeline, "p");
    assert!(pod.life.clamped);
    let instants = pod.life.instants;
    let (started, ended) = (instants.work_started.unwrap(), instants.work_ended.unwrap());
    assert_eq!(as_millis(ended.at.duration_since(started.at)), 60_000, "a run of a minute stays a minute");
    assert!(ended.earliest() <= at(71.0), "{ended:?}");
}

#[test]
fn the_ranges_of_slot_time_contain_its_parts() {
    let job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 1, "completions": 1}, "status": {"conditions": [condition("Complete", "True", 12)]},
    });
    let exact = [of_pod("a", scheduled_event(0.4)), of_pod("a", kubelet_event("Started", "main", 5.4, "x"))];
    let timeline = listed([job, of_pod("a", succeeded_pod())].into_iter().chain(exact));
    let summary = timeline.summary(&timeline.workloads()[0], at(20.0));
    let ranges = summary.slot_uncertainty.phase_ranges(&summary.slots);
    for (kind, &millis) in &summary.slots.phases {
        let [low, high] = ranges[kind];
        assert!((low..=high).contains(&millis), "{kind:?}: {millis} in [{low}, {high}]");
    }
    // The start is exact, and the end lies within one second. The range is nine tenths of this second.
    let [low, high] = ranges[PhaseKind::Running];
    assert_eq!(summary.slots.phases[PhaseKind::Running], 4_100);
    assert!((900..1_000).contains(&(high - low)), "[{low}, {high}]");
}

/// Ten Pods that work for 2.4 s. They start at these hundredths of five different seconds, two at a time.
fn pods_of_equal_length(hundredths: impl Fn(u32) -> u32) -> Timeline {
    let job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0)},
        "spec": {"parallelism": 2, "completions": 10}, "status": {"conditions": [condition("Complete", "True", 40)]},
    });
    let pods = (0..10_u32).flat_map(|nth| {
        let name = format!("p{nth}");
        let (second, hundredths) = (nth / 2 * 5 + 5, hundredths(nth));
        let start = f64::from(second) + f64::from(hundredths) / 100.0;
        let (second, end) = (i64::from(second), i64::from(second + (hundredths + 240) / 100));
        let ran = terminated("main-0", second, end, 0, "Completed");
        let status = json!({"metadata": {"creationTimestamp": time(second)},
            "status": {"startTime": time(second), "conditions": [condition("PodScheduled", "True", second)],
                "containerStatuses": [container_status("main", 0, ran, json!({}))]}});
        let started = of_pod(&name, kubelet_event("Started", "main", start, "x"));
        [
            of_pod(&name, patched(succeeded_pod(), status)),
            of_pod(&name, scheduled_event(start - 0.3)),
            started,
        ]
    });
    listed(pods.collect::<Vec<_>>().into_iter().chain([job]))
}

#[test]
fn the_errors_of_pods_that_start_at_the_same_fraction_of_a_second_add_up() {
    let half_range = |timeline: &Timeline| {
        let summary = timeline.summary(&timeline.workloads()[0], at(60.0));
        let work = summary.slots.phases[PhaseKind::Running];
        let [low, high] = summary.slot_uncertainty.phase_ranges(&summary.slots)[PhaseKind::Running];
        assert!((low..=high).contains(&24_000), "{work} in [{low}, {high}] does not contain the true work");
        (high - low) / 2
    };
    // Each end is truncated by 0.9 s or a little less, so the work of each Pod seems 0.4 s too short.
    let together = half_range(&pods_of_equal_length(|nth| 50 + nth % 3));
    let spread = half_range(&pods_of_equal_length(|nth| 10 * nth));
    assert!((4_000..5_000).contains(&together), "{together}");
    // The square root of ten independent errors.
    assert!((1_400..2_000).contains(&spread), "{spread}");
}

/// The scheduler finds no node at `refused`, and the autoscaler reacts at `reaction`.
fn refused_events(refused: f64, reaction: f64) -> [Value; 2] {
    let event = |reason: &str, seconds: f64, message: &str| {
        let mut event = kubelet_event(reason, "", seconds, message);
        event["involvedObject"] = json!({"kind": "Pod", "name": "p", "uid": "u"});
        event
    };
    [
        event("FailedScheduling", refused, "0/1 nodes are available: 1 Insufficient cpu. preemption: x"),
        event("TriggeredScaleUp", reaction, "pod triggered scale-up: [{pool 1->2 (max: 3)}]"),
    ]
}

#[test]
fn a_pod_was_created_before_the_first_event_about_it() {
    let unscheduled = pod(json!({}));
    // All events lie before the middle of the second in which the Pod was created.
    let [refused, reaction] = refused_events(0.3, 0.4);
    let timeline = listed([unscheduled.clone(), refused, reaction.clone()]);
    let pod = pod_named(&timeline, "p");
    assert_eq!(millis(pod.life.instants.created), (0, 300, 350));
    assert_eq!(time_in(&pod, PhaseKind::Queued, 10.0), 9_700);
    let waits: Vec<(i64, &str)> = pod.life.phases[..2]
        .iter()
        .map(|phase| (as_millis(phase.start.duration_since(at(0.0))), phase.reason.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(waits, [(300, "Insufficient cpu"), (400, "Insufficient cpu (TriggeredScaleUp)")]);
    // The autoscaler does not react at once, so its event alone is only a bound.
    let timeline = listed([unscheduled.clone(), reaction]);
    assert_eq!(millis(pod_named(&timeline, "p").life.instants.created), (0, 225, 450));
    // An event in a later second says nothing about the fraction of the second.
    let timeline = listed([unscheduled.clone(), refused_events(7.0, 9.2)[1].clone()]);
    assert_eq!(millis(pod_named(&timeline, "p").life.instants.created), (0, 500, 1_000));
}

/// A Pod whose main container ended with this exit code in second 9.
fn ended_with(exit_code: i32) -> Value {
    let state = terminated("main-0", 5, 9, exit_code, if exit_code == 0 { "Completed" } else { "Error" });
    let status = container_status("main", 0, state, json!({}));
    patched(succeeded_pod(), json!({"status": {"containerStatuses": [status]}}))
}

#[test]
fn a_container_that_died_of_a_signal_ended_after_the_event_that_reports_its_stop() {
    let stopped = kubelet_event("Killing", "main", 9.6, "Stopping container main");
    let end = |exit_code| {
        let timeline = listed([ended_with(exit_code), stopped.clone()]);
        millis(pod_named(&timeline, "p").life.instants.work_ended)
    };
    assert_eq!(end(143), (9_600, 9_800, 10_000));
    assert_eq!(end(137), (9_600, 9_800, 10_000));
    // The container may have ended by itself before the kubelet noticed the end.
    assert_eq!(end(0), (9_000, 9_500, 10_000));
}

#[test]
fn a_sidecar_is_stopped_after_the_end_of_the_main_container() {
    let with_sidecar = |pod: Value| {
        patched(
            pod,
            json!({"spec": {"initContainers": [{"name": "side", "image": "app:1", "restartPolicy": "Always"}]}}),
        )
    };
    let stopped = patched(
        kubelet_event("Killing", "side", 9.8, "Stopping container side"),
        json!({"involvedObject": {"fieldPath": "spec.initContainers{side}"}}),
    );
    let timeline = listed([with_sidecar(ended_with(0)), stopped.clone()]);
    assert_eq!(millis(pod_named(&timeline, "p").life.instants.work_ended), (9_000, 9_400, 9_800));
    // In a Pod that is deleted, the sidecar may be stopped while the main container still runs.
    let deleted = patched(with_sidecar(ended_with(0)), deletion(39, 30));
    let running = observation(Listed, 8.0, with_sidecar(running_pod()));
    let timeline =
        timeline_of(&[running, observation(Listed, 1000.0, deleted), observation(Listed, 1000.0, stopped)]);
    assert_eq!(millis(pod_named(&timeline, "p").life.instants.work_ended), (9_000, 9_500, 10_000));
}

#[test]
fn the_evidence_that_moved_only_the_estimate_is_named() {
    let started = kubelet_event("Started", "main", 5.4, "Container started");
    let ended = patched(
        succeeded_pod(),
        json!({"status": {"phase": "Running", "containerStatuses": [container_status("main", 0, terminated("main-0", 5, 9, 0, "Completed"), json!({}))]}}),
    );
    let timeline = timeline_of(&[
        observation(Added, 5.45, running_pod()),
        observation(Added, 5.42, started),
        observation(Changed, 10.3, ended),
    ]);
    // The kubelet notices an end within about a second. The receipt is later than the whole second of `finishedAt`.
    assert_eq!(millis(pod_named(&timeline, "p").life.instants.work_ended), (9_000, 9_620, 10_000));
    let state = ViewState { explain: true, ..ViewState::default() };
    let frame = render_frame(&timeline, &state, Size::unbounded(200), &Glyphs::ASCII, at(1000.0));
    let text = frame.lines.iter().fold(String::new(), |text, line| text + &line.plain() + "\n");
    let expected =
        "finishedAt of the container; estimated from: receipt of the terminated state (upper bound)";
    assert!(text.contains(expected), "{text}");
}
