//! Tests of workloads that own other workloads: states, Pods and statistics.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::timeline::{Timeline, Workload, WorkloadState};
use serde_json::{Value, json};

use crate::describe::{describe_timeline, timeline_of};
use crate::order::shuffled;
use crate::support::pod_builder::noon;
use crate::support::scenario::{parse_object, parse_seen};

/// Returns the observation of an object `second` seconds after noon. `owner` is `KIND/NAME` of the controller, or
/// empty. `fields` contains all fields except the metadata.
fn observe(second: i64, seen: &str, kind: &str, (name, owner): (&str, &str), fields: Value) -> Observation {
    let received = noon() + jiff::SignedDuration::from_secs(second);
    let mut object = fields;
    // The creation time matters only for Pods. All states of a Pod must have the same creation time.
    let created = if kind == "Pod" { object["created"].as_i64().unwrap_or(second) } else { 0 };
    object["metadata"] = json!({"name": name, "namespace": "ns", "uid": format!("uid-of-{name}"), "generation": 1,
        "creationTimestamp": noon() + jiff::SignedDuration::from_secs(created)});
    if let Some((kind, owner)) = owner.split_once('/') {
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "x/v1", "kind": kind, "name": owner, "uid": format!("uid-of-{owner}"), "controller": true}]);
    }
    Observation { received, seen: parse_seen(seen), object: parse_object(kind, object) }
}

fn status_with_phase(phase: &str) -> Value {
    json!({"status": {"phase": phase}})
}

/// The fields of a running Pod that was created at this second after noon.
fn running_since_creation(second: i64) -> Value {
    json!({"created": second, "status": {"phase": "Running"}})
}

/// Returns the timeline, and for each workload its kind, its name, its state and the names of its Pods. Checks that the
/// timeline does not depend on the order of the observations.
#[track_caller]
fn timeline_and_workloads(observations: &[Observation]) -> (Timeline, Vec<String>) {
    let expected = timeline_of(observations);
    for seed in 1..=50 {
        let order = shuffled(observations, seed);
        assert_eq!(
            describe_timeline(&timeline_of(&order), noon()),
            describe_timeline(&expected, noon()),
            "seed {seed}"
        );
        let mut recomputed = Timeline::default();
        for observation in &order {
            recomputed.apply(observation);
            recomputed.recompute();
        }
        assert_eq!(
            describe_timeline(&recomputed, noon()),
            describe_timeline(&expected, noon()),
            "recomputed after each observation, seed {seed}"
        );
    }
    let lines = expected.workloads().iter().map(|workload| describe_workload(&expected, workload)).collect();
    (expected, lines)
}

fn describe_workload(timeline: &Timeline, workload: &Workload) -> String {
    let pods: Vec<&str> = workload.pods.iter().map(|key| &*timeline.identity(*key).name).collect();
    format!("{} {} {} {}", workload.kind, workload.name, workload.state.name(), pods.join(" "))
        .trim_end()
        .to_owned()
}

fn replica_set(replicas: i32, available: i32) -> Value {
    json!({"spec": {"replicas": replicas},
        "status": {"observedGeneration": 1, "replicas": available, "availableReplicas": available}})
}

fn deployment(updated: i32, replicas: i32) -> Value {
    json!({"spec": {"replicas": 1}, "status": {"observedGeneration": 1, "replicas": replicas,
        "updatedReplicas": updated, "availableReplicas": replicas}})
}

#[test]
fn the_revisions_of_a_rollout_are_listed_below_it() {
    let mut observations = vec![
        observe(0, "Listed", "ReplicaSet", ("web-0", "Deployment/web"), replica_set(0, 0)),
        observe(1, "Listed", "Deployment", ("web", ""), deployment(0, 1)),
        observe(2, "Listed", "ReplicaSet", ("web-1", "Deployment/web"), replica_set(1, 1)),
        observe(3, "Listed", "Pod", ("web-1-a", "ReplicaSet/web-1"), status_with_phase("Running")),
        observe(4, "Added", "ReplicaSet", ("web-2", "Deployment/web"), replica_set(1, 0)),
        observe(5, "Added", "Pod", ("web-2-a", "ReplicaSet/web-2"), status_with_phase("Pending")),
        observe(6, "Listed", "Pod", ("bare", "ReplicaSet/other"), status_with_phase("Running")),
    ];
    let (timeline, lines) = timeline_and_workloads(&observations);
    assert_eq!(
        lines,
        [
            "Deployment web Running",
            // All replicas of this revision are available, but the rollout that replaces the revision goes on.
            "ReplicaSet web-1 Running web-1-a",
            "ReplicaSet web-2 Pending web-2-a",
            "Pod bare Pending bare",
        ]
    );
    let web = &timeline.workloads()[0];
    assert_eq!(web.message.as_deref(), Some("0 of 1 replicas are updated"));
    assert_eq!(timeline.children(web).count(), 2);
    assert_eq!(timeline.summary(web, noon()).pods, 2);
    assert_eq!(timeline.roots().map(|root| &*root.name).collect::<Vec<_>>(), ["web", "bare"]);

    observations.extend([
        observe(7, "Changed", "Pod", ("web-2-a", "ReplicaSet/web-2"), running_since_creation(5)),
        observe(8, "Changed", "ReplicaSet", ("web-1", "Deployment/web"), replica_set(0, 0)),
        observe(8, "Deleted", "Pod", ("web-1-a", "ReplicaSet/web-1"), running_since_creation(3)),
        observe(9, "Changed", "ReplicaSet", ("web-2", "Deployment/web"), replica_set(1, 1)),
        observe(10, "Changed", "Deployment", ("web", ""), deployment(1, 1)),
    ]);
    let (timeline, lines) = timeline_and_workloads(&observations);
    assert_eq!(
        lines,
        [
            "Deployment web Succeeded",
            "ReplicaSet web-1 Succeeded web-1-a",
            "ReplicaSet web-2 Succeeded web-2-a",
            "Pod bare Pending bare",
        ]
    );
    let web = &timeline.workloads()[0];
    assert!(web.has_ended() && web.is_rollout);
    assert_eq!(web.finished, Some(noon() + jiff::SignedDuration::from_secs(10)));

    observations.push(observe(11, "Deleted", "Deployment", ("web", ""), deployment(0, 1)));
    let (timeline, _) = timeline_and_workloads(&observations);
    assert_eq!(timeline.workloads()[0].state, WorkloadState::Unknown);
}

#[test]
fn the_statistics_of_a_cron_job_are_sums_over_its_jobs() {
    let job = |status: Value| json!({"spec": {"parallelism": 1, "completions": 1}, "status": status});
    let complete = json!({"succeeded": 1, "conditions": [{"type": "Complete", "status": "True",
        "lastTransitionTime": noon() + jiff::SignedDuration::from_secs(9)}]});
    let cron_job = json!({"spec": {"schedule": "*/5 * * * *"}, "status": {"active": [{"name": "n-2"}]}});
    let observations = [
        observe(0, "Listed", "CronJob", ("n", ""), cron_job),
        observe(1, "Listed", "Job", ("n-1", "CronJob/n"), job(complete)),
        observe(2, "Listed", "Job", ("n-2", "CronJob/n"), job(json!({"active": 1}))),
        observe(3, "Listed", "Pod", ("n-1-a", "Job/n-1"), status_with_phase("Succeeded")),
        observe(4, "Listed", "Pod", ("n-2-a", "Job/n-2"), status_with_phase("Running")),
    ];
    let (timeline, lines) = timeline_and_workloads(&observations);
    assert_eq!(lines, ["CronJob n Running", "Job n-1 Succeeded n-1-a", "Job n-2 Running n-2-a"]);
    let nightly = &timeline.workloads()[0];
    assert_eq!(nightly.next_run, Some(noon() + jiff::SignedDuration::from_mins(5)));
    let now = noon() + jiff::SignedDuration::from_secs(20);
    let summarize = |workload: &Workload| timeline.summary(workload, now);
    let slots_of_jobs: i64 = timeline.children(nightly).map(|job| summarize(job).slots.total).sum();
    assert_eq!((summarize(nightly).slots.total, summarize(nightly).pods), (slots_of_jobs, 2));
    assert!(slots_of_jobs > 0);
}

#[test]
fn a_workload_without_a_status_has_the_state_of_its_children() {
    let run = || observe(0, "Listed", "Custom", ("run", ""), json!({"apiVersion": "x/v1", "kind": "Run"}));
    let job = |conditions: Value| {
        observe(
            1,
            "Listed",
            "Job",
            ("step", "Run/run"),
            json!({"status": {"active": 1, "conditions": conditions}}),
        )
    };
    let ended = |kind: &str| json!([{"type": kind, "status": "True"}]);
    // Two objects lie between the Pod and the run. Only the owner references of these objects are known.
    let pod_with_owners = |outcome: &str| {
        vec![
            observe(2, "Listed", "Owner", ("group", "Run/run"), json!({"kind": "Group"})),
            observe(3, "Listed", "Owner", ("member", "Group/group"), json!({"kind": "Member"})),
            observe(4, "Listed", "Pod", ("worker", "Member/member"), status_with_phase(outcome)),
        ]
    };
    for (job, pod, outcome) in [
        (job(json!([])), "Succeeded", "Running"),
        (job(ended("Complete")), "Running", "Running"),
        (job(ended("Complete")), "Succeeded", "Succeeded"),
        (job(ended("Failed")), "Succeeded", "Failed"),
        (job(ended("Complete")), "Failed", "Failed"),
    ] {
        let observations = [vec![run(), job], pod_with_owners(pod)].concat();
        let (_, lines) = timeline_and_workloads(&observations);
        assert_eq!(lines[0], format!("Run run {outcome} worker"));
        assert!(lines[1].starts_with("Job step ") && lines.len() == 2, "{lines:?}");
    }
    assert_eq!(timeline_and_workloads(&[run()]).1, ["Run run Pending"]);
}

#[test]
fn a_job_shows_why_it_has_no_pods_until_it_has_one() {
    let job = observe(0, "Added", "Job", ("pi", ""), json!({"spec": {"parallelism": 2}}));
    let refused = |second: i64, pod: &str, used: u32| {
        let at = noon() + jiff::SignedDuration::from_secs(second);
        let message = format!(
            "Error creating: pods \"{pod}\" is forbidden: exceeded quota: few, requested: pods=1, used: pods={used}, limited: pods=2"
        );
        let event = json!({"involvedObject": {"kind": "Job", "name": "pi", "uid": "uid-of-pi"}, "reason": "FailedCreate",
            "message": message, "firstTimestamp": at, "lastTimestamp": at, "count": 1});
        observe(second, "Added", "Event", (&format!("pi.{second}"), ""), event)
    };
    let mut observations = vec![job, refused(1, "pi-a", 2), refused(4, "pi-b", 3)];
    let (timeline, lines) = timeline_and_workloads(&observations);
    assert_eq!(lines, ["Job pi Pending"]);
    let pi = &timeline.workloads()[0];
    let block = pi.creation_block.as_ref().unwrap();
    assert_eq!(block.since, noon() + jiff::SignedDuration::from_secs(1));
    assert_eq!(pi.reason.as_deref(), Some("FailedCreate"));
    assert_eq!(pi.message.as_deref(), Some("exceeded quota: few, requested: pods=1, limited: pods=2"));

    observations.push(observe(6, "Added", "Pod", ("pi-c", "Job/pi"), status_with_phase("Pending")));
    let (timeline, _) = timeline_and_workloads(&observations);
    assert_eq!((&timeline.workloads()[0].creation_block, &timeline.workloads()[0].reason), (&None, &None));
    // The second Pod is refused again.
    observations.push(refused(8, "pi-d", 2));
    let (timeline, _) = timeline_and_workloads(&observations);
    let since = timeline.workloads()[0].creation_block.as_ref().map(|block| block.since);
    // The best estimate of a creation is 25 ms before the receipt of the Pod.
    assert_eq!(since, Some(noon() + jiff::SignedDuration::from_millis(5_975)));
}

#[test]
fn the_message_of_the_job_controller_is_shown() {
    let describe_job = |spec: Value, status: Value| {
        let observations = [observe(0, "Listed", "Job", ("pi", ""), json!({"spec": spec, "status": status}))];
        let timeline = timeline_of(&observations);
        let Workload { state, reason, message, .. } = &timeline.workloads()[0];
        format!("{} {} {}", state.name(), reason.as_deref().unwrap_or("-"), message.as_deref().unwrap_or("-"))
    };
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message});
    let target = condition("FailureTarget", "PodFailurePolicy", "Container work for pod ns/pi-a failed");
    assert_eq!(
        describe_job(json!({}), json!({"active": 1, "conditions": [target]})),
        "Running PodFailurePolicy Container work for pod ns/pi-a failed"
    );
    let met = condition("SuccessCriteriaMet", "SuccessPolicy", "Matched rules at index 0");
    assert_eq!(
        describe_job(json!({}), json!({"active": 1, "conditions": [met]})),
        "Running SuccessPolicy Matched rules at index 0"
    );
    let indexes = condition("Failed", "FailedIndexes", "Job has failed indexes");
    assert_eq!(
        describe_job(
            json!({"backoffLimitPerIndex": 0}),
            json!({"failedIndexes": "1,3-4", "conditions": [indexes]})
        ),
        "Failed FailedIndexes Job has failed indexes (failed indexes: 1,3-4)"
    );
    assert_eq!(
        describe_job(json!({"backoffLimitPerIndex": 0}), json!({"active": 1, "failedIndexes": "1"})),
        "Running - failed indexes: 1"
    );
    assert!(
        describe_job(json!({"managedBy": "kueue.x-k8s.io/multikueue"}), json!({})).starts_with(
            "Pending - managed by kueue.x-k8s.io/multikueue, which has not reported a status here"
        )
    );
    assert_eq!(describe_job(json!({"managedBy": "kubernetes.io/job-controller"}), json!({})), "Pending - -");
}

#[test]
fn slots_are_unknown_if_no_field_limits_the_pods() {
    let flow = observe(0, "Listed", "Custom", ("flow", ""), json!({"apiVersion": "x/v1", "kind": "Flow"}));
    let owned = observe(1, "Listed", "Pod", ("step", "Flow/flow"), status_with_phase("Running"));
    let job = observe(1, "Listed", "Job", ("job", "Flow/flow"), json!({"spec": {"parallelism": 2}}));
    let summary = |observations: &[Observation]| {
        let (timeline, _) = timeline_and_workloads(observations);
        let document: Value = serde_json::from_str(&crate::order::json_at(&timeline, noon())).unwrap();
        document["workloads"][0]["summary"].clone()
    };
    for observations in [vec![flow.clone(), owned.clone()], vec![flow.clone(), owned, job.clone()]] {
        let summary = summary(&observations);
        for field in ["slotMillis", "slots", "backOffMillis", "idleMillis"] {
            assert!(summary[field].is_null(), "{field} of {summary:#}");
        }
    }
    // A workload that owns only Jobs has the slots of these Jobs.
    assert!(summary(&[flow, job])["slots"].is_object());
}
