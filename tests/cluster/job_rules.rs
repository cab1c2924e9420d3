//! Tests of the rules of the Job controller: outcome, reason, message and counts agree with the controller.

use serde_json::{Value, json};

use crate::document::{array, attempts, counts, end, instant, only_pod, phases, text, workload};
use crate::harness::{Namespace, manifest};

#[test]
#[ignore = "needs a cluster"]
fn the_document_names_the_rule_that_ended_each_job() {
    let namespace = Namespace::new("rules");
    let document = namespace.follow("rules.yaml", 1);

    let job = workload(&document, "per-index");
    assert_eq!([text(job, "outcome"), text(job, "reason")], ["Failed", "FailedIndexes"], "{job:#}");
    assert!(text(job, "message").ends_with("(failed indexes: 1)"), "{job:#}");
    assert_eq!(counts(job), [0, 2, 1], "{job:#}");

    let job = workload(&document, "failure-policy");
    assert_eq!([text(job, "outcome"), text(job, "reason")], ["Failed", "PodFailurePolicy"], "{job:#}");
    let (pod, message) = (only_pod(job), text(job, "message"));
    assert!(message.contains(text(pod, "name")) && message.contains("42"), "{job:#}");
    assert!(message.contains("rule at index 0"), "{job:#}");
    assert_eq!((counts(job), &pod["exitCode"]), ([0, 0, 1], &json!(42)), "{job:#}");

    let job = workload(&document, "success-policy");
    assert_eq!([text(job, "outcome"), text(job, "reason")], ["Succeeded", "SuccessPolicy"], "{job:#}");
    assert_eq!(
        (counts(job), array(job, "pods").len()),
        ([0, 1, 0], 3),
        "the other Pods do not count: {job:#}"
    );

    let job = workload(&document, "queue");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 3, 0]), "{job:#}");
    assert_eq!((&job["completions"], array(job, "pods").len()), (&Value::Null, 3), "{job:#}");

    let job = workload(&document, "deadline");
    assert_eq!([text(job, "outcome"), text(job, "reason")], ["Failed", "DeadlineExceeded"], "{job:#}");
    assert!(only_pod(job)["instants"]["deleteRequested"].is_object(), "{job:#}");

    // The Job was deleted as soon as it was complete. The program has observed the whole run.
    let job = workload(&document, "at-once");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 1, 0]), "{job:#}");
    let pod = only_pod(job);
    assert_eq!((text(pod, "outcome"), &pod["exitCode"]), ("Succeeded", &json!(0)), "{pod:#}");
    assert!(pod["runMillis"].is_i64() && phases(pod).ends_with(&["Running"]), "{pod:#}");
    let again = namespace.seq(&["get", "job", "at-once"]).succeeds();
    again.prints("gone, shown from its Events");
}

#[test]
#[ignore = "needs a cluster"]
fn a_pod_failure_policy_can_ignore_a_failure_or_count_it_or_fail_the_index() {
    let namespace = Namespace::new("failures");
    let document = namespace.follow("failures.yaml", 1);

    let job = workload(&document, "policy");
    assert_eq!(end(job), ["Failed", "FailedIndexes"], "{job:#}");
    assert!(text(job, "message").ends_with("(failed indexes: 1,3)"), "{job:#}");
    // The ignored failure does not count.
    assert_eq!(counts(job), [0, 2, 4], "{job:#}");
    for (index, codes) in [(0, &[40, 0][..]), (1, &[41]), (2, &[42, 0]), (3, &[42, 42])] {
        let attempts = attempts(job, index);
        let exit_codes: Vec<i64> = attempts.iter().map(|pod| pod["exitCode"].as_i64().unwrap()).collect();
        assert_eq!(exit_codes, codes, "index {index}: {job:#}");
        for pair in attempts.windows(2) {
            let gap = instant(pair[1], "created").duration_since(instant(pair[0], "workEnded"));
            assert!(gap.as_secs() >= 8, "a back-off also follows an ignored failure: {gap:#} {job:#}");
        }
    }
    assert!(job["summary"]["slots"]["backOffMillis"].as_i64() > Some(3 * 8000), "{job:#}");

    let job = workload(&document, "too-many");
    assert_eq!(end(job), ["Failed", "MaxFailedIndexesExceeded"], "{job:#}");
    assert!(text(job, "message").ends_with("(failed indexes: 0,1)"), "{job:#}");
    // The Pods that the controller stopped because of the failed indexes count as well.
    assert_eq!(counts(job), [0, 0, 4], "{job:#}");
    for index in 0..4 {
        let [pod] = attempts(job, index)[..] else { panic!("{job:#}") };
        let outcome = if index < 2 { "Failed" } else { "Deleted" };
        assert_eq!(text(pod, "outcome"), outcome, "{pod:#}");
        assert_eq!(pod["instants"]["deleteRequested"].is_object(), index >= 2, "{pod:#}");
    }
}

#[test]
#[ignore = "needs a cluster"]
fn an_elastic_job_can_get_more_indexes_and_then_fewer() {
    let namespace = Namespace::new("elastic");
    let file = manifest("elastic.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=90s"]);
    for size in [4, 3] {
        namespace.wait_until_ready("elastic", if size == 4 { 2 } else { 4 });
        let spec = format!("{{\"spec\":{{\"completions\":{size},\"parallelism\":{size}}}}}");
        namespace.kubectl(&["patch", "job", "elastic", "-p", &spec]).succeeds();
    }
    running.wait_for_text("stopped by job/elastic");
    let document = running.wait().succeeds().json();
    namespace.check(&document);
    let job = workload(&document, "elastic");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 3, 0]), "{job:#}");
    assert_eq!([&job["completions"], &job["parallelism"]], [3, 3], "{job:#}");
    assert_eq!(job["summary"]["concurrency"]["max"], 4, "{job:#}");
    for index in 0..4 {
        let [pod] = attempts(job, index)[..] else { panic!("{job:#}") };
        let outcome = if index < 3 { "Succeeded" } else { "Deleted" };
        assert_eq!(text(pod, "outcome"), outcome, "{pod:#}");
    }
    // An index that the Job has removed has no back-off.
    let (summary, slots) = (&job["summary"], &job["summary"]["slots"]);
    assert_eq!(slots["backOffMillis"], 0, "{job:#}");
    let wall = summary["wallMillis"].as_i64().unwrap();
    assert!((wall..4 * wall).contains(&summary["slotMillis"].as_i64().unwrap()), "{job:#}");
}

#[test]
#[ignore = "needs a cluster"]
fn a_job_can_be_suspended_resumed_and_scaled_while_it_runs() {
    let namespace = Namespace::new("steered");
    let patch = |spec: &str| {
        namespace.kubectl(&["patch", "job", "steered", "-p", &format!("{{\"spec\":{spec}}}")]).succeeds();
    };
    let file = manifest("steered.yaml");
    let mut running =
        namespace.start(&["apply", "-f", &file, "-o", "json", "--progress=lines", "--timeout=90s"]);
    running.wait_for_text("job/steered is suspended");
    patch("{\"suspend\":false}");
    running.wait_for_text("succeeded after");
    // Two Pods may run at the same time, none while the Job is suspended, and two again after the Job is resumed.
    patch("{\"parallelism\":2}");
    namespace
        .kubectl(&["wait", "--for=jsonpath={.status.active}=2", "job/steered", "--timeout=30s"])
        .succeeds();
    patch("{\"suspend\":true}");
    namespace.kubectl(&["wait", "--for=condition=suspended", "job/steered", "--timeout=30s"]).succeeds();
    patch("{\"suspend\":false}");
    let document = running.wait().succeeds().json();
    namespace.check(&document);
    let job = workload(&document, "steered");
    assert_eq!((end(job), counts(job)), (["Succeeded", "CompletionsReached"], [0, 4, 0]), "{job:#}");
    assert_eq!(
        (&job["parallelism"], &job["summary"]["concurrency"]["max"]),
        (&json!(2), &json!(2)),
        "{job:#}"
    );
    // The document contains the Pods that the suspension deleted. They do not count as failures.
    let deleted =
        array(job, "pods").iter().filter(|pod| pod["instants"]["deleteRequested"].is_object()).count();
    assert_eq!(array(job, "pods").len() - deleted, 4, "{job:#}");
    assert!(deleted >= 1, "{job:#}");
    // A suspended Job has no slots.
    let wall = job["summary"]["wallMillis"].as_i64().unwrap();
    assert!(job["summary"]["slotMillis"].as_i64().unwrap() < 2 * wall, "{job:#}");
}
