//! Tests of gangs, roles and custom resources: JobSets under their real controller, and objects of Argo, LeaderWorkerSet
//! and KubeRay that the tests create as those controllers do.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::document::{self, array, children, instant, text, workload};
use crate::harness::{Namespace, kubectl, manifest, print_notice, run};
use crate::support::runner::program;
use crate::truth;

/// Whether the cluster runs the controller of JobSet.
fn has_job_sets() -> bool {
    let found =
        kubectl(&["get", "crd", "jobsets.jobset.x-k8s.io", "--ignore-not-found", "-o", "name"]).succeeds();
    let is_there = !found.stdout.trim().is_empty();
    if !is_there {
        print_notice("skipped: the cluster has no JobSets");
    }
    is_there
}

/// The Pods of all workloads below this one.
fn pods_below<'a>(document: &'a Value, above: &'a Value) -> Vec<&'a Value> {
    children(document, above).flat_map(|child| array(child, "pods")).collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().unwrap()
}

/// The starts of the work of these Pods, in order, with the names of the Pods.
fn starts<'a>(pods: &[&'a Value]) -> Vec<(Timestamp, &'a str)> {
    let mut starts: Vec<_> =
        pods.iter().map(|pod| (instant(pod, "workStarted"), text(pod, "name"))).collect();
    starts.sort_unstable();
    starts
}

/// Checks that a gang agrees with the starts of its members.
fn check_gang(gang: &Value, pods: &[&Value]) {
    let starts = starts(pods);
    let ((first, _), (last, name)) = (starts[0], starts[starts.len() - 1]);
    assert_eq!(gang["members"], pods.len(), "{gang}");
    assert_eq!((time(&gang["firstWorkedAt"]), time(&gang["completeAt"])), (first, last), "{gang}");
    assert_eq!(gang["waitMillis"], last.as_millisecond() - first.as_millisecond(), "{gang}");
    assert_eq!(gang["last"]["pod"], name, "{gang}");
    let held: i64 = starts.iter().map(|(start, _)| last.as_millisecond() - start.as_millisecond()).sum();
    assert_eq!(gang["heldPodMillis"], held, "{gang}");
}

#[test]
#[ignore = "needs a cluster with JobSets"]
fn job_sets_are_gangs_whose_restarts_are_attempts() {
    if !has_job_sets() {
        return;
    }
    let namespace = Namespace::new("job-sets");
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.jsonl");
    let file = manifest("job-sets.yaml");
    let record = recording.to_str().unwrap();
    let run =
        namespace.seq(&["apply", "-f", &file, "-o", "json", "--timeout=120s", "--record", record]).succeeds();
    let document = run.json();
    document::check(&document);
    assert!(replay(&recording).stdout == run.stdout, "a replay differs from its run");

    let ordered = workload(&document, "ordered");
    let pods = pods_below(&document, ordered);
    check_gang(&ordered["gang"], &pods);
    assert_eq!(ordered["gang"]["attempt"], 1);
    assert_eq!(ordered["gang"]["last"]["reason"], "dependsOn driver (Ready)");
    let mut roles: Vec<&str> = pods.iter().map(|pod| text(pod, "role")).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["driver", "workers", "workers", "workers", "workers"]);
    for job in children(&document, ordered) {
        assert_eq!(job["gang"], Value::Null, "a Pod is in one gang only");
    }
    assert_eq!([&ordered["active"], &ordered["succeeded"], &ordered["failed"]], [0, 5, 0]);

    // The JobSet controller counts the restarts.
    let status = namespace.kubectl(&["get", "jobset", "restarted", "-o", "json"]).succeeds().json();
    assert_eq!(status["status"]["restarts"], 1, "{status:#}");
    let restarted = workload(&document, "restarted");
    let gang = &restarted["gang"];
    assert_eq!(gang["attempt"], 2, "{gang}");
    let pods = pods_below(&document, restarted);
    let (latest, earlier): (Vec<&Value>, Vec<&Value>) =
        pods.into_iter().partition(|pod| instant(pod, "created") >= time(&gang["beganAt"]));
    assert_eq!((latest.len(), earlier.len()), (4, 4));
    check_gang(gang, &latest);
    assert_eq!(text(&gang["last"], "reason"), "init on ".to_owned() + text(last_pod(&latest), "node"));
    let waits = [&earlier, &latest].map(|pods| {
        let starts = starts(pods);
        starts[3].0.as_millisecond() - starts[0].0.as_millisecond()
    });
    assert_eq!(restarted["summary"]["gangWaitMillis"], waits[0] + waits[1]);
    compare_with_truth(&namespace.name, "restarted-", 8, waits);
    // A list at the end has the Pods of the latest attempt only, and knows its number.
    let listed = namespace.seq(&["get", "jobset/restarted", "-o", "json"]).succeeds().json();
    let gang = &workload(&listed, "restarted")["gang"];
    assert_eq!((&gang["attempt"], &gang["members"]), (&json!(2), &json!(4)), "{gang}");
}

/// Compares the waits of two attempts with the log of the runtimes.
fn compare_with_truth(namespace: &str, workload: &str, pods: usize, waits: [i64; 2]) {
    let started = |count| truth::start_of_main(namespace, workload, count);
    if started(1).is_none() {
        return;
    }
    let millis = |count: usize| started(count).unwrap().as_millisecond();
    let half = pods / 2;
    let real = [millis(half) - millis(1), millis(pods) - millis(half + 1)];
    for (wait, real) in waits.into_iter().zip(real) {
        print_notice(&format!("gang wait {wait} ms, really {real} ms"));
        assert!((wait - real).abs() <= 100, "{wait} ms instead of {real} ms");
    }
}

fn last_pod<'a>(pods: &[&'a Value]) -> &'a Value {
    pods.iter().max_by_key(|pod| instant(pod, "workStarted")).unwrap()
}

fn replay(path: &Path) -> crate::harness::CommandResult {
    let mut command = program(&["replay", &path.to_string_lossy(), "-o", "json"]);
    command.env("KUBECONFIG", "/nonexistent");
    run(command, b"").succeeds()
}

/// Creates an object and returns its uid.
fn create(namespace: &Namespace, object: &Value) -> String {
    let arguments = ["--namespace", &namespace.name, "create", "-f", "-", "-o", "jsonpath={.metadata.uid}"];
    namespace.kubectl_with(&arguments, &object.to_string()).succeeds().stdout
}

/// The reference to a controlling owner.
fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!([{"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true}])
}

/// A Pod that runs a command of the shell.
fn shell_pod(name: &str, labels: &Value, owners: &Value, command: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": labels, "ownerReferences": owners},
        "spec": {"restartPolicy": "Never",
            "containers": [{"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", command]}]}})
}

fn create_types() {
    kubectl(&["apply", "-f", &manifest("batch-types.yaml")]).succeeds();
    let types = [
        "workflows.argoproj.io",
        "leaderworkersets.leaderworkerset.x-k8s.io",
        "rayjobs.ray.io",
        "rayclusters.ray.io",
    ];
    for name in types {
        kubectl(&["wait", "--for=condition=established", &format!("crd/{name}"), "--timeout=30s"]).succeeds();
    }
}

fn wait_for_ends(namespace: &Namespace, pods: &[(&str, &str)]) {
    for (pod, phase) in pods {
        let phase = format!("--for=jsonpath={{.status.phase}}={phase}");
        namespace.kubectl(&["wait", &phase, &format!("pod/{pod}"), "--timeout=60s"]).succeeds();
    }
}

#[test]
#[ignore = "needs a cluster"]
fn a_workflow_a_leader_worker_set_and_a_ray_job_are_read_as_their_controllers_write_them() {
    create_types();
    let namespace = Namespace::new("played");
    check_workflow(&namespace);
    check_leader_worker_set(&namespace);
    check_ray_job(&namespace);
}

/// A Workflow of Argo with one Pod that succeeds and one that fails. The Pods have no label of Argo.
fn check_workflow(namespace: &Namespace) {
    let (version, kind) = ("argoproj.io/v1alpha1", "Workflow");
    let flow = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "flow"},
        "spec": {"entrypoint": "main"}});
    let owners = owner(version, kind, "flow", &create(namespace, &flow));
    create(namespace, &shell_pod("flow-a", &json!({}), &owners, "sleep 1"));
    create(namespace, &shell_pod("flow-b", &json!({}), &owners, "sleep 1; exit 3"));
    wait_for_ends(namespace, &[("flow-a", "Succeeded"), ("flow-b", "Failed")]);
    let status = json!({"status": {"phase": "Failed", "message": "child 'flow-b' failed", "progress": "1/2",
        "finishedAt": "2026-01-01T00:00:00Z", "conditions": [{"type": "Completed", "status": "True"}]}});
    namespace.kubectl(&["patch", "workflow", "flow", "--type=merge", "-p", &status.to_string()]).succeeds();
    let document = namespace.seq(&["get", "workflow/flow", "-o", "json"]).succeeds().json();
    document::check(&document);
    let flow = workload(&document, "flow");
    assert_eq!([&flow["active"], &flow["succeeded"], &flow["failed"]], [0, 1, 1], "{flow:#}");
    assert_eq!([text(flow, "outcome"), text(flow, "message")], ["Failed", "child 'flow-b' failed"]);
    let picture = namespace.seq(&["get", "workflow/flow", "--width=100"]).succeeds();
    picture.prints("1 done · 1 failed Pod");
    picture.prints("Failed: child 'flow-b' failed");
}

/// A LeaderWorkerSet with one replica. The worker belongs to a StatefulSet of the leader's Pod.
fn check_leader_worker_set(namespace: &Namespace) {
    let (version, kind) = ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet");
    let set = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "lws"},
        "spec": {"replicas": 1, "startupPolicy": "LeaderReady", "leaderWorkerTemplate": {"size": 2}}});
    let uid = create(namespace, &set);
    let create_stateful_set = |name: &str, worker: &str, owners: &Value| {
        let labels = json!({"leaderworkerset.sigs.k8s.io/name": "lws",
            "leaderworkerset.sigs.k8s.io/group-index": "0", "leaderworkerset.sigs.k8s.io/worker-index": worker});
        let object = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "ownerReferences": owners},
            "spec": {"replicas": 1, "serviceName": "none", "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers":
                    [{"name": "main", "image": "busybox:1.36", "command": ["sleep", "300"]}]}}}});
        create(namespace, &object);
        let pod = format!("{name}-0");
        namespace.kubectl(&["wait", "--for=create", &format!("pod/{pod}"), "--timeout=60s"]).succeeds();
        wait_for_ends(namespace, &[(&pod, "Running")]);
        namespace.kubectl(&["get", "pod", &pod, "-o", "jsonpath={.metadata.uid}"]).succeeds().stdout
    };
    let leader = create_stateful_set("lws", "0", &owner(version, kind, "lws", &uid));
    create_stateful_set("lws-0", "1", &owner("v1", "Pod", "lws-0", &leader));
    let document = namespace.seq(&["get", "lws/lws", "-o", "json"]).succeeds().json();
    document::check(&document);
    let lws = workload(&document, "lws");
    let pods: Vec<&Value> = array(lws, "pods").iter().collect();
    let roles: Vec<&str> = pods.iter().map(|pod| text(pod, "role")).collect();
    assert_eq!(roles, ["leader", "worker"], "{document:#}");
    check_gang(&lws["gang"], &pods);
    assert_eq!(lws["gang"]["last"], json!({"pod": "lws-0-0", "reason": "startupPolicy LeaderReady"}));
}

/// A RayJob that was retried: its second RayCluster is the second attempt.
fn check_ray_job(namespace: &Namespace) {
    let version = "ray.io/v1";
    let groups = json!([{"groupName": "cpu", "replicas": 1}]);
    let job = json!({"apiVersion": version, "kind": "RayJob", "metadata": {"name": "ray"},
        "spec": {"backoffLimit": 1, "rayClusterSpec": {"headGroupSpec": {}, "workerGroupSpecs": groups}}});
    let uid = create(namespace, &job);
    for (attempt, exit) in [("one", 1), ("two", 0)] {
        let cluster = json!({"apiVersion": version, "kind": "RayCluster",
            "metadata": {"name": attempt, "ownerReferences": owner(version, "RayJob", "ray", &uid)},
            "spec": {"headGroupSpec": {}, "workerGroupSpecs": groups}});
        let of_cluster = owner(version, "RayCluster", attempt, &create(namespace, &cluster));
        let labels = |role: &str| json!({"ray.io/cluster": attempt, "ray.io/node-type": role});
        let names = ["head", "worker"].map(|role| format!("{attempt}-{role}"));
        let command = format!("sleep 2; exit {exit}");
        create(namespace, &shell_pod(&names[0], &labels("head"), &of_cluster, &command));
        create(namespace, &shell_pod(&names[1], &labels("worker"), &of_cluster, &command));
        let phase = if exit == 0 { "Succeeded" } else { "Failed" };
        wait_for_ends(namespace, &[(&names[0], phase), (&names[1], phase)]);
        let status =
            json!({"status": {"jobStatus": "FAILED", "jobDeploymentStatus": "Retrying", "failed": 1}});
        namespace.kubectl(&["patch", "rayjob", "ray", "--type=merge", "-p", &status.to_string()]).succeeds();
        let document = namespace.seq(&["get", "rayjob/ray", "-o", "json"]).succeeds().json();
        assert_eq!(text(workload(&document, "ray"), "outcome"), "Running", "a retried RayJob has not ended");
    }
    let document = namespace.seq(&["get", "rayjob/ray", "-o", "json"]).succeeds().json();
    document::check(&document);
    let ray = workload(&document, "ray");
    let pods = array(ray, "pods");
    let latest: Vec<&Value> = pods.iter().filter(|pod| text(pod, "name").starts_with("two-")).collect();
    check_gang(&ray["gang"], &latest);
    assert_eq!(ray["gang"]["attempt"], 2);
    assert_eq!([&ray["succeeded"], &ray["failed"]], [2, 2], "{ray:#}");
    assert_eq!(pods.iter().filter(|pod| text(pod, "role") == "head").count(), 2);
}
