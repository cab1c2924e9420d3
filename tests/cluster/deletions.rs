//! Tests of Pods that are deleted or evicted while they work, and of their replacements.

use serde_json::{Value, json};

use crate::document::{array, attempts, counts, end, instant, millis, phases, text, workload};
use crate::harness::{Namespace, manifest};

/// Returns the name of the Pod with this completion index.
fn pod_at_index(namespace: &Namespace, index: u32) -> String {
    namespace.pod(&format!("batch.kubernetes.io/job-completion-index={index}"))
}

#[test]
#[ignore = "needs a cluster"]
fn pods_that_are_deleted_by_hand_or_evicted_are_replaced() {
    let namespace = Namespace::new("stopped");
    let file = manifest("stopped.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=90s"]);
    running.wait_for_text("job/stopped");
    namespace.wait_until_ready("stopped", 2);
    let names = [pod_at_index(&namespace, 0), pod_at_index(&namespace, 1)];
    namespace.kubectl(&["delete", "pod", &names[0], "--wait=false"]).succeeds();
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": names[1], "namespace": namespace.name}});
    let path = format!("/api/v1/namespaces/{}/pods/{}/eviction", namespace.name, names[1]);
    namespace.kubectl_with(&["create", "--raw", &path, "-f", "-"], &eviction.to_string()).succeeds();

    let result = running.wait().succeeds();
    let document = result.json();
    namespace.check(&document);
    let job = workload(&document, "stopped");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 2, 2]), "{job:#}");
    let ends = [("Deleted", "Deleted", 7), ("Succeeded", "", 0)];
    for (index, (outcome, reason, code)) in ends.into_iter().enumerate() {
        let [first, second] = attempts(job, index as u64)[..] else { panic!("{job:#}") };
        assert_eq!(text(first, "name"), names[index]);
        // A Pod that exits with 0 on SIGTERM has succeeded, although its Job counts a failure.
        let actual = [text(first, "outcome"), first["reason"].as_str().unwrap_or_default()];
        assert_eq!((actual, &first["exitCode"]), ([outcome, reason], &code.into()), "{first:#}");
        assert!(phases(first).ends_with(&["Running", "Terminating"]), "{first:#}");
        let times =
            ["workStarted", "deleteRequested", "workEnded", "deleted"].map(|name| instant(first, name));
        assert!(times.is_sorted(), "{first:#}");
        let actual = [text(second, "outcome"), text(second, "status")];
        assert_eq!((actual, &second["exitCode"]), (["Succeeded", "Completed"], &0.into()), "{second:#}");
        // The back-off of ten seconds begins at the deletion.
        let gap = instant(second, "created").duration_since(instant(first, "deleteRequested"));
        assert!((9..25).contains(&gap.as_secs()), "{gap:#} {job:#}");
    }
    // The Pod stops after `sleep 3`, before the grace period of 20 seconds ends.
    for pod in [attempts(job, 0)[0], attempts(job, 1)[0]] {
        assert!((2500..15_000).contains(&millis(pod, "Terminating")), "{pod:#}");
    }
    let slots = &job["summary"]["slots"];
    assert!(slots["backOffMillis"].as_i64() > Some(9000) && slots["terminatingMillis"] != 0, "{job:#}");
    result.reports(&format!("{} deleted on node-", names[0]));

    // A list contains only the second attempts. The first attempts are shown from their Events.
    let listed = namespace.seq(&["get", "job", "stopped", "-o", "json"]).succeeds().json();
    namespace.check(&listed);
    let job = workload(&listed, "stopped");
    assert_eq!((counts(job), array(job, "pods").len()), ([0, 2, 2], 4), "{job:#}");
    let is_gone = |pod: &Value| pod["gone"].as_bool().unwrap();
    for index in 0..2 {
        let gone: Vec<bool> = attempts(job, index).into_iter().map(is_gone).collect();
        assert_eq!(gone, [true, false], "{job:#}");
    }
}

#[test]
#[ignore = "needs a cluster, and a minute"]
fn a_replacement_starts_before_or_after_the_terminating_pod_has_ended() {
    let namespace = Namespace::new("replaced");
    let file = manifest("replacement.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=100s"]);
    for job in ["overlapping", "one-after-the-other"] {
        running.wait_for_text(&format!("job/{job}"));
        namespace.wait_until_ready(job, 1);
    }
    namespace.kubectl(&["delete", "pods", "-l", "app=slow-to-stop", "--wait=false"]).succeeds();
    let document = running.wait().succeeds().json();
    namespace.check(&document);
    let attempts_of = |name: &str| -> (Value, Value) {
        let job = workload(&document, name);
        assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 1]), "{job:#}");
        let [first, second] = array(job, "pods") else { panic!("{job:#}") };
        let actual = [text(first, "outcome"), text(first, "reason"), text(second, "outcome")];
        assert_eq!((actual, &first["exitCode"]), (["Deleted", "Deleted", "Succeeded"], &3.into()), "{job:#}");
        assert!(millis(first, "Terminating") > 14_000, "{first:#}");
        (first.clone(), second.clone())
    };
    // The delay begins at the deletion and ends before the Pod has stopped.
    let (first, second) = attempts_of("overlapping");
    assert!(instant(&second, "created") < instant(&first, "workEnded"), "{first:#}{second:#}");
    let slots = &workload(&document, "overlapping")["summary"];
    assert_eq!(slots["concurrency"]["max"], 1, "a Pod that is stopping does not count as working: {slots:#}");
    // With `podReplacementPolicy: Failed`, the delay begins when the Pod has stopped.
    let (first, second) = attempts_of("one-after-the-other");
    assert!(instant(&second, "created") > instant(&first, "workEnded"), "{first:#}{second:#}");
}
