//! Tests of Pods and Jobs that no longer exist and are shown from their Events.

use jiff::Timestamp;
use kubectl_seq::testing::lifecycle::PhaseKind;
use kubectl_seq::testing::observation::{Observation, Seen};
use kubectl_seq::testing::timeline::{Timeline, WorkloadState};
use serde_json::{Value, json};

use crate::describe::{describe_pod, describe_timeline};
use crate::support::pod_builder::{at, condition, container_status, noon, observation, running, time};

/// An Event about the object `kind/name` with this uid. The component follows from the kind and the reason.
fn event((kind, name, uid): (&str, &str, &str), seconds: f64, reason: &str, message: &str) -> Value {
    let first = at(seconds);
    let second = Timestamp::from_second(first.as_second()).unwrap().to_string();
    let component = match (kind, reason) {
        ("Pod", "Scheduled" | "FailedScheduling" | "Preempted") => "default-scheduler",
        ("Pod", _) => "kubelet",
        ("Job", _) => "job-controller",
        _ => "daemonset-controller",
    };
    json!({
        "metadata": {"name": format!("{name}.{:016x}", first.as_nanosecond()), "creationTimestamp": second},
        "involvedObject": {"kind": kind, "namespace": "default", "name": name, "uid": uid},
        "reason": reason, "message": message, "count": 1, "firstTimestamp": second, "lastTimestamp": second,
        "source": {"component": component},
    })
}

/// An Event about the container `path` of a Pod, from the kubelet of node-1.
pub(crate) fn container_event(pod: &str, path: &str, seconds: f64, reason: &str, message: &str) -> Value {
    let mut event = event(("Pod", pod, &format!("uid-of-{pod}")), seconds, reason, message);
    event["involvedObject"]["fieldPath"] = json!(path);
    event["source"]["host"] = json!("node-1");
    event
}

pub(crate) fn pod_event(pod: &str, seconds: f64, reason: &str, message: &str) -> Value {
    event(("Pod", pod, &format!("uid-of-{pod}")), seconds, reason, message)
}

/// The Events of a Pod that was scheduled at `seconds`, pulled its image for half a second, and started one
/// second later.
pub(crate) fn start_events(pod: &str, seconds: f64) -> Vec<Value> {
    let main = "spec.containers{main}";
    let pulled =
        "Successfully pulled image \"app:1\" in 500ms (500ms including waiting). Image size: 7 bytes.";
    vec![
        pod_event(pod, seconds, "Scheduled", &format!("Successfully assigned default/{pod} to node-1")),
        container_event(pod, main, seconds + 0.25, "Pulling", "Pulling image \"app:1\""),
        container_event(pod, main, seconds + 0.75, "Pulled", pulled),
        container_event(pod, main, seconds + 1.0, "Started", "Container started"),
    ]
}

pub(crate) fn job(name: &str, patch: Value) -> Value {
    let mut job = json!({
        "metadata": {"namespace": "default", "name": name, "uid": format!("uid-of-{name}"), "creationTimestamp": time(0)},
        "spec": {"parallelism": 2, "completions": 20, "completionMode": "NonIndexed"},
        "status": {},
    });
    crate::support::pod_builder::merge(&mut job, patch);
    job
}

pub(crate) fn job_event(job: &str, seconds: f64, reason: &str, message: &str) -> Value {
    event(("Job", job, &format!("uid-of-{job}")), seconds, reason, message)
}

/// The Event that stands for the creation of several Pods.
fn combined_creations(job: &str, seconds: f64, latest: &str) -> Value {
    let message = format!("(combined from similar events): Created pod: {latest}");
    job_event(job, seconds, "SuccessfulCreate", &message)
}

/// Returns the timeline of a late list: the objects and Events are listed at second 600.
fn listed(objects: impl IntoIterator<Item = Value>) -> Timeline {
    let mut timeline = Timeline::default();
    for object in objects {
        timeline.apply(&observation(Seen::Listed, 600.0, object));
    }
    timeline
}

/// Returns the timeline of a late list after all lists are complete.
pub(crate) fn concluded(objects: impl IntoIterator<Item = Value>) -> Timeline {
    let mut timeline = listed(objects);
    timeline.conclude_gone_pods();
    timeline.recompute();
    timeline
}

/// The names of the Pods of each workload.
pub(crate) fn pods(timeline: &Timeline) -> Vec<String> {
    let line = |workload: &kubectl_seq::testing::timeline::Workload| {
        let pods = timeline.pods(workload).map(|(_, pod)| match pod.index {
            Some(index) => format!(" {}={index}", pod.name),
            None => format!(" {}", pod.name),
        });
        format!("{}:{}", workload.name, pods.collect::<String>())
    };
    timeline.workloads().iter().map(line).collect()
}

fn missing(seconds: f64, name: &str, kind: &str) -> Observation {
    let metadata = json!({"namespace": "default", "name": name, "uid": format!("uid-of-{name}")});
    let object = if kind == "Pod" {
        json!({"metadata": metadata, "spec": {"containers": []}, "status": {}})
    } else {
        json!({"metadata": metadata, "spec": {}, "status": {}})
    };
    observation(Seen::Missing, seconds, object)
}

#[test]
fn a_pod_that_an_event_of_its_job_names_is_shown_from_its_events() {
    let mut objects = vec![
        job(
            "pi",
            json!({"status": {"conditions": [{"type": "Failed", "status": "True",
            "reason": "DeadlineExceeded", "lastTransitionTime": time(40)}]}}),
        ),
        job_event("pi", 1.0, "SuccessfulCreate", "Created pod: pi-x7k2p"),
        job_event("pi", 9.5, "SuccessfulDelete", "Deleted pod: pi-x7k2p"),
        container_event("pi-x7k2p", "spec.containers{main}", 9.6, "Killing", "Stopping container main"),
    ];
    objects.extend(start_events("pi-x7k2p", 2.0));
    let before = listed(objects.clone());
    assert_eq!(before.pod_count(), 0, "a Pod that is not listed yet must not be taken for gone");
    insta::assert_snapshot!("gone-named-by-job", describe_timeline(&concluded(objects), noon()));
}

#[test]
fn a_pod_that_only_its_owner_names_has_no_uid_and_no_outcome() {
    let objects = [
        job("pi", json!({})),
        job_event("pi", 1.0, "SuccessfulCreate", "Created pod: pi-x7k2p"),
        job_event("pi", 1.5, "SuccessfulCreate", "Created pod: pi-bbbbb"),
        job_event("pi", 2.0, "SuccessfulDelete", "Deleted pod: pi-bbbbb"),
    ];
    let timeline = concluded(objects);
    insta::assert_snapshot!("gone-named-only", describe_timeline(&timeline, noon()));
    assert!(timeline.pods(&timeline.workloads()[0]).all(|(_, pod)| pod.uid.is_empty()));
}

#[test]
fn a_pod_whose_state_arrives_late_is_not_shown_twice() {
    let events = [
        job_event("pi", 1.0, "SuccessfulCreate", "Created pod: pi-x7k2p"),
        job_event("pi", 1.0, "SuccessfulCreate", "Created pod: pi-bbbbb"),
    ];
    let mut timeline =
        concluded([job("pi", json!({}))].into_iter().chain(events).chain(start_events("pi-x7k2p", 2.0)));
    for name in ["pi-x7k2p", "pi-bbbbb"] {
        let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "pi", "uid": "uid-of-pi", "controller": true}]);
        let pod = json!({
            "metadata": {"namespace": "default", "name": name, "uid": format!("uid-of-{name}"),
                "creationTimestamp": time(1), "ownerReferences": owner},
            "spec": {"restartPolicy": "Never", "nodeName": "node-1", "initContainers": [{"name": "init", "image": "i"}],
                "containers": [{"name": "main", "image": "app:1"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "main", "restartCount": 0, "containerID": "c",
                "state": {"running": {"startedAt": time(3)}}}]},
        });
        timeline.apply(&observation(Seen::Changed, 601.0, pod));
    }
    timeline.recompute();
    assert_eq!(pods(&timeline), ["pi: pi-bbbbb pi-x7k2p"]);
    for (_, pod) in timeline.pods(&timeline.workloads()[0]) {
        assert_eq!((pod.life.gone, pod.life.outcome.name()), (false, "Running"), "{}", pod.name);
        assert_eq!(pod.life.containers.len(), 2);
    }
}

#[test]
fn a_pod_that_may_have_been_created_after_the_list_of_pods_is_not_gone() {
    let objects = [job("pi", json!({})), job_event("pi", 599.0, "SuccessfulCreate", "Created pod: pi-x7k2p")];
    assert_eq!(pods(&concluded(objects)), ["pi:"]);
}

#[test]
fn a_pod_that_no_event_of_its_job_names_is_assigned_by_its_name_and_its_times() {
    let objects = |creations: Value| {
        let end = json!({"status": {"conditions": [{"type": "Failed", "status": "True", "lastTransitionTime": time(100)}]}});
        let mut objects = vec![job("pi", end), creations];
        objects.extend(start_events("pi-x7k2p", 50.0));
        objects
    };
    let combined = || combined_creations("pi", 10.0, "pi-zzzzz");
    assert_eq!(pods(&concluded(objects(combined()))), ["pi: pi-zzzzz pi-x7k2p"]);
    // The Events of a Job with fewer than ten Pods name all Pods.
    let single = job_event("pi", 10.0, "SuccessfulCreate", "Created pod: pi-zzzzz");
    assert_eq!(pods(&concluded(objects(single))), ["pi: pi-zzzzz"]);
    let with = |other: Vec<Value>| pods(&concluded(objects(combined()).into_iter().chain(other)));
    for (seconds, pod, why) in [
        (-5.0, "pi-bbbbb", "before the Job"),
        (105.0, "pi-bbbbb", "after the Job"),
        (50.0, "pi-abcde", "letters that no random suffix has"),
        (50.0, "pi-3-bbbbb", "an index, but the Job has none"),
        (50.0, "pie-bbbbb", "another name"),
    ] {
        assert_eq!(with(start_events(pod, seconds)), ["pi: pi-zzzzz pi-x7k2p"], "{why}");
    }
    // Without the scheduler's Event, earlier Events may have expired, so the creation may lie before the Job.
    let without_scheduled = start_events("pi-bbbbb", 50.0).split_off(1);
    assert_eq!(with(without_scheduled), ["pi: pi-zzzzz pi-x7k2p"]);
    // Another owner with the same name has created the Pod.
    let daemon_set = event(("DaemonSet", "pi", "d"), 49.0, "SuccessfulCreate", "Created pod: pi-x7k2p");
    assert_eq!(with(vec![daemon_set]), ["pi: pi-zzzzz"]);
    // An earlier Job had the same name.
    let earlier = event(("Job", "pi", "earlier"), -20.0, "SuccessfulCreate", "Created pod: pi-ccccc");
    let earlier = std::iter::once(earlier)
        .chain(start_events("pi-ccccc", -19.0))
        .chain(start_events("pi-ddddd", -18.0));
    assert_eq!(with(earlier.collect()), ["pi: pi-zzzzz pi-x7k2p"]);
}

#[test]
fn jobs_whose_names_have_the_same_beginning_are_not_mixed_up() {
    let indexed = || job("pi", json!({"spec": {"completionMode": "Indexed", "completions": 8}}));
    let events = || {
        let events = [combined_creations("pi", 10.0, "pi-7-zzzzz")];
        events.into_iter().chain(start_events("pi-3-bbbbb", 20.0)).chain(start_events("pi-9-bbbbb", 20.0))
    };
    let alone = concluded([indexed()].into_iter().chain(events()));
    assert_eq!(pods(&alone), ["pi: pi-7-zzzzz=7 pi-3-bbbbb=3"]);
    // If a Job with the name `pi-3` exists or has existed, the Pod may belong to that Job.
    let other = job("pi-3", json!({}));
    assert_eq!(
        pods(&concluded([indexed(), other].into_iter().chain(events()))),
        ["pi: pi-7-zzzzz=7", "pi-3:"]
    );
    let other = combined_creations("pi-3", 15.0, "pi-3-ccccc");
    assert_eq!(pods(&concluded([indexed(), other].into_iter().chain(events()))), ["pi: pi-7-zzzzz=7"]);
    // The Events of the other Job name the Pod.
    let other =
        [job("pi-3", json!({})), job_event("pi-3", 19.0, "SuccessfulCreate", "Created pod: pi-3-bbbbb")];
    let both = concluded([indexed()].into_iter().chain(other).chain(events()));
    assert_eq!(pods(&both), ["pi: pi-7-zzzzz=7", "pi-3: pi-3-bbbbb"]);
}

#[test]
fn a_gone_job_has_the_outcome_and_the_pods_that_its_events_prove() {
    let timeline_of_gone_job = |events: Vec<Value>| {
        let mut timeline = listed(events);
        timeline.apply(&missing(600.0, "pi", "Job"));
        timeline.conclude_gone_pods();
        timeline.recompute();
        timeline
    };
    let created = || job_event("pi", 1.0, "SuccessfulCreate", "Created pod: pi-x7k2p");
    for (reason, state) in [
        ("Completed", WorkloadState::Succeeded),
        ("DeadlineExceeded", WorkloadState::Failed),
        ("BackoffLimitExceeded", WorkloadState::Failed),
        ("Suspended", WorkloadState::Unknown),
    ] {
        let timeline = timeline_of_gone_job(vec![created(), job_event("pi", 30.0, reason, "text")]);
        let workload = &timeline.workloads()[0];
        assert_eq!(
            (workload.state, workload.gone, workload.is_known_from_events),
            (state, true, true),
            "{reason}"
        );
        assert_eq!((workload.created, workload.parallelism, workload.completions), (None, None, None));
        assert_eq!(workload.finished, (state != WorkloadState::Unknown).then(|| at(30.0)));
        assert_eq!(workload.reason.as_deref(), (state == WorkloadState::Failed).then_some(reason));
        assert_eq!(pods(&timeline), ["pi: pi-x7k2p"]);
    }
    // An earlier Job with the same name is another Job.
    let earlier = event(("Job", "pi", "earlier"), -20.0, "SuccessfulCreate", "Created pod: pi-ccccc");
    let events = [earlier, created()].into_iter().chain(start_events("pi-ccccc", -19.0));
    assert_eq!(pods(&timeline_of_gone_job(events.collect())), ["pi: pi-x7k2p"]);
    // The name of a Pod that an Event names shows whether the Job has completion indexes.
    let first = job_event("pi", 1.0, "SuccessfulCreate", "Created pod: pi-0-x7k2p");
    let events = [first, combined_creations("pi", 9.0, "pi-9-zzzzz")].into_iter();
    let events = events.chain(start_events("pi-4-bbbbb", 5.0)).chain(start_events("pi-bbbbb", 5.0));
    let indexed = timeline_of_gone_job(events.collect());
    assert_eq!(pods(&indexed), ["pi: pi-9-zzzzz=9 pi-0-x7k2p=0 pi-4-bbbbb=4"]);
}

/// Describes the bare Pod `p` that is gone and has these Events besides those of its start.
#[track_caller]
fn gone_pod(events: Vec<Value>) -> String {
    let mut timeline = listed(start_events("p", 2.0).into_iter().chain(events));
    timeline.apply(&missing(600.0, "p", "Pod"));
    timeline.recompute();
    let workload = &timeline.workloads()[0];
    assert!(workload.gone && workload.is_known_from_events);
    let mut text = format!("{}\n", workload.state.name());
    describe_pod(&mut text, &timeline.pod(workload.pods[0]), noon());
    text
}

#[test]
fn nothing_is_claimed_about_the_end_of_a_pod_that_may_have_ended_by_itself() {
    insta::assert_snapshot!("gone-end-unknown", gone_pod(vec![]));
}

#[test]
fn the_events_of_a_preempted_pod_give_the_reason() {
    let preempted = pod_event("p", 8.0, "Preempted", "Preempted by pod 1-2-3 on node node-1");
    let killing = container_event("p", "spec.containers{main}", 8.1, "Killing", "Stopping container main");
    insta::assert_snapshot!("gone-preempted", gone_pod(vec![preempted, killing]));
}

/// The Pod `name` of the Job `low`, created at second 20, which has worked since second 21. `index` is its completion
/// index.
pub(crate) fn replacement(name: &str, index: Option<u32>) -> Value {
    let mut labels = json!({});
    if let Some(index) = index {
        labels["batch.kubernetes.io/job-completion-index"] = json!(index.to_string());
    }
    json!({
        "metadata": {"namespace": "default", "name": name, "uid": format!("uid-of-{name}"), "creationTimestamp": time(20),
            "labels": labels,
            "ownerReferences": [{"kind": "Job", "name": "low", "uid": "uid-of-low", "controller": true}]},
        "spec": {"restartPolicy": "Never", "nodeName": "node-1", "containers": [{"name": "main", "image": "app:1"}]},
        "status": {"phase": "Running", "startTime": time(20), "conditions": [condition("PodScheduled", "True", 20)],
            "containerStatuses": [container_status("main", 0, running(21), json!({}))]},
    })
}

#[test]
fn no_back_off_is_drawn_while_a_preempted_pod_may_still_have_worked() {
    let preempted = |pod: &str| {
        let killing =
            container_event(pod, "spec.containers{main}", 10.0, "Killing", "Stopping container main");
        let preempted = pod_event(pod, 9.9, "Preempted", "Preempted by pod 1-2-3 on node node-1");
        let created = job_event("low", 1.0, "SuccessfulCreate", &format!("Created pod: {pod}"));
        [start_events(pod, 1.0), vec![created, preempted, killing]].concat()
    };
    let spec = |mode: &str| json!({"spec": {"parallelism": 1, "completions": 1, "completionMode": mode}});
    for (mode, index, [pod, next]) in [
        ("NonIndexed", None, ["low-x7k2p", "low-bbbbb"]),
        ("Indexed", Some(0), ["low-0-x7k2p", "low-0-bbbbb"]),
    ] {
        let job = job("low", spec(mode));
        let created = job_event("low", 20.0, "SuccessfulCreate", &format!("Created pod: {next}"));
        let replaced = [preempted(pod), vec![job.clone(), replacement(next, index), created]].concat();
        let timeline = concluded(replaced);
        let workload = &timeline.workloads()[0];
        let slots = timeline.summary(workload, at(30.0)).slots;
        assert_eq!(
            (slots.phases[PhaseKind::Unknown], slots.phases[PhaseKind::BackOff]),
            (10_000, 0),
            "{mode}"
        );
        assert!(timeline.retries(workload).is_empty(), "{mode}");

        let waiting = concluded([preempted(pod), vec![job]].concat());
        let workload = &waiting.workloads()[0];
        let slots = waiting.summary(workload, at(18.0)).slots;
        assert_eq!(
            (slots.phases[PhaseKind::Unknown], slots.phases[PhaseKind::BackOff]),
            (8_000, 0),
            "{mode}"
        );
        let open = waiting.open_retries(workload, at(18.0));
        assert_eq!(open.iter().map(|open| open.since).collect::<Vec<_>>(), vec![None; open.len()], "{mode}");
        assert_eq!(open.len(), index.iter().len(), "{mode}");
    }
}

#[test]
fn an_evicted_pod_has_failed_although_nobody_asked_for_its_deletion() {
    let evicted = pod_event("p", 8.0, "Evicted", "The node was low on resource: memory.");
    let killing = container_event("p", "spec.containers{main}", 8.1, "Killing", "Stopping container main");
    insta::assert_snapshot!("gone-evicted", gone_pod(vec![evicted, killing]));
}

#[test]
fn restarts_and_unseen_runs_are_counted() {
    let mut started = container_event("p", "spec.containers{main}", 3.0, "Started", "Container started");
    started["count"] = json!(4);
    started["lastTimestamp"] = json!(time(60));
    let back_off = container_event(
        "p",
        "spec.containers{main}",
        61.0,
        "BackOff",
        "Back-off restarting failed container main",
    );
    insta::assert_snapshot!("gone-restarts", gone_pod(vec![started, back_off]));
}

#[test]
fn an_init_container_ends_before_the_next_image_is_needed() {
    let init = "spec.initContainers{prepare}";
    insta::assert_snapshot!(
        "gone-init",
        gone_pod(vec![
            container_event(
                "p",
                init,
                2.05,
                "Pulled",
                "Container image \"tool:2\" already present on machine"
            ),
            container_event("p", init, 2.1, "Started", "Container started"),
        ])
    );
}

#[test]
fn events_about_pods_of_no_shown_workload_are_not_kept() {
    let mut timeline = concluded([job("pi", json!({}))].into_iter().chain(start_events("other-x7k2p", 2.0)));
    assert_eq!(pods(&timeline), ["pi:"]);
    // If the Events had been kept, a Pod that is later taken for gone would have them.
    timeline.apply(&missing(601.0, "other-x7k2p", "Pod"));
    timeline.recompute();
    let pod =
        timeline.pod(timeline.workloads().iter().find(|workload| &*workload.kind == "Pod").unwrap().pods[0]);
    assert_eq!(pod.life.containers, []);
}

#[test]
fn events_that_arrive_after_the_conclusion_complete_the_pod() {
    let mut timeline = listed([]);
    timeline.apply(&missing(600.0, "p", "Pod"));
    for event in start_events("p", 2.0) {
        timeline.apply(&observation(Seen::Listed, 600.0, event));
    }
    timeline.recompute();
    let pod = timeline.pod(timeline.workloads()[0].pods[0]);
    assert_eq!(pod.life.containers.len(), 1);
    assert_eq!(pod.life.instants.work_started.map(|started| started.at), Some(at(3.0)));
}
