//! Tests of the queues of Kueue. They need the real Kueue: `addon up jobset kueue` beside the test cluster. Without it,
//! they print a notice and pass.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Namespace, print_notice};

/// A condition and an Event of Kueue report a change at most this long before or after the state in the document. The
/// time of a condition is truncated to the second.
const MAX_DIFFERENCE_MILLIS: i64 = 1_100;

/// The queue of a namespace with this quota. The names contain the namespace, because a `ClusterQueue` has none.
fn queue_manifest(namespace: &str, cpus: u32) -> String {
    format!(
        "{{apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {{name: {namespace}}}}}\n---\n\
         {{apiVersion: kueue.x-k8s.io/v1beta2, kind: WorkloadPriorityClass, metadata: {{name: {namespace}}}, value: 100}}\n---\n\
         {{apiVersion: kueue.x-k8s.io/v1beta2, kind: ClusterQueue, metadata: {{name: {namespace}}}, spec: {{namespaceSelector: {{}}, \
         preemption: {{withinClusterQueue: LowerPriority}}, resourceGroups: [{{coveredResources: [cpu], flavors: \
         [{{name: {namespace}, resources: [{{name: cpu, nominalQuota: {cpus}}}]}}]}}]}}}}\n---\n\
         {{apiVersion: kueue.x-k8s.io/v1beta2, kind: LocalQueue, metadata: {{name: team-a, namespace: {namespace}}}, \
         spec: {{clusterQueue: {namespace}}}}}\n"
    )
}

/// A Job in the queue that runs one Pod for this time. `priority` is the name of its priority class.
fn job_manifest(name: &str, seconds: u32, priority: Option<&str>) -> String {
    let priority =
        priority.map(|class| format!(", kueue.x-k8s.io/priority-class: {class}")).unwrap_or_default();
    format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, labels: {{kueue.x-k8s.io/queue-name: team-a{priority}}}}}, \
         spec: {{template: {{spec: {{restartPolicy: Never, terminationGracePeriodSeconds: 1, containers: [{{name: main, \
         image: 'busybox:1', command: [sleep, '{seconds}'], resources: {{requests: {{cpu: 800m}}}}}}]}}}}}}}}\n"
    )
}

/// A namespace with a queue, or `None` if the cluster has no Kueue.
fn namespace_with_queue(name: &str) -> Option<Namespace> {
    let namespace = Namespace::new(name);
    if namespace.kubectl(&["get", "crd", "workloads.kueue.x-k8s.io"]).code != Some(0) {
        print_notice("skipped: the cluster has no Kueue");
        return None;
    }
    apply(&namespace, &queue_manifest(&namespace.name, 1));
    Some(namespace)
}

fn apply(namespace: &Namespace, manifest: &str) {
    namespace.kubectl_with(&["apply", "--namespace", &namespace.name, "-f", "-"], manifest).succeeds();
}

/// Waits until a field of an object has this value.
fn wait_for(namespace: &Namespace, object: &str, path: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(90);
    let output = format!("jsonpath={path}");
    while namespace.kubectl(&["get", object, "-o", &output]).stdout.trim() != expected {
        assert!(Instant::now() < deadline, "{object} {path} is not {expected}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// The workload of a document with this name.
fn workload<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["workloads"].as_array().unwrap().iter().find(|workload| workload["name"] == name).unwrap()
}

/// The names of the states, without those that lasted no time.
fn state_names(workload: &Value) -> Vec<&str> {
    let states = workload["queue"]["states"].as_array().unwrap();
    states.iter().map(|state| state["state"].as_str().unwrap()).collect()
}

fn millis_of(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// The largest difference between the start of a state and the nearest time that Kueue wrote for it, in the conditions of
/// its Workload and in its Events. Checks that every state that Kueue's Events report is there.
fn compare_with_kueue(namespace: &Namespace, workload: &Value) -> i64 {
    let name = workload["name"].as_str().unwrap();
    let objects: Value =
        serde_json::from_str(&namespace.kubectl(&["get", "workloads.kueue.x-k8s.io", "-o", "json"]).stdout)
            .unwrap();
    let owned = |object: &&Value| object["metadata"]["ownerReferences"][0]["name"] == name;
    let object = objects["items"].as_array().unwrap().iter().find(owned).unwrap();
    let uid = format!("involvedObject.uid={}", object["metadata"]["uid"].as_str().unwrap());
    let events: Value = serde_json::from_str(
        &namespace.kubectl(&["get", "events", "--field-selector", &uid, "-o", "json"]).stdout,
    )
    .unwrap();
    let states = workload["queue"]["states"].as_array().unwrap();
    let mut largest = 0;
    for (state, condition, reason) in [
        ("quotaReserved", "QuotaReserved", "QuotaReserved"),
        ("admitted", "Admitted", "Admitted"),
        ("evicted", "Evicted", "EvictedDueToPreempted"),
    ] {
        let starts: Vec<i64> = states
            .iter()
            .filter(|found| found["state"] == state && !found["start"].is_null())
            .map(|found| millis_of(&found["start"]))
            .collect();
        let mut written: Vec<i64> = Vec::new();
        for event in events["items"].as_array().unwrap().iter().filter(|event| event["reason"] == reason) {
            // The middle of the second, because the time is truncated.
            written.push(millis_of(&event["firstTimestamp"]) + 500);
        }
        let conditions = object["status"]["conditions"].as_array().unwrap();
        for condition in
            conditions.iter().filter(|found| found["type"] == condition && found["status"] == "True")
        {
            written.push(millis_of(&condition["lastTransitionTime"]) + 500);
        }
        for at in written {
            let nearest = starts.iter().map(|start| (start - at).abs()).min();
            let nearest = nearest.unwrap_or_else(|| panic!("no {state} in {workload:#}"));
            largest = largest.max(nearest);
        }
    }
    print_notice(&format!("{name}: {:?}, largest difference {largest} ms", state_names(workload)));
    assert!(largest <= MAX_DIFFERENCE_MILLIS, "{largest} ms");
    largest
}

/// Checks that the parts of the held time add up, and that the wait was a wait for quota.
fn assert_held_for_quota(workload: &Value) {
    let summary = &workload["summary"];
    let held = summary["held"].as_array().unwrap();
    let sum: i64 = held.iter().map(|part| part["millis"].as_i64().unwrap()).sum();
    assert_eq!(summary["heldMillis"].as_i64(), Some(sum));
    assert_eq!(held.iter().map(|part| part["reason"].as_str().unwrap()).collect::<Vec<_>>(), ["quota"]);
}

#[test]
#[ignore = "needs a cluster"]
fn a_preempted_job_shows_its_states_and_who_preempted_it_and_replays_identically() {
    let Some(namespace) = namespace_with_queue("preempted") else { return };
    apply(&namespace, &job_manifest("low", 12, None));
    wait_for(&namespace, "job/low", "{.status.active}", "1");
    apply(&namespace, &job_manifest("urgent", 4, Some(&namespace.name)));
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.jsonl");
    let recording = recording.to_str().unwrap();
    let live = namespace
        .seq(&["get", "job", "low", "urgent", "-w", "-o", "json", "--record", recording])
        .exits_with(0);
    let document: Value = serde_json::from_str(&live.stdout).unwrap();
    let low = workload(&document, "low");
    let names = state_names(low);
    let expected =
        ["pending", "quotaReserved", "admitted", "evicted", "pending", "quotaReserved", "admitted"];
    assert_eq!(names, expected);
    let states = low["queue"]["states"].as_array().unwrap();
    let evicted = states.iter().find(|state| state["state"] == "evicted").unwrap();
    assert_eq!(evicted["by"], format!("{}/urgent", namespace.name));
    assert_eq!(evicted["reason"], "Preempted");
    assert_held_for_quota(low);
    compare_with_kueue(&namespace, low);
    compare_with_kueue(&namespace, workload(&document, "urgent"));
    let replayed = Namespace::seq_anywhere(&["replay", recording, "-o", "json"]).exits_with(0);
    assert_eq!(replayed.stdout, live.stdout);
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_without_quota_waits_until_the_quota_is_raised() {
    let Some(namespace) = namespace_with_queue("raised") else { return };
    apply(&namespace, &job_manifest("first", 25, None));
    wait_for(&namespace, "job/first", "{.status.active}", "1");
    apply(&namespace, &job_manifest("second", 1, None));
    let is_waiting = "{.items[?(@.status.conditions[0].reason==\"Pending\")].spec.queueName}";
    wait_for(&namespace, "workloads.kueue.x-k8s.io", is_waiting, "team-a");
    let waiting = namespace.seq(&["get", "job", "second", "-o", "json"]).exits_with(0);
    let document: Value = serde_json::from_str(&waiting.stdout).unwrap();
    let states = &workload(&document, "second")["queue"]["states"];
    assert_eq!(states[0]["state"], "pending");
    assert!(
        states[0]["message"].as_str().unwrap().contains("insufficient unused quota for cpu"),
        "{states:#}"
    );
    let picture = namespace.seq(&["get", "job", "second", "--width", "160"]).exits_with(0);
    assert!(picture.stdout.contains("queue team-a: pending"), "{picture:#}");
    apply(&namespace, &queue_manifest(&namespace.name, 2));
    let ended = namespace.seq(&["get", "job", "second", "-w", "-o", "json"]).exits_with(0);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let second = workload(&document, "second");
    assert_eq!(state_names(second), ["pending", "quotaReserved", "admitted"]);
    assert_held_for_quota(second);
    compare_with_kueue(&namespace, second);
}
