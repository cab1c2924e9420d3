//! Workloads that own other workloads, and the source of their state.

use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::timeline::{Timeline, Workload, WorkloadState};
use serde_json::{Value, json};

use crate::describe::{describe_timeline, timeline_of};
use crate::order::shuffled;
use crate::support::pod_builder::noon;
use crate::support::scenario::{parse_object, parse_seen};

/// A fact, so many seconds after noon: how it was seen, its kind, the object of that name and owner, and the rest of it.
fn fact(second: i64, word: &str, kind: &str, (name, owner): (&str, &str), rest: Value) -> Observation {
    let received = noon() + jiff::SignedDuration::from_secs(second);
    let mut object = rest;
    // Only of a Pod it matters, and it never changes.
    let created = if kind == "Pod" { object["created"].as_i64().unwrap_or(second) } else { 0 };
    object["metadata"] = json!({"name": name, "namespace": "ns", "uid": format!("uid-of-{name}"), "generation": 1,
        "creationTimestamp": noon() + jiff::SignedDuration::from_secs(created)});
    if let Some((kind, owner)) = owner.split_once('/') {
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "x/v1", "kind": kind, "name": owner, "uid": format!("uid-of-{owner}"), "controller": true}]);
    }
    Observation { received, seen: parse_seen(word), object: parse_object(kind, object) }
}

fn phase(phase: &str) -> Value {
    json!({"status": {"phase": phase}})
}

/// A Pod that runs, made so many seconds after noon.
fn with_created(second: i64) -> Value {
    json!({"created": second, "status": {"phase": "Running"}})
}

/// The workloads whatever the order in which their facts come: kind, name, outcome, names of their Pods.
#[track_caller]
fn told(facts: &[Observation]) -> (Timeline, Vec<String>) {
    let expected = timeline_of(facts);
    for seed in 1..=50 {
        let order = shuffled(facts, seed);
        assert_eq!(
            describe_timeline(&timeline_of(&order), noon()),
            describe_timeline(&expected, noon()),
            "seed {seed}"
        );
        let mut settled = Timeline::default();
        for observation in &order {
            settled.apply(observation);
            settled.recompute();
        }
        assert_eq!(
            describe_timeline(&settled, noon()),
            describe_timeline(&expected, noon()),
            "settled each time, seed {seed}"
        );
    }
    let lines = expected.workloads().iter().map(|workload| line(&expected, workload)).collect();
    (expected, lines)
}

fn line(timeline: &Timeline, workload: &Workload) -> String {
    let pods: Vec<&str> = workload.pods.iter().map(|key| &*timeline.identity(*key).name).collect();
    format!("{} {} {} {}", workload.kind, workload.name, workload.state.name(), pods.join(" "))
        .trim_end()
        .to_owned()
}

fn set(replicas: i32, available: i32) -> Value {
    json!({"spec": {"replicas": replicas},
        "status": {"observedGeneration": 1, "replicas": available, "availableReplicas": available}})
}

fn deployment(updated: i32, replicas: i32) -> Value {
    json!({"spec": {"replicas": 1}, "status": {"observedGeneration": 1, "replicas": replicas,
        "updatedReplicas": updated, "availableReplicas": replicas}})
}

#[test]
fn the_revisions_of_a_rollout_are_listed_below_it() {
    let mut facts = vec![
        fact(0, "Listed", "ReplicaSet", ("web-0", "Deployment/web"), set(0, 0)),
        fact(1, "Listed", "Deployment", ("web", ""), deployment(0, 1)),
        fact(2, "Listed", "ReplicaSet", ("web-1", "Deployment/web"), set(1, 1)),
        fact(3, "Listed", "Pod", ("web-1-a", "ReplicaSet/web-1"), phase("Running")),
        fact(4, "Added", "ReplicaSet", ("web-2", "Deployment/web"), set(1, 0)),
        fact(5, "Added", "Pod", ("web-2-a", "ReplicaSet/web-2"), phase("Pending")),
        fact(6, "Listed", "Pod", ("bare", "ReplicaSet/other"), phase("Running")),
    ];
    let (timeline, lines) = told(&facts);
    assert_eq!(
        lines,
        [
            "Deployment web Running",
            // It has what it wants, but the rollout that is to replace it goes on.
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

    facts.extend([
        fact(7, "Changed", "Pod", ("web-2-a", "ReplicaSet/web-2"), with_created(5)),
        fact(8, "Changed", "ReplicaSet", ("web-1", "Deployment/web"), set(0, 0)),
        fact(8, "Deleted", "Pod", ("web-1-a", "ReplicaSet/web-1"), with_created(3)),
        fact(9, "Changed", "ReplicaSet", ("web-2", "Deployment/web"), set(1, 1)),
        fact(10, "Changed", "Deployment", ("web", ""), deployment(1, 1)),
    ]);
    let (timeline, lines) = told(&facts);
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

    facts.push(fact(11, "Deleted", "Deployment", ("web", ""), deployment(0, 1)));
    let (timeline, _) = told(&facts);
    assert_eq!(timeline.workloads()[0].state, WorkloadState::Unknown);
}

#[test]
fn the_statistics_of_a_cron_job_are_those_of_its_jobs() {
    let job = |status: Value| json!({"spec": {"parallelism": 1, "completions": 1}, "status": status});
    let complete = json!({"succeeded": 1, "conditions": [{"type": "Complete", "status": "True",
        "lastTransitionTime": noon() + jiff::SignedDuration::from_secs(9)}]});
    let cron_job = json!({"spec": {"schedule": "*/5 * * * *"}, "status": {"active": [{"name": "n-2"}]}});
    let facts = [
        fact(0, "Listed", "CronJob", ("n", ""), cron_job),
        fact(1, "Listed", "Job", ("n-1", "CronJob/n"), job(complete)),
        fact(2, "Listed", "Job", ("n-2", "CronJob/n"), job(json!({"active": 1}))),
        fact(3, "Listed", "Pod", ("n-1-a", "Job/n-1"), phase("Succeeded")),
        fact(4, "Listed", "Pod", ("n-2-a", "Job/n-2"), phase("Running")),
    ];
    let (timeline, lines) = told(&facts);
    assert_eq!(lines, ["CronJob n Running", "Job n-1 Succeeded n-1-a", "Job n-2 Running n-2-a"]);
    let nightly = &timeline.workloads()[0];
    assert_eq!(nightly.next_run, Some(noon() + jiff::SignedDuration::from_mins(5)));
    let now = noon() + jiff::SignedDuration::from_secs(20);
    let of = |workload: &Workload| timeline.summary(workload, now);
    let jobs: i64 = timeline.children(nightly).map(|job| of(job).slots.total).sum();
    assert_eq!((of(nightly).slots.total, of(nightly).pods), (jobs, 2));
    assert!(jobs > 0);
}

#[test]
fn a_workload_without_a_status_has_the_state_of_its_children() {
    let run = || fact(0, "Listed", "Custom", ("run", ""), json!({"apiVersion": "x/v1", "kind": "Run"}));
    let job = |conditions: Value| {
        fact(
            1,
            "Listed",
            "Job",
            ("step", "Run/run"),
            json!({"status": {"active": 1, "conditions": conditions}}),
        )
    };
    let ended = |kind: &str| json!([{"type": kind, "status": "True"}]);
    // The Pod's owner is known as a link only, two steps up.
    let chain = |outcome: &str| {
        vec![
            fact(2, "Listed", "Owner", ("group", "Run/run"), json!({"kind": "Group"})),
            fact(3, "Listed", "Owner", ("member", "Group/group"), json!({"kind": "Member"})),
            fact(4, "Listed", "Pod", ("worker", "Member/member"), phase(outcome)),
        ]
    };
    for (job, pod, outcome) in [
        (job(json!([])), "Succeeded", "Running"),
        (job(ended("Complete")), "Running", "Running"),
        (job(ended("Complete")), "Succeeded", "Succeeded"),
        (job(ended("Failed")), "Succeeded", "Failed"),
        (job(ended("Complete")), "Failed", "Failed"),
    ] {
        let facts = [vec![run(), job], chain(pod)].concat();
        let (_, lines) = told(&facts);
        assert_eq!(lines[0], format!("Run run {outcome} worker"));
        assert!(lines[1].starts_with("Job step ") && lines.len() == 2, "{lines:?}");
    }
    assert_eq!(told(&[run()]).1, ["Run run Pending"]);
}

#[test]
fn a_job_shows_why_it_has_no_pods_until_it_has_one() {
    let job = fact(0, "Added", "Job", ("pi", ""), json!({"spec": {"parallelism": 2}}));
    let refused = |second: i64, pod: &str, used: u32| {
        let at = noon() + jiff::SignedDuration::from_secs(second);
        let message = format!(
            "Error creating: pods \"{pod}\" is forbidden: exceeded quota: few, requested: pods=1, used: pods={used}, limited: pods=2"
        );
        let event = json!({"involvedObject": {"kind": "Job", "name": "pi", "uid": "uid-of-pi"}, "reason": "FailedCreate",
            "message": message, "firstTimestamp": at, "lastTimestamp": at, "count": 1});
        fact(second, "Added", "Event", (&format!("pi.{second}"), ""), event)
    };
    let mut facts = vec![job, refused(1, "pi-a", 2), refused(4, "pi-b", 3)];
    let (timeline, lines) = told(&facts);
    assert_eq!(lines, ["Job pi Pending"]);
    let pi = &timeline.workloads()[0];
    let waiting = pi.creation_block.as_ref().unwrap();
    assert_eq!(waiting.since, noon() + jiff::SignedDuration::from_secs(1));
    assert_eq!(pi.reason.as_deref(), Some("FailedCreate"));
    assert_eq!(pi.message.as_deref(), Some("exceeded quota: few, requested: pods=1, limited: pods=2"));

    facts.push(fact(6, "Added", "Pod", ("pi-c", "Job/pi"), phase("Pending")));
    let (timeline, _) = told(&facts);
    assert_eq!((&timeline.workloads()[0].creation_block, &timeline.workloads()[0].reason), (&None, &None));
    // The second is refused again.
    facts.push(refused(8, "pi-d", 2));
    let (timeline, _) = told(&facts);
    let since = timeline.workloads()[0].creation_block.as_ref().map(|waiting| waiting.since);
    assert_eq!(since, Some(noon() + jiff::SignedDuration::from_secs(6)));
}

#[test]
fn the_message_of_the_job_controller_is_shown() {
    let of = |spec: Value, status: Value| {
        let facts = [fact(0, "Listed", "Job", ("pi", ""), json!({"spec": spec, "status": status}))];
        let timeline = timeline_of(&facts);
        let Workload { state, reason, message, .. } = &timeline.workloads()[0];
        format!("{} {} {}", state.name(), reason.as_deref().unwrap_or("-"), message.as_deref().unwrap_or("-"))
    };
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message});
    let target = condition("FailureTarget", "PodFailurePolicy", "Container work for pod ns/pi-a failed");
    assert_eq!(
        of(json!({}), json!({"active": 1, "conditions": [target]})),
        "Running PodFailurePolicy Container work for pod ns/pi-a failed"
    );
    let met = condition("SuccessCriteriaMet", "SuccessPolicy", "Matched rules at index 0");
    assert_eq!(
        of(json!({}), json!({"active": 1, "conditions": [met]})),
        "Running SuccessPolicy Matched rules at index 0"
    );
    let indexes = condition("Failed", "FailedIndexes", "Job has failed indexes");
    assert_eq!(
        of(json!({"backoffLimitPerIndex": 0}), json!({"failedIndexes": "1,3-4", "conditions": [indexes]})),
        "Failed FailedIndexes Job has failed indexes (failed indexes: 1,3-4)"
    );
    assert_eq!(
        of(json!({"backoffLimitPerIndex": 0}), json!({"active": 1, "failedIndexes": "1"})),
        "Running - failed indexes: 1"
    );
    assert!(
        of(json!({"managedBy": "kueue.x-k8s.io/multikueue"}), json!({})).starts_with(
            "Pending - managed by kueue.x-k8s.io/multikueue, which has not reported a status here"
        )
    );
    assert_eq!(of(json!({"managedBy": "kubernetes.io/job-controller"}), json!({})), "Pending - -");
}

#[test]
fn slots_are_unknown_without_a_field_for_them() {
    let flow = fact(0, "Listed", "Custom", ("flow", ""), json!({"apiVersion": "x/v1", "kind": "Flow"}));
    let owned = fact(1, "Listed", "Pod", ("step", "Flow/flow"), phase("Running"));
    let job = fact(1, "Listed", "Job", ("job", "Flow/flow"), json!({"spec": {"parallelism": 2}}));
    let summary = |facts: &[Observation]| {
        let (timeline, _) = told(facts);
        let document: Value = serde_json::from_str(&crate::order::json_at(&timeline, noon())).unwrap();
        document["workloads"][0]["summary"].clone()
    };
    for facts in [vec![flow.clone(), owned.clone()], vec![flow.clone(), owned, job.clone()]] {
        let summary = summary(&facts);
        for field in ["slotMillis", "slots", "backOffMillis", "idleMillis"] {
            assert!(summary[field].is_null(), "{field} of {summary:#}");
        }
    }
    // What only owns Jobs has their slots.
    assert!(summary(&[flow, job])["slots"].is_object());
}
