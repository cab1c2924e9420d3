//! Tests with lost nodes, full nodes, hundreds of Pods and a stopped API server. Each test uses a cluster of its own.

use std::collections::BTreeMap;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::document::{
    array, attempts, container, counts, end, instant, millis, only_pod, phases, text, workload,
};
use crate::harness::{Namespace, manifest};
use crate::private::PrivateCluster;

/// With these flags, the program prints lines to stderr while it follows, and the document to stdout at the end.
const DOCUMENT_AND_LINES: [&str; 3] = ["-o", "json", "--progress=lines"];

#[test]
#[ignore = "needs a test cluster's script, and up to 100 s"]
fn pods_survive_lost_and_full_nodes() {
    let Some(cluster) = PrivateCluster::up(4) else { return };
    thread::scope(|scope| {
        scope.spawn(|| check_a_node_that_comes_back_at_once(&cluster));
        scope.spawn(|| check_a_node_that_stays_away(&cluster));
        scope.spawn(|| check_a_preempted_pod(&cluster));
        scope.spawn(|| check_three_hundred_pods_in_waves(&cluster));
    });
}

#[test]
#[ignore = "needs a test cluster's script, and a minute"]
fn following_continues_after_the_api_server_was_stopped() {
    let Some(cluster) = PrivateCluster::up(1) else { return };
    let namespace = cluster.namespace("served");
    let file = manifest("served.yaml");
    let mut running =
        namespace.start(&[&["apply", "-f", &file], &DOCUMENT_AND_LINES[..], &["--timeout=140s"]].concat());
    running.wait_for_text("runs on node-1");
    cluster.stop("apiserver");
    running.wait_for_text("not up to date since ");
    cluster.start("apiserver");
    running.wait_for_text("reading pods again");
    // The first Pod ended while the API server was stopped.
    check_served(&namespace, &running.wait().succeeds().json());
}

#[test]
#[ignore = "needs a test cluster's script, and a minute"]
fn following_continues_after_etcd_was_compacted() {
    let Some(cluster) = PrivateCluster::up(1) else { return };
    let namespace = cluster.namespace("compacted");
    let file = manifest("served.yaml");
    let mut running =
        namespace.start(&[&["apply", "-f", &file], &DOCUMENT_AND_LINES[..], &["--timeout=140s"]].concat());
    running.wait_for_text("runs on node-1");
    let pods = format!("/api/v1/namespaces/{}/pods", namespace.name);
    let list = namespace.kubectl(&["get", "--raw", &pods]).succeeds().json();
    let version = text(&list["metadata"], "resourceVersion");
    // A change of another object makes the version of the Pods old.
    namespace.kubectl(&["create", "configmap", "newer"]).succeeds();
    cluster.stop("apiserver");
    running.wait_for_text("not up to date since ");
    cluster.compact_etcd();
    cluster.start("apiserver");
    running.wait_for_text("reading pods again");
    // The server cannot continue a watch from a version that the program could know.
    let watch = format!("{pods}?watch=true&resourceVersion={version}&timeoutSeconds=5");
    namespace.kubectl(&["get", "--raw", &watch]).prints("\"code\":410");
    check_served(&namespace, &running.wait().succeeds().json());
}

/// Checks the document of the Job whose first Pod ended while the API server could not be reached.
fn check_served(namespace: &Namespace, document: &Value) {
    namespace.check(document);
    let job = workload(document, "served");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 2, 0]), "{job:#}");
    let pods = array(job, "pods");
    assert_eq!(pods.len(), 2, "{job:#}");
    for pod in pods {
        assert_eq!((text(pod, "outcome"), &pod["clamped"]), ("Succeeded", &false.into()), "{pod:#}");
        assert!(instant(pod, "workStarted") < instant(pod, "workEnded"), "{pod:#}");
    }
}

fn check_a_node_that_comes_back_at_once(cluster: &PrivateCluster) {
    let namespace = cluster.namespace("back");
    let file = manifest("node-back.yaml");
    let mut running =
        namespace.start(&[&["apply", "-f", &file], &DOCUMENT_AND_LINES[..], &["--timeout=120s"]].concat());
    for job in ["never", "again"] {
        running.wait_for_text(&format!("job/{job}"));
        namespace.wait_until_ready(job, 1);
    }
    cluster.stop("node-3");
    cluster.start("node-3");
    let document = running.wait().succeeds().json();
    namespace.check(&document);

    // The kubelet knows that the container has ended, but not when. Therefore the end is unknown.
    let job = workload(&document, "never");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 1]), "{job:#}");
    let [lost, second] = array(job, "pods") else { panic!("{job:#}") };
    let actual = [text(lost, "outcome"), text(lost, "reason"), text(lost, "status")];
    assert_eq!(actual, ["Failed", "NodeRestarted", "ContainerStatusUnknown"], "{lost:#}");
    assert_eq!(text(&lost["disruption"], "reason"), "NodeRestarted", "{lost:#}");
    assert_eq!((&lost["exitCode"], &lost["clamped"]), (&137.into(), &false.into()), "{lost:#}");
    assert!(lost["instants"]["workEnded"].is_null() && lost["runMillis"].is_null(), "{lost:#}");
    let open = array(lost, "phases").last().unwrap();
    assert_eq!((text(open, "phase"), &open["end"], &open["millis"]), ("Running", &Value::Null, &Value::Null));
    assert_eq!((text(second, "outcome"), text(second, "node")), ("Succeeded", "node-3"), "{second:#}");
    assert!(instant(second, "created") > instant(lost, "workStarted"), "{job:#}");

    // The same Pod runs again. The time between the runs is unknown.
    let job = workload(&document, "again");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
    let pod = only_pod(job);
    let work = container(pod, "work");
    assert_eq!(
        (text(pod, "outcome"), &work["restarts"], &work["runsNotSeen"]),
        ("Succeeded", &1.into(), &0.into())
    );
    let [first, again] = array(work, "runs") else { panic!("{pod:#}") };
    assert_eq!((&first["end"], &first["exitCode"]), (&Value::Null, &137.into()), "{pod:#}");
    assert_eq!((text(first, "reason"), &again["exitCode"]), ("NodeRestarted", &0.into()), "{pod:#}");
    // A wait for the scheduler that is shorter than its own uncertainty is no phase.
    assert!(matches!(phases(pod).first(), Some(&("Queued" | "Setup"))), "{pod:#}");
    assert!(!phases(pod).contains(&"BackOff"), "{pod:#}");
}

fn check_a_node_that_stays_away(cluster: &PrivateCluster) {
    let namespace = cluster.namespace("away");
    let file = manifest("node-away.yaml");
    let mut running =
        namespace.start(&[&["apply", "-f", &file], &DOCUMENT_AND_LINES[..], &["--timeout=140s"]].concat());
    running.wait_for_text("job/away");
    namespace.wait_until_ready("away", 1);
    cluster.stop("node-4");
    // The node controller notices the lost node after forty to fifty seconds.
    running.wait_for_text(": NodeNotReady on node-4");
    let listed = namespace.seq(&["get", "job", "away", "-o", "json"]).succeeds().json();
    namespace.check(&listed);
    let pod = only_pod(workload(&listed, "away"));
    assert_eq!([text(pod, "outcome"), text(pod, "reason")], ["Unknown", "NodeNotReady"], "{pod:#}");
    let last_report: Timestamp = text(array(pod, "phases").last().unwrap(), "end").parse().unwrap();
    let observed: Timestamp = text(&listed, "observedAt").parse().unwrap();
    assert!(observed.duration_since(last_report) > SignedDuration::from_secs(30), "{pod:#}");
    namespace.seq(&["get", "job", "away"]).succeeds().prints("NodeNotReady");

    // The Job controller replaces the Pod on another node. Then the lost node comes back.
    let name = text(pod, "name").to_owned();
    let given_up = "--for=jsonpath={.status.failed}=1";
    namespace.kubectl(&["wait", given_up, "job/away", "--timeout=60s"]).succeeds();
    namespace.wait_until_ready("away", 1);
    cluster.start("node-4");
    namespace.kubectl(&["wait", "--for=delete", &format!("pod/{name}"), "--timeout=60s"]).succeeds();
    let document = running.wait().succeeds().json();
    namespace.check(&document);
    let job = workload(&document, "away");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 1]), "{job:#}");
    let [lost, second] = attempts(job, 0)[..] else { panic!("{job:#}") };
    assert_eq!(
        [text(lost, "outcome"), text(lost, "reason")],
        ["Deleted", "DeletionByTaintManager"],
        "{lost:#}"
    );
    assert!(lost["instants"]["workEnded"].is_null() && lost["runMillis"].is_null(), "{lost:#}");
    assert!(instant(lost, "deleteRequested") < instant(lost, "deleted"), "{lost:#}");
    assert!(text(second, "node") != "node-4" && text(second, "outcome") == "Succeeded", "{second:#}");
    // Back-off begins with the request to delete the Pod. Before the request, the slot is idle, because the state of
    // the Pod is unknown.
    let slots = &job["summary"]["slots"];
    let waited = instant(second, "created").duration_since(instant(lost, "deleteRequested"));
    let (waited, back_off) =
        (i64::try_from(waited.as_millis()).unwrap(), slots["backOffMillis"].as_i64().unwrap());
    assert!((waited - back_off).abs() <= 2, "{waited} {job:#}");
    assert!(slots["idleMillis"].as_i64().unwrap() > 30_000, "{job:#}");
}

fn check_a_preempted_pod(cluster: &PrivateCluster) {
    let namespace = cluster.namespace("urgent");
    namespace.kubectl(&["apply", "-f", &manifest("preempted.yaml")]).succeeds();
    let mut running = namespace
        .start(&[&["get", "job", "low", "-w"], &DOCUMENT_AND_LINES[..], &["--timeout=120s"]].concat());
    running.wait_for_text("job/low");
    namespace.wait_until_ready("low", 1);
    // The Pod `urgent` is not followed. Only the scheduler's Events name it.
    namespace.kubectl(&["apply", "-f", &manifest("urgent.yaml")]).succeeds();
    running.wait_for_text("preempted by pod/urgent");
    let live = running.wait().succeeds().json();
    let urgent = namespace.seq(&["get", "pod", "urgent", "-o", "json"]).succeeds().json();
    let urgent = only_pod(workload(&urgent, "urgent"));
    let late = namespace.seq(&["get", "job", "low", "-o", "json"]).succeeds().json();
    for (document, is_gone) in [(&live, false), (&late, true)] {
        namespace.check(document);
        let low = workload(document, "low");
        assert_eq!((end(low), counts(low)), (["Succeeded", "CompletionsReached"], [0, 1, 1]), "{low:#}");
        let [victim, second] = array(low, "pods") else { panic!("{low:#}") };
        assert_eq!(
            ([text(victim, "outcome"), text(victim, "reason")], &victim["gone"]),
            (["Deleted", "PreemptionByScheduler"], &is_gone.into()),
            "{victim:#}"
        );
        let disruption = &victim["disruption"];
        assert_eq!(
            [text(disruption, "reason"), text(disruption, "by")],
            ["PreemptionByScheduler", "pod/urgent"],
            "{victim:#}"
        );
        let lost_work = &low["summary"]["lostWork"];
        assert!(disruption["lostMillis"].as_i64() > Some(0), "{victim:#}");
        assert_eq!(lost_work["preemptedMillis"], disruption["lostMillis"], "{low:#}");
        assert_eq!(lost_work["millis"], disruption["lostMillis"], "{low:#}");
        assert!(phases(victim).ends_with(&["Running", "Terminating"]), "{victim:#}");
        let delete_requested = instant(victim, "deleteRequested");
        assert!(
            instant(urgent, "created") <= delete_requested
                && delete_requested <= instant(victim, "workEnded"),
            "{victim:#}"
        );
        // The replacement waits until the Pod `urgent` has ended.
        assert_eq!(text(second, "outcome"), "Succeeded", "{second:#}");
        assert!(text(&second["phases"][0], "reason").contains("Insufficient cpu"), "{second:#}");
        assert!(millis(second, "Queued") > 1000, "{second:#}");
        assert!(instant(second, "scheduled") >= instant(urgent, "workEnded"), "{document:#}");
        let wait = &array(low, "waits")[0];
        assert!(text(wait, "reason").contains("Insufficient cpu") && wait["pods"] == 1, "{low:#}");
    }
    let victim = &array(workload(&live, "low"), "pods")[0];
    assert!(instant(victim, "workEnded") <= instant(victim, "deleted"), "{victim:#}");
    assert!(instant(victim, "workEnded") <= instant(urgent, "workStarted"), "{live:#}");
    let drawn = namespace.seq(&["get", "job", "low", "--width=160"]).succeeds();
    drawn.prints("preempted by pod/urgent");
    drawn.prints("% lost");
}

/// Returns the nearest-rank percentile.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

/// Returns the largest number of Pods that worked at the same time.
fn max_concurrency(pods: &[Value]) -> i64 {
    let ends = |pod| [(instant(pod, "workEnded"), -1), (instant(pod, "workStarted"), 1)];
    let mut changes: Vec<(Timestamp, i64)> = pods.iter().flat_map(ends).collect();
    // At equal times, an end counts before a start.
    changes.sort_unstable();
    let working = changes.iter().scan(0, |working, (_, change)| {
        *working += change;
        Some(*working)
    });
    working.max().unwrap_or(0)
}

fn check_three_hundred_pods_in_waves(cluster: &PrivateCluster) {
    let namespace = cluster.namespace("waves");
    let document = namespace.follow("waves.yaml", 0);
    let job = workload(&document, "waves");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 300, 0]), "{job:#}");
    let pods = array(job, "pods");
    assert_eq!((pods.len(), &job["completions"], &job["parallelism"]), (300, &300.into(), &60.into()));
    assert!(pods.iter().all(|pod| pod["outcome"] == "Succeeded" && pod["clamped"] == false), "{job:#}");
    let summary = &job["summary"];
    // All sixty Pods of a wave work at the same time only if the machine starts all of them before the first Pod ends.
    let max = max_concurrency(pods);
    assert_eq!(summary["concurrency"]["max"], max, "{summary:#}");
    assert!((20..=60).contains(&max), "{max}");
    for (range, statistic) in
        [("coldStartMillis", "coldStart"), ("runMillis", "run"), ("queuedMillis", "queued")]
    {
        let mut values: Vec<i64> = pods.iter().map(|pod| pod[range].as_i64().unwrap()).collect();
        values.sort_unstable();
        let expected = [percentile(&values, 50), percentile(&values, 95), percentile(&values, 100)];
        let actual =
            ["p50Millis", "p95Millis", "maxMillis"].map(|field| summary[statistic][field].as_i64().unwrap());
        assert_eq!(actual, expected, "{statistic} {summary:#}");
        assert_eq!(summary[range], values.iter().sum::<i64>(), "{range} {summary:#}");
    }
    // No two Pods shared a slot at the same time, so the sums over Pods equal the sums over slots, except for rounding.
    let slots = &summary["slots"];
    for (part, range) in [("workMillis", "runMillis"), ("queuedMillis", "queuedMillis")] {
        let (part, range) = (slots[part].as_i64().unwrap(), summary[range].as_i64().unwrap());
        assert!((part - range).abs() <= 300, "{part} {range} {summary:#}");
    }
    assert_eq!([&slots["backOffMillis"], &slots["terminatingMillis"]], [0, 0], "{summary:#}");
    assert!(
        summary["slotMillis"].as_i64() <= summary["wallMillis"].as_i64().map(|wall| wall * 60),
        "{summary:#}"
    );
    // Compressed and uncompressed answers give the same document.
    let [plain, compressed] = ["true", "false"].map(|disabled| {
        let flag = format!("--disable-compression={disabled}");
        namespace.seq(&["get", "job", "waves", "-o", "json", &flag]).succeeds().json()["workloads"].clone()
    });
    assert_eq!(plain, compressed);
    // Each node pulled the image, but more Pods found the image on their node.
    let mut nodes: BTreeMap<&str, u64> = BTreeMap::new();
    for pod in pods {
        *nodes.entry(text(pod, "node")).or_default() += 1;
    }
    assert_eq!(nodes.keys().copied().collect::<Vec<_>>(), ["node-1", "node-2"], "{nodes:?}");
    let images = array(job, "images");
    assert_eq!(images.len(), 2, "{images:#?}");
    for image in images {
        let (pulls, cached) = (image["pulls"].as_u64().unwrap(), image["cached"].as_u64().unwrap());
        assert!(pulls >= 1 && cached > pulls && pulls + cached == nodes[text(image, "node")], "{image:#}");
    }
}
