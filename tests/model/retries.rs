//! Tests of the indexes of a Job that wait for a retry.

use kubectl_seq::testing::observation::Seen::Listed;
use kubectl_seq::testing::timeline::Timeline;
use serde_json::{Value, json};

use crate::describe::timeline_of;
use crate::order::{json_at, shuffled};
use crate::support::pod_builder::{
    at, condition, container_status, merge, noon, observation, terminated, time,
};

fn job(spec: Value, patch: Value) -> Value {
    let mut job = json!({
        "metadata": {"namespace": "default", "name": "j", "uid": "j", "creationTimestamp": time(0), "generation": 1},
        "spec": {"parallelism": 9, "completions": 9, "completionMode": "Indexed", "suspend": false},
        "status": {"conditions": []},
    });
    merge(&mut job["spec"], spec);
    merge(&mut job, patch);
    job
}

fn limit_per_index() -> Value {
    json!({"backoffLimitPerIndex": 2})
}

/// An ended Pod of an index. `code` is the exit code of the Pod.
fn ended_pod(index: u32, name: &str, created: i64, ended: i64, code: i32) -> Value {
    let ran = container_status("main", 0, terminated(name, created, ended, code, "Error"), json!({}));
    json!({
        "metadata": {"namespace": "default", "name": name, "uid": name, "creationTimestamp": time(created),
            "labels": {"batch.kubernetes.io/job-completion-index": index.to_string()},
            "ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": true}]},
        "spec": {"restartPolicy": "Never", "nodeName": "n", "containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": if code == 0 { "Succeeded" } else { "Failed" }, "startTime": time(created),
            "conditions": [condition("PodScheduled", "True", created)], "containerStatuses": [ran]},
    })
}

/// Describes each index that waits for a retry as `INDEX after ATTEMPTS since SECOND expected SECOND`. Checks that the
/// order of the observations does not matter.
#[track_caller]
fn open_retries(now: f64, objects: impl IntoIterator<Item = Value>) -> Vec<String> {
    let list: Vec<_> = objects.into_iter().map(|object| observation(Listed, now, object)).collect();
    let expected = timeline_of(&list);
    for seed in 1..=10 {
        assert_eq!(
            json_at(&timeline_of(&shuffled(&list, seed)), at(now)),
            json_at(&expected, at(now)),
            "seed {seed}"
        );
    }
    describe_open_retries(&expected, now)
}

fn describe_open_retries(timeline: &Timeline, now: f64) -> Vec<String> {
    let second = |at: jiff::Timestamp| at.as_second() - noon().as_second();
    let open = timeline.open_retries(&timeline.workloads()[0], at(now));
    let describe = |retry: &kubectl_seq::testing::timeline::OpenRetry| {
        let expected = retry.expected.map_or("?".to_owned(), |at| second(at).to_string());
        format!(
            "{} after {} since {} expected {expected}",
            retry.index,
            retry.attempts,
            second(retry.since.unwrap())
        )
    };
    open.iter().map(describe).collect()
}

#[test]
fn each_failure_of_an_index_doubles_its_wait() {
    let pods = [
        ended_pod(0, "a", 0, 4, 1),
        ended_pod(0, "b", 15, 20, 1),
        ended_pod(1, "c", 0, 8, 1),
        ended_pod(2, "d", 0, 8, 0),
    ];
    assert_eq!(
        open_retries(21.0, [job(limit_per_index(), json!({}))].into_iter().chain(pods.clone())),
        ["0 after 2 since 20 expected 40", "1 after 1 since 8 expected 18"]
    );
    // The status counts more failures than there are failed Pods.
    let unseen = job(limit_per_index(), json!({"status": {"failed": 4}}));
    assert_eq!(
        open_retries(21.0, [unseen].into_iter().chain(pods.clone())),
        ["0 after 2 since 20 expected ?", "1 after 1 since 8 expected ?"]
    );
    // Index 0 has failed permanently. The other indexes are complete or not below `completions`.
    let no_index_left =
        json!({"spec": {"completions": 1}, "status": {"failedIndexes": "0", "completedIndexes": "1-5"}});
    assert_eq!(
        open_retries(21.0, [job(limit_per_index(), no_index_left)].into_iter().chain(pods.clone())),
        [""; 0]
    );
    let suspended = json!({"spec": {"suspend": true}});
    assert_eq!(
        open_retries(21.0, [job(limit_per_index(), suspended)].into_iter().chain(pods.clone())),
        [""; 0]
    );
    let failing = json!({"status": {"conditions": [condition("FailureTarget", "True", 20)]}});
    assert_eq!(open_retries(21.0, [job(limit_per_index(), failing)].into_iter().chain(pods)), [""; 0]);
}

#[test]
fn without_a_limit_per_index_consecutive_failures_of_all_indexes_count() {
    let pods = || {
        [
            ended_pod(0, "a", 0, 4, 1),
            ended_pod(1, "b", 0, 8, 0),
            ended_pod(2, "c", 0, 9, 1),
            ended_pod(3, "d", 0, 10, 1),
        ]
    };
    let job = |failed: u32| job(json!({"backoffLimit": 6}), json!({"status": {"failed": failed}}));
    // Two failures follow the success, so each index waits as long as after a second failure.
    assert_eq!(
        open_retries(11.0, [job(3)].into_iter().chain(pods())),
        ["0 after 1 since 4 expected 30", "2 after 1 since 9 expected 30", "3 after 1 since 10 expected 30"]
    );
}

/// A rule of a failure policy that matches these exit codes.
fn on_exit_codes(action: &str, operator: &str, codes: &[i32]) -> Value {
    json!({"action": action, "onExitCodes": {"operator": operator, "values": codes}})
}

#[test]
fn no_next_try_is_expected_where_the_spec_rules_it_out() {
    // Index 0 fails with exit code 42 and index 1 with exit code 1. Index 2 succeeds.
    let pods = || [ended_pod(0, "a", 0, 4, 42), ended_pod(1, "b", 0, 5, 1), ended_pod(2, "c", 0, 6, 0)];
    let open = |spec: Value, status: Value| {
        let job = job(spec, json!({"status": status}));
        let open = open_retries(7.0, [job].into_iter().chain(pods()));
        open.into_iter().map(|retry| retry[..1].to_owned()).collect::<Vec<_>>().join(" ")
    };
    let rules = |rules: &[Value]| json!({"backoffLimitPerIndex": 3, "podFailurePolicy": {"rules": rules}});
    let none = || json!({});
    assert_eq!(open(rules(&[]), none()), "0 1");
    assert_eq!(open(rules(&[on_exit_codes("FailIndex", "In", &[42])]), none()), "1");
    assert_eq!(open(rules(&[on_exit_codes("FailIndex", "NotIn", &[42])]), none()), "0");
    assert_eq!(open(rules(&[on_exit_codes("FailJob", "In", &[7, 42])]), none()), "");
    assert_eq!(open(rules(&[on_exit_codes("FailJob", "In", &[0, 7])]), none()), "0 1");
    // The first rule that matches applies.
    let counted_first = [on_exit_codes("Count", "In", &[42]), on_exit_codes("FailJob", "In", &[42])];
    assert_eq!(open(rules(&counted_first), none()), "0 1");
    // A rule for another container does not match.
    let mut other_container = on_exit_codes("FailJob", "In", &[42]);
    other_container["onExitCodes"]["containerName"] = json!("sidecar");
    assert_eq!(open(rules(&[other_container]), none()), "0 1");

    assert_eq!(open(json!({"backoffLimitPerIndex": 0}), none()), "", "the limit of each index is reached");
    assert_eq!(open(json!({"backoffLimit": 1}), none()), "", "the limit of the Job is reached");
    assert_eq!(open(json!({"backoffLimit": 2}), none()), "0 1");
    let limited = json!({"backoffLimitPerIndex": 1, "backoffLimit": 1});
    assert_eq!(open(limited, none()), "", "both limits apply");
    // An ignored failure counts towards no limit.
    let ignored = json!({"backoffLimitPerIndex": 0, "podFailurePolicy": {"rules": [on_exit_codes("Ignore", "In", &[42])]}});
    assert_eq!(open(ignored, none()), "0");

    let max_failed = |max: u32| {
        json!({"backoffLimitPerIndex": 5, "maxFailedIndexes": max,
        "podFailurePolicy": {"rules": [on_exit_codes("FailIndex", "In", &[42])]}})
    };
    assert_eq!(open(max_failed(1), none()), "1");
    assert_eq!(open(max_failed(0), none()), "", "too many indexes have failed");
    assert_eq!(
        open(max_failed(1), json!({"failedIndexes": "7-8"})),
        "",
        "the status lists more failed indexes"
    );

    let success = |rule: Value| json!({"successPolicy": {"rules": [rule]}});
    assert_eq!(open(success(json!({"succeededIndexes": "2"})), none()), "", "the success policy is met");
    assert_eq!(open(success(json!({"succeededIndexes": "2-3"})), none()), "0 1");
    assert_eq!(open(success(json!({"succeededIndexes": "2-3", "succeededCount": 1})), none()), "");
    assert_eq!(open(success(json!({"succeededCount": 2})), json!({"completedIndexes": "8"})), "");
    assert_eq!(open(success(json!({"succeededCount": 3})), json!({"completedIndexes": "8"})), "0 1");
}

#[test]
fn a_failure_that_may_be_the_last_one_starts_no_wait() {
    let pods = [ended_pod(0, "a", 0, 4, 1), ended_pod(0, "b", 15, 20, 1), ended_pod(0, "c", 41, 44, 1)];
    let all = || [job(limit_per_index(), json!({}))].into_iter().chain(pods.clone());
    assert_eq!(open_retries(45.0, all()), [""; 0]);
    // A Job that is still active after a while did not count all failures, so the index waits.
    assert_eq!(open_retries(50.0, all()), ["0 after 3 since 44 expected 84"]);
}
